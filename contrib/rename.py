"""Renames what a TensorFlow 1.x program imports and what it uses of `tf.contrib`.

    python -m contrib.rename train.py model.py            # shows what would change
    python -m contrib.rename --write train.py model.py    # changes the files

It prints a unified diff for each file. Then it lists what is left to do by hand, with line numbers
of the file as it then is on the disk, and says how many files changed. A second run changes
nothing. It needs no TensorFlow, and it reads programs for Python 2 too.
"""

import argparse
import codecs
import difflib
import io
import os
import re
import shutil
import sys
import tempfile
import tokenize

from .renaming import rename


def read(path):
    """Returns the text of a program, with its line ends, and its encoding.

    Raises:
        OSError: when the file cannot be read.
        ValueError: when it is no program; the message says what would do.
    """
    if path.endswith(".ipynb"):
        raise ValueError(
            'this is a notebook; turn it into a program: jupyter nbconvert --to script "%s"' % path
        )
    if os.path.isdir(path):
        raise ValueError(
            "this is a folder; name its files, such as %s" % os.path.join(path, "*.py")
        )
    with io.open(path, "rb") as file:
        content = file.read()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("this is a text in UTF-16, which Python does not run; save it as UTF-8")
    if b"\0" in content:
        raise ValueError("this is not a text; only Python files can be renamed in")
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0]
        program = content.decode(encoding)
    except (SyntaxError, UnicodeError):
        head = b"\n".join(content.splitlines()[:2]).decode("latin-1")
    else:
        if re.search(r"\r(?!\n)", program):
            raise ValueError(
                "this is a text with line ends of a lone carriage return; save it with the line "
                "ends of Unix or Windows"
            )
        return program, encoding
    named = re.search(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", head, re.MULTILINE)
    if not named:
        raise ValueError(
            "this is not a text in UTF-8, and its first two lines name no other encoding; save it "
            "as UTF-8, or write its encoding into the first line, such as # coding: latin-1"
        )
    raise ValueError(
        "this is not a text in %s, the encoding that its first lines name; correct them, or save "
        "it as UTF-8 without them" % named.group(1)
    )


def difference(path, old, new):
    """The unified diff of two texts of a file."""
    lines = difflib.unified_diff(
        old.splitlines(True), new.splitlines(True), path, path + " (renamed)"
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def overwrite(path, content):
    """Writes all of a file or leaves the file as it is. A symbolic link stays a link.

    A new file takes the place of the old one, which would keep its text under other hard links.

    Raises:
        OSError: when the file cannot be written.
        ValueError: when the file has other hard links.
    """
    path = os.path.realpath(path)
    links = os.stat(path).st_nlink
    if links > 1:
        raise ValueError(
            "not written: the file has %d hard links, and only this one would get the new text; "
            "put a copy of the file in the place of this one first" % links
        )
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
    try:
        with io.open(handle, "wb") as file:
            file.write(content)
        shutil.copymode(path, temporary)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m contrib.rename",
        description="Renames what a TensorFlow 1.x program uses of tf.contrib; shows a diff.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a Python file")
    parser.add_argument("--write", action="store_true", help="change the files")
    arguments = parser.parse_args()
    status, seen, differences, remarks = 0, set(), [], []
    for path in arguments.files:
        if os.path.realpath(path) in seen:
            continue
        seen.add(os.path.realpath(path))
        try:
            program, encoding = read(path)
            report = rename(program)
            changes = difference(path, program, report.text)
            if arguments.write and changes:
                overwrite(path, report.text.encode(encoding))
                report = rename(report.text)
        except (OSError, ValueError) as error:
            problem = getattr(error, "strerror", None) or error  # without the path
            sys.stderr.write("%s: error: %s: %s\n" % (parser.prog, path, problem))
            status = 2
            continue
        differences += [changes] if changes else []
        for text, lines in report.remarks.items():
            remarks.append("%s:%s: %s\n" % (path, ",".join(map(str, lines)), text))
    count = "%d file%s" % (len(differences), "" if len(differences) == 1 else "s")
    count += " changed\n" if arguments.write else " would change with --write\n"
    # After all files are written: a pipe that is closed, or a letter of a program that standard
    # output does not know, stops none of them.
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print("".join(differences + remarks + [count]), end="", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


if __name__ == "__main__":
    main()
