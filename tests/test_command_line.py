"""What a person sees: output, help, and one line for each mistake."""

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
from lm import train

SCRIPT = os.path.join(ROOT, "ptb_word_lm.py")
TEXT = "a b c d\n" * 100

# An environment in which Python buffers what it writes into a pipe, as it does by default.
BUFFERED = outside_environment(PYTHONUNBUFFERED="")


def run_script(*arguments):
    """Runs the reference from outside of its folder; see `run_command`."""
    return run_command(SCRIPT, *arguments, cwd=os.path.dirname(ROOT))


def the_one_line(capsys, stop):
    """The line on standard error of a command that refuses something."""
    output = capsys.readouterr()
    assert stop.value.code == 2
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert output.err.startswith("ptb_word_lm.py: ")
    return output.err[len("ptb_word_lm.py: ") : -1]


@pytest.fixture
def refused(monkeypatch, capsys):
    """Runs the command in this process and returns the one line that refuses it."""

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


# Each epoch of the reference writes a mark to the same pipe, past the buffer of standard output.
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
    assert (
        err
        == "ptb_word_lm.py: --data_path=nowhere: no such folder; give one that holds %s\n"
        % (reader.FILES)
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
    """The line with which either training command refuses a text: both read it alike."""
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


@pytest.mark.parametrize("flag", ["cell", "rnn_mode", "use_bf16", "learning_rate", "hidden_size"])
def test_a_flag_of_the_workshop(refused, flag):
    assert refused("--%s=1" % flag).startswith("Unknown command line flag '%s'" % flag)


def test_a_word_that_is_no_flag(refused):
    assert refused("medium") == "unexpected argument 'medium'; see --help"


# --------------------------------------------------------------------------------------------------
# console.errors_in_one_line
# --------------------------------------------------------------------------------------------------
class Mistake(Exception):
    """A user's mistake."""

    flag = "size"


@pytest.mark.parametrize(
    "values, line",
    [
        ({"size": "12"}, "--size=12: too large; give less"),
        ({"size": 0}, "--size=0: too large; give less"),
        ({"size": None}, "--size: too large; give less"),
        ({}, "--size: too large; give less"),
    ],
)
def test_an_exception_with_a_flag_is_one_line(monkeypatch, capsys, values, line):
    monkeypatch.setattr(sys, "argv", [SCRIPT])
    with pytest.raises(SystemExit) as stop, console.errors_in_one_line(values):
        raise Mistake("too large;\n    give less")
    assert the_one_line(capsys, stop) == line


def test_an_exception_without_a_flag_stays_a_traceback(capsys):
    error = ValueError("no user's mistake")
    with pytest.raises(ValueError) as caught, console.errors_in_one_line({"size": 12}):
        raise error
    assert caught.value is error
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.NotFoundError(None, None, "/elsewhere/out; No such file or directory"),
        tf.errors.InvalidArgumentError(None, None, "Matrix size-incompatible"),
        OSError(2, "No such file or directory", "/here/out"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_that_is_not_about_save_path_stays_a_traceback(error):
    with pytest.raises(type(error)) as caught:
        with console.errors_in_one_line({"save_path": "/here/out"}):
            raise error
    assert caught.value is error


@pytest.mark.parametrize(
    "phrase, line", [((), "Interrupted."), (("half is saved",), "Interrupted; half is saved.")]
)
def test_an_interrupt_is_one_line_below_the_key(capsys, phrase, line):
    with pytest.raises(SystemExit) as stop, console.errors_in_one_line({}):
        raise KeyboardInterrupt(*phrase)
    assert stop.value.code == 130
    assert capsys.readouterr() == ("", "\n%s\n" % line)


# Runs its argument under errors_in_one_line.
PROGRAM = """
import os, sys, console
with console.errors_in_one_line({}):
    exec(sys.argv[1])
"""


def test_each_line_is_flushed():
    past_the_buffer = r"print('one'); os.write(1, b'two\n'); print('three')"
    _, out, _ = run_command("-c", PROGRAM, past_the_buffer, env=BUFFERED)
    assert out.splitlines() == ["one", "two", "three"]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_a_closed_pipe_ends_the_program_without_a_word():
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    statements = "print('one'); sys.stdin.read(); print('two')"
    command = [sys.executable, "-c", PROGRAM, statements]
    with subprocess.Popen(command, cwd=ROOT, env=BUFFERED, **pipes) as process:
        assert process.stdout.readline() == b"one\n"
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_word_that_the_terminal_cannot_show():
    environment = outside_environment(PYTHONIOENCODING="ascii")
    status, out, _ = run_command("-c", PROGRAM, r"print('gr\xf6\xdfe')", env=environment)
    assert (status, out) == (0, "gr\\xf6\\xdfe\n")


# --------------------------------------------------------------------------------------------------
# console.hush_tensorflow
# --------------------------------------------------------------------------------------------------
NOISY = "import os\nos.write(2, b'a notice\\n')\n"


def hushed(tmp_path, tensorflow, **environment):
    """Hushes a module in TensorFlow's place, then imports it; returns what `run_command` does."""
    (tmp_path / "tensorflow.py").write_text(tensorflow, encoding="utf-8")
    program = "import console; console.hush_tensorflow(); import tensorflow; print('end')"
    path = os.pathsep.join([str(tmp_path), ROOT])
    environment = outside_environment(PYTHONPATH=path, **environment)
    return run_command("-c", program, cwd=str(tmp_path), env=environment)


def test_the_notices_of_tensorflow_are_hidden(tmp_path):
    assert hushed(tmp_path, NOISY) == (0, "end\n", "")


def test_what_keeps_tensorflow_from_loading_is_shown(tmp_path):
    status, out, err = hushed(tmp_path, NOISY + "raise ImportError('no such library')\n")
    assert (status, out) == (1, "")
    assert err.startswith("a notice\n")
    assert err.endswith("ImportError: no such library\n")


def test_without_tensorflow_one_line_says_what_to_do():
    code = "import sys; sys.modules['tensorflow'] = None; import console; console.hush_tensorflow()"
    status, out, err = run_command("-c", code)
    assert (status, out) == (2, "")
    assert err == "No TensorFlow here; activate .venv, or install requirements.txt\n"


def test_the_notices_are_shown_to_those_who_set_their_level(tmp_path):
    given = hushed(tmp_path, NOISY, TF_CPP_MIN_LOG_LEVEL="0")
    assert given == (0, "end\n", "a notice\n")


# --------------------------------------------------------------------------------------------------
# console.Parser
# --------------------------------------------------------------------------------------------------
@pytest.fixture
def parser(monkeypatch):
    monkeypatch.setattr(sys, "argv", [SCRIPT])
    parser = console.Parser("Does nothing.")
    parser.add_argument("--hidden_size", type=console.number(int, 1, 100), default=7)
    parser.add_argument("--use_fp16", type=console.switch, nargs="?", const=True, default=False)
    parser.add_argument("--to", type=console.path)
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
    config.vocab_size = 8  # the corpus's
    put_checkpoint(str(out), [0, 1, 2, 3] * 100, config, 0)
    data = out / "model.ckpt.data-00000-of-00001"
    data.write_bytes(damage(data.read_bytes()))
    assert refused("--model=test", "--data_path=" + corpus, "--save_path=%s" % out) == (
        "--save_path=%s: the checkpoint there is damaged; give another folder" % out
    )
