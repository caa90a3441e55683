"""How the commands meet a terminal: a quiet start, strict flags, and errors in one line.

Nothing here is part of the example; `ptb_word_lm.py` reads without it.

An exception is a user's mistake if it has an attribute `flag`, the name of the flag to blame. The
command then ends with one line that names the flag, its value, what is wrong and what would do. All
other exceptions are mistakes of the program and stay tracebacks.
"""

import argparse
import contextlib
import difflib
import logging
import os
import re
import sys
import tempfile


def hush_tensorflow():
    """Keeps TensorFlow's notices and deprecation warnings off the screen.

    Call this before anything imports TensorFlow. If TF_CPP_MIN_LOG_LEVEL is set in the environment,
    the notices follow that variable: set it to 0 to learn why TensorFlow finds no GPU, or why it
    ends without a word on an old processor.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

    # Some notices heed no level: the libraries write them while they load. So TensorFlow is
    # imported here with standard error in a file. The file is shown only if the import fails.
    sys.stderr.flush()
    with tempfile.TemporaryFile() as notices:
        stderr = os.dup(2)
        os.dup2(notices.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except KeyboardInterrupt:
            os.write(stderr, b"\nInterrupted.\n")
            sys.exit(130)
        except ModuleNotFoundError as error:
            if error.name != "tensorflow":
                raise
            os.write(stderr, b"No TensorFlow here; activate .venv, or install requirements.txt\n")
            sys.exit(2)
        except BaseException:
            notices.seek(0)
            os.write(stderr, notices.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _module():
    """Returns `lm.train` in a process of `python -m lm.train`; None if a file was run."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec is not None and spec.origin == sys.argv[0] else None


def fail(message):
    """Ends the program with one line on standard error and exit status 2."""
    program = _module() or os.path.basename(sys.argv[0])
    sys.stderr.write("%s: %s\n" % (program, " ".join(message.split())))
    sys.exit(2)


def _blame(flag, values, message):
    """Returns the line for a user's mistake: `--flag=value: message`."""
    value = values.get(flag)
    return "--%s%s: %s" % (flag, "" if value is None else "=%s" % value, message)


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


@contextlib.contextmanager
def errors_in_one_line(values):
    """Ends the program with one line for a user's mistake, for Ctrl-C and for a closed pipe.

    Standard output shows each line at once, also in a pipe or a file.

    Args:
        values: `{flag name: value}`; what the line says was given.
    """
    for stream in (sys.stdin, sys.stdout):
        if hasattr(stream, "reconfigure"):
            # For a word that the terminal cannot send or show.
            stream.reconfigure(errors="backslashreplace")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt as interrupt:
        sys.stderr.write("\nInterrupted%s.\n" % ("; %s" % interrupt if str(interrupt) else ""))
        sys.exit(130)
    except BrokenPipeError:  # as of `| head`: what is still to be written has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if hasattr(error, "flag"):
            fail(_blame(error.flag, values, str(error)))
        raise


def run(main):
    """Parses the command line with absl's flags and calls `main(argv)`.

    Mistakes in the flags, and exceptions of `main` that have an attribute `flag`, end the program
    with one line.
    """
    from absl import app, flags  # here, since TensorFlow 1.4 has flags of its own

    app.define_help_flags()
    try:
        # tf.app.run would pass over a flag that it does not know, and so over a misspelt one.
        argv = flags.FLAGS(["--help" if word == "-h" else word for word in sys.argv])
    except flags.Error as error:
        fail(str(error))
    except SystemExit:
        sys.exit(0)  # --help, which absl ends with 1
    if len(argv) > 1:
        fail("unexpected argument %r; see --help" % argv[1])
    values = flags.FLAGS.flag_values_dict()
    for name, value in values.items():
        if value == "" and flags.FLAGS[name].present:
            fail("--%s=: the value is missing; give one, or leave the flag out" % name)
        if isinstance(value, str) and value.startswith("~"):  # no shell expands --save_path=~/out
            flags.FLAGS[name].value = os.path.expanduser(value)
    values = flags.FLAGS.flag_values_dict()
    with errors_in_one_line(values):
        try:
            main(argv)
        except Exception as error:
            folder = values["save_path"]
            mistake = _mistake_of_save_path(error, folder) if folder else None
            if mistake:
                fail(_blame("save_path", values, mistake + "; give another folder"))
            raise


class Parser(argparse.ArgumentParser):
    """A command line whose errors are one line.

    absl's flags are one set for a whole process, so that two commands would share theirs. All
    commands but the reference use this parser.
    """

    def __init__(self, description, **more):
        super(Parser, self).__init__(
            prog="python -m " + _module() if _module() else None,
            description=description,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **more,
        )

    def parse_args(self, args=None, namespace=None):
        """Parses the command line; ends with one line, and the nearest flag, for an unknown one."""
        arguments, unknown = self.parse_known_args(args, namespace)
        if unknown:
            known = [name for action in self._actions for name in action.option_strings]
            word = unknown[0].partition("=")[0]
            near = [name for name in known if len(word) > 2 and name.startswith(word)]
            near = near or difflib.get_close_matches(word, known, 1)
            hint = "; did you mean %s?" % near[0] if near else "; see --help"
            self.error("unrecognized arguments: %s%s" % (" ".join(unknown), hint))
        return arguments

    def error(self, message):
        fail(message)

    def add_seed(self, meaning="makes the run repeatable"):
        """Adds --seed, 1 if it is not given."""
        self.add_argument("--seed", type=number(int, 0, 2**31 - 1), default=1, help=meaning)

    def add_plot(self, meaning):
        """Adds --plot=FILE.png."""
        self.add_argument("--plot", type=picture, metavar="FILE.png", help="draw " + meaning)


def number(kind, least, most=float("inf")):
    """Returns a type for argparse: an int or a float from `least` to `most`."""

    def parse(text):
        value = kind(text)
        if not value >= least:
            raise argparse.ArgumentTypeError("must be at least %s; given %s" % (least, text))
        if value > most:
            raise argparse.ArgumentTypeError("must be at most %s; given %s" % (most, text))
        return value

    parse.__name__ = kind.__name__  # for "invalid int value"
    return parse


def switch(text):
    """A type for argparse: True or False, as in `--use_bf16=true`."""
    if text.lower() not in ("true", "false", "1", "0"):
        raise argparse.ArgumentTypeError("must be true or false; given %s" % text)
    return text.lower() in ("true", "1")


def path(text):
    """A type for argparse: a path that is not empty; no shell expands the ~ of --to=~/out."""
    if not text:
        raise argparse.ArgumentTypeError("the value is missing; give one, or leave the flag out")
    return os.path.expanduser(text)


def picture(text):
    """A type for argparse: the path of a picture to draw at the end, if it can be."""
    folder = os.path.dirname(os.path.abspath(text))
    if not os.access(text if os.path.exists(text) else folder, os.W_OK) or os.path.isdir(text):
        raise argparse.ArgumentTypeError(
            "cannot write %s; give a file in a folder that exists" % text
        )
    if not text.lower().endswith((".png", ".svg", ".pdf")):
        raise argparse.ArgumentTypeError("%s is no name of a picture; give FILE.png" % text)
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise argparse.ArgumentTypeError(
            "a picture needs matplotlib; pip install -r requirements-dev.txt"
        )
    return text
