"""Tests what you see of the reference: output, help, and one line for each mistake."""

import functools
import os
import re
import subprocess
import sys

import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT, outside_environment, run_command
from models import make_config, put_checkpoint, running_session, write_corpus

import configs
import console
import ptb_word_lm
import reader
from lm import command_line, train

SCRIPT = os.path.join(ROOT, "ptb_word_lm.py")
TEXT = "a b c d\n" * 100

# In this environment Python buffers its output into a pipe, as it does by default.
BUFFERED = outside_environment(PYTHONUNBUFFERED="")


def run_script(*arguments):
    """Runs the reference from another folder; see `run_command`."""
    return run_command(SCRIPT, *arguments, cwd=os.path.dirname(ROOT))


def the_one_line(capsys, stop):
    """Returns the line on standard error of a command that refuses something."""
    output = capsys.readouterr()
    assert stop.value.code == 2
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert output.err.startswith("ptb_word_lm.py: ")
    return output.err[len("ptb_word_lm.py: ") : -1]


@pytest.fixture
def refused(monkeypatch, capsys):
    """Runs the command in this process; returns the one line that refuses it."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", [SCRIPT] + list(arguments))
        with pytest.raises(SystemExit) as stop:
            console.run(ptb_word_lm.main)
        return the_one_line(capsys, stop)

    return run


# --------------------------------------------------------------------------------------------------
# A run
# --------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_run_prints_its_results_and_nothing_else(tmp_path):
    folder = write_corpus(tmp_path, TEXT, TEXT, TEXT)
    saved = str(tmp_path / "saved")
    arguments = ["--model=test", "--seed=1", "--save_path=" + saved]
    status, out, err = run_script("--data_path=" + folder, *arguments)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Epoch: 1 Learning rate: 1.000"
    assert lines[-2].startswith("Test Perplexity: ")
    assert lines[-1] == "Saving model to %s." % saved
    assert len(lines) == 1 + 1 + 2 + 2  # one line of progress for an epoch of 12 batches


# In this program each epoch of the reference writes a mark to the same pipe. The mark does not go
# through the buffer of standard output.
MARKED = """
import os, sys
import console; console.hush_tensorflow()
import ptb_word_lm
def marked(*args, **kwargs):
    os.write(1, b"mark\\n")
    return run_epoch(*args, **kwargs)
run_epoch, ptb_word_lm.run_epoch = ptb_word_lm.run_epoch, marked
console.run(ptb_word_lm.main)
"""


@pytest.mark.slow
def test_each_line_of_a_run_is_shown_at_once(tmp_path):
    folder = write_corpus(tmp_path, TEXT, TEXT, TEXT)
    arguments = ["--data_path=" + folder, "--model=test"]
    _, out, _ = run_command("-c", MARKED, *arguments, env=BUFFERED)
    assert re.sub(r"\d+\.\d+.*", "X", out).splitlines() == [
        "Epoch: 1 Learning rate: X",
        "mark",
        "X",
        "Epoch: 1 Train Perplexity: X",
        "mark",
        "Epoch: 1 Valid Perplexity: X",
        "mark",
        "Test Perplexity: X",
    ]


@pytest.mark.slow
def test_a_mistake_is_one_line_and_status_2():
    status, out, err = run_script("--data_path=nowhere")
    assert (status, out) == (2, "")
    assert err == (
        "ptb_word_lm.py: --data_path=nowhere: no such folder; give one that holds %s;"
        " python -m data.fetch_ptb --to=PTB makes one\n" % reader.FILES
    )


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_the_flags_and_no_others(flag):
    status, out, err = run_script(flag)
    assert (status, err) == (0, "")
    assert out.startswith(ptb_word_lm.__doc__.strip().splitlines()[0])
    assert sorted(re.findall(r"^  --(\S+):", out, flags=re.MULTILINE)) == [
        "[no]use_fp16",
        "data_path",
        "model",
        "save_path",
        "seed",
    ]


@pytest.mark.slow
def test_importing_the_script_changes_nothing_around_it():
    code = (
        "import os; before = dict(os.environ);"
        "import tensorflow.compat.v1 as tf; import ptb_word_lm;"
        "assert not tf.get_default_graph().get_operations(); assert dict(os.environ) == before"
    )
    subprocess.check_call([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)


# --------------------------------------------------------------------------------------------------
# Mistakes
# --------------------------------------------------------------------------------------------------
def test_an_unknown_model(refused):
    assert refused("--model=huge") == (
        "--model=huge: no such model; choose one of small, medium, large, test"
    )


@pytest.fixture(params=["ptb_word_lm", "lm.train"])
def refused_text(request, refused, call_refused):
    """Returns the line with which both training commands refuse a text; they read it alike."""
    return refused if request.param == "ptb_word_lm" else functools.partial(call_refused, train)


def test_a_data_path_that_is_a_file(refused_text):
    assert refused_text("--data_path=" + SCRIPT).startswith(
        "--data_path=%s: not a folder; " % SCRIPT
    )


def test_a_data_path_without_one_of_the_files(refused_text, tmp_path):
    folder = write_corpus(tmp_path, TEXT)
    os.remove(os.path.join(folder, "ptb.test.txt"))
    message = "--data_path=%s: no ptb.test.txt there; give a folder that holds " % folder
    assert refused_text("--data_path=" + folder) == message + reader.FILES


def test_a_file_that_cannot_be_read(refused_text, tmp_path):
    folder = write_corpus(tmp_path, TEXT)
    os.remove(os.path.join(folder, "ptb.test.txt"))
    os.mkdir(os.path.join(folder, "ptb.test.txt"))
    line = refused_text("--data_path=" + folder)
    assert line.startswith("--data_path=%s: cannot read " % folder)


def test_an_empty_file(refused_text, tmp_path):
    folder = write_corpus(tmp_path, "")
    line = refused_text("--data_path=" + folder)
    assert line.startswith("--data_path=%s: " % folder)
    assert line.endswith("ptb.train.txt holds no words; give it text, one sentence a line")


@pytest.mark.parametrize(
    "texts, name, words",
    [(("a b\n",) * 3, "TrainInput", 3), ((TEXT, "a b\n", TEXT), "ValidInput", 3)],
)
def test_too_small_a_corpus(refused_text, tmp_path, texts, name, words):
    folder = write_corpus(tmp_path, *texts)
    assert refused_text("--data_path=" + folder) == (
        "--data_path=%s: %s: %d known words are too few for batch_size 20 x num_steps 20; give at"
        " least 420, or choose a smaller model" % (folder, name, words)
    )


@pytest.mark.parametrize("below", ["", "/new"])
def test_a_save_path_that_is_a_file_or_below_one(refused, corpus, tmp_path, below):
    (tmp_path / "file").write_text("")
    path = str(tmp_path / "file") + below
    line = refused("--model=test", "--data_path=" + corpus, "--save_path=" + path)
    assert line.startswith("--save_path=%s: %s" % (path, tmp_path / "file"))
    assert re.search("(is not|Not) a directory; give another folder$", line)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fdinfo"), reason="needs /proc")
def test_a_save_path_that_cannot_be_written(refused, corpus):
    path = "/proc/self/fdinfo"
    line = refused("--model=test", "--data_path=" + corpus, "--save_path=" + path)
    assert line.startswith("--save_path=%s: %s/" % (path, path))
    assert line.endswith("; give another folder")


def test_a_save_path_of_another_model(refused, corpus, tmp_path):
    out = str(tmp_path / "out")
    put_checkpoint(out, list(range(50)) * 10, make_config(), 0)
    line = refused("--model=test", "--data_path=" + corpus, "--save_path=" + out)
    assert line == (
        "--save_path=%s: the checkpoint there is of another model, or damaged; give another folder"
        % out
    )


def test_a_tilde_is_the_home_folder(refused, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert refused("--data_path=~/none").startswith("--data_path=%s" % (tmp_path / "none"))


@pytest.mark.parametrize("flag", ["data_path", "save_path", "model"])
def test_an_empty_value(refused, flag):
    assert refused("--%s=" % flag) == (
        "--%s=: the value is missing; give one, or leave the flag out" % flag
    )


def test_a_flag_of_the_wrong_type(refused):
    line = refused("--seed=one")
    assert "--seed=one" in line
    assert "invalid literal" in line


def test_a_misspelt_flag(refused):
    line = refused("--modell=small")
    assert line.startswith("Unknown command line flag 'modell'")
    assert "Did you mean: model" in line


def test_a_file_of_flags_that_is_no_text(refused, tmp_path):
    path = tmp_path / "flags"
    path.write_bytes(b"\x80\xff" * 10)
    assert "can't decode byte 0x80" in refused("--flagfile=%s" % path)


@pytest.mark.parametrize("flag", ["data_path", "save_path"])
def test_a_name_without_utf_8(refused, flag):
    """The command line holds such a name if the locale cannot decode it."""
    assert refused("--%s=\udcff" % flag) == (
        "--%s=\\udcff: not a name in UTF-8; give another one, or set LC_ALL=C.UTF-8" % flag
    )


@pytest.mark.parametrize("flag", ["cell", "rnn_mode", "use_bf16", "learning_rate", "hidden_size"])
def test_a_flag_of_the_workshop(refused, flag):
    assert refused("--%s=1" % flag).startswith("Unknown command line flag '%s'" % flag)


def test_a_word_that_is_no_flag(refused):
    assert refused("medium") == "unexpected argument 'medium'; see --help"


@pytest.mark.parametrize("name", ["f", "f/", "f/new"])
def test_a_save_path_of_one_letter(refused, corpus, tmp_path, monkeypatch, name):
    monkeypatch.chdir(str(tmp_path))
    (tmp_path / "f").write_text("")
    line = refused("--model=test", "--data_path=" + corpus, "--save_path=" + name)
    assert line.startswith("--save_path=%s: f" % name)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fdinfo"), reason="needs /proc")
def test_a_folder_beside_which_nothing_can_be_written(monkeypatch, capsys):
    """The last checkpoint of a run lies beside its folder."""
    path = "/proc/self/out"
    monkeypatch.setattr(sys, "argv", [SCRIPT, "--save_path=" + path])
    tf.get_variable("v", [])
    with running_session() as session, pytest.raises(SystemExit) as stop:
        console.run(lambda _: tf.train.Saver().save(session, path, global_step=12))
    line = the_one_line(capsys, stop)
    assert line.startswith("--save_path=%s: %s-12." % (path, path))


@pytest.mark.parametrize("name, message", [("out", "out of memory"), ("a", "a tensor had NaN")])
def test_an_error_that_is_not_about_the_folder_stays_a_traceback(monkeypatch, name, message):
    def fails(_):
        raise tf.errors.InvalidArgumentError(None, None, message)

    monkeypatch.setattr(sys, "argv", [SCRIPT, "--save_path=" + name])
    with pytest.raises(tf.errors.InvalidArgumentError):
        console.run(fails)


@pytest.mark.parametrize("damage", [lambda data: data[:50], lambda data: data[::-1]])
def test_a_save_path_with_a_damaged_checkpoint(refused, corpus, tmp_path, damage):
    out = tmp_path / "out"
    config = configs.get_config("test")
    config.vocab_size = 8  # that of the corpus
    put_checkpoint(str(out), [0, 1, 2, 3] * 100, config, 0)
    data = out / "model.ckpt.data-00000-of-00001"
    data.write_bytes(damage(data.read_bytes()))
    assert refused("--model=test", "--data_path=" + corpus, "--save_path=%s" % out) == (
        "--save_path=%s: the checkpoint there is damaged; give another folder" % out
    )


# --------------------------------------------------------------------------------------------------
# command_line.Parser
# --------------------------------------------------------------------------------------------------
@pytest.fixture
def parser(monkeypatch):
    monkeypatch.setattr(sys, "argv", [SCRIPT])
    parser = command_line.Parser("Does nothing.")
    parser.add_argument("--hidden_size", type=command_line.number(int, 1, 100), default=7)
    parser.add_argument(
        "--use_fp16", type=command_line.switch, nargs="?", const=True, default=False
    )
    parser.add_argument("--to", type=command_line.path)
    return parser


@pytest.mark.parametrize(
    "words, line",
    [
        (["--hiden_size=3"], "unrecognized arguments: --hiden_size=3; did you mean --hidden_size?"),
        (["--hidden=3"], "unrecognized arguments: --hidden=3; did you mean --hidden_size?"),
        (["--zzz", "--to=x"], "unrecognized arguments: --zzz; see --help"),
        (["word"], "unrecognized arguments: word; see --help"),
        (["--hidden_size=x"], "argument --hidden_size: invalid int value: 'x'"),
        (["--hidden_size=0"], "argument --hidden_size: must be at least 1; given 0"),
        (["--hidden_size=101"], "argument --hidden_size: must be at most 100; given 101"),
        (["--use_fp16=maybe"], "argument --use_fp16: must be true or false; given maybe"),
        (
            ["--to="],
            "argument --to: the value is missing; give one, or leave the flag out",
        ),
        (
            ["--to=\udcff"],
            "argument --to: not a name in UTF-8; give another one, or set LC_ALL=C.UTF-8",
        ),
    ],
)
def test_the_parser_refuses(parser, capsys, words, line):
    with pytest.raises(SystemExit) as stop:
        parser.parse_args(words)
    assert the_one_line(capsys, stop) == line


def test_what_the_parser_reads(parser, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    defaults = dict(hidden_size=7, use_fp16=False, to=None)
    for words, values in (
        ([], {}),
        (["--hidden_size=100"], dict(hidden_size=100)),
        (["--use_fp16"], dict(use_fp16=True)),
        (["--use_fp16=True"], dict(use_fp16=True)),
        (["--use_fp16=0"], dict(use_fp16=False)),
        (["--to=~/out"], dict(to=str(tmp_path / "out"))),
    ):
        assert vars(parser.parse_args(words)) == dict(defaults, **values)
