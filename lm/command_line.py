"""Reads the command lines of all commands but the reference.

The reference uses absl's flags. They are one set for a whole process, so that two commands in one
process would share their flags.
"""

import argparse
import contextlib
import difflib
import os

import console


class Parser(argparse.ArgumentParser):
    """A parser of command lines that shows a mistake as one line."""

    def __init__(self, description, **more):
        super(Parser, self).__init__(
            prog="python -m " + console.module() if console.module() else None,
            description=description,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **more,
        )

    def parse_args(self, args=None, namespace=None):
        """Parses the command line.

        Ends the program with one line if a flag is unknown. The line suggests the nearest flag.
        """
        arguments, unknown = self.parse_known_args(args, namespace)
        if unknown:
            known = [name for action in self._actions for name in action.option_strings]
            word = unknown[0].partition("=")[0]
            near = [name for name in known if len(word) > 2 and name.startswith(word)]
            near = near or difflib.get_close_matches(word, known, 1)
            hint = "; did you mean %s?" % near[0] if near else "; see --help"
            self.error("unrecognized arguments: %s%s" % (" ".join(unknown), hint))
        return arguments

    def print_help(self, file=None):
        with console.errors_in_one_line({}):
            super(Parser, self).print_help(file)

    def error(self, message):
        console.fail(message)

    def add_seed(self, meaning="makes the run repeatable"):
        """Adds --seed, with the default 1."""
        self.add_argument("--seed", type=number(int, 0, 2**31 - 1), default=1, help=meaning)

    def add_plot(self, meaning):
        """Adds --plot=FILE.png."""
        self.add_argument("--plot", type=picture, metavar="FILE.png", help="draw " + meaning)


def number(kind, least, most=float("inf")):
    """Returns a type for argparse that parses an int or a float from `least` to `most`."""

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
    """Parses true or false, as in `--use_bf16=true`; a type for argparse."""
    if text.lower() not in ("true", "false", "1", "0"):
        raise argparse.ArgumentTypeError("must be true or false; given %s" % text)
    return text.lower() in ("true", "1")


def path(text):
    """Parses a path that is not empty; a type for argparse.

    Expands `~`, since no shell does so in --to=~/out.
    """
    if not text:
        raise argparse.ArgumentTypeError("the value is missing; give one, or leave the flag out")
    mistake = console.mistake_of_name(text)
    if mistake:
        raise argparse.ArgumentTypeError(mistake)
    return os.path.expanduser(text)


@contextlib.contextmanager
def writing_to(folder):
    """Runs a block that writes into --to; an error there ends the program with one line."""
    with console.errors_in_one_line({}):
        try:
            yield
        except OSError as error:
            console.fail(
                "--to=%s: cannot write there (%s); give another folder" % (folder, error.strerror)
            )


def picture(text):
    """Parses the path of a picture, and checks that it can be drawn later; a type for argparse."""
    folder = os.path.dirname(os.path.abspath(text))
    if not os.access(text if os.path.exists(text) else folder, os.W_OK) or os.path.isdir(text):
        raise argparse.ArgumentTypeError(
            "cannot write %s; give a file in a folder that exists" % text
        )
    if not text.lower().endswith((".png", ".svg", ".pdf")):
        raise argparse.ArgumentTypeError("%s is not the name of a picture; give FILE.png" % text)
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise argparse.ArgumentTypeError(
            "a picture needs matplotlib; pip install -r requirements-dev.txt"
        )
    return text


def save_picture(figure, path):
    """Writes a matplotlib figure into the file of --plot.

    Ends the program with one line if the file cannot be written.
    """
    try:
        figure.savefig(path, dpi=110)
    except OSError as error:
        console.fail("--plot=%s: cannot write it (%s); give another file" % (path, error.strerror))
