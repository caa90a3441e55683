"""Times a training step of this project beside its peers, which take turns.

Each contestant is a process. In a round, every contestant takes some steps, one contestant after
the other, so that a slow minute of the machine slows all of them. Each round begins with another
contestant. The first step of a turn does not count. All processes are started anew a few times,
since two processes of the same kind can differ. The results compare the median step of one
contestant with that of another in the same round.

A contestant is left out if it cannot run here, or if its process ends. A line on standard error
gives the reason, and so does the entry `left_out` in place of its numbers.

The corpus is the one that ships. The vocabulary always has the size that the configuration says:
10,000 rows, as for the Penn Treebank.
"""

import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import configs
from lm import bfloat16

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
LOG = os.path.join(HERE, "run.log")  # gets the standard error of processes that ended by themselves
SIZES = ("hidden_size", "num_layers", "num_steps", "batch_size", "vocab_size")
SIZES += ("keep_prob", "max_grad_norm", "learning_rate", "init_scale")

# name: (module, variant)
CONTESTANTS = {
    "basic": ("ours", "basic"),
    "block": ("ours", "block"),
    "block+bf16": ("ours", "block+bf16"),
    "PyTorch": ("peer_pytorch", "float32"),
    "PyTorch bf16": ("peer_pytorch", "bf16"),
    "Keras 3": ("peer_keras", ""),
    "TensorFlow 1.15": ("ours", "basic"),  # with the Python of --tf1_python
    "products": ("products", "float32"),
    "products bf16": ("products", "bfloat16"),
}
# The packages that only one module needs, and their least major versions.
PACKAGES = {"peer_pytorch": ("torch", 2), "peer_keras": ("keras", 3)}
MODELS = ("small", "medium")
# How often all are started; rounds after each start; steps of a turn that count.
TURNS = {"small": (2, 6, 15), "medium": (2, 6, 4), "growth": (1, 6, 5)}


class Ended(Exception):
    """Raised if a process ended by itself. The text says why."""


def command(name, sizes, corpus, python=sys.executable):
    """Returns the command that starts a contestant in the folder of the project.

    Args:
        name: a key of `CONTESTANTS`.
        sizes: a value for each of `SIZES`.
        corpus: the path of a NumPy file with the word ids.
        python: the Python to start.
    """
    module, variant = CONTESTANTS[name]
    words = [python, "-m", "benchmarks." + module, "--corpus=" + corpus, "--variant=" + variant]
    return words + ["--%s=%s" % (size, sizes[size]) for size in SIZES]


def last_words(process, errors):
    """Returns in one line why a process ended; appends its standard error to `LOG`.

    Args:
        process: a `subprocess.Popen`.
        errors: the binary file with its standard error.
    """
    status = process.wait()
    errors.seek(0)
    text = errors.read().decode("utf-8", "replace")
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(text)
    if status < 0:  # for example because the system has run out of memory
        return "ended by signal %d" % -status
    lines = text.strip().splitlines() or ["it wrote nothing"]
    return "ended with status %d: %s" % (status, lines[-1].strip())


class Contestant(object):
    """A contestant: the command of its process, and the measurements.

    Attributes:
        seconds: the median seconds of a step, turn by turn.
        start_ups: seconds from the start of a process to the end of its first step.
        peak_megabytes: the most memory that the process held.
        last_cost: the cost of the last step, in nats.
        left_out: why the contestant does not take part (any more); None if it does.
    """

    def __init__(self, name, sizes, corpus, python=sys.executable, left_out=None):
        self._command = command(name, sizes, corpus, python)
        self.name = name
        self.words = sizes["batch_size"] * sizes["num_steps"]
        self.seconds, self.start_ups = [], []
        self.peak_megabytes = self.last_cost = None
        self.left_out = left_out

    def start(self):
        """Starts a process and waits for its first step.

        Raises:
            Ended: if the process ends by itself. The other methods raise it too.
        """
        self._errors = tempfile.TemporaryFile()
        start = time.perf_counter()
        try:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
            )
        except OSError as error:  # The Python does not exist.
            raise Ended("cannot start: %s" % error)
        self._answer()
        self.start_ups.append(time.perf_counter() - start)

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise Ended(last_words(self._process, self._errors))
        return json.loads(line)

    def steps(self, number):
        """Takes some steps; returns the seconds of each."""
        try:
            self._process.stdin.write("%d\n" % number)
            self._process.stdin.flush()
        except OSError:
            pass  # The pipe is broken; _answer finds out why.
        answer = self._answer()
        self.last_cost, self.peak_megabytes = answer["cost"], answer["peak_megabytes"]
        return answer["seconds"]

    def turn(self, number):
        self.seconds.append(statistics.median(self.steps(number + 1)[1:]))

    def stop(self):
        self._process.stdin.close()
        self._process.wait()
        self._errors.close()

    def numbers(self):
        if self.left_out:
            return {"left_out": self.left_out}
        return {
            "words_per_second": [self.words / seconds for seconds in self.seconds],
            "start_up_seconds": self.start_ups,
            "peak_megabytes": self.peak_megabytes,
            "last_cost": self.last_cost,
        }


def sizes_of(model):
    config = configs.get_config(model)
    return {size: getattr(config, size) for size in SIZES}


def say(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def version(package):
    """Returns the version of a package in this Python; None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def is_installed(package, major):
    """Returns whether this Python has a package of this major version or a later one."""
    found = version(package)
    return found is not None and int(found.split(".")[0]) >= major


def no_bfloat16():
    """Returns why this machine has no bfloat16; None if it has."""
    try:
        bfloat16.session_config()
    except bfloat16.NoBfloat16Error as error:
        return str(error)
    return None


def left_out(tf1_python=None):
    """Returns which contestants cannot run here, and why: `{name: reason}`.

    Args:
        tf1_python: a Python with TensorFlow 1.15, or None.
    """
    reasons = {}
    without_bfloat16 = no_bfloat16()
    for name, (module, variant) in CONTESTANTS.items():
        package, major = PACKAGES.get(module, ("numpy", 0))
        if not is_installed(package, major):
            reasons[name] = "the package %s >= %d is not installed" % (package, major)
        elif name == "TensorFlow 1.15" and not tf1_python:
            reasons[name] = "--tf1_python names no Python for it"
        elif without_bfloat16 and variant.endswith(("bf16", "bfloat16")):
            reasons[name] = without_bfloat16.replace("; leave it out", "")
    return reasons


def _each(contestants, act):
    """Calls `act` with each contestant that takes part; leaves out those whose process ends."""
    for contestant in contestants:
        if contestant.left_out:
            continue
        try:
            act(contestant)
        except Ended as error:
            contestant.left_out = str(error)
            say("%s is left out: %s (more in %s)" % (contestant.name, error, LOG))


def compete(contestants, starts, rounds, steps):
    """Lets contestants take turns."""
    for start in range(starts):
        _each(contestants, Contestant.start)
        # The first steps of a process are slow and do not count.
        _each(contestants, lambda contestant: contestant.steps(2 * steps))
        for number in range(rounds):
            say("  start %d of %d, round %d of %d" % (start + 1, starts, number + 1, rounds))
            first = (start * rounds + number) % len(contestants)
            turns = contestants[first:] + contestants[:first]
            _each(turns, lambda contestant: contestant.turn(steps))
        _each(contestants, Contestant.stop)


def measure(corpus, tf1_python=None):
    """Lets all contestants compete; returns `{model: {name: numbers}}`.

    Args:
        corpus: the path of a NumPy file with the word ids.
        tf1_python: a Python with TensorFlow 1.15, or None.
    """
    reasons = left_out(tf1_python)
    for name, reason in reasons.items():
        say("%s is left out: %s" % (name, reason))
    results = {}
    for model in MODELS:
        say("%s:" % model)
        contestants = []
        for name in CONTESTANTS:
            python = tf1_python if name == "TensorFlow 1.15" and tf1_python else sys.executable
            reason = reasons.get(name)
            contestants.append(Contestant(name, sizes_of(model), corpus, python, reason))
        compete(contestants, *TURNS[model])
        results[model] = {contestant.name: contestant.numbers() for contestant in contestants}
    return results
