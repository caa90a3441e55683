"""What the names of TensorFlow 1.x are called today, for `rename.py`. Needs no TensorFlow."""

import ast
import io
import os
import re

from .missing import ATTRIBUTES, BY_HAND, advice

# What a dotted name under TensorFlow becomes; the longest name that fits counts. Other names stay.
_NAMES = {
    "tf.contrib.framework.nest.is_sequence": "tf.nest.is_nested",
    "tf.contrib.framework.nest": "tf.nest",
    "tf.contrib": "contrib",
    "tf.nn.rnn_cell": "contrib.rnn",
    "tf.layers.dense": "contrib.layers.dense",
    "tf.nest.is_sequence": "tf.nest.is_nested",
    "tf.contrib.legacy_seq2seq.python.ops.seq2seq": "contrib.legacy_seq2seq",
    "tf.contrib.seq2seq.python.ops.loss": "contrib.seq2seq",
}
# The modules that had what tf.contrib.rnn had, in one version or another.
for _module in (
    "core_rnn",
    "core_rnn_cell",
    "core_rnn_cell_impl",
    "fused_rnn_cell",
    "gru_ops",
    "lstm_ops",
    "rnn",
    "rnn_cell",
):
    _NAMES["tf.contrib.rnn.python.ops." + _module] = "contrib.rnn"


def public_names(part):
    """The public names of a part of this folder, its `__all__`, read from its source."""
    folder = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(folder, part, "__init__.py")
    if not os.path.exists(path):
        path = os.path.join(folder, part + ".py")
    with io.open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and statement.targets[0].id == "__all__":
            return set(ast.literal_eval(statement.value))


_PARTS = ("framework", "layers", "legacy_seq2seq", "rnn", "seq2seq")
_PUBLIC = {part: public_names(part) for part in _PARTS}


def prefix_in(path, table):
    """The longest part of a dotted name, from its start, that is in a table; None for none."""
    while path and path not in table:
        path = path.rpartition(".")[0]
    return path or None


def today(path):
    """What a dotted name of TensorFlow 1.x is called today."""
    old = prefix_in(path, _NAMES)
    return _NAMES[old] + path[len(old) :] if old else path


def remark(path):
    """What is left to do by hand about a dotted name of TensorFlow 1.x; None for nothing."""
    new = today(path)
    if new.startswith("contrib."):
        part, _, name = new[len("contrib.") :].partition(".")
        name = name.partition(".")[0]
        if part == "rename" or part in _PUBLIC and (not name or name in _PUBLIC[part]):
            return None
        return "%s is not there: %s" % (".".join(new.split(".")[:3]), advice(new))
    if prefix_in(new, BY_HAND):
        return _by_hand(new)
    for part in new.split("."):
        if part in ATTRIBUTES:
            return "%s: %s" % (part, ATTRIBUTES[part])
    return None


def _by_hand(path):
    found = prefix_in(path, BY_HAND)
    return "%s: %s" % (found, BY_HAND[found]) if found and BY_HAND[found] else None


def is_as_before(path):
    """Whether a dotted name is in a private module that still has what programs use of it."""
    found = prefix_in(path, BY_HAND)
    return found is not None and not BY_HAND[found]


def old_module(path):
    """What a module of TensorFlow or of this folder is called under `tf`; None for others."""
    if path == "tensorflow" or re.match(r"tensorflow\.(contrib|layers|nn)\b", path):
        return "tf" + path[len("tensorflow") :]
    return "tf." + path if re.match(r"contrib\b", path) else None


def module_today(old):
    """The module that has what `old`, a dotted name under `tf`, had."""
    return re.sub(r"^tf\b", "tensorflow.compat.v1", today(old))


def plain_module(path):
    """The name of a module of tensorflow.compat.v1 as it was in TensorFlow 1.x."""
    return re.sub(r"^tensorflow\.compat\.v1(?![^.])", "tensorflow", path)


def module_remark(path, name=None):
    """What is left to do by hand about the import of another module, or of a name of it.

    None for nothing.
    """
    whole = path + "." + name if name else path
    if is_as_before(whole):
        return None
    found = _by_hand(whole)
    if path.startswith("tensorflow.") and not path.startswith("tensorflow.compat."):
        found = found or _by_hand("tf" + whole[len("tensorflow") :])
        found = found or "%s: look for it in tensorflow.compat.v1" % path
    return found
