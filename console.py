"""Gives the commands a quiet start, strict flags, and errors in one line.

Nothing here is part of the example. You can read `ptb_word_lm.py` without it.

An exception is a user's mistake if it has an attribute `flag`, the name of the flag to blame. The
command then ends with one line, which names the flag and its value, and says what is wrong and what
to do. All other exceptions are mistakes of the program and stay tracebacks.

    status 0    the command did what it should
    status 1    standard output cannot be written, or memory ran out
    status 2    a user's mistake
    status 130  Ctrl-C; 143 is SIGTERM, 129 is SIGHUP
"""

import contextlib
import errno
import logging
import os
import re
import signal
import sys
import tempfile
import threading
import time

_ENDINGS = {"SIGINT": "\nInterrupted", "SIGTERM": "Terminated", "SIGHUP": "Hung up"}
_SIGNALS = {getattr(signal, name): word for name, word in _ENDINGS.items() if hasattr(signal, name)}
_stderr = 2  # the file descriptor that leads to the screen


class OutputError(Exception):
    """Raised if standard output cannot be written.

    This class is not an OSError, so that code that handles the errors of a file lets it pass.

    Attributes:
        reason: the message of the system.
        is_closed: whether the reader of a pipe has closed it, as `| head` does.
    """

    def __init__(self, error):
        """Takes the error of the system. Whoever catches this can add what is saved as its text."""
        super(OutputError, self).__init__()
        self.reason = "it is closed" if error.errno == errno.EBADF else error.strerror
        self.is_closed = error.errno == errno.EPIPE


class Stopped(KeyboardInterrupt):
    """Raised on SIGTERM or SIGHUP, to end a command as Ctrl-C does. `signal` is the number."""

    def __init__(self, number):
        super(Stopped, self).__init__()
        self.signal = number


# --------------------------------------------------------------------------------------------------
# Signals
# --------------------------------------------------------------------------------------------------
def _end_at_once(number, frame):
    try:
        os.write(_stderr, _SIGNALS[number].encode("ascii") + b".\n")
    finally:
        os._exit(128 + number)


class _Raiser(object):
    """A signal handler that raises an exception at the first signal.

    A second signal, for example from a key that is pressed twice, must not disturb the clean-up. If
    it comes more than two seconds later, it ends the program.
    """

    def __init__(self):
        self._first = None

    def __call__(self, number, frame):
        now = time.monotonic()
        if self._first is None:
            self._first = now
            raise KeyboardInterrupt if number == signal.SIGINT else Stopped(number)
        if now > self._first + 2:
            _end_at_once(number, frame)


def _handle_signals(handler):
    """Sets the handler of the signals that end a program; returns `{signal: earlier handler}`.

    A signal that is ignored stays ignored, for example SIGHUP under `nohup`.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in before:
        if before[number] not in (signal.SIG_IGN, None):  # None: not set from Python
            signal.signal(number, handler)
    return before


@contextlib.contextmanager
def _signals_handled_by(handler):
    before = _handle_signals(handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            if signal.getsignal(number) is handler:
                signal.signal(number, earlier)


# --------------------------------------------------------------------------------------------------
# Standard input, output and error
# --------------------------------------------------------------------------------------------------
def _open_standard_files():
    """Opens the file descriptors 0, 1 and 2 if they are closed.

    Otherwise the next file that the program opens would get such a number, and lines for the
    terminal would land in a checkpoint. Standard output is opened for reading only, so that writing
    to it is an error.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, mode), True)  # open gives the lowest free number
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))


# Control characters in a file from somebody else could manipulate the terminal.
_VISIBLE = {n: "\\x%02x" % n for n in range(160) if n < 32 or n >= 127}
for _letter in "\n\r\t":
    del _VISIBLE[ord(_letter)]


class _Output(object):
    """Standard output that raises OutputError if writing fails."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text):
        try:
            return self._stream.write(text.translate(_VISIBLE))
        except OSError as error:
            raise OutputError(error)

    def flush(self):
        try:
            self._stream.flush()
        except OSError as error:
            raise OutputError(error)


@contextlib.contextmanager
def _checked_output():
    """Makes standard output show each line at once, and escape what the terminal cannot show."""
    _open_standard_files()
    for stream in (sys.stdin, sys.stdout):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    stream = sys.stdout
    sys.stdout = _Output(stream)
    try:
        yield
    finally:
        sys.stdout = stream


def _discard(number):
    """Discards what is still to be written to a file descriptor."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def say(line):
    """Writes a line to standard error, if that is possible."""
    try:
        line = line.translate(_VISIBLE).encode("utf-8", "backslashreplace").decode("utf-8")
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (AttributeError, OSError):
        _discard(2)


# --------------------------------------------------------------------------------------------------
# The start
# --------------------------------------------------------------------------------------------------
def hush_tensorflow():
    """Imports TensorFlow, and keeps its notices and deprecation warnings off the screen.

    Call this before anything imports TensorFlow. If the environment variable TF_CPP_MIN_LOG_LEVEL
    is a number, TensorFlow shows its notices by that level. Set it to 0 to learn why TensorFlow
    finds no GPU, or why it ends without a message on an old processor.

    While TensorFlow loads, Ctrl-C ends the program at once, since many imports would take an
    exception for a missing module. After that, until `errors_in_one_line` begins, Ctrl-C prints one
    line.
    """
    _open_standard_files()
    sys.excepthook = _show_exception
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with _signals_handled_by(_end_at_once):
        if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "").isdigit():
            _import_tensorflow()
        else:
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
            _import_tensorflow_quietly()


def _show_exception(kind, error, trace):
    if issubclass(kind, KeyboardInterrupt):
        say(_SIGNALS[signal.SIGINT] + ".")
    else:
        sys.__excepthook__(kind, error, trace)


def _import_tensorflow_quietly():
    global _stderr
    # Libraries write some notices while they load, whatever the level. So standard error goes into
    # a file during the import. The file is shown only if the import fails.
    sys.stderr.flush()
    with _temporary_file() as notices:
        _stderr = os.dup(2)
        os.dup2(notices.fileno(), 2)
        try:
            _import_tensorflow()
        except Exception:
            notices.seek(0)
            os.write(_stderr, notices.read())
            raise
        finally:
            os.dup2(_stderr, 2)
            kept, _stderr = _stderr, 2
            os.close(kept)


def _temporary_file():
    try:
        return tempfile.TemporaryFile()
    except OSError:  # There is no folder for temporary files.
        return open(os.devnull, "w+b")


def _import_tensorflow():
    """Imports TensorFlow; ends the program with one line if it is missing or memory is short."""
    try:
        import tensorflow  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        line, status = "No TensorFlow here; activate .venv, or install requirements.txt", 2
    except (ImportError, MemoryError, SystemError) as error:
        if not (is_short_of_memory(error) or isinstance(error, SystemError) and _is_limited()):
            raise
        line, status = "not enough memory to load TensorFlow; `ulimit -v` shows a limit", 1
    else:
        return
    os.write(_stderr, line.encode("ascii") + b"\n")
    sys.exit(status)


def _is_limited():
    """Returns whether `ulimit -v` limits the memory of this process."""
    try:
        import resource
    except ImportError:  # Windows
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def is_short_of_memory(error):
    """Returns whether an exception, or one that led to it, reports a lack of memory.

    If memory is short, closing a session fails too, and that error hides the first one.
    """
    words = r"failed to map segment|[Cc]annot allocate memory(?! in static TLS)|OOM when allocating"
    while error is not None:
        if isinstance(error, MemoryError) or re.search(words, str(error)):
            return True
        error = error.__context__
    return False


# --------------------------------------------------------------------------------------------------
# Errors in one line
# --------------------------------------------------------------------------------------------------
def module():
    """Returns "lm.train" in a process of `python -m lm.train`; None if Python runs a file."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec is not None and spec.origin == sys.argv[0] else None


def fail(message, status=2):
    """Ends the program with one line on standard error."""
    program = module() or os.path.basename(sys.argv[0])
    say("%s: %s" % (program, " ".join(message.split())))
    sys.exit(status)


def _blame(flag, values, message):
    """Makes the line for a user's mistake: `--flag=value: message`."""
    value = values.get(flag)
    return "--%s%s: %s" % (flag, "" if value is None else "=%s" % value, message)


def _and(text):
    """Returns "; TEXT" to append to a line; nothing if the text is empty."""
    return "; %s" % text if str(text) else ""


@contextlib.contextmanager
def errors_in_one_line(values):
    """Ends the program with one line on a user's mistake, a signal, or a failure of the system.

    These cases are:

    - an exception with an attribute `flag`;
    - Ctrl-C, SIGTERM and SIGHUP;
    - standard output that cannot be written; there is no line if the reader has closed a pipe;
    - a lack of memory.

    The text of an interrupt, of an `OutputError` or of a MemoryError says what is saved, and is
    appended to the line.

    Standard output shows each line at once, also in a pipe or a file.

    Args:
        values: `{flag name: value}`; the line shows the value of the flag to blame.
    """
    with _signals_handled_by(_Raiser()), _checked_output():
        try:
            yield
            sys.stdout.flush()
        except KeyboardInterrupt as interrupt:
            number = getattr(interrupt, "signal", signal.SIGINT)
            _handle_signals(signal.SIG_IGN)  # until the process has ended
            say("%s%s." % (_SIGNALS[number], _and(interrupt)))
            sys.exit(128 + number)
        except OutputError as error:
            _discard(1)
            if not error.is_closed or str(error):
                fail("cannot write standard output (%s)%s" % (error.reason, _and(error)), 1)
            sys.exit(1)
        except Exception as error:
            if hasattr(error, "flag"):
                fail(_blame(error.flag, values, str(error)))
            if is_short_of_memory(error):
                saved = error if isinstance(error, MemoryError) else ""
                fail("not enough memory; free some, or choose a smaller model%s" % _and(saved), 1)
            raise


def _mistake_of_save_path(error, folder):
    """Returns what is wrong with the reference's --save_path; None if the error has another cause.

    The reference leaves its --save_path to TensorFlow, whose errors name no flag.
    """
    errors = sys.modules["tensorflow"].errors
    # If a file was cut short, the Supervisor takes its end for the end of the input. The error is
    # then "generator didn't yield".
    if isinstance(error, errors.DataLossError) or str(error) == "generator didn't yield":
        return "the checkpoint there is damaged"
    if not isinstance(error, errors.OpError):
        return None
    if str(error).startswith("Restoring from checkpoint failed"):
        return "the checkpoint there is of another model, or damaged"
    # A line about the folder begins with its path, with the path of a file in or beside it, or with
    # that of a parent.
    paths = [re.escape(folder.rstrip("/")) + r"(-\d+\.|/|;| is not)"]
    while os.path.dirname(folder) not in ("", folder):
        folder = os.path.dirname(folder)
        paths.append(re.escape(folder) + r"(;| is not)")
    lines = [line for line in str(error).splitlines() if re.match("|".join(paths), line)]
    return lines[0] if lines else None


def _parse_flags(flags):
    """Parses the command line with absl's flags; ends the program with one line on a mistake."""
    try:
        # tf.app.run would ignore an unknown flag, and so a misspelt one.
        argv = flags.FLAGS(["--help" if word == "-h" else word for word in sys.argv])
    except (flags.Error, UnicodeDecodeError) as error:  # A --flagfile may not be text.
        fail(str(error))
    except SystemExit:
        sys.exit(0)  # after --help, for which absl has status 1
    if len(argv) > 1:
        fail("unexpected argument %r; see --help" % argv[1])
    for name, value in flags.FLAGS.flag_values_dict().items():
        if value == "" and flags.FLAGS[name].present:
            fail("--%s=: the value is missing; give one, or leave the flag out" % name)
        if isinstance(value, str):
            # No shell expands --save_path=~/out.
            flags.FLAGS[name].value = os.path.expanduser(value)
            mistake = mistake_of_name(value)
            if mistake:
                fail("--%s=%s: %s" % (name, value, mistake))
    return argv


def mistake_of_name(path):
    """Returns what is wrong with a path that is not UTF-8, as TensorFlow needs it; else None."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return "not a name in UTF-8; give another one, or set LC_ALL=C.UTF-8"
    return None


def run(main):
    """Parses the command line with absl's flags and calls `main(argv)`.

    Mistakes in the flags, and exceptions of `main` that have an attribute `flag`, end the program
    with one line.
    """
    from absl import app, flags  # imported late: TensorFlow 1.4 has its own flags instead

    app.define_help_flags()
    values = {}
    with errors_in_one_line(values):
        argv = _parse_flags(flags)
        values.update(flags.FLAGS.flag_values_dict())
        # A signal ends the reference at once. An exception would wait for the Supervisor's threads,
        # up to two minutes. Nothing is lost: a checkpoint appears whole or not at all.
        _handle_signals(_end_at_once)
        try:
            main(argv)
        except Exception as error:
            folder = values["save_path"]
            mistake = _mistake_of_save_path(error, folder) if folder else None
            if mistake:
                fail(_blame("save_path", values, mistake + "; give another folder"))
            raise
