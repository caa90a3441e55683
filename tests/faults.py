"""Trains a small model again and again while the file system fails; prints the results.

    cc -shared -fPIC -o faults.so tests/faults.c -ldl
    PYTHONPATH=. LD_PRELOAD=./faults.so python tests/faults.py ./faults.so FOLDER

Each run has trained five epochs. The fault comes in the sixth, whose saving is the first that also
removes a checkpoint. Then the disk works again, and the run resumes and ends after the seventh
epoch. `test_faults.py` says what must hold.

Prints JSON: `operations`, the names of all operations on files in the sixth epoch; `undisturbed`,
the figures of seven epochs without a fault; and `points`, a list with a dict for each fault:

    kind, n       the kind of the fault (see faults.c), and the number of the operation that fails,
                  counted from 1; "power cut" is "killed", and empties the files that were written
                  and not synchronised
    operation     its name
    message       of the SavePathError that ended the run, if one did
    epochs, test  the figures of the sixth epoch and of the test, if the run got so far
    saved         whether the sixth epoch was reported as saved
    readable      the epochs whose weights can be read; None stands for other weights
    files         the files in the folder, without summaries and the lock
    later         the results of the run when it resumes without faults: message, or epochs and
                  test; readable, files
"""

import ctypes
import glob
import hashlib
import json
import os
import pathlib
import re
import shutil
import sys
import traceback

import tensorflow.compat.v1 as tf
from models import RUN, TEXT, make_lm_config, write_corpus

from lm import training
from lm.checkpoints import SavePathError
from lm.corpus import read_corpus

# The kinds of faults.c, from 1 on, and the operations that each kind can change.
KINDS = {
    "once": "",
    "short": "write ",
    "full": "write |fwrite |open |fflush |fclose |fsync ",
    "gone": "",
    "killed": "",
}
BEFORE, FAULTY, LAST = 5, 6, 7  # epochs


def in_child(function, *arguments):
    """Calls a function in a forked process; returns what it sent, and whether a fault ended it.

    The function gets one more argument, a function that sends a value as JSON.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            function(
                *arguments, lambda value: os.write(writing, (json.dumps(value) + "\n").encode())
            )
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as lines:
        said = [json.loads(line) for line in lines]
    return said, os.waitpid(pid, 0)[1] == 137 << 8


def plain(name):
    """Returns a name without the random digits that TensorFlow puts into it."""
    return re.sub(r"(tempstate|checkpoint\.tmp|tfevents)[.\w]+", r"\1", name)


def contents(folder):
    """Returns the files in a folder, `((name, bytes), ...)`, without summaries and the lock."""
    paths = [p for p in pathlib.Path(folder).iterdir() if not re.match("lock$|events", p.name)]
    return tuple(sorted((plain(path.name), path.read_bytes()) for path in paths))


def digests(folder):
    """Returns the digests of the weights of all readable checkpoints, in the order of the steps."""
    found = {}
    for path in glob.glob(os.path.join(folder, "*.index")):
        step = int(re.findall(r"-(\d+)\.index$", path)[0])
        try:
            saved = tf.train.load_checkpoint(path[: -len(".index")])
            shapes = saved.get_variable_to_shape_map()
            weights = [name.encode() + saved.get_tensor(name).tobytes() for name in sorted(shapes)]
        except Exception:  # A damaged file raises one of a dozen classes.
            continue
        found[step] = hashlib.sha256(b"".join(weights)).hexdigest()
    return [found[step] for step in sorted(found)]


class Harness(object):
    """Trains the runs, with and without faults. `folder` is the folder in which faults happen."""

    def __init__(self, library, work):
        self.library = ctypes.CDLL(library)
        self.library.faults_name.restype = ctypes.c_char_p
        self.folder = os.path.join(work, "run")
        self.base, self.whole = os.path.join(work, "base"), os.path.join(work, "whole")
        corpus = pathlib.Path(work, "corpus")
        corpus.mkdir()
        # An epoch has three batches, and the test is as short as can be: the graph has few ops.
        self.corpus = read_corpus(write_corpus(corpus, TEXT[:36], TEXT[:36], " a \n"))
        self.later = {}

    def train(self, folder, epochs, on_epoch=None):
        """Trains the remaining epochs; returns their figures and those of the test."""
        values = dict(RUN, num_layers=1, num_steps=1, hidden_size=4, max_max_epoch=epochs)
        config = make_lm_config(rnn_mode="basic", **values)
        result = training.train(config, self.corpus, folder, 1, on_epoch, replicas=1)
        return {"epochs": result.epochs, "test": result.test_perplexity}

    def put_base(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.base, self.folder)

    def prepare(self, say):
        """Trains runs without faults, and lists their operations on files."""
        self.train(self.base, BEFORE)
        say(self.train(self.whole, LAST))
        self.put_base()
        self.library.faults_arm(self.folder.encode(), 0, 0)
        self.train(self.folder, FAULTY)
        self.library.faults_disarm()
        numbers = range(1, self.library.faults_count() + 1)
        say([plain(self.library.faults_name(n).decode()) for n in numbers])

    def meet(self, kind, n, say):
        """Trains the sixth epoch with a fault."""
        self.put_base()
        self.library.faults_arm(self.folder.encode(), 1 + list(KINDS).index(kind), n)
        try:
            say(self.train(self.folder, FAULTY, on_epoch=lambda epoch: say({"saved": True})))
        except SavePathError as error:
            say({"message": str(error)})
        finally:
            self.library.faults_disarm()

    def look(self):
        """Describes the contents of the folder."""
        return {
            "readable": [self.epochs.get(digest) for digest in digests(self.folder)],
            "files": [name for name, _ in contents(self.folder)],
        }

    def go_on(self):
        """Resumes the run without faults; returns its results. Equal folders give equal runs."""
        key = contents(self.folder)
        if key not in self.later:
            try:
                later = self.train(self.folder, LAST)
            except SavePathError as error:
                later = {"message": str(error)}
            self.later[key] = dict(later, **self.look())
        return self.later[key]

    def points(self, kind):
        """Returns the numbers of the operations to try a kind of fault on.

        Successive operations on the summaries count as one: they are alike, and touch no weights.
        """
        is_summary = ["tfevents" in operation for operation in self.operations]
        for n, operation in enumerate(self.operations, 1):
            if re.match(KINDS[kind], operation) and not all(is_summary[max(n - 2, 0) : n]):
                yield n

    def end(self, n):
        """Kills a run in operation n; returns two points, one for the kill and one for a power cut.

        A power cut also empties the files that were not synchronised. Their names stay.
        """
        said, died = in_child(self.meet, "killed", n)
        point = self.point("killed", n, said)
        assert died, point
        killed, cut = "%s-%d-killed" % (self.folder, n), "%s-%d-cut" % (self.folder, n)
        os.rename(self.folder, killed)
        shutil.copytree(killed, cut)
        for name in pathlib.Path(self.folder + ".unsynced").read_text().splitlines():
            os.truncate(os.path.join(cut, name), 0)
        return [(point, killed), (dict(point, kind="power cut"), cut)]

    def point(self, kind, n, said):
        point = dict(kind=kind, n=n, operation=self.operations[n - 1])
        for values in said:
            point.update(values)
        return point

    def run(self):
        """Tries all faults; returns the dictionary that the program prints."""
        (undisturbed, self.operations), _ = in_child(self.prepare)
        saved = digests(self.base)[: -BEFORE + LAST] + digests(self.whole)
        self.epochs = {digest: epoch for epoch, digest in enumerate(saved, 1)}
        # A process cannot fork after it has made a session. So all kills come first; their folders
        # are examined afterwards.
        dead = [pair for n in self.points("killed") for pair in self.end(n)]
        points = []
        for kind in KINDS:
            for n in self.points(kind) if kind != "killed" else ():
                said = []
                self.meet(kind, n, said.append)
                points.append(dict(self.point(kind, n, said), **self.look(), later=self.go_on()))
        for point, folder in dead:
            shutil.rmtree(self.folder)
            os.rename(folder, self.folder)
            points.append(dict(point, **self.look(), later=self.go_on()))
        return dict(operations=self.operations, undisturbed=undisturbed, points=points)


if __name__ == "__main__":
    json.dump(Harness(*sys.argv[1:]).run(), sys.stdout)
