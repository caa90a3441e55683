"""How the commands meet a terminal: a quiet start, strict flags, and errors of one line.

Nothing here is part of the example; `ptb_word_lm.py` reads without it.
"""

import argparse
import contextlib
import logging
import os
import sys
import tempfile

from absl import app, flags


def hush_tensorflow():
    """Keeps TensorFlow's notices and deprecation warnings off the screen.

    To be called before anything imports TensorFlow. With TF_CPP_MIN_LOG_LEVEL in the environment
    the notices are that variable's business: set it to 0 to learn why a GPU is not found, or why a
    processor cannot run TensorFlow at all, which ends the program without a word otherwise.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

    # Some notices heed no level: they are written while the libraries load. So TensorFlow is
    # imported here, with standard error kept in a file, which comes out only if the import fails.
    sys.stderr.flush()
    with tempfile.TemporaryFile() as notices:
        stderr = os.dup(2)
        os.dup2(notices.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except KeyboardInterrupt:
            os.write(stderr, b"\nInterrupted.\n")
            sys.exit(130)
        except BaseException:
            notices.seek(0)
            os.write(stderr, notices.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def fail(message):
    """Ends the program with one line on standard error and exit status 2."""
    sys.stderr.write("%s: %s\n" % (os.path.basename(sys.argv[0]), " ".join(message.split())))
    sys.exit(2)


@contextlib.contextmanager
def errors_in_one_line(blames, values):
    """Ends the program through `fail` for errors that are the fault of a flag's value.

    Args:
        blames: `{exception class: flag name}`.
        values: `{flag name: value}`; flag and value stand before the error's message.
    """
    for stream in (sys.stdin, sys.stdout):
        if hasattr(stream, "reconfigure"):  # a word that the terminal cannot send or show
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        sys.exit(130)
    except BrokenPipeError:  # as of `| head`: what is still to be written has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except tuple(blames) as error:
        for kind, flag in blames.items():
            if isinstance(error, kind):
                fail("--%s=%s: %s" % (flag, values[flag], error))


def run(main, blames):
    """Parses the command line with absl's flags and calls `main(argv)`.

    Args:
        main: the function to call.
        blames: `{exception class: flag name}`; see `errors_in_one_line`.
    """
    app.define_help_flags()
    try:
        # tf.app.run would pass over a flag that it does not know, and so over a misspelt one.
        argv = flags.FLAGS(["--help" if word == "-h" else word for word in sys.argv])
    except flags.Error as error:
        fail(str(error))
    except SystemExit:
        sys.exit(0)  # --help, which absl ends with 1
    for name in blames.values():
        if isinstance(flags.FLAGS[name].value, str):  # no shell expands the ~ of --save_path=~/out
            flags.FLAGS[name].value = os.path.expanduser(flags.FLAGS[name].value)
    if len(argv) > 1:
        fail("unexpected argument %r; see --help" % argv[1])
    with errors_in_one_line(blames, flags.FLAGS.flag_values_dict()):
        main(argv)


class Parser(argparse.ArgumentParser):
    """A command line of its own, whose errors are one line as well.

    absl's flags are one set for a whole process: the commands beside `ptb_word_lm.py` would give
    theirs to each other.
    """

    def __init__(self, description):
        super(Parser, self).__init__(description=description, allow_abbrev=False)

    def error(self, message):
        fail(message)

    def add_seed(self, meaning="makes the run repeatable"):
        """Adds --seed, 1 if it is not given."""
        self.add_argument("--seed", type=number(int, 0, 2**31 - 1), default=1, help=meaning)

    def add_plot(self, meaning):
        """Adds --plot=FILE.png."""
        self.add_argument("--plot", type=picture, metavar="FILE.png", help="draw " + meaning)


def number(kind, least, most=float("inf")):
    """A type for argparse: an int or a float from `least` to `most`."""

    def parse(text):
        value = kind(text)
        if not value >= least:
            raise argparse.ArgumentTypeError("must be at least %s; given %s" % (least, text))
        if value > most:
            raise argparse.ArgumentTypeError("must be at most %s; given %s" % (most, text))
        return value

    parse.__name__ = kind.__name__  # for "invalid int value"
    return parse


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
