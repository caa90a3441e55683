"""`tf.contrib.framework`: the global step, and `nest`, which is `tf.nest` today."""

import tensorflow.compat.v1 as tf

from .missing import reporter

__all__ = ["get_or_create_global_step", "nest"]

nest = tf.nest


def get_or_create_global_step(graph=None):
    """Returns the graph's step counter, an int64 scalar variable; the first call makes it.

    The variable is named `global_step` under the variable scope of the call that makes it:
    `Model/global_step` in the PTB script.
    """
    return tf.train.get_or_create_global_step(graph)


__getattr__ = reporter(__name__, "contrib.framework")
