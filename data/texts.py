"""Writes texts into a folder, all of them or none."""

import errno
import os
import tempfile


def check_writable(to, names):
    """Raises OSError if files of these names cannot be written into the folder; writes nothing."""
    folder = os.path.abspath(to)
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if not os.access(folder, os.W_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    for name in names:
        if os.path.isdir(os.path.join(to, name)):
            raise OSError(errno.EISDIR, "%s is a folder" % name)


def write(files, to):
    """Writes files, `{name: bytes}`, into the folder `to`, and replaces those that are there.

    Replaces no file before all new files are on the disk. Raises OSError.
    """
    os.makedirs(to, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to) as folder:
        for name, data in files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        for name in files:
            os.replace(os.path.join(folder, name), os.path.join(to, name))
