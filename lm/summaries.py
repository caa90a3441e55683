"""Writes scalars for TensorBoard, without evaluating anything in the graph."""

import os
import time

import tensorflow.compat.v1 as tf

import console


class Summaries(object):
    """A file of scalars that TensorBoard and `study/plot_run.py` read.

    The thread that trains writes the file, so that a full disk only causes a warning. It would end
    the thread of a `tf.summary.FileWriter`.
    """

    def __init__(self, folder):
        """Writes into a folder that exists; writes nothing if `folder` is None."""
        self._file = None
        self._folder = folder

    def add(self, step, **scalars):
        """Writes numbers at a global step; underscores in their names become spaces."""
        values = [
            tf.Summary.Value(tag=name.replace("_", " "), simple_value=value)
            for name, value in scalars.items()
        ]
        self._write(tf.Event(wall_time=time.time(), step=step, summary=tf.Summary(value=values)))

    def starting_at(self, start, **always):
        """Returns `add` with steps counted from `start`, and with `always` added every time."""
        return lambda step, **scalars: self.add(start + step, **dict(always, **scalars))

    def _write(self, event):
        if self._folder is None:
            return
        try:
            if self._file is None:
                name = "events.out.tfevents.%.6f.%d" % (time.time(), os.getpid())
                self._file = tf.python_io.TFRecordWriter(os.path.join(self._folder, name))
                version = tf.Event(wall_time=time.time(), file_version="brain.Event:2")
                self._file.write(version.SerializeToString())
            self._file.write(event.SerializeToString())
            self._file.flush()
        except (tf.errors.OpError, LookupError, RuntimeError) as error:
            self._folder = None
            console.say("Warning: no more summaries (%s)" % str(error).splitlines()[0])
