"""The benchmarks: everybody has the same work to do, and answers."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT
from models import make_config, running_session

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
