"""Runs TensorFlow 1.x's own tests of its cells, loops and loss on `contrib`.

    PYTHONPATH=. python tests/tensorflow_tests.py SOURCE_TREE    # in the project's folder

SOURCE_TREE is a checkout of TensorFlow's sources, such as https://github.com/pzins/tensorflow-sycl
(1.6). The program reads each test file, makes the changes of `CHANGES` in memory, and runs all
tests. It writes nothing there and keeps nothing here. It prints how many tests pass, and the reason
of each failure.

Three tests of core_rnn_test.py run in a graph and once more in eager mode. `contrib` builds graphs,
so the second run is left out.
"""

import os
import re
import sys
import types
import unittest

# The files in a source tree.
FILES = [
    "tensorflow/contrib/rnn/python/kernel_tests/core_rnn_cell_test.py",
    "tensorflow/contrib/rnn/python/kernel_tests/core_rnn_test.py",
    "tensorflow/contrib/seq2seq/python/kernel_tests/loss_test.py",
]

# Patterns, and the text that replaces each match.
CHANGES = [
    # The imports.
    (r"^import numpy as np$", "import numpy as np; import tensorflow.compat.v1 as tf"),
    (r"^from tensorflow\.contrib import rnn\b", "from contrib import rnn"),
    (r"^from tensorflow\.contrib\.rnn\.python\.ops import rnn_cell\b", "from contrib import rnn"),
    (r"^from tensorflow\.contrib\.rnn\.python\.ops import core_rnn_cell$", ""),
    (r"^from tensorflow\.python\.ops import (rnn_cell\w*)$", r"from contrib import rnn as \1"),
    (r"^from tensorflow\.contrib\.seq2seq\.python\.ops import", "from contrib import seq2seq as"),
    # Private names of TensorFlow's cells: two variables, and a function that `contrib` lacks.
    (r"\brnn_cell_impl\._WEIGHTS_VARIABLE_NAME\b", '"kernel"'),
    (r"\brnn_cell_impl\._BIAS_VARIABLE_NAME\b", '"bias"'),
    (r"\bcore_rnn_cell\._Linear\b", "lambda *_: rnn_cell_impl._Linear"),
    # Names that TensorFlow 2 has in other modules, or that Python 3.12 has changed.
    (r"\b(?:array_ops|control_flow_ops)\.(stack|unstack|cond)\b", r"tf.\1"),
    (r"\bcontext\.in_graph_mode\(\)", "not tf.executing_eagerly()"),
    (r"^ *@test_util\.run_in_graph_and_eager_modes\(\)$", ""),
    (r"\.assertRaisesRegexp\(", ".assertRaisesRegex("),
    (r"\.assertEquals\(", ".assertEqual("),
]


def load(path):
    """Returns a test file as a module, changed to use `contrib`."""
    with open(path, encoding="utf-8") as file:
        source = file.read()
    for pattern, replacement in CHANGES:
        source = re.sub(pattern, replacement, source, flags=re.M)
    module = types.ModuleType(os.path.splitext(os.path.basename(path))[0])
    sys.modules[module.__name__] = module  # unittest looks it up there
    exec(compile(source, path, "exec"), vars(module))
    return module


def run(module):
    """Runs the tests of a module; returns `{name: reason}`, the reason None for those that pass."""
    reasons = {}
    for cases in unittest.defaultTestLoader.loadTestsFromModule(module):
        for case in cases:
            name = case.id().split(".", 1)[1]
            if name.endswith(".test_session"):  # a method of TensorFlow's base class, not a test
                continue
            result = unittest.TestResult()
            case.run(result)
            failed = result.errors + result.failures
            reasons[name] = reason_of(failed[0][1]) if failed else None
    return reasons


def reason_of(traceback):
    """Returns the line of a traceback that names the exception."""
    return [
        line for line in traceback.splitlines() if re.match(r"[\w.]+(Error|Exception)\b", line)
    ][-1]


def main(source_tree):
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    for path in FILES:
        reasons = run(load(os.path.join(source_tree, path)))
        failed = sorted(name for name in reasons if reasons[name])
        passed = len(reasons) - len(failed)
        print("%s: %d of %d pass" % (os.path.basename(path), passed, len(reasons)))
        for name in failed:
            print("    %s: %s" % (name, reasons[name]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
