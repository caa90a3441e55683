"""Tests training on several machines, with real worker processes on the loopback address."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT, default_signals, outside_environment, run_command
from models import assert_same_run, run_flags, saved_weights, train_run

from lm import cluster, worker
from lm import train as lm_train
from lm.cluster import ClusterError
from lm.configs import Config
from lm.replicas import ReplicasError

pytestmark = pytest.mark.slow
TENSORFLOW_1 = tf.__version__.startswith("1.")


def free_address():
    """Returns an address of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % probe.getsockname()[1]


class Worker(object):
    """A process of `lm.worker`."""

    def __init__(self, address=None):
        self.address = address or free_address()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lm.worker", "--address=" + self.address],
            cwd=ROOT,
            env=outside_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            preexec_fn=default_signals,
        )
        self.first_line = self.process.stdout.readline()

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait()

    def close(self):
        self.process.kill()
        self.process.communicate(timeout=20)


@pytest.fixture
def start_worker():
    """Gives a function that starts workers; ends them after the test."""
    if TENSORFLOW_1:
        pytest.skip("workers need TensorFlow 2")
    workers = []

    def start(address=None):
        workers.append(Worker(address))
        return workers[-1]

    yield start
    for one in workers:
        one.close()


@pytest.fixture(scope="module")
def two_workers():
    if TENSORFLOW_1:
        pytest.skip("workers need TensorFlow 2")
    workers = [Worker(), Worker()]
    yield [one.address for one in workers]
    for one in workers:
        one.close()


@pytest.mark.parametrize("rnn_mode", ["block", "basic"])
def test_the_numbers_are_those_of_one_process(corpus, tmp_path, two_workers, rnn_mode):
    folders = [str(tmp_path / "one"), str(tmp_path / "two")]
    values = dict(seed=1, rnn_mode=rnn_mode, learning_rate=0.2)
    one = train_run(corpus, folders[0], replicas=1, **values)
    two = train_run(corpus, folders[1], workers=two_workers, **values)
    assert_same_run(one, two)
    one, two = map(saved_weights, folders)
    assert set(one) == set(two)
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=0, atol=1e-5, err_msg=name)


def test_one_training_after_the_other_uses_a_worker(corpus, two_workers):
    first, second = (
        train_run(corpus, seed=1, workers=two_workers[:1], max_max_epoch=1) for _ in range(2)
    )
    assert_same_run(first, second)


@pytest.mark.long
def test_a_killed_worker_is_named_and_the_run_goes_on_once_it_is_back(
    corpus, tmp_path, start_worker
):
    workers = [start_worker(), start_worker()]
    addresses = [one.address for one in workers]
    folder = str(tmp_path / "run")
    with pytest.raises(ClusterError) as caught:
        train_run(
            corpus,
            folder,
            seed=1,
            workers=addresses,
            on_epoch=lambda epoch: workers[1].kill() if epoch.number == 2 else None,
        )
    assert addresses[1] in str(caught.value)
    assert addresses[0] not in str(caught.value)
    assert "epoch 2 is saved in %s" % folder in str(caught.value)

    start_worker(addresses[1])
    lines = []
    result = train_run(corpus, folder, seed=1, workers=addresses, log=lines.append)
    assert lines[0] == "Resuming after epoch 2 of 3."
    whole = train_run(corpus, seed=1, replicas=1)
    np.testing.assert_allclose(result.test_perplexity, whole.test_perplexity, rtol=1e-5)


@pytest.fixture
def start_training():
    """Gives a function that starts a long training and waits for its second epoch; ends them."""
    trainings = []

    def start(corpus, folder, workers):
        flags = run_flags(max_max_epoch=1000, max_epoch=1000, learning_rate=0.1)
        words = [sys.executable, "-m", "lm.train", "--seed=1", "--data_path=" + corpus] + flags
        words += ["--workers=" + workers, "--save_path=%s" % folder]
        training = subprocess.Popen(
            words,
            cwd=ROOT,
            env=outside_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            preexec_fn=default_signals,
        )
        trainings.append(training)
        for line in training.stdout:
            if line.startswith("Epoch: 2 "):
                break
        return training

    yield start
    for training in trainings:
        training.kill()
        training.communicate(timeout=20)


@pytest.mark.long
def test_ctrl_c_ends_a_training_whose_worker_does_not_answer(
    corpus, tmp_path, start_worker, start_training
):
    one = start_worker()
    training = start_training(corpus, tmp_path / "run", one.address)
    os.kill(one.process.pid, signal.SIGSTOP)
    time.sleep(0.5)  # The training waits for the worker.
    training.send_signal(signal.SIGINT)
    _, err = training.communicate(timeout=60)
    assert training.returncode == 130
    assert re.fullmatch(r"\nInterrupted; epoch \d+ is saved in .*\.\n", err)


def test_an_error_that_is_no_workers_is_raised_as_it_is(two_workers):
    cluster_ = cluster.Cluster(Config(), two_workers, print)
    error = tf.errors.InvalidArgumentError(None, None, "indices[0] = 99")
    assert cluster_.lost(error, "nothing is saved") is None


def test_a_step_that_takes_too_long_is_no_workers_fault(two_workers):
    cluster_ = cluster.Cluster(Config(), two_workers, print)
    error = tf.errors.DeadlineExceededError(None, None, "")
    lost = str(cluster_.lost(error, "epoch 1 is saved"))
    assert lost.startswith("a step took longer than 300 seconds; epoch 1 is saved; ")


@pytest.mark.parametrize(
    "routes, expected",
    [
        ({"a": "127.0.0.1"}, "127.0.0.1"),
        ({"a": "127.0.0.1", "b": "192.168.1.5"}, "192.168.1.5"),
        ({"a": "192.168.1.5", "b": "127.0.0.1"}, "192.168.1.5"),
        ({"a": "::1"}, "[::1]"),
        ({"a": "fd00::5", "b": "::1"}, "[fd00::5]"),
    ],
)
def test_the_own_address_is_one_that_all_workers_reach(monkeypatch, routes, expected):
    monkeypatch.setattr(cluster, "_route", lambda host, port: routes[host])
    assert cluster._own_host([(host, 2222) for host in routes]) == expected


def test_workers_of_two_networks_are_refused(monkeypatch):
    routes = {"a": "192.168.1.5", "b": "10.0.0.5"}
    monkeypatch.setattr(cluster, "_route", lambda host, port: routes[host])
    with pytest.raises(ClusterError, match="another address for each of them"):
        cluster._own_host([("a", 2222), ("b", 2222)])


@pytest.mark.long
def test_the_command_ends_with_one_line_when_a_worker_is_killed(
    corpus, tmp_path, start_worker, start_training
):
    workers = [start_worker(), start_worker()]
    names = ",".join(one.address for one in workers)
    training = start_training(corpus, tmp_path / "run", names)
    workers[0].kill()
    _, err = training.communicate(timeout=60)
    assert training.returncode == 2
    assert err.count("\n") == 1
    assert err.startswith("lm.train: --workers=%s: %s " % (names, workers[0].address))
    assert "is saved in" in err


@pytest.mark.long
def test_a_worker_that_stops_answering_is_named(monkeypatch, corpus, tmp_path, start_worker):
    monkeypatch.setattr(cluster, "STEP_SECONDS", 3)
    stopped = start_worker()

    def stop(epoch):
        os.kill(stopped.process.pid, signal.SIGSTOP)

    with pytest.raises(ClusterError, match="%s went away or does not answer" % stopped.address):
        train_run(corpus, str(tmp_path / "run"), seed=1, workers=[stopped.address], on_epoch=stop)


@pytest.mark.skipif(TENSORFLOW_1, reason="workers need TensorFlow 2")
def test_a_worker_that_never_answers_is_named(monkeypatch, corpus):
    monkeypatch.setattr(cluster, "START_SECONDS", 1)
    lines = []
    with socket.socket() as listening:  # accepts connections, and sends nothing
        listening.bind(("127.0.0.1", 0))
        listening.listen(5)
        address = "127.0.0.1:%d" % listening.getsockname()[1]
        with pytest.raises(ClusterError, match="no answer from %s in 1 seconds" % address):
            train_run(corpus, workers=[address], log=lines.append)
    assert lines == ["Waiting for %s." % address]


def test_a_worker_that_comes_late_is_waited_for(corpus, start_worker):
    address = free_address()
    lines = []

    def log(line):
        lines.append(line)
        if line.startswith("Waiting"):
            start_worker(address)

    train_run(corpus, seed=1, workers=[address], log=log, max_max_epoch=1)
    assert lines[0] == "Waiting for %s." % address
    assert lines[-1].startswith("Test Perplexity")


@pytest.mark.parametrize(
    "workers, what",
    [
        ("127.0.0.1", "'127.0.0.1' is not an address; give host:port"),
        ("127.0.0.1:", "'127.0.0.1:' is not an address; give host:port"),
        ("127.0.0.1:99999", "'127.0.0.1:99999' is not an address; give host:port"),
        ("http://127.0.0.1:2222", "'http://127.0.0.1:2222' is not an address"),
        ("127.0.0.1:2222;127.0.0.1:2223", "'127.0.0.1:2222;127.0.0.1:2223' is not an address"),
        ("nobody.invalid:2222", "cannot find nobody.invalid:2222 ("),
        ("127.0.0.1:2222,", "'' is not an address; give host:port"),
        ("127.0.0.1:2222,127.0.0.1:2222", "127.0.0.1:2222 and 127.0.0.1:2222 are one worker"),
        ("localhost:2222,127.0.0.1:02222", "localhost:2222 and 127.0.0.1:02222 are one worker"),
        ("a:1,b:2,c:3", "a batch of 4 rows cannot be split into 3 equal parts"),
    ],
)
def test_workers_that_cannot_be_are_refused(call_refused, corpus, workers, what):
    flags = ["--data_path=" + corpus, "--batch_size=4", "--workers=" + workers]
    assert call_refused(lm_train, *flags).startswith("--workers=%s: %s" % (workers, what))


def test_rows_that_the_workers_cannot_share_are_refused_before_anybody_is_asked(corpus):
    with pytest.raises(ReplicasError):
        train_run(corpus, workers=["nobody:1", "nobody:2", "nobody:3"])


def test_tensorflow_1_is_refused(monkeypatch, call_refused, corpus):
    monkeypatch.setattr(tf, "__version__", "1.15.5")
    refusal = ": needs TensorFlow 2; this is TensorFlow 1.15.5"
    address = free_address()
    assert call_refused(worker, "--address=" + address) == "--address=" + address + refusal
    with pytest.raises(ClusterError, match=refusal[2:]):
        train_run(corpus, workers=[address])


def test_a_port_that_is_taken_is_refused(call_refused):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        address = "127.0.0.1:%d" % listening.getsockname()[1]
        line = call_refused(worker, "--address=" + address)
    assert line == (
        "--address=%s: cannot listen there (Address already in use); give an address of this"
        " machine and a free port" % address
    )


@pytest.mark.parametrize(
    "address", ["here", "localhost:port", ":2222", "a" * 300 + ":2222", "localhost:\u0663"]
)
def test_an_address_that_is_none_is_refused(call_refused, address):
    line = call_refused(worker, "--address=" + address)
    assert line.startswith("--address=%s: '%s' is not an address" % (address, address))


@pytest.mark.parametrize(
    "number, word", [(signal.SIGINT, "\nInterrupted.\n"), (signal.SIGTERM, "Terminated.\n")]
)
def test_a_worker_says_where_it_works_and_ends_at_once(start_worker, number, word):
    one = start_worker()
    assert one.first_line == "Working for any training that names %s. Ctrl-C ends.\n" % one.address
    one.process.send_signal(number)
    _, err = one.process.communicate(timeout=20)
    assert (one.process.returncode, err) == (128 + number, word)


def test_a_worker_without_an_address_says_what_it_needs():
    status, _, err = run_command("-m", "lm.worker")
    assert status == 2
    assert "--address" in err


@pytest.mark.docs
def test_the_logged_run_with_workers_has_the_perplexities_of_one_process():
    """docs/machines.md says so of seven epochs of the small configuration."""
    ends = []
    for name in ("ptb-small-workers-seed1.log", "ptb-small-block-seed1.log"):
        with open(os.path.join(ROOT, "docs", name), encoding="utf-8") as log:
            ends.append(re.findall(r"^Epoch: .* (?:Train|Valid) Perplexity: .*", log.read(), re.M))
    assert len(ends[0]) == 2 * 7
    assert ends[0] == ends[1][: len(ends[0])]
