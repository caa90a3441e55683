"""Tests the benchmarks: all contestants do the same work; those that cannot run are left out."""

import argparse
import collections
import io
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT, outside_environment, run_command
from documents import read
from models import build, make_config, make_lm_config, running_session, state_feed, train

if sys.version_info < (3, 8):
    pytest.skip("benchmarks/contest.py needs Python 3.8", allow_module_level=True)

import reader
from benchmarks import (
    contest,
    fits,
    growth,
    products,
    profile_step,
    run,
    tables,
    traffic,
    worker,
)
from lm import bfloat16
from lm.model import Input, Model

# A contestant that has no model. After some answers it ends by itself.
STUB = """
import json, sys
answers = int(sys.argv[1])

def answer(**values):
    global answers
    if answers == 0:
        sys.exit("Traceback\\nMemoryError: no | room")
    answers -= 1
    print(json.dumps(values), flush=True)

answer(cost=1.0)
for line in sys.stdin:
    answer(seconds=[0.5] * int(line), cost=1.0, peak_megabytes=100)
"""
END = "ended with status 1: MemoryError: no | room"


@pytest.fixture
def processor(monkeypatch):
    """Gives a function that sets the processor's instructions; nothing else prevents bfloat16."""
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    return lambda *flags: monkeypatch.setattr(bfloat16, "_processor_flags", lambda: set(flags))


@pytest.fixture
def able(processor, monkeypatch):
    """Pretends that every contestant can run on this machine."""
    processor("avx512f", "avx512_bf16")
    monkeypatch.setattr(contest, "is_installed", lambda package, major: True)


@pytest.fixture
def log(monkeypatch, tmp_path):
    """Returns the file for the standard error of processes that ended by themselves."""
    monkeypatch.setattr(contest, "LOG", str(tmp_path / "run.log"))
    return tmp_path / "run.log"


@pytest.fixture
def stubs(monkeypatch, tmp_path, log):
    """Replaces all contestants by stubs, which give as many answers as a dict says."""

    def patch(**answers):
        def command(name, sizes, corpus, python):
            words = ["-c", STUB, str(answers.get(name, -1))]
            return [sys.executable if python == "python3.7" else python] + words

        turns = {name: (1, 2, 1) for name in contest.TURNS}  # four answers: first, warm, two turns
        monkeypatch.setattr(contest, "TURNS", turns)
        monkeypatch.setattr(contest, "command", command)
        monkeypatch.setattr(tables, "FOLDER", str(tmp_path))

    return patch


@pytest.fixture
def call_run(monkeypatch, capsys, tmp_path):
    """Calls `benchmarks.run`; returns the results that it stored, its output and its errors."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["run.py"] + list(arguments))
        run.main()
        out, err = capsys.readouterr()
        (path,) = tmp_path.glob("*.json")
        return tables.read(str(path)), out, err

    return call


@pytest.fixture
def sizes(tmp_path):
    """Returns a small configuration in the form of a contestant's arguments."""
    config = make_config(keep_prob=0.5)
    path = str(tmp_path / "corpus.npy")
    np.save(path, np.random.RandomState(3).randint(0, 50, 203).astype(np.int32))
    values = {size: getattr(config, size) for size in contest.SIZES}
    return argparse.Namespace(corpus=path, **values)


def test_the_peers_batches_are_the_readers(sizes):
    x, y = reader.ptb_producer(np.load(sizes.corpus).tolist(), sizes.batch_size, sizes.num_steps)
    peers = worker.batches(sizes)
    with running_session() as session:
        for _ in range(25):  # two and a half epochs
            np.testing.assert_array_equal(next(peers), session.run([x, y]))


def products_of_graph(fetches):
    """Returns the matrix products that a session computes, in the form of `products`."""
    graph = tf.get_default_graph()
    names = [fetch.op.name if hasattr(fetch, "op") else fetch.name for fetch in fetches]
    found = collections.Counter()
    for node in tf.graph_util.extract_sub_graph(graph.as_graph_def(), names).node:
        if "MatMul" in node.op:
            op = graph.get_operation_by_name(node.name)
            transpose_a, transpose_b = op.get_attr("transpose_a"), op.get_attr("transpose_b")
            k, m = op.inputs[0].shape.as_list()[:: 1 if transpose_a else -1]
            n = op.inputs[1].shape.as_list()[0 if transpose_b else 1]
            found[m, k, n, transpose_a, transpose_b] += 1
    return found


def build_small(rnn_mode):
    """Builds the workshop's model in the small configuration."""
    config = make_lm_config(rnn_mode=rnn_mode, **contest.sizes_of("small"))
    return build(config, np.arange(1000, dtype=np.int32))


def test_the_products_are_those_of_a_training_step_in_block_mode():
    model = build_small("block")
    final_state = tf.nest.flatten(model.final_state)
    listed = collections.Counter()
    for *product, times in products.products(argparse.Namespace(**contest.sizes_of("small"))):
        listed[tuple(product)] += times
    assert products_of_graph([model.train_op, model.cost] + final_state) == listed


@pytest.mark.docs
def test_the_document_counts_the_products():
    sizes = argparse.Namespace(**contest.sizes_of("small"))
    listed = products.products(sizes)
    number = sum(product[-1] for product in listed)
    thin = sum(product[-1] for product in listed if product[0] == sizes.batch_size)
    text = "of small's %d products, %d have only %d rows" % (number, thin, sizes.batch_size)
    assert text in read("docs", "performance.md")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["basic", "block", "products"])
def test_a_contestant_answers(sizes, name):
    python, *words = contest.command(name, vars(sizes), sizes.corpus)
    assert python == sys.executable
    status, output, errors = run_command(*words, input="3\n2\n")
    assert status == 0, errors
    first, three, two = (json.loads(line) for line in output.splitlines())
    assert [len(answer["seconds"]) for answer in (three, two)] == [3, 2]
    assert min(three["seconds"]) > 0
    if name != "products":
        assert first["cost"] == pytest.approx(sizes.num_steps * np.log(50), rel=0.1)


def test_every_contestant_runs_on_a_machine_that_has_everything(able):
    assert contest.left_out(tf1_python="python3.7") == {}


def test_without_a_python_for_it_tensorflow_1_is_left_out(able):
    assert set(contest.left_out()) == {"TensorFlow 1.15"}


def test_without_the_instructions_bfloat16_is_left_out(able, processor):
    processor("avx512f")
    reasons = contest.left_out(tf1_python="python3.7")
    assert set(reasons) == {"block+bf16", "PyTorch bf16", "products bf16"}
    assert all(reason.startswith("the processor reports none of") for reason in reasons.values())


@pytest.mark.parametrize(
    "package, names", [("torch", {"PyTorch", "PyTorch bf16"}), ("keras", {"Keras 3"})]
)
def test_without_its_package_a_peer_is_left_out(able, monkeypatch, package, names):
    monkeypatch.setattr(contest, "is_installed", lambda name, major: name != package)
    reasons = contest.left_out(tf1_python="python3.7")
    assert set(reasons) == names
    for reason in reasons.values():
        assert re.fullmatch(r"the package %s >= \d is not installed" % package, reason)


def test_a_package_is_installed_or_not():
    assert contest.is_installed("numpy", 1) and not contest.is_installed("numpy", 1000)
    assert not contest.is_installed("none_such", 0)


@pytest.mark.parametrize("answers", [0, 1, 3])  # dies in its first step, before and in its turns
def test_the_others_compete_without_the_one_that_ends(able, stubs, call_run, answers):
    stubs(block=answers)
    results, out, err = call_run("--part=contest", "--tf1_python=python3.7")
    for contestants in results["contest"].values():
        assert set(contestants) == set(contest.CONTESTANTS)
        assert contestants.pop("block") == {"left_out": END}
        for numbers in contestants.values():
            assert len(numbers["words_per_second"]) == 2
    assert [line for line in err.splitlines() if line.startswith("block is left out: " + END)]
    assert "| block | left out: %s | - | - |" % END.replace("|", "/") in out
    assert "block / products" not in out and "| basic / products | 1.00" in out


def test_what_a_process_wrote_before_it_ended_is_in_the_log(able, stubs, call_run, log):
    stubs(block=0)
    log.write_text("of an earlier run")
    call_run("--part=contest", "--tf1_python=python3.7")
    assert log.read_text() == 2 * "Traceback\nMemoryError: no | room\n"  # small and medium


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_process_that_the_system_kills_has_its_signal_for_a_reason(log):
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([sys.executable, "-c", code], stderr=errors)
        assert contest.last_words(process, errors) == "ended by signal 9"


def test_a_python_that_is_not_there_leaves_its_contestant_out(able, stubs, call_run):
    stubs()
    results, _, _ = call_run("--part=contest", "--tf1_python=no/such/python")
    reason = results["contest"]["small"]["TensorFlow 1.15"]["left_out"]
    assert reason.startswith("cannot start: ") and "no/such/python" in reason


def test_a_processor_without_bfloat16_has_a_file_and_reasons_of_its_own(
    able, processor, stubs, call_run, tmp_path
):
    stubs()
    call_run("--part=contest")
    (with_bfloat16,) = tmp_path.glob("*.json")
    with_bfloat16.rename(tmp_path / "kept")
    processor("avx512f")
    results, out, err = call_run("--part=contest")
    (without,) = tmp_path.glob("*.json")
    assert with_bfloat16.name == without.name.replace(".json", "-bf16.json")
    for name in ("block+bf16", "PyTorch bf16", "products bf16"):
        for contestants in results["contest"].values():
            reason = contestants[name]["left_out"]
            assert reason.startswith("the processor reports none of avx512_bf16")
        assert "%s is left out: %s" % (name, reason) in err.splitlines()
        assert "| %s | left out: %s |" % (name, reason) in out
    assert "words_per_second" in results["contest"]["medium"]["block"]


def test_a_part_leaves_the_others_as_they_are(able, stubs, call_run, monkeypatch):
    stubs()
    monkeypatch.setattr(growth, "measure_corpora", lambda: [{"words": 20, "left_out": "no room"}])
    first, _, _ = call_run("--part=contest", "--tf1_python=python3.7")
    both, out, _ = call_run("--part=corpora")
    assert both["contest"] == first["contest"]
    assert set(both["hardware"]) == {"contest", "corpora"}
    assert "| 20 | left out: no room | - |" in out and "basic" not in out


def test_the_sizes_of_the_growth(able, stubs, call_run, monkeypatch):
    stubs()
    monkeypatch.setattr(growth, "SIZES", {"batch_size": [5, 10, 20]})
    results, out, _ = call_run("--part=growth")
    rows = results["growth"]["batch_size"]
    assert [row["value"] for row in rows] == [5, 10, 20]
    # A step of a stub always reports half a second.
    assert [row["block"]["words_per_second"] for row in rows] == [[200] * 2, [400] * 2, [800] * 2]
    assert "| exponent | 1.00 (1.00 to 1.00) | | 1.00 (1.00 to 1.00) | |" in out


def test_the_growth_goes_on_without_a_size_that_does_not_fit(able, stubs, call_run, monkeypatch):
    stubs(basic=0)
    monkeypatch.setattr(growth, "SIZES", {"batch_size": [5, 10]})
    _, out, _ = call_run("--part=growth")
    reason = END.replace("|", "/")
    assert "| 10 | left out: %s | - | 400 (400 - 400) | 100 MB |" % reason in out
    assert "| exponent | - | | 1.00 (1.00 to 1.00) | |" in out


@pytest.mark.parametrize(
    "processor, family, has_bfloat16, name",
    [
        ("AMD EPYC", "26", True, "amd-epyc-family-26-bf16"),
        ("Intel(R) Xeon(R) CPU @ 2.20GHz", "6", False, "intel-xeon-cpu-family-6"),
        ("Apple M2", None, False, "apple-m2"),
        ("aarch64", None, True, "aarch64-bf16"),
    ],
)
def test_each_kind_of_processor_has_a_file(processor, family, has_bfloat16, name):
    machine = {"processor": processor, "family": family, "bfloat16": has_bfloat16}
    assert os.path.basename(run.results_path(machine)) == name + ".json"


def test_a_processor_that_does_not_tell_its_name_has_one(able, monkeypatch):
    monkeypatch.setattr(run, "cpu_info", dict)
    machine = run.hardware()
    assert machine["processor"] and machine["family"] is None
    assert "cores of " in tables.title(machine)


@pytest.mark.docs
def test_the_document_has_the_tables_of_the_results():
    document = read("docs", "performance.md")
    assert tables.files()
    for path in tables.files():
        assert tables.of_file(path) in document, "python -m benchmarks.tables"
        assert os.path.exists(os.path.splitext(path)[0] + ".png"), "python -m benchmarks.plot"


def test_a_power_is_found():
    xs = [1, 3, 10]
    fit = fits.power(xs, [5 * x**-0.5 for x in xs])
    np.testing.assert_allclose(fit, [5, -0.5, -0.5, -0.5])
    np.testing.assert_allclose(fit.at(4), 2.5)


def test_the_range_of_an_exponent_is_that_between_neighbours():
    fit = fits.power([1, 10, 100], [1, 1, 100])  # constant, then quadratic
    np.testing.assert_allclose(fit[1:], [1, 0, 2], atol=1e-12)


def test_a_straight_line_is_found():
    fit = fits.line([1, 2, 4], [9, 11, 15])
    np.testing.assert_allclose(fit, [7, 2])
    np.testing.assert_allclose(fit.at(3), 13)


def test_the_lines_of_the_corpora():
    rows = [
        {"words": words * 10**6, "seconds": 4 + words / 2, "peak_megabytes": 600 + 3 * words}
        for words in (1, 10, 100)
    ]
    rows.append({"words": 10**9, "left_out": "no room"})
    assert tables.straight_line(rows, "seconds") == "4.0 s + 0.50 s a million words"
    # 3 MB of 2**20 bytes on 1,000,000 words
    assert tables.straight_line(rows, "peak_megabytes") == "600 MB + 3.1 bytes a word"
    level = [dict(row, peak_megabytes=600 - 1e-6 * number) for number, row in enumerate(rows)]
    assert tables.straight_line(level, "peak_megabytes") == "600 MB + 0.0 bytes a word"


def test_memory_that_the_system_does_not_tell_is_a_dash():
    (text,) = tables.of_corpora([{"words": 20, "seconds": 1.0, "peak_megabytes": None}])
    assert text.splitlines()[2] == "| 20 | 1.0 s | - |"


def test_a_synthetic_text_has_its_words_as_zipf_would_have_them(tmp_path):
    path = tmp_path / "ptb.train.txt"
    with open(str(path), "wb") as file:
        growth.write_words(file, 200 * growth.LINE, np.random.RandomState(1))
        growth.write_words(file, 9800 * growth.LINE, np.random.RandomState(2))
    words = path.read_text().replace("\n", " <eos> ").split()
    assert len(words) == 10000 * growth.LINE
    counts = collections.Counter(words)
    assert counts.pop("<eos>") == 10000
    drawn = sum(counts.values())
    for rank in (1, 2, 3, 10, 30):
        expected = drawn * np.log1p(1 / rank) / np.log(growth.VOCABULARY + 1)
        assert counts["%05x" % rank] == pytest.approx(expected, abs=4 * expected**0.5)
    assert len(counts) > 10000


def test_a_seed_writes_the_same_text_in_one_piece_or_in_several(monkeypatch):
    texts = []
    for piece in (10**6, 10 * growth.LINE):
        monkeypatch.setattr(growth, "MILLION", piece)
        texts.append(io.BytesIO())
        growth.write_words(texts[-1], 25 * growth.LINE, np.random.RandomState(1))
    assert texts[0].getvalue() == texts[1].getvalue()


@pytest.mark.slow
def test_the_start_of_a_training_is_measured(monkeypatch, capsys):
    monkeypatch.setattr(growth, "CORPORA", [20000, 40000])
    train = ("--model=small", "--hidden_size=10", "--vocab_size=100", "--seed=1")
    monkeypatch.setattr(growth, "TRAIN", train)
    rows = growth.measure_corpora()
    assert [row["words"] for row in rows] == [20000, 40000]
    for row in rows:
        assert row["seconds"] > 0
        assert row["peak_megabytes"] is None or row["peak_megabytes"] > 10
    assert "0.04 million words" in capsys.readouterr().err


@pytest.mark.slow
def test_a_training_that_ends_is_left_out(monkeypatch, capsys, log):
    monkeypatch.setattr(growth, "CORPORA", [20000])
    monkeypatch.setattr(growth, "TRAIN", ["--no_such_flag"])
    (row,) = growth.measure_corpora()
    reason = "ended with status 2: lm.train: unrecognized arguments: --no_such_flag"
    assert row["left_out"].startswith(reason)
    assert "left out: " + reason in capsys.readouterr().err


def test_the_bytes_of_a_step_that_two_machines_share():
    config = make_config(
        hidden_size=3, num_layers=2, vocab_size=7, batch_size=4, num_steps=5, keep_prob=1.0
    )
    # A kernel [6, 12] and a bias [12] for each of two layers; softmax_w [3, 7] and softmax_b [7].
    dense = 4 * (2 * (72 + 12) + 21 + 7)
    assert traffic.traffic(config, workers=2) == (
        2 * dense,
        2 * dense,
        2 * 4 * 4 * 5 * 3,  # 20 rows of 3 floats, there and back
        3 * 4 * 20,  # 20 ids, three times
        2 * 4 * 2 * 2 * 4 * 3,  # c and h of two layers, [4, 3], there and back
    )


def bytes_sent(metadata):
    """Adds up the bytes that the devices send each other in a step, from its partition graphs."""
    graph = tf.get_default_graph()
    sent = 0
    for part in metadata.partition_graphs:
        for node in part.node:
            devices = {node.attr[end].s for end in ("send_device", "recv_device")}
            if node.op in ("_Send", "_HostSend") and len(devices) == 2:
                name, _, output = node.input[0].partition(":")
                tensor = graph.get_tensor_by_name("%s:%s" % (name, output or 0))
                sent += tensor.shape.num_elements() * tensor.dtype.size
    return sent


def test_the_traffic_is_what_replicas_on_several_devices_exchange():
    """Three devices of this process stand for the process with the variables and two workers."""
    config = make_lm_config(rnn_mode="block")
    devices = [tf.train.replica_device_setter(1, "/cpu:0", "/cpu:%d" % worker) for worker in (1, 2)]
    with tf.device("/cpu:0"):
        input_ = Input(config, np.arange(50, dtype=np.int32))
        model = Model(True, config, input_, devices)
        initialize = tf.global_variables_initializer()
    fetches = [model.cost, model.train_op, model.final_state]
    options = tf.RunOptions(output_partition_graphs=True)
    metadata = tf.RunMetadata()
    with tf.Session(config=tf.ConfigProto(device_count={"CPU": 3})) as session:
        session.run(initialize)
        state = session.run(model.initial_state)
        feed = {**next(input_.feeds()), **state_feed(model, state)}
        session.run(fetches, feed, options, metadata)
    costs = 2 * 4  # a float from each worker, which the table leaves out
    assert bytes_sent(metadata) - costs == sum(traffic.traffic(config, workers=2))


def test_the_times_of_the_traffic():
    cells = traffic.row("small", 2, words_per_second=4000)
    assert cells[:2] == ["small", "2"]
    number = float(cells[6].split()[0])
    at_1, at_10, computing = (float(cell.split()[0]) for cell in cells[7:])
    assert at_1 == pytest.approx(number * 8 / 1000, abs=0.001)
    assert at_10 == pytest.approx(number * 8 / 10000, abs=0.001)
    assert computing == 0.05  # 400 words at 4,000 words per second, half of them


@pytest.mark.docs
def test_the_document_has_the_table_of_the_traffic():
    document = read("docs", "machines.md")
    (words,) = re.findall(r"`python -m benchmarks\.traffic (.*)`", document)
    status, output, errors = run_command("-m", "benchmarks.traffic", *words.split())
    assert status == 0, errors
    assert output in document


def test_the_traffic_is_counted_without_tensorflow():
    code = "import sys; sys.modules['tensorflow'] = None; import benchmarks.traffic"
    status, _, errors = run_command("-c", code)
    assert status == 0, errors


def test_a_picture_has_a_panel_for_everything_that_was_measured():
    pytest.importorskip("matplotlib")
    from benchmarks import plot

    numbers = {"words_per_second": [1.0, 2.0, 3.0]}
    machine = {"cores": 2, "processor": "X", "family": None, "bfloat16": False}
    rows = [{"value": value, "basic": numbers, "block": numbers} for value in (1, 10, 100)]
    rows[0]["basic"] = rows[2]["block"] = {"left_out": "why"}
    corpora = [{"words": n * 10**6, "seconds": 1.0 + n, "peak_megabytes": None} for n in (1, 3)]
    figure = plot.draw(
        {
            "hardware": {"contest": machine},
            "contest": {"small": {"basic": numbers, "PyTorch": {"left_out": "why"}}},
            "growth": {"batch_size": rows},
            "corpora": corpora + [{"words": 10**7, "left_out": "why"}],
        }
    )
    figure.draw_without_rendering()
    contest_panel, growth_panel, seconds, memory = figure.axes
    assert [label.get_text() for label in contest_panel.get_yticklabels()] == ["basic"]
    texts = {text.get_text() for text in growth_panel.texts}
    assert texts == {"basic, exponent 0.00", "block, exponent 0.00"}
    assert [text.get_text() for text in seconds.texts] == ["1.0 s + 1.00 s a million words"]
    assert not memory.texts


def test_a_profile_in_bfloat16_is_refused_in_one_line(processor, monkeypatch, capsys):
    processor("avx512f")
    monkeypatch.setattr(sys, "argv", ["profile_step.py", "--variant=block+bf16"])
    with pytest.raises(SystemExit) as error:
        profile_step.main()
    assert error.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--variant=block+bf16: the processor reports none of" in line
    assert line.endswith("; leave it out")


def test_ratios_are_taken_round_by_round():
    numbers = {
        "a": {"words_per_second": [1.0, 20.0, 300.0]},
        "b": {"words_per_second": [2.0, 10.0, 100.0]},
    }
    assert tables.ratio(numbers, "a", "b").startswith("2.00 ")


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
@pytest.mark.parametrize("peer", ["peer_pytorch", "peer_keras"])
def test_a_peer_has_our_costs_from_our_weights(sizes, tmp_path, peer):
    """Compares three steps: forward pass, gradients, update, and the carried state."""
    if not contest.is_installed(*contest.PACKAGES[peer]):
        pytest.skip("needs %s >= %d" % contest.PACKAGES[peer])
    model = build(make_config(), np.load(sizes.corpus).tolist())
    with running_session() as session:
        weights = session.run({v.op.name: v for v in tf.trainable_variables()})
        ours, _ = train(session, model, 3)
    np.savez(str(tmp_path / "weights.npz"), **weights)
    values = {size: getattr(sizes, size) for size in contest.SIZES + ("corpus",)}
    values.update(keep_prob=1.0, variant="float32")
    # The peer needs a process of its own, since TensorFlow behaves as version 1 in this one.
    script = os.path.join(ROOT, "tests", "peer_costs.py")
    environment = outside_environment(PYTHONPATH=ROOT)
    words = [script, peer, str(tmp_path / "weights.npz"), json.dumps(values)]
    status, output, errors = run_command(*words, env=environment)
    assert status == 0, errors
    np.testing.assert_allclose(json.loads(output.splitlines()[-1]), ours, rtol=2e-3)
