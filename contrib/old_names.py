"""What the names of TensorFlow 1.x are called today, for `rename.py`. Needs no TensorFlow."""

import ast
import io
import os
import re

from .missing import BY_HAND, ENDINGS, advice

# What a dotted name under TensorFlow becomes, the longest that fits first. Other names stay.
_NAMES = {
    "tf.contrib.framework.nest.is_sequence": "tf.nest.is_nested",
    "tf.contrib.framework.nest": "tf.nest",
    "tf.contrib": "contrib",
    "tf.nn.rnn_cell": "contrib.rnn",
    "tf.layers.dense": "contrib.layers.dense",
    "tf.nest.is_sequence": "tf.nest.is_nested",
}


def public_names(part):
    """The public names of a part of this folder, its `__all__`, read off its source."""
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
    found = prefix_in(new, BY_HAND)
    if found:
        return "%s: %s" % (found, BY_HAND[found] or advice(new))
    ending = new.rpartition(".")[2]
    return "%s: %s" % (ending, ENDINGS[ending]) if ending in ENDINGS else None


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


def module_remark(path):
    """What is left to do by hand about the import of another module; None for nothing."""
    found = remark(path)
    if path.startswith("tensorflow.") and not path.startswith("tensorflow.compat."):
        found = found or remark("tf" + path[len("tensorflow") :])
        found = found or "%s: look for it in tensorflow.compat.v1" % path
    return found
