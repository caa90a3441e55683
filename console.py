"""How the commands meet a terminal: a quiet start, strict flags, and errors of one line.

Nothing here is part of the example; `ptb_word_lm.py` reads without it.
"""

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


def run(main, blames):
    """Parses the command line and calls `main(argv)`.

    Args:
        main: the function to call.
        blames: `{exception class: flag name}`: errors that are the fault of a flag's value. One of
            these ends the program through `fail`, with the flag and its value before the message.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a path or a word that the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
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
    try:
        main(argv)
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        sys.exit(130)
    except tuple(blames) as error:
        for kind, flag in blames.items():
            if isinstance(error, kind):
                fail("--%s=%s: %s" % (flag, flags.FLAGS[flag].value, error))
