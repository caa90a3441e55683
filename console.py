"""How the commands meet a terminal: a quiet start, strict flags, and errors in one line.

Nothing here is part of the example; `ptb_word_lm.py` reads without it.

An exception is a user's mistake if it has an attribute `flag`, the name of the flag to blame. The
command then ends with one line that names the flag, its value, what is wrong and what would do. All
other exceptions are mistakes of the program and stay tracebacks.

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
_stderr = 2  # the file descriptor that a person sees


class OutputError(Exception):
    """Standard output cannot be written.

    This class is no OSError, so that whoever handles the errors of a file lets it pass.

    Attributes:
        reason: what the system says.
        is_closed: whether the reader of a pipe has gone away, as `| head` does.
    """

    def __init__(self, error):
        """Takes the system's error. The exception's text, empty at first, is for what is saved."""
        super(OutputError, self).__init__()
        self.reason = "it is closed" if error.errno == errno.EBADF else error.strerror
        self.is_closed = error.errno == errno.EPIPE


class Stopped(KeyboardInterrupt):
    """SIGTERM or SIGHUP, which end a command as Ctrl-C does. `signal` is the signal's number."""

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
    """A handler that raises an exception at the first signal.

    A second one, as of a key pressed twice, must not disturb what is put in order then; after
    two seconds it ends the program.
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
    """Sets the handler of the signals that end a program; returns `{signal: handler before}`.

    A signal that is ignored stays ignored, as SIGHUP under `nohup`.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in before:
        if before[number] not in (signal.SIG_IGN, None):  # None is not from Python
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
    """Opens those of the file descriptors 0, 1 and 2 that are closed.

    Otherwise the next file that the program opens would get the number, and lines meant for a
    terminal would land in a checkpoint. Standard output is opened for reading only, so that writing
    it is an error.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, mode), True)  # gets the lowest free number
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))


# Control characters, which a file from somebody else may hold, do something to a terminal.
_VISIBLE = {n: "\\x%02x" % n for n in range(160) if n < 32 or n >= 127}
for _letter in "\n\r\t":
    del _VISIBLE[ord(_letter)]


class _Output(object):
    """Standard output, but writing raises OutputError where that fails."""

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
    """Shows each line of standard output at once, and escapes what the terminal cannot show."""
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
    """Sends what is still to be written to a file descriptor nowhere."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def say(line):
    """Writes a line to standard error, where that is possible."""
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

    Call this before anything imports TensorFlow. If TF_CPP_MIN_LOG_LEVEL is set to a number in the
    environment, the notices follow that variable: set it to 0 to learn why TensorFlow finds no GPU,
    or why it ends without a word on an old processor.

    Ctrl-C ends the program at once while TensorFlow loads: many an import would take the exception
    for a missing module. From then on, until `errors_in_one_line` begins, Ctrl-C is one line.
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
    # Some notices heed no level: the libraries write them while they load. So TensorFlow is
    # imported here with standard error in a file. The file is shown only if the import fails.
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
    except OSError:  # There is no folder for it.
        return open(os.devnull, "w+b")


def _import_tensorflow():
    """Imports TensorFlow; ends the program with one line if it is missing, or memory is short."""
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
    """Returns whether an exception, or one that it came from, tells of a lack of memory.

    If memory is short, not even a session can be closed, and the error of that hides the first one.
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
    """Returns `lm.train` in a process of `python -m lm.train`; None if a file was run."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec is not None and spec.origin == sys.argv[0] else None


def fail(message, status=2):
    """Ends the program with one line on standard error."""
    program = module() or os.path.basename(sys.argv[0])
    say("%s: %s" % (program, " ".join(message.split())))
    sys.exit(status)


def _blame(flag, values, message):
    """Returns the line for a user's mistake: `--flag=value: message`."""
    value = values.get(flag)
    return "--%s%s: %s" % (flag, "" if value is None else "=%s" % value, message)


def _and(text):
    """Returns a text that follows another one, which may be missing."""
    return "; %s" % text if str(text) else ""


@contextlib.contextmanager
def errors_in_one_line(values):
    """Ends the program with one line for what a user, the system or a signal does to it.

    These are: an exception with an attribute `flag`; Ctrl-C, SIGTERM and SIGHUP; standard output
    that cannot be written, of which a closed pipe needs no line; and a lack of memory. The text of
    an interrupt, of an `OutputError` and of a MemoryError says what is saved.

    Standard output shows each line at once, also in a pipe or a file.

    Args:
        values: `{flag name: value}`; what the line says was given.
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
    """Returns what is wrong with the reference's --save_path if an error is about it, else None.

    The reference leaves its --save_path to TensorFlow, which knows nothing of flags.
    """
    errors = sys.modules["tensorflow"].errors
    # The Supervisor takes the end of a file that was cut short for the end of the input, and says
    # "generator didn't yield".
    if isinstance(error, errors.DataLossError) or str(error) == "generator didn't yield":
        return "the checkpoint there is damaged"
    if not isinstance(error, errors.OpError):
        return None
    if str(error).startswith("Restoring from checkpoint failed"):
        return "the checkpoint there is of another model, or damaged"
    # A line that begins with the path of the folder, of something in or beside it, of a parent.
    paths = [re.escape(folder.rstrip("/")) + r"(-\d+\.|/|;| is not)"]
    while os.path.dirname(folder) not in ("", folder):
        folder = os.path.dirname(folder)
        paths.append(re.escape(folder) + r"(;| is not)")
    lines = [line for line in str(error).splitlines() if re.match("|".join(paths), line)]
    return lines[0] if lines else None


def _parse_flags(flags):
    """Parses the command line with absl's flags; ends with one line for a mistake."""
    try:
        # tf.app.run would pass over a flag that it does not know, and so over a misspelt one.
        argv = flags.FLAGS(["--help" if word == "-h" else word for word in sys.argv])
    except (flags.Error, UnicodeDecodeError) as error:  # the latter of a --flagfile
        fail(str(error))
    except SystemExit:
        sys.exit(0)  # --help, which absl ends with 1
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
    """Returns what is wrong with a path that has no UTF-8, which TensorFlow needs, else None."""
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
    from absl import app, flags  # here, since TensorFlow 1.4 has flags of its own

    app.define_help_flags()
    values = {}
    with errors_in_one_line(values):
        argv = _parse_flags(flags)
        values.update(flags.FLAGS.flag_values_dict())
        # An exception would wait for the Supervisor's threads, for two minutes at worst. Nothing is
        # lost: a checkpoint appears whole, or not at all.
        _handle_signals(_end_at_once)
        try:
            main(argv)
        except Exception as error:
            folder = values["save_path"]
            mistake = _mistake_of_save_path(error, folder) if folder else None
            if mistake:
                fail(_blame("save_path", values, mistake + "; give another folder"))
            raise
