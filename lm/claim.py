"""Makes and locks the folder of a run for a training, and removes it again if it stays empty."""

import contextlib
import os
import socket
import time

from lm.checkpoints import ATTEMPTS, SavePathError, check_name, reason

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextlib.contextmanager
def made(folder):
    """Makes a folder for a `with` statement, and removes it afterwards if it is empty."""
    new, path = [], os.path.abspath(folder)
    while not os.path.lexists(path):
        new.append(path)
        path = os.path.dirname(path)
    try:
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise SavePathError("cannot write there (%s); give another folder" % error.strerror)
        yield
    finally:
        for path in new:
            with contextlib.suppress(OSError):  # The folder is not empty, or was not made.
                os.rmdir(path)


def _open_lock(path):
    """Opens and locks the file `lock`, and returns it.

    Raises:
        SavePathError: if another process has locked it, or if the file is not a lock.
        OSError: if the file cannot be written.
    """
    # A link might lead to a file that somebody needs.
    no_link = getattr(os, "O_NOFOLLOW", 0)
    file = open(path, "a+", errors="replace", opener=lambda p, flags: os.open(p, flags | no_link))
    try:
        is_free = True
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                is_free = False
            except OSError:
                pass  # a file system without locks
        file.seek(0)
        text = file.read(200)
        if not is_free:
            holder = text.strip() or "another process is training there"
            raise SavePathError("%s; wait until it ends, or give another folder" % holder)
        if text[:8] != "process "[: len(text)]:  # A kill may have cut it short.
            raise SavePathError("its file `lock` is not of a training; give another folder")
    except BaseException:
        file.close()
        raise
    return file


def _has_name(file, path):
    """Returns whether an open file still has this path, and was not removed."""
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    return False


@contextlib.contextmanager
def locked(folder):
    """Holds the lock of a folder during a `with` statement. Raises SavePathError."""
    path = os.path.join(folder, "lock")
    try:
        for _ in range(ATTEMPTS):
            file = _open_lock(path)
            if _has_name(file, path):
                break
            file.close()  # The last holder has removed it in the meantime.
        else:
            file = _open_lock(path)  # a file system on which no two files are the same
    except OSError as error:
        raise SavePathError("cannot write there (%s); give another folder" % reason(error))
    try:
        try:
            values = (os.getpid(), socket.gethostname(), time.strftime("%Y-%m-%d %H:%M:%S"))
            file.truncate(0)
            file.write("process %d on %s is training there (since %s)\n" % values)
            file.flush()
        except OSError as error:
            raise SavePathError("cannot write there (%s); make room" % error.strerror)
        yield
    finally:
        if _has_name(file, path):
            with contextlib.suppress(OSError):  # Windows does not remove an open file.
                os.remove(path)
        with contextlib.suppress(OSError):  # The disk may be full.
            file.close()


@contextlib.contextmanager
def writable(folder):
    """Makes the folder of a run, for a `with` statement, and checks that a training can begin.

    Removes the folder afterwards if it is empty, so that a run that is refused leaves none behind.

    Args:
        folder: the folder, or None to do nothing.

    Raises:
        SavePathError: if the folder cannot be used, or if another process trains there.
    """
    if folder is None:
        yield
        return
    check_name(folder)
    with made(folder):
        with locked(folder):
            pass
        yield
