"""Trains a small model again and again while the file system fails; prints what became of it.

    cc -shared -fPIC -o faults.so tests/faults.c -ldl
    PYTHONPATH=. LD_PRELOAD=./faults.so python tests/faults.py ./faults.so FOLDER

The run has five epochs behind it. The sixth meets the fault: its saving is the first that also
removes a checkpoint. Then the disk is whole again, and the run goes on to the end of the seventh.
`test_faults.py` says what has to hold.

Prints JSON: `operations`, the names of all operations on files in the sixth epoch; `undisturbed`,
the figures of seven epochs without a fault; and `points`, a list with a dict for each fault:

    kind, n       what was done to which operation, counted from 1: see faults.c; "power cut" is
                  "killed", and files that were written and not synchronised are empty
    operation     its name
    message       of the SavePathError that ended the run, if one did
    epochs, test  the figures of the sixth epoch and of the test, if the run came so far
    saved         whether the sixth epoch was reported as saved
    readable      the epochs whose weights can be read; None stands for other weights
    files         what the folder holds, without summaries and the lock
    later         the same of the run that goes on without faults: message, or epochs and test;
                  readable, files
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

# The kinds of faults.c from 1 on, and the operations that each makes a difference to.
KINDS = {
    "once": "",
    "short": "write ",
    "full": "write |fwrite |open |fflush |fclose |fsync ",
    "gone": "",
    "killed": "",
}
BEFORE, FAULTY, LAST = 5, 6, 7  # epochs


def in_child(function, *arguments):
    """Calls a function in a forked process; returns what it said, and whether a fault ended it.

    The function gets one more argument, a function that sends a value of JSON.
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
    """Returns what is in a folder, `((name, bytes), ...)`, without summaries and the lock."""
    paths = [p for p in pathlib.Path(folder).iterdir() if not re.match("lock$|events", p.name)]
    return tuple(sorted((plain(path.name), path.read_bytes()) for path in paths))


def digests(folder):
    """Returns the digests of the weights of the checkpoints that can be read, in their order."""
    found = {}
    for path in glob.glob(os.path.join(folder, "*.index")):
        step = int(re.findall(r"-(\d+)\.index$", path)[0])
        try:
            saved = tf.train.load_checkpoint(path[: -len(".index")])
            shapes = saved.get_variable_to_shape_map()
            weights = [name.encode() + saved.get_tensor(name).tobytes() for name in sorted(shapes)]
        except Exception:  # TensorFlow raises a dozen classes for a damaged file.
            continue
        found[step] = hashlib.sha256(b"".join(weights)).hexdigest()
    return [found[step] for step in sorted(found)]


class Harness(object):
    """The runs. `folder` is the one that meets the faults."""

    def __init__(self, library, work):
        self.library = ctypes.CDLL(library)
        self.library.faults_name.restype = ctypes.c_char_p
        self.folder = os.path.join(work, "run")
        self.base, self.whole = os.path.join(work, "base"), os.path.join(work, "whole")
        corpus = pathlib.Path(work, "corpus")
        corpus.mkdir()
        # An epoch of three batches, and the shortest test: a graph of few operations.
        self.corpus = read_corpus(write_corpus(corpus, TEXT[:36], TEXT[:36], " a \n"))
        self.later = {}

    def train(self, folder, epochs, on_epoch=None):
        """Returns the figures of the epochs that were still to be trained, and of the test."""
        values = dict(RUN, num_layers=1, num_steps=1, hidden_size=4, max_max_epoch=epochs)
        config = make_lm_config(rnn_mode="basic", **values)
        result = training.train(config, self.corpus, folder, 1, on_epoch, replicas=1)
        return {"epochs": result.epochs, "test": result.test_perplexity}

    def put_base(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.base, self.folder)

    def prepare(self, say):
        """Trains undisturbed runs, and lists the operations on files."""
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
        """Returns what the folder holds."""
        return {
            "readable": [self.epochs.get(digest) for digest in digests(self.folder)],
            "files": [name for name, _ in contents(self.folder)],
        }

    def go_on(self):
        """Returns what becomes of the run without faults; equal folders give equal runs."""
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

        A row of operations on the summaries counts as one: they are much alike, and no weights.
        """
        is_summary = ["tfevents" in operation for operation in self.operations]
        for n, operation in enumerate(self.operations, 1):
            if re.match(KINDS[kind], operation) and not all(is_summary[max(n - 2, 0) : n]):
                yield n

    def end(self, n):
        """Ends a run in operation n; returns two points, the second one with the power cut too.

        A power cut also takes the bytes of the files that were not synchronised. Their names stay.
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
        """Returns what the program prints."""
        (undisturbed, self.operations), _ = in_child(self.prepare)
        saved = digests(self.base)[: -BEFORE + LAST] + digests(self.whole)
        self.epochs = {digest: epoch for epoch, digest in enumerate(saved, 1)}
        # A process can be forked until it has made a session. So the deaths come first, and what
        # they leave is looked at afterwards.
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
