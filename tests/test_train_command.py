"""Tests what you see of `python -m lm.train`: output, help, and one line for each mistake."""

import functools
import io
import json
import os
import re
import subprocess
import sys

import pytest
from commands import ROOT, outside_environment, run_command
from models import TEXT, perplexities, run_flags, write_corpus

import configs as reference_configs
import reader
from lm import bfloat16, configs, train
from lm.cells import CELLS

ATTRIBUTES = {name for name in vars(reference_configs.SmallConfig) if not name.startswith("_")}


@pytest.fixture
def command(call_main):
    """Runs the command in this process; returns `(exit status, output, errors)`."""
    return functools.partial(call_main, train)


@pytest.fixture
def refused(call_refused):
    """Runs the command; returns the one line that refuses it."""
    return functools.partial(call_refused, train)


@pytest.fixture
def saved_config(command, corpus, tmp_path):
    """Starts a run that trains no epoch; returns the configuration that it saves."""

    def run(*flags):
        flags = ("--data_path=" + corpus, "--save_path=%s" % (tmp_path / "out")) + flags
        status, _, errors = command(*flags + ("--max_max_epoch=0",))
        assert (status, errors) == (0, "")
        with open(str(tmp_path / "out" / "config.json"), encoding="utf-8") as file:
            return json.load(file)

    return run


# --------------------------------------------------------------------------------------------------
# Output
# --------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_run_prints_its_results_and_nothing_else(corpus, tmp_path):
    flags = run_flags(max_max_epoch=1) + ["--seed=1", "--save_path=%s" % (tmp_path / "saved")]
    status, output, errors = run_command("-m", "lm.train", "--data_path=" + corpus, *flags)
    assert (status, errors) == (0, "")
    lines = output.splitlines()
    assert lines[0] == "Epoch: 1 Learning rate: 1.000"
    assert lines[-1].startswith("Test Perplexity: ")
    # There are eleven lines for 59 batches of training, and eleven for the 59 words of the test
    # text, which are read one by one: 59 is a prime.
    assert len(lines) == 1 + 11 + 2 + 11 + 1


def forms(lines):
    """Returns the lines with N in place of each number."""
    return [re.sub(r"\d+(\.\d+)?", "N", line) for line in lines]


@pytest.mark.slow
def test_the_lines_are_the_references(command, tmp_path, run_main):
    # The reference has fewer lines for an epoch of less than 110 batches.
    longer = write_corpus(tmp_path, TEXT * 2, TEXT[:600], TEXT[:120])
    expected = run_main(seed=1, data_path=longer)
    status, output, errors = command("--data_path=" + longer, "--seed=1", *run_flags())
    assert (status, errors) == (0, "")
    lines = output.splitlines()
    assert lines[-1].startswith("Test Perplexity: ")
    # The reference shows no progress for the test text.
    end = [number for number, line in enumerate(lines) if "Valid" in line][-1] + 1
    assert set(forms(lines[end:-1])) == {"N perplexity: N speed: N wps"}
    assert set(forms(lines[end:-1])) < set(forms(expected))
    lines[end:-1] = []
    assert forms(lines) == forms(expected)
    places = [line.split()[0] for line in expected if "wps" in line]
    assert [line.split()[0] for line in lines if "wps" in line] == places
    rates = [line for line in expected if "rate" in line]
    assert [line for line in lines if "rate" in line] == rates


class Pieces(io.RawIOBase):
    """A file that remembers the pieces in which it was written."""

    def __init__(self):
        super(Pieces, self).__init__()
        self.pieces = []

    def writable(self):
        return True

    def write(self, data):
        self.pieces.append(bytes(data).decode("utf-8"))
        return len(data)


def test_each_line_is_shown_at_once(command, corpus, monkeypatch):
    pieces = Pieces()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(pieces, 10**6)))
    status, _, errors = command("--data_path=" + corpus, *run_flags(max_max_epoch=1))
    assert (status, errors) == (0, "")
    assert all(re.fullmatch(r".+\n", piece) for piece in pieces.pieces)
    assert len(pieces.pieces) > 1 + 10 + 2


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
@pytest.mark.slow
@pytest.mark.parametrize("saves", [False, True])
def test_a_reader_that_goes_away_ends_the_run(corpus, tmp_path, saves):
    flags = ["--data_path=" + corpus] + run_flags(max_max_epoch=10**6)
    line = ""
    if saves:
        flags.append("--save_path=%s" % (tmp_path / "out"))
        line = "lm.train: cannot write standard output (Broken pipe); no epoch is saved\n"
    process = subprocess.Popen(
        [sys.executable, "-m", "lm.train"] + flags,
        cwd=ROOT,
        env=outside_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert process.stdout.readline() == "Epoch: 1 Learning rate: 1.000\n"
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == line
    assert process.wait() == 1


def test_the_result_is_compared_with_the_best_possible_where_it_is_known(command, corpus):
    with open(os.path.join(corpus, "best_perplexity.json"), "w") as file:
        json.dump({"train": 1.5, "valid": 1.5, "test": 1.25}, file)
    _, output, _ = command("--data_path=" + corpus, *run_flags(max_max_epoch=1))
    lines = output.splitlines()
    (test_perplexity,) = perplexities(lines, "Test")
    pattern = r"Best possible Test Perplexity: 1\.250, .* This run has (.*) times that\."
    ratio = float(re.fullmatch(pattern, lines[-1]).group(1))
    assert ratio == pytest.approx(test_perplexity / 1.25, abs=0.006)  # printed to 0.01


def test_a_resumed_run_says_so(command, corpus, tmp_path):
    flags = ["--data_path=" + corpus, "--save_path=%s" % (tmp_path / "out")]
    command(*flags + run_flags(max_max_epoch=1))
    _, output, _ = command(*flags + run_flags(max_max_epoch=2))
    assert output.splitlines()[:2] == [
        "Resuming after epoch 1 of 2.",
        "Epoch: 2 Learning rate: 1.000",
    ]


@pytest.mark.slow
def test_one_seed_gives_one_run(command, corpus):
    flags = ["--data_path=" + corpus] + run_flags(max_max_epoch=1)
    outputs = [command("--seed=%d" % seed, *flags)[1].splitlines() for seed in (5, 5, 6)]
    first, second, other = (
        perplexities(lines, "Train") + perplexities(lines, "Test") for lines in outputs
    )
    assert first == second != other


# --------------------------------------------------------------------------------------------------
# Flags
# --------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_the_flags(flag):
    status, output, errors = run_command("-m", "lm.train", flag)
    assert (status, errors) == (0, "")
    assert output.startswith("usage: python -m lm.train ")
    flags = {"help", "data_path", "save_path", "seed"}
    flags |= {"model", "cell", "rnn_mode", "use_bf16", "use_fp16", "replicas", "workers"}
    flags |= ATTRIBUTES  # --vocab_size is a flag as well, though no attribute of its own
    assert set(re.findall(r"^  (?:-h, )?--(\w+)", output, flags=re.MULTILINE)) == flags
    for name in list(configs.CONFIGS) + list(CELLS):
        assert re.search(r"\b%s\b" % name, output), name


def test_help_explains_the_attributes_as_the_glossary_does(command):
    _, output, _ = command("--help")
    text = "".join(output.split())  # undoes the line breaks
    glossary = re.findall(r"\| `(\w+)` \| (.*) \|", reference_configs.__doc__)
    assert len(glossary) == 12
    for name, meaning in glossary:
        assert ("".join(meaning.split()) in text) == (name != "vocab_size"), name


def test_every_attribute_of_a_configuration_is_a_flag(saved_config):
    values = dict(
        init_scale=0.25,
        learning_rate=0.75,
        max_grad_norm=2.5,
        num_layers=3,
        num_steps=7,
        hidden_size=9,
        max_epoch=2,
        keep_prob=0.625,
        lr_decay=0.875,
        batch_size=6,
    )
    assert set(values) == ATTRIBUTES - {"max_max_epoch", "vocab_size"}  # see saved_config
    config = saved_config(*["--%s=%s" % item for item in values.items()])
    for name, value in dict(values, max_max_epoch=0, vocab_size=8).items():
        assert config[name] == value, name
        assert getattr(reference_configs.SmallConfig, name) != value, name


@pytest.mark.parametrize("model", ["small", "sample"])
def test_the_model_gives_the_attributes_that_are_not_given(saved_config, model):
    config = saved_config("--model=" + model, "--batch_size=4")
    expected = dict(vars(configs.Config(model)), batch_size=4, max_max_epoch=0, vocab_size=8)
    assert {name: config[name] for name in expected} == expected


def test_small_in_block_mode_is_the_default(saved_config):
    config = saved_config("--batch_size=4")
    assert (config["model"], config["cell"], config["rnn_mode"]) == ("small", "basic_lstm", "block")
    assert (config["use_fp16"], config["use_bf16"], config["dtype"]) == (False, False, "float32")


def test_the_sample_model_on_the_corpus_that_ships_is_one_command(command):
    status, output, errors = command("--model=sample", "--max_max_epoch=0")
    assert (status, errors) == (0, "")
    assert output.splitlines()[-1].startswith("Best possible Test Perplexity: 3.593, ")


@pytest.mark.parametrize("cell", ["rnn", "lstm_peephole", "lstm_coupled", "gru"])
def test_another_cell_runs_in_basic_mode(saved_config, cell):
    config = saved_config("--cell=" + cell, *run_flags(max_max_epoch=0))
    assert (config["cell"], config["rnn_mode"]) == (cell, "basic")


def test_the_mode_can_be_chosen(saved_config):
    assert saved_config("--rnn_mode=basic", *run_flags())["rnn_mode"] == "basic"


@pytest.mark.parametrize(
    "flags, expected",
    [
        ([], "float32"),
        (["--use_fp16"], "float16"),
        (["--use_fp16=true"], "float16"),
        (["--use_fp16=1"], "float16"),
        (["--use_fp16=false"], "float32"),
        (["--use_fp16=False", "--use_bf16=0"], "float32"),
    ],
)
def test_a_switch_may_have_a_value(saved_config, flags, expected):
    config = saved_config(*flags + run_flags())
    assert (config["dtype"], config["use_fp16"]) == (expected, expected == "float16")
    assert config["use_bf16"] is False


def test_a_machine_without_bfloat16(refused, command, corpus, monkeypatch):
    def refuse():
        raise bfloat16.NoBfloat16Error("no such thing here; leave it out")

    monkeypatch.setattr(bfloat16, "session_config", refuse)
    flags = ["--data_path=" + corpus] + run_flags(max_max_epoch=0)
    assert refused("--use_bf16", *flags) == "--use_bf16=True: no such thing here; leave it out"
    assert refused("--use_bf16=true", *flags) == "--use_bf16=True: no such thing here; leave it out"
    status, _, errors = command("--use_bf16=false", *flags)
    assert (status, errors) == (0, "")


# --------------------------------------------------------------------------------------------------
# Mistakes
# --------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_mistake_is_one_line_and_status_2():
    assert run_command("-m", "lm.train", "--data_path=nowhere") == (
        2,
        "",
        "lm.train: --data_path=nowhere: no such folder; give one that holds %s;"
        " python -m data.fetch_ptb --to=PTB makes one\n" % reader.FILES,
    )


@pytest.mark.parametrize(
    "flags, line",
    [
        (
            ["--model=huge"],
            "--model=huge: no such model; choose one of small, medium, large, test, sample",
        ),
        (
            ["--cell=lstm"],
            "--cell=lstm: no such cell; choose one of basic_lstm, rnn, lstm_peephole,"
            " lstm_coupled, gru",
        ),
        (["--rnn_mode=cudnn"], "--rnn_mode=cudnn: no such mode; choose basic or block"),
        (
            ["--rnn_mode=block", "--cell=gru"],
            "--cell=gru: --rnn_mode=block works with basic_lstm only; leave one of the two flags"
            " out",
        ),
        (
            ["--use_bf16", "--use_fp16"],
            "--use_bf16=True: does not go together with --use_fp16; give one of the two flags",
        ),
        (["--use_fp16=maybe"], "argument --use_fp16: must be true or false; given maybe"),
        (["--seed=-1"], "argument --seed: must be at least 0; given -1"),
        (["--seed=one"], "argument --seed: invalid int value: 'one'"),
        (
            ["--data_path="],
            "argument --data_path: the value is missing; give one, or leave the flag out",
        ),
        (
            ["--save_path="],
            "argument --save_path: the value is missing; give one, or leave the flag out",
        ),
        (["--vocab_size=1"], "--vocab_size=1: must be at least 2; given 1"),
        (["--vocab_size=many"], "argument --vocab_size: invalid int value: 'many'"),
        (["--hidden=3"], "unrecognized arguments: --hidden=3; did you mean --hidden_size?"),
        (["--modell=small"], "unrecognized arguments: --modell=small; did you mean --model?"),
        (["medium"], "unrecognized arguments: medium; see --help"),
    ],
)
def test_a_flag_that_cannot_be(refused, flags, line):
    assert refused(*flags).startswith(line)


@pytest.mark.parametrize("name", sorted(configs.ATTRIBUTES))
@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e308", "1.5.2", ""])
def test_a_number_that_cannot_be(refused, name, value):
    line = refused("--%s=%s" % (name, value))
    if configs.ATTRIBUTES[name][0] is float and value not in ("1.5.2", ""):
        assert line.startswith("--%s=%s: must be " % (name, float(value)))
        assert line.endswith("; given %s" % float(value))
    elif value == "-1":
        assert line.startswith("--%s=-1: must be at least " % name)
    else:
        kind = configs.ATTRIBUTES[name][0].__name__
        assert line == "argument --%s: invalid %s value: '%s'" % (name, kind, value)


def test_one_and_a_half_layers(refused):
    assert refused("--num_layers=1.5") == "argument --num_layers: invalid int value: '1.5'"


@pytest.mark.parametrize("flag", ["--num_layers=0", "--batch_size=0", "--learning_rate=0"])
def test_nothing_of_something(refused, flag):
    assert re.match(
        re.escape(flag) + r"(\.0)?: must be (at least 1|a number above 0); ", refused(flag)
    )


def test_a_diverged_run_names_the_learning_rate(command, corpus):
    flags = ["--data_path=" + corpus] + run_flags(learning_rate="1e30")
    status, _, errors = command(*flags)
    assert status == 2
    assert re.fullmatch(
        r"lm\.train: --learning_rate=1e\+30: the cost is \S+ at training step \d+, with a learning"
        r" rate of 1e\+30 there; give a lower one, or a lower --max_grad_norm\n",
        errors,
    )


def test_a_diverged_run_names_a_learning_rate_that_was_not_given(command, corpus):
    flags = ["--data_path=" + corpus] + run_flags(init_scale="1e30")
    status, output, errors = command(*flags)
    assert (status, output) == (2, "Epoch: 1 Learning rate: 1.000\n")
    assert errors.startswith("lm.train: --learning_rate=1.0: the cost is ")


def test_a_save_path_that_is_a_file(refused):
    line = refused("--save_path=" + train.__file__)
    assert line.startswith("--save_path=%s: cannot write there (" % train.__file__)
    assert line.endswith("; give another folder")


def test_a_tilde_is_the_home_folder(refused, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert refused("--data_path=~/none").startswith("--data_path=%s" % (tmp_path / "none"))
    (tmp_path / "file").write_text("")
    line = refused("--save_path=~/file")
    assert line.startswith("--save_path=%s: cannot write there" % (tmp_path / "file"))


@pytest.mark.slow
def test_importing_the_command_changes_nothing_around_it():
    code = (
        "import tensorflow.compat.v1 as tf; import os; before = dict(os.environ); import lm.train;"
        "assert not tf.get_default_graph().get_operations(); assert dict(os.environ) == before"
    )
    status, output, _ = run_command("-c", code)
    assert (status, output) == (0, "")
