"""The pieces of `tf.contrib` that RNN programs used, rebuilt on `tensorflow.compat.v1`.

`tf.contrib.rnn.X` of TensorFlow 1.x is `contrib.rnn.X` here. The folder needs nothing else of this
project: copy it beside other TF 1.x code and drop the `tf.` before `contrib`, or let
`python -m contrib.rename FILE...` do it.
"""

import importlib as _importlib

from .missing import reporter as _reporter

__all__ = ["framework", "layers", "legacy_seq2seq", "rnn", "seq2seq"]

_report = _reporter(__name__, "contrib")


def __getattr__(name):
    """Imports a part when it is asked for, since `contrib.rename` runs without TensorFlow."""
    if name in __dir__():
        return _importlib.import_module("." + name, __name__)
    return _report(name)


def __dir__():
    return __all__ + ["rename"]
