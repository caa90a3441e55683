"""The benchmarks: everybody has the same work to do, and answers."""

import json
import os
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT, outside_environment, run_command
from models import build, make_config, running_session, train

if sys.version_info < (3, 8):
    pytest.skip("benchmarks/run.py needs Python 3.8", allow_module_level=True)

import reader
from benchmarks import products, profile_step, run, worker
from lm import bfloat16


@pytest.fixture
def processor(monkeypatch):
    """A machine of which only the processor can speak against bfloat16; sets its instructions."""
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    return lambda *flags: monkeypatch.setattr(bfloat16, "_processor_flags", lambda: set(flags))


@pytest.fixture
def able(processor, monkeypatch):
    """A machine on which every contestant can run."""
    processor("avx512f", "avx512_bf16")
    monkeypatch.setattr(run, "is_installed", lambda package: True)


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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["basic", "block", "products"])
def test_a_contestant_answers(sizes, name):
    python, *words = run.command(name, vars(sizes), sizes.corpus)
    assert python == sys.executable
    status, output, errors = run_command(*words, input="3\n2\n")
    assert status == 0, errors
    first, three, two = (json.loads(line) for line in output.splitlines())
    assert [len(answer["seconds"]) for answer in (three, two)] == [3, 2]
    assert min(three["seconds"]) > 0
    if name != "products":
        assert first["cost"] == pytest.approx(sizes.num_steps * np.log(50), rel=0.1)


def test_every_contestant_runs_on_a_machine_that_has_everything(able):
    assert run.left_out(tf1_python="python3.7") == {}


def test_without_a_python_for_it_tensorflow_1_is_left_out(able):
    assert set(run.left_out()) == {"TensorFlow 1.15"}


def test_without_the_instructions_bfloat16_is_left_out(able, processor):
    processor("avx512f")
    reasons = run.left_out(tf1_python="python3.7")
    assert set(reasons) == {"block+bf16", "PyTorch bf16", "products bf16"}
    assert all(reason.startswith("the processor has none of") for reason in reasons.values())


def test_without_its_package_a_peer_is_left_out(able, monkeypatch):
    monkeypatch.setattr(run, "is_installed", lambda package: package != "torch")
    reason = "the package torch is not installed"
    expected = {"PyTorch": reason, "PyTorch bf16": reason}
    assert run.left_out(tf1_python="python3.7") == expected


@pytest.mark.slow
def test_the_others_compete_without_the_one_that_is_left_out(
    sizes, tmp_path, processor, monkeypatch, capsys
):
    processor("avx512f")
    contestants = {name: run.CONTESTANTS[name] for name in ("products", "products bf16")}
    monkeypatch.setattr(run, "CONTESTANTS", contestants)
    monkeypatch.setattr(run, "RATIOS", [("products bf16", "products"), ("products", "products")])
    monkeypatch.setattr(run, "TURNS", {"small": (1, 2, 1), "medium": (1, 2, 1)})
    monkeypatch.setattr(run, "GROWTH", {})
    monkeypatch.setattr(run, "sizes_of", lambda model: vars(sizes))
    monkeypatch.setattr(run, "HERE", str(tmp_path))  # where it writes
    monkeypatch.setattr(sys, "argv", ["run.py"])
    run.main()
    printed = capsys.readouterr()
    lines = [line for line in printed.err.splitlines() if "left out" in line]
    assert len(lines) == 1 and lines[0].startswith("products bf16 is left out: the processor has")
    assert "products / products " in printed.out and "bf16" not in printed.out
    with open(str(tmp_path / "results.json"), encoding="utf-8") as file:
        contest = json.load(file)["contest"]
    assert {model: list(numbers) for model, numbers in contest.items()} == {
        "small": ["products"],
        "medium": ["products"],
    }
    assert len(contest["small"]["products"]["words_per_second"]) == 2


def test_a_profile_in_bfloat16_is_refused_in_one_line(processor, monkeypatch, capsys):
    processor("avx512f")
    monkeypatch.setattr(sys, "argv", ["profile_step.py", "--variant=block+bf16"])
    with pytest.raises(SystemExit) as error:
        profile_step.main()
    assert error.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--variant=block+bf16: the processor has none of" in line
    assert line.endswith("; leave it out")


def test_a_package_is_installed_or_not():
    assert run.is_installed("numpy") and not run.is_installed("none_such")


def test_ratios_are_taken_round_by_round():
    numbers = {
        "a": {"words_per_second": [1.0, 20.0, 300.0]},
        "b": {"words_per_second": [2.0, 10.0, 100.0]},
    }
    assert run.ratio(numbers, "a", "b")[1] == 2.0


def test_the_kinds_of_a_profile():
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
    code = "from benchmarks import worker; print(worker.peak_megabytes())"
    status, output, errors = run_command("-c", code)
    assert status == 0, errors
    if output.strip() == "None":
        pytest.skip("this system does not tell")
    assert 5 < float(output) < ballast.nbytes / 2**20 / 2


@pytest.mark.slow
@pytest.mark.parametrize("peer, package", [("peer_pytorch", "torch"), ("peer_keras", "keras")])
def test_a_peer_has_our_costs_from_our_weights(sizes, tmp_path, peer, package):
    """Of three steps: forward pass, gradients, update, and the state that is carried."""
    if not run.is_installed(package) or tf.__version__ < "2.16":
        pytest.skip("needs %s; Keras 3 came with TensorFlow 2.16" % package)
    model = build(make_config(), np.load(sizes.corpus).tolist())
    with running_session() as session:
        weights = session.run({v.op.name: v for v in tf.trainable_variables()})
        ours, _ = train(session, model, 3)
    np.savez(str(tmp_path / "weights.npz"), **weights)
    values = {size: getattr(sizes, size) for size in run.SIZES + ("corpus",)}
    values.update(keep_prob=1.0, variant="float32")
    # A process of its own: in this one, TensorFlow behaves as version 1.
    script = os.path.join(ROOT, "tests", "peer_costs.py")
    environment = outside_environment(PYTHONPATH=ROOT)
    words = [script, peer, str(tmp_path / "weights.npz"), json.dumps(values)]
    status, output, errors = run_command(*words, env=environment)
    assert status == 0, errors
    np.testing.assert_allclose(json.loads(output.splitlines()[-1]), ours, rtol=2e-3)
