"""What a person sees: output, help, and one line for each mistake."""

import os
import subprocess
import sys

import pytest
from commands import ROOT
from models import run_script, write_corpus

import bfloat16
import console
import ptb_word_lm
import reader

SCRIPT = os.path.join(ROOT, "ptb_word_lm.py")
TEXT = "a b c d\n" * 100


@pytest.fixture
def refused(monkeypatch, capsys):
    """Runs the command in this process and returns the one line that refuses it."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", [SCRIPT] + list(arguments))
        with pytest.raises(SystemExit) as stop:
            console.run(ptb_word_lm.main, ptb_word_lm.BLAMES)
        output = capsys.readouterr()
        assert stop.value.code == 2
        assert output.out == ""
        assert output.err.count("\n") == 1
        assert output.err.startswith("ptb_word_lm.py: ")
        return output.err[len("ptb_word_lm.py: ") : -1]

    return run


def test_a_run_prints_its_results_and_nothing_else(tmp_path):
    folder = write_corpus(tmp_path, TEXT, TEXT, TEXT)
    arguments = ["--model=test", "--seed=1", "--save_path=%s" % (tmp_path / "saved")]
    status, out, err = run_script(SCRIPT, "--data_path=" + folder, *arguments)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Epoch: 1 Learning rate: 1.000"
    assert lines[-1].startswith("Test Perplexity: ")
    assert len(lines) == 1 + 12 + 2 + 10 + 1  # from epochs of 12 steps and of 499


def test_a_mistake_is_one_line_and_status_2():
    status, out, err = run_script(SCRIPT, "--data_path=nowhere")
    assert (status, out) == (2, "")
    assert (
        err
        == "ptb_word_lm.py: --data_path=nowhere: no such folder; give one that holds %s\n"
        % (reader.FILES)
    )


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_the_flags(flag):
    status, out, err = run_script(SCRIPT, flag)
    assert (status, err) == (0, "")
    for flag in (
        "--model",
        "--data_path",
        "--save_path",
        "--[no]use_fp16",
        "--seed",
        "--rnn_mode",
        "--[no]use_bf16",
    ):
        assert flag in out


def test_an_unknown_model(refused):
    assert refused("--model=huge") == (
        "--model=huge: no such model; choose one of small, medium, large, test"
    )


def test_a_data_path_that_is_a_file(refused):
    assert refused("--data_path=" + SCRIPT).startswith("--data_path=%s: not a folder; " % SCRIPT)


def test_a_data_path_without_one_of_the_files(refused, tmp_path):
    folder = write_corpus(tmp_path, TEXT)
    os.remove(os.path.join(folder, "ptb.test.txt"))
    message = "--data_path=%s: no ptb.test.txt there; give a folder that holds " % folder
    assert refused("--data_path=" + folder) == message + reader.FILES


def test_a_file_that_cannot_be_read(refused, tmp_path):
    folder = write_corpus(tmp_path, TEXT)
    os.remove(os.path.join(folder, "ptb.test.txt"))
    os.mkdir(os.path.join(folder, "ptb.test.txt"))
    line = refused("--data_path=" + folder)
    assert line.startswith("--data_path=%s: cannot read " % folder)


def test_an_empty_file(refused, tmp_path):
    folder = write_corpus(tmp_path, "")
    line = refused("--data_path=" + folder)
    assert line.startswith("--data_path=%s: " % folder)
    assert line.endswith("ptb.train.txt holds no words; give it text, one sentence a line")


@pytest.mark.parametrize(
    "texts, name, words",
    [(("a b\n",) * 3, "TrainInput", 3), ((TEXT, "a b\n", TEXT), "ValidInput", 3)],
)
def test_too_small_a_corpus(refused, tmp_path, texts, name, words):
    folder = write_corpus(tmp_path, *texts)
    assert refused("--data_path=" + folder) == (
        "--data_path=%s: %s: %d known words are too few for batch_size 20 x num_steps 20; give at"
        " least 420, or choose a smaller model" % (folder, name, words)
    )


def test_a_save_path_that_is_a_file(refused):
    line = refused("--save_path=" + SCRIPT)
    assert line.startswith("--save_path=%s: cannot write there (" % SCRIPT)
    assert line.endswith("; give a folder")


def test_a_tilde_is_the_home_folder(refused, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert refused("--data_path=~/none").startswith("--data_path=%s" % (tmp_path / "none"))


def test_a_flag_of_the_wrong_type(refused):
    line = refused("--seed=one")
    assert "--seed=one" in line
    assert "invalid literal" in line


def test_a_mode_that_does_not_exist(refused):
    assert refused("--rnn_mode=cudnn") == (
        "flag --rnn_mode=cudnn: value should be one of <basic|block>"
    )


def test_a_machine_without_bfloat16(refused, monkeypatch):
    def refuse():
        raise bfloat16.NoBfloat16Error("no such thing here; leave it out")

    monkeypatch.setattr(bfloat16, "session_config", refuse)
    assert refused("--use_bf16") == "--use_bf16=True: no such thing here; leave it out"


def test_both_kinds_of_16_bits(refused):
    assert refused("--use_bf16", "--use_fp16") == (
        "--use_bf16=True: --use_fp16 leaves no 32-bit floats; give one of the two"
    )


def test_a_negative_seed(refused):
    assert "--seed=-1" in refused("--seed=-1")


def test_a_misspelt_flag(refused):
    assert refused("--modell=small").startswith("Unknown command line flag 'modell'")


def test_a_word_that_is_no_flag(refused):
    assert refused("medium") == "unexpected argument 'medium'; see --help"


def test_importing_the_script_changes_nothing_around_it():
    code = (
        "import os; before = dict(os.environ);"
        "import tensorflow.compat.v1 as tf; import ptb_word_lm;"
        "assert not tf.get_default_graph().get_operations(); assert dict(os.environ) == before"
    )
    subprocess.check_call([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)
