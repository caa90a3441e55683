"""The benchmarks: everybody has the same work to do, and answers."""

import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT
from models import build, make_config, running_session, train

if sys.version_info < (3, 8):
    pytest.skip("benchmarks/run.py needs Python 3.8", allow_module_level=True)
sys.path.insert(0, os.path.join(ROOT, "benchmarks"))

import products
import run
import worker

import reader


@pytest.fixture
def sizes(tmp_path):
    """A small configuration, as the arguments of a contestant have it."""
    config = make_config(keep_prob=0.5)
    path = str(tmp_path / "corpus.npy")
    np.save(path, np.random.RandomState(3).randint(0, 50, 203).astype(np.int32))
    values = {size: getattr(config, size) for size in run.SIZES}
    return type("Sizes", (), dict(values, corpus=path))


def test_the_peers_batches_are_the_readers(sizes):
    x, y = reader.ptb_producer(np.load(sizes.corpus).tolist(), sizes.batch_size, sizes.num_steps)
    peers = worker.batches(sizes)
    with running_session() as session:
        for _ in range(25):  # two epochs and a half
            ours = session.run([x, y])
            theirs = next(peers)
            np.testing.assert_array_equal(ours, theirs)


def test_the_products_are_all_those_of_a_training_step(sizes):
    flops = sum(2 * m * k * n * times for m, k, n, _, _, times in products.products(sizes))
    weights = sizes.hidden_size * sizes.vocab_size
    weights += sizes.num_layers * 2 * sizes.hidden_size * 4 * sizes.hidden_size
    # Forward, and backward once for what is below and once for the weights.
    assert flops == 3 * 2 * weights * sizes.batch_size * sizes.num_steps


@pytest.mark.parametrize("name", ["basic", "block", "products"])
def test_a_contestant_answers(sizes, name):
    script, variant = run.CONTESTANTS[name]
    command = [sys.executable, os.path.join(run.HERE, script), "--variant=" + variant]
    command += ["--%s=%s" % (size, getattr(sizes, size)) for size in run.SIZES + ("corpus",)]
    process = subprocess.run(command, input=b"3\n2\n", stdout=subprocess.PIPE, check=True)
    first, three, two = (json.loads(line) for line in process.stdout.splitlines())
    assert [len(answer["seconds"]) for answer in (three, two)] == [3, 2]
    assert min(three["seconds"]) > 0
    if name != "products":
        assert first["cost"] == pytest.approx(sizes.num_steps * np.log(50), rel=0.1)


def test_ratios_are_taken_round_by_round():
    numbers = {
        "a": {"words_per_second": [1.0, 20.0, 300.0]},
        "b": {"words_per_second": [2.0, 10.0, 100.0]},
    }
    assert run.ratio(numbers, "a", "b")[1] == 2.0


def test_the_kinds_of_a_profile():
    import profile_step

    expected = {
        "_MklMatMul": "products",
        "_MklNativeFusedMatMul": "products",
        "SparseSoftmaxCrossEntropyWithLogits": "softmax and cross-entropy",
        "ApplyGradientDescent": "update of the weights",
        "AddV2": "sums",
        "Sigmoid": "gates",
        "ConcatV2": "cutting and joining",
        "QueueDequeueV2": "the rest",
    }
    assert {op: profile_step.kind(op) for op in expected} == expected


def test_memory_is_that_of_the_process_and_not_of_its_parent():
    ballast = np.ones(50 * 2**20)  # 400 MB of doubles
    code = "import sys; sys.path.insert(0, %r); import worker; print(worker.peak_megabytes())"
    output = subprocess.check_output([sys.executable, "-c", code % run.HERE])
    if output.strip() == b"None":
        pytest.skip("this system does not tell")
    assert 5 < float(output) < ballast.nbytes / 2**20 / 2


@pytest.mark.parametrize("peer, package", [("peer_pytorch", "torch"), ("peer_keras", "keras")])
def test_a_peer_has_our_costs_from_our_weights(sizes, tmp_path, peer, package):
    """Of three steps: forward pass, gradients, update, and the state that is carried."""
    if importlib.util.find_spec(package) is None or tf.__version__ < "2.16":
        pytest.skip("needs %s; Keras 3 came with TensorFlow 2.16" % package)
    model = build(make_config(), np.load(sizes.corpus).tolist())
    with running_session() as session:
        weights = session.run({v.op.name: v for v in tf.trainable_variables()})
        ours, _ = train(session, model, 3)
    np.savez(str(tmp_path / "weights.npz"), **weights)
    values = {size: getattr(sizes, size) for size in run.SIZES + ("corpus",)}
    values.update(keep_prob=1.0, variant="float32")
    # A process of its own: in this one, TensorFlow behaves as version 1.
    command = [sys.executable, os.path.join(ROOT, "tests", "peer_costs.py"), peer]
    output = subprocess.check_output(command + [str(tmp_path / "weights.npz"), json.dumps(values)])
    np.testing.assert_allclose(json.loads(output.splitlines()[-1]), ours, rtol=2e-3)
