"""The pieces of `tf.contrib` that the PTB script used, rebuilt on `tensorflow.compat.v1`.

`tf.contrib.rnn.X` of TensorFlow 1.x is `contrib.rnn.X` here. The folder needs nothing else of this
project: copy it beside other TF 1.x code and drop the `tf.` before `contrib`.
"""

from . import framework, rnn, seq2seq

__all__ = ["framework", "rnn", "seq2seq"]
