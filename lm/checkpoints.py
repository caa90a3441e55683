"""Finds the newest checkpoint in the folder of a run, and compares it with a model.

The files may be damaged, may be of another program, or may be made to do harm. So nothing is built
of a size that only a file claims.
"""

import functools
import glob
import json
import operator
import os
import re
import time

import tensorflow.compat.v1 as tf

import console

ATTEMPTS = 10  # to read a checkpoint, since a training may remove it meanwhile


class SavePathError(ValueError):
    """Raised if a --save_path cannot be used. The message says why, and what to give instead."""

    flag = "save_path"


def reason(error):
    """Sums up an error of the system or of TensorFlow in a few words; its message may be a page."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # TensorFlow's line with the file ends in "; REASON".
    return (re.findall(r"; (.+)$", str(error), re.MULTILINE) or [type(error).__name__])[0]


def check_name(folder):
    """Raises SavePathError if TensorFlow would not take a name as it is."""
    if any(letter in folder for letter in "*?[]"):
        raise SavePathError("TensorFlow takes * ? [ ] for a pattern; give another folder")
    if console.mistake_of_name(folder):
        raise SavePathError("TensorFlow takes names in UTF-8 only; give another folder")


def prefixes_in(folder):
    """Returns the checkpoints of a folder, sorted by the step that ends their names."""
    files = glob.glob(os.path.join(folder, "*.index"))
    prefixes = [path[: -len(".index")] for path in files]
    return sorted(prefixes, key=step_of)


def step_of(prefix):
    """Returns the global step in the name of a checkpoint; -1 if there is none."""
    return int((re.findall(r"-(\d+)$", prefix) or [-1])[0])


def files_of(prefix):
    """Returns the files of a checkpoint, also of one that was saved in part."""
    pattern = glob.escape(prefix)
    return glob.glob(pattern + ".index*") + glob.glob(pattern + ".data-*")


def is_there(prefix):
    """Returns whether a checkpoint is still there."""
    return os.path.exists(prefix + ".index")  # the first file that TensorFlow removes


def _read_step(prefix):
    """Reads a whole checkpoint and returns its global step.

    This checks two things before TensorFlow opens the files. On a FIFO TensorFlow would wait
    forever. And it would allocate as much memory as the index claims.
    """
    paths = files_of(prefix)
    if not all(os.path.isfile(path) for path in paths):
        raise ValueError("not a plain file")
    saved = tf.train.load_checkpoint(prefix)
    shapes, dtypes = saved.get_variable_to_shape_map(), saved.get_variable_to_dtype_map()
    if not all(dtype.is_floating or dtype.is_integer for dtype in dtypes.values()):
        raise ValueError("not only numbers")
    # np.prod would overflow.
    claimed = sum(
        functools.reduce(operator.mul, shape, dtypes[name].size) for name, shape in shapes.items()
    )
    size = sum(os.path.getsize(path) for path in paths)
    if claimed > size:
        raise ValueError("its index claims %d bytes; its files have %d" % (claimed, size))
    # Reading compares checksums. It fails if a file was cut off or overwritten.
    for name in shapes:
        saved.get_tensor(name)
    return int(saved.get_tensor("Model/global_step"))


def newest_checkpoint(folder):
    """Returns `(prefix, global step)` of the newest checkpoint in a folder that can be read.

    Prints a warning for each checkpoint that cannot be read. Returns None if there is none at all.

    Raises:
        SavePathError: if there are checkpoints and none can be read.
    """
    prefixes = None
    for _ in range(ATTEMPTS):
        before, prefixes = prefixes, prefixes_in(folder)
        found, unreadable = None, []
        for prefix in reversed(prefixes):
            try:
                found = prefix, _read_step(prefix)
                break
            except (tf.errors.OpError, LookupError, ValueError, RuntimeError, TypeError) as error:
                why = (str(error) or type(error).__name__).splitlines()[0]
                unreadable.append((prefix, why))
        if not unreadable or prefixes == before:
            break
        time.sleep(0.1)  # A training may be writing or removing a checkpoint: look again.
    for prefix, why in unreadable:
        if is_there(prefix):
            console.say("Warning: cannot read the checkpoint %s (%s)" % (prefix, why))
    if prefixes and found is None:
        raise SavePathError(
            "none of its checkpoints can be read, %s the newest; give another folder" % prefixes[-1]
        )
    return found


def check_sizes(prefix, values, holder, advice):
    """Compares sizes with those of a checkpoint, before anything of these sizes is built.

    Args:
        prefix: the checkpoint.
        values: a dict. Its values for num_layers, hidden_size and vocab_size are compared.
        holder: the name of what has these values, for the error.
        advice: the end of the error, which says what to do; %d stands for the right value.

    Raises:
        SavePathError: for the first value that is not an int or not the checkpoint's, and if the
            checkpoint is of another kind of model.
    """
    shapes = tf.train.load_checkpoint(prefix).get_variable_to_shape_map()
    cells = [re.match(r"Model/RNN/multi_rnn_cell/(cell_\d+)/", name) for name in shapes]
    num_layers = len({cell.group(1) for cell in cells if cell})
    name = os.path.basename(prefix)
    if len(shapes.get("Model/embedding", ())) != 2 or num_layers == 0:
        raise SavePathError("its checkpoint %s is not of this model; give another folder" % name)
    vocab_size, hidden_size = shapes["Model/embedding"]
    sizes = dict(num_layers=num_layers, hidden_size=hidden_size, vocab_size=vocab_size)
    for key, size in sizes.items():
        if key in values and (type(values[key]) is not int or values[key] != size):
            raise SavePathError(
                "%s has %.40s as %s, its checkpoint %s has %d; %s"
                % (
                    holder,
                    json.dumps(values[key]),
                    key,
                    name,
                    size,
                    advice.replace("%d", str(size)),
                )
            )


def held_variables(prefix):
    """Describes the variables of a checkpoint: `{name: "float32 [50, 8]"}`."""
    saved = tf.train.load_checkpoint(prefix)
    dtypes = saved.get_variable_to_dtype_map()
    shapes = saved.get_variable_to_shape_map()
    return {name: "%s %s" % (dtypes[name].name, shape) for name, shape in shapes.items()}


def check_variables(prefix, held, variables, advice="give another folder"):
    """Compares the variables of a model with a checkpoint's, by name, shape and dtype.

    Args:
        prefix: the checkpoint.
        held: what the checkpoint holds, as `held_variables` describes it.
        variables: the variables of the model.
        advice: the end of the error, which says what to do.

    Raises:
        SavePathError: for the first variable that the checkpoint lacks, or has with another shape
            or dtype.
    """
    for variable in variables:
        name = variable.op.name
        wanted = "%s %s" % (variable.dtype.base_dtype.name, variable.shape.as_list())
        if held.get(name) != wanted:
            raise SavePathError(
                "its checkpoint %s has %s as %s, this model %s; %s"
                % (os.path.basename(prefix), held.get(name, "nothing"), name, wanted, advice)
            )
