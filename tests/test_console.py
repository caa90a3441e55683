"""Tests how a command reacts to mistakes, terminals, pipes, signals and a lack of memory."""

import os
import signal
import subprocess
import sys

import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT, default_signals, outside_environment, run_command

import console

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
needs_full_device = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")

# This program runs its argument under errors_in_one_line, as a command would.
PROGRAM = """
import os, sys, time, console
with console.errors_in_one_line({}):
    exec(sys.argv[1])
"""
# In this environment Python buffers its output into a pipe, as it does by default.
BUFFERED = outside_environment(PYTHONUNBUFFERED="")


def run_program(statements, redirection="", program=PROGRAM):
    """Runs a program from a shell, which redirects its files; returns as `run_command` does."""
    command = '"$0" -c "$1" "$2" ' + redirection
    process = subprocess.run(
        ["sh", "-c", command, sys.executable, program, statements],
        cwd=ROOT,
        env=BUFFERED,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    return process.returncode, process.stdout, process.stderr


# --------------------------------------------------------------------------------------------------
# Mistakes
# --------------------------------------------------------------------------------------------------
class Mistake(Exception):
    """Stands for a user's mistake."""

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
    monkeypatch.setattr(sys, "argv", ["there/command.py"])
    with pytest.raises(SystemExit) as stop, console.errors_in_one_line(values):
        raise Mistake("too large;\n    give less")
    assert stop.value.code == 2
    assert capsys.readouterr() == ("", "command.py: %s\n" % line)


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


# --------------------------------------------------------------------------------------------------
# Standard input, output and error
# --------------------------------------------------------------------------------------------------
full = pytest.param(">/dev/full", "No space left on device", marks=needs_full_device)
SAYS_WHAT_IS_SAVED = """
try:
    print('a line')
except console.OutputError as error:
    error.args = ("epoch 3 is saved in out",)
    raise
"""


@posix
@pytest.mark.parametrize("redirection, reason", [full, (">&-", "it is closed")])
@pytest.mark.parametrize(
    "statements, saved",
    [("print('a line')", ""), (SAYS_WHAT_IS_SAVED, "; epoch 3 is saved in out")],
    ids=["nothing", "saved"],
)
def test_output_that_cannot_be_written_is_one_line(redirection, reason, statements, saved):
    status, _, err = run_program(statements, redirection)
    assert (status, err) == (1, "-c: cannot write standard output (%s)%s\n" % (reason, saved))


@posix
@pytest.mark.parametrize(
    "statements, line",
    [
        ("print('a line')", ""),
        (
            SAYS_WHAT_IS_SAVED,
            "-c: cannot write standard output (Broken pipe); epoch 3 is saved in out\n",
        ),
    ],
    ids=["nothing", "saved"],
)
def test_a_closed_pipe_needs_a_line_only_where_something_is_saved(statements, line):
    # `read` makes the program wait until the other end of the pipe has gone away.
    statements = "sys.stdin.readline()\n" + statements
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, statements],
        cwd=ROOT,
        env=BUFFERED,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read().decode() == line
    assert process.returncode == 1


def test_each_line_is_flushed():
    past_the_buffer = r"print('one'); os.write(1, b'two\n'); print('three')"
    _, out, _ = run_command("-c", PROGRAM, past_the_buffer, env=BUFFERED)
    assert out.splitlines() == ["one", "two", "three"]


def test_a_word_that_the_terminal_cannot_show():
    environment = outside_environment(PYTHONIOENCODING="ascii")
    status, out, _ = run_command("-c", PROGRAM, r"print('gr\xf6\xdfe')", env=environment)
    assert (status, out) == (0, "gr\\xf6\\xdfe\n")


@posix
def test_a_closed_input_is_an_empty_one():
    assert run_program("print(repr(sys.stdin.read()), sys.stdin.isatty())", "<&-") == (
        0,
        "'' False\n",
        "",
    )


@posix
def test_no_file_gets_the_number_of_a_closed_one(tmp_path):
    path = tmp_path / "file"
    # The program writes as TensorFlow does, not through Python.
    statements = "files = [open(%r, 'w') for _ in range(3)]; os.write(2, b'a notice')" % str(path)
    assert run_program(statements, "<&- >&- 2>&-")[0] == 0
    assert path.read_text() == ""


@posix
@pytest.mark.parametrize(
    "redirection", [pytest.param("2>/dev/full", marks=needs_full_device), "2>&-"]
)
def test_a_mistake_keeps_its_status_where_nobody_can_be_told(redirection):
    assert run_program("console.fail('a mistake')", redirection) == (2, "", "")


@posix
@needs_full_device
@pytest.mark.parametrize("words", [["-m", "data.make_sample"], ["ptb_word_lm.py"]])
@pytest.mark.slow
def test_help_that_cannot_be_written(words):
    with open("/dev/full", "w") as output:
        process = subprocess.run(
            [sys.executable] + words + ["--help"],
            cwd=ROOT,
            env=BUFFERED,
            stdout=output,
            stderr=subprocess.PIPE,
        )
    name = words[-1]
    line = "%s: cannot write standard output (No space left on device)\n" % name
    assert (process.returncode, process.stderr.decode()) == (1, line)


def test_a_file_that_cannot_be_written_is_not_blamed_on_the_output():
    error = OSError(28, "No space left on device")
    with pytest.raises(OSError) as caught, console.errors_in_one_line({}):
        raise error
    assert caught.value is error


# --------------------------------------------------------------------------------------------------
# Signals
# --------------------------------------------------------------------------------------------------
# This program runs under console.run, as the reference does. It ends as slowly as a Supervisor
# whose threads hang.
SUPERVISED = """
import time, console
def main(_):
    try:
        print("ready")
        time.sleep(600)
    finally:
        time.sleep(600)
console.run(main)
"""

WAITS = "print('ready')\nwhile True: time.sleep(0.01)"
SIGNALS = [
    ("SIGINT", 130, "\nInterrupted"),
    ("SIGTERM", 143, "Terminated"),
    ("SIGHUP", 129, "Hung up"),
]


def start(program, *arguments, stderr=subprocess.PIPE, **environment):
    """Starts a program, waits for its first line, and returns the process."""
    process = subprocess.Popen(
        [sys.executable, "-c", program] + list(arguments),
        cwd=ROOT,
        env=dict(BUFFERED, **environment),
        stdout=subprocess.PIPE,
        stderr=stderr,
        universal_newlines=True,
        preexec_fn=default_signals,
    )
    assert process.stdout.readline() == "ready\n"
    return process


@posix
@pytest.mark.parametrize("name, status, word", SIGNALS)
def test_a_signal_is_one_line_and_the_status_that_a_shell_expects(name, status, word):
    process = start(PROGRAM, WAITS)
    process.send_signal(getattr(signal, name))
    assert process.communicate() == ("", word + ".\n")
    assert process.returncode == status


@posix
def test_a_key_that_is_pressed_twice_does_not_disturb_the_end():
    puts_in_order = "finally:\n    print('ready'); time.sleep(0.5); print('in order')"
    process = start(PROGRAM, "try:\n    %s\n%s" % (WAITS.replace("\n", "\n    "), puts_in_order))
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate() == ("in order\n", "\nInterrupted.\n")
    assert process.returncode == 130


@posix
def test_an_end_that_takes_long_can_be_cut_short():
    hangs = (
        "finally:\n    print('ready')\n    time.sleep(2.1)\n    print('later')\n    time.sleep(600)"
    )
    process = start(PROGRAM, "try:\n    %s\n%s" % (WAITS.replace("\n", "\n    "), hangs))
    process.send_signal(signal.SIGINT)
    assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "later\n"]
    process.send_signal(signal.SIGINT)
    assert process.communicate() == ("", "\nInterrupted.\n")
    assert process.returncode == 130


@posix
@needs_full_device
@pytest.mark.parametrize("program", ["reference", "workshop"])
def test_a_signal_ends_a_program_that_cannot_say_so(program):
    """SIGHUP comes when the terminal has gone."""
    with open("/dev/full", "w") as errors:
        arguments = [SUPERVISED] if program == "reference" else [PROGRAM, WAITS]
        process = start(*arguments, stderr=errors)
        process.send_signal(signal.SIGHUP)
        assert process.wait() == 129


@posix
@pytest.mark.parametrize("name, status, word", SIGNALS)
def test_a_signal_tells_what_is_saved(name, status, word):
    saved = "epoch 3 is saved in out"
    catches = "except KeyboardInterrupt as stop:\n    stop.args = (%r,)\n    raise" % saved
    process = start(PROGRAM, "try:\n    %s\n%s" % (WAITS.replace("\n", "\n    "), catches))
    process.send_signal(getattr(signal, name))
    assert process.communicate() == ("", "%s; %s.\n" % (word, saved))
    assert process.returncode == status


@posix
@pytest.mark.parametrize("name, status, word", SIGNALS)
def test_a_signal_does_not_wait_for_the_threads_of_a_supervisor(name, status, word):
    process = start(SUPERVISED)
    process.send_signal(getattr(signal, name))
    assert process.communicate() == ("", word + ".\n")
    assert process.returncode == status


@posix
def test_what_is_ignored_stays_ignored():
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)" + PROGRAM
    process = start(ignoring, WAITS)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.communicate()[1] == "Terminated.\n"
    assert process.returncode == 143


@posix
@pytest.mark.parametrize("name, status, word", SIGNALS)
def test_a_signal_while_tensorflow_loads(tmp_path, name, status, word):
    # Like some modules, this one takes any exception for a missing module.
    (tmp_path / "tensorflow.py").write_text(
        "import time\n"
        "print('ready', flush=True)\n"
        "try:\n"
        "    time.sleep(600)\n"
        "except BaseException:\n"
        "    raise ImportError('no such library')\n"
    )
    path = os.pathsep.join([str(tmp_path), ROOT])
    process = start("import console; console.hush_tensorflow()", PYTHONPATH=path)
    process.send_signal(getattr(signal, name))
    assert process.communicate() == ("", word + ".\n")
    assert process.returncode == status


@posix
def test_ctrl_c_between_loading_and_the_command_is_one_line(tmp_path):
    (tmp_path / "tensorflow.py").write_text("")
    path = os.pathsep.join([str(tmp_path), ROOT])
    program = "import time, console; console.hush_tensorflow(); print('ready', flush=True);"
    process = start(program + "time.sleep(600)", PYTHONPATH=path)
    process.send_signal(signal.SIGINT)
    assert process.communicate() == ("", "\nInterrupted.\n")
    assert process.returncode in (-signal.SIGINT, 1)  # 130 in a shell; 1 before Python 3.8


@posix
def test_signals_are_what_they_were_afterwards():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with console.errors_in_one_line({}):
        assert signal.getsignal(signal.SIGTERM) is not before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


# --------------------------------------------------------------------------------------------------
# The start
# --------------------------------------------------------------------------------------------------
def load(tmp_path, tensorflow, before="", **environment):
    """Loads a module in place of TensorFlow; returns as `run_command` does."""
    (tmp_path / "tensorflow.py").write_text("import os\nos.write(2, b'a notice\\n')\n" + tensorflow)
    program = before + "\nimport console; console.hush_tensorflow(); print('end')"
    path = os.pathsep.join([str(tmp_path), ROOT])
    environment = outside_environment(PYTHONPATH=path, **environment)
    return run_command("-c", program, cwd=str(tmp_path), env=environment)


def test_the_notices_of_tensorflow_are_hidden(tmp_path):
    assert load(tmp_path, "") == (0, "end\n", "")


def test_what_keeps_tensorflow_from_loading_is_shown(tmp_path):
    status, out, err = load(tmp_path, "raise ImportError('no such library')\n")
    assert (status, out) == (1, "")
    assert err.startswith("a notice\n")
    assert err.endswith("ImportError: no such library\n")


def test_without_tensorflow_one_line_says_what_to_do():
    code = "import sys; sys.modules['tensorflow'] = None; import console; console.hush_tensorflow()"
    status, out, err = run_command("-c", code)
    assert (status, out) == (2, "")
    assert err == "No TensorFlow here; activate .venv, or install requirements.txt\n"


def test_the_notices_are_shown_to_those_who_set_their_level(tmp_path):
    given = load(tmp_path, "", TF_CPP_MIN_LOG_LEVEL="0")
    assert given == (0, "end\n", "a notice\n")


def test_a_level_that_is_no_number_shows_no_notices(tmp_path):
    assert load(tmp_path, "", TF_CPP_MIN_LOG_LEVEL="loud") == (0, "end\n", "")


NOWHERE = """
import tempfile
def nowhere():
    raise FileNotFoundError("No usable temporary directory found")
tempfile.TemporaryFile = nowhere
"""


def test_without_a_temporary_directory_tensorflow_loads_as_quietly(tmp_path):
    assert load(tmp_path, "", NOWHERE) == (0, "end\n", "")


@pytest.mark.parametrize(
    "error",
    [
        "MemoryError()",
        "ImportError('x.so: failed to map segment from shared object')",
        "ImportError('x.so: cannot allocate memory')",
    ],
)
def test_too_little_memory_to_load_tensorflow_is_one_line(tmp_path, error):
    status, out, err = load(tmp_path, "raise %s" % error)
    assert (status, out) == (1, "")
    assert err == "not enough memory to load TensorFlow; `ulimit -v` shows a limit\n"


# --------------------------------------------------------------------------------------------------
# Memory
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "error, saved",
    [("MemoryError()", ""), ("MemoryError('epoch 3 is saved')", "; epoch 3 is saved")],
)
def test_too_little_memory_is_one_line(error, saved):
    status, out, err = run_command("-c", PROGRAM, "raise " + error)
    line = "-c: not enough memory; free some, or choose a smaller model%s\n" % saved
    assert (status, out, err) == (1, "", line)


@pytest.mark.parametrize(
    "error",
    [
        "ImportError('x.so: cannot allocate memory in static TLS block')",
        "SystemError('error return without exception set')",
    ],
)
def test_a_broken_installation_is_shown(tmp_path, error):
    status, out, err = load(tmp_path, "raise " + error)
    assert (status, out) == (1, "")
    assert err.endswith("Error: %s\n" % error.split("'")[1])


def test_control_characters_are_shown_and_not_sent():
    statements = r"print('a\x1b[2Jb\tc'); console.fail('d\x07\x9be')"
    status, out, err = run_command("-c", PROGRAM, statements)
    assert (status, out, err) == (2, "a\\x1b[2Jb\tc\n", "-c: d\\x07\\x9be\n")
