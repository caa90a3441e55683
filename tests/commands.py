"""Runs the commands of the project in a process of their own."""

import os
import signal
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def outside_environment(**more):
    """Returns the environment without the variables that the tests themselves have set."""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return dict(environment, **more)


def run_command(*words, **more):
    """Runs Python in the project's folder: `run_command("-m", "lm.train", "--seed=1")`.

    Args:
        *words: the words after `python`.
        **more: arguments of `subprocess.run`.

    Returns:
        `(exit status, standard output, standard error)`.
    """
    options = dict(cwd=ROOT, env=outside_environment(), universal_newlines=True)
    process = subprocess.run(
        [sys.executable] + list(words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **dict(options, **more),
    )
    return process.returncode, process.stdout, process.stderr


def limited(size):
    """Returns a `preexec_fn` that limits the size of files, like a full disk."""
    resource = pytest.importorskip("resource")
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def default_signals():
    """Makes a process react to signals; a `preexec_fn`.

    If a shell starts the tests in the background, or under `nohup`, they ignore Ctrl-C or SIGHUP.
    So would the processes that they start.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
