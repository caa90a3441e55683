"""`python -m contrib.rename`: what it changes, what it leaves alone, what it lists."""

import os
import re
import shutil
import stat
import subprocess
import sys
import textwrap

import pytest
from commands import ROOT

from contrib.old_names import public_names
from contrib.rename import rename


def renamed(program):
    return rename(textwrap.dedent(program)).text


def remarks(program):
    """`{words before the first colon: line numbers}`"""
    found = rename(textwrap.dedent(program)).remarks
    return {text.partition(":")[0]: lines for text, lines in found.items()}


# For a program that imports parts of TensorFlow only.
DISABLE = "from tensorflow.compat.v1 import disable_v2_behavior\ndisable_v2_behavior()\n"


@pytest.mark.parametrize(
    "before, after",
    [
        (
            "import tensorflow as tf\n",
            "import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()\n",
        ),
        (
            "import numpy, tensorflow as tf  # both\n",
            "import numpy, tensorflow.compat.v1 as tf  # both\ntf.disable_v2_behavior()\n",
        ),
        (
            "import tensorflow\nx = tensorflow.contrib.rnn.GRUCell(4)\n",
            "import tensorflow.compat.v1 as tensorflow\nimport contrib\n"
            "tensorflow.disable_v2_behavior()\nx = contrib.rnn.GRUCell(4)\n",
        ),
        (
            "try: import tensorflow as tf\nexcept ImportError: pass\n",
            "try: import tensorflow.compat.v1 as tf; tf.disable_v2_behavior()\n"
            "except ImportError: pass\n",
        ),
        (
            "def f():\n    import tensorflow as tf\n    return tf.zeros([])\n",
            "def f():\n    import tensorflow.compat.v1 as tf\n    tf.disable_v2_behavior()\n"
            "    return tf.zeros([])\n",
        ),
        (
            "import tensorflow as tf\r\nx = 1\r\n",
            "import tensorflow.compat.v1 as tf\r\ntf.disable_v2_behavior()\r\nx = 1\r\n",
        ),
        ("import tensorflow as tf", "import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()"),
        ("from tensorflow.contrib import rnn\n", "from contrib import rnn\n"),
        ("import tensorflow.contrib.rnn as rnn\n", "import contrib.rnn as rnn\n"),
        ("import tensorflow.contrib as contrib\n", "import contrib\n"),
        ("import tensorflow.contrib as tc\n", "import contrib as tc\n"),
        ("from tensorflow import contrib\n", "import contrib\n"),
        (
            "from tensorflow.contrib.rnn import (GRUCell,\n    BasicLSTMCell as Cell)\n",
            "from contrib.rnn import (GRUCell,\n    BasicLSTMCell as Cell)\n",
        ),
        (
            "from tensorflow.contrib.framework import nest\n",
            "from contrib.framework import nest\n",
        ),
        (
            "from tensorflow import flags, contrib\n",
            "from tensorflow.compat.v1 import flags\nimport contrib\n" + DISABLE,
        ),
        (
            "from tensorflow import nn\nimport tensorflow as tf\n",
            "from tensorflow.compat.v1 import nn\nimport tensorflow.compat.v1 as tf\n"
            "tf.disable_v2_behavior()\n",
        ),
        ("from tensorflow import *\n", "from tensorflow.compat.v1 import *\n" + DISABLE),
        (
            "from tensorflow.contrib.rnn.python.ops import core_rnn_cell, core_rnn as c\n",
            "from contrib import rnn as core_rnn_cell\nfrom contrib import rnn as c\n",
        ),
        (
            "import tensorflow.contrib.rnn.python.ops.rnn_cell as c\n",
            "import contrib.rnn as c\n",
        ),
        (
            "from tensorflow.contrib.legacy_seq2seq.python.ops.seq2seq import rnn_decoder\n",
            "from contrib.legacy_seq2seq import rnn_decoder\n",
        ),
        ("from tensorflow import contrib as c\n", "import contrib as c\n"),
        ("from tensorflow import (contrib)\n", "import contrib\n"),
        (
            "from tensorflow import (flags,  # f\n    contrib as c,\n    app)\n",
            "from tensorflow.compat.v1 import (flags,  # f\n    \n    app)\nimport contrib as c\n"
            + DISABLE,
        ),
        ("from tensorflow.nn.rnn_cell import GRUCell\n", "from contrib.rnn import GRUCell\n"),
        (
            "from tensorflow.nn import rnn_cell, relu\n",
            "from tensorflow.compat.v1.nn import relu\nfrom contrib import rnn as rnn_cell\n"
            + DISABLE,
        ),
        ("from tensorflow.layers import dense as d\n", "from contrib.layers import dense as d\n"),
        (
            "import tensorflow.nn as nn\nnn.rnn_cell.GRUCell(4), nn.relu\n",
            "import tensorflow.compat.v1.nn as nn\nimport contrib\n"
            + DISABLE
            + "contrib.rnn.GRUCell(4), nn.relu\n",
        ),
        (
            "from tensorflow import nn; nn.rnn_cell.GRUCell(4)\n",
            "from tensorflow.compat.v1 import nn; import contrib; "
            + DISABLE[:-1].replace("\n", "; ")
            + "; contrib.rnn.GRUCell(4)\n",
        ),
        (
            "from tensorflow.contrib.framework import nest\nnest.is_sequence(x)\n",
            "from contrib.framework import nest\nnest.is_nested(x)\n",
        ),
        (
            "from . import tf\nfrom .contrib import x\n",
            "from . import tf\nfrom .contrib import x\n",
        ),
        (
            "import tensorflow as tf\r\nx = 'a\\\r\ntf.contrib'\r\n",
            "import tensorflow.compat.v1 as tf\r\ntf.disable_v2_behavior()\r\n"
            "x = 'a\\\r\ntf.contrib'\r\n",
        ),
        ("import tensorflow_hub as hub\n", "import tensorflow_hub as hub\n"),
        ("import os\nprint(os.path)\n", "import os\nprint(os.path)\n"),
    ],
)
def test_imports(before, after):
    assert rename(before).text == after


@pytest.mark.parametrize(
    "old, new",
    [
        ("tf.contrib.rnn.BasicLSTMCell(4)", "contrib.rnn.BasicLSTMCell(4)"),
        ("tf.nn.rnn_cell.GRUCell(4)", "contrib.rnn.GRUCell(4)"),
        ("cells = tf.nn.rnn_cell", "cells = contrib.rnn"),
        ("c = tf.contrib", "c = contrib"),
        ("def f():\n    contrib = tf.contrib", "def f():\n    import contrib"),
        ("args.disable_dropout", "args.disable_dropout"),
        ("tf.contrib . \\\n    rnn.GRUCell(4)", "contrib.rnn.GRUCell(4)"),
        ("tf.layers.dense(x, 4, tf.nn.relu)", "contrib.layers.dense(x, 4, tf.nn.relu)"),
        ("tf.contrib.framework.nest.flatten(x)", "tf.nest.flatten(x)"),
        ("tf.contrib.framework.nest.is_sequence(x)", "tf.nest.is_nested(x)"),
        ("tf.contrib.layers.xavier_initializer()", "contrib.layers.xavier_initializer()"),
        ("tf.contrib.crf.crf_decode(x)", "contrib.crf.crf_decode(x)"),
        ("print 'x', tf.contrib.rnn.GRUCell", "print 'x', contrib.rnn.GRUCell"),
        ("tf.nn.dynamic_rnn(x)", "tf.nn.dynamic_rnn(x)"),
        ("self.tf.contrib.rnn, x().tf.contrib.rnn", "self.tf.contrib.rnn, x().tf.contrib.rnn"),
        ("'tf.contrib.rnn' # tf.contrib.rnn", "'tf.contrib.rnn' # tf.contrib.rnn"),
        ('r"""\ntf.contrib.rnn \\""" tf.contrib"""', 'r"""\ntf.contrib.rnn \\""" tf.contrib"""'),
    ],
)
def test_names(old, new):
    given = rename("import tensorflow as tf\n%s\n" % old).text
    header = "import contrib\n" if "contrib" in new and new != old and "import" not in new else ""
    header = "import tensorflow.compat.v1 as tf\n%stf.disable_v2_behavior()\n" % header
    assert given == "%s%s\n" % (header, new)


def test_nest_of_an_imported_framework_is_tensorflows():
    given = renamed("""
        from tensorflow.contrib import framework
        import tensorflow as T
        framework.nest.is_sequence(framework.get_or_create_global_step())
        """)
    assert given.splitlines()[4] == "T.nest.is_nested(framework.get_or_create_global_step())"


FUNCTIONS = """
def f():
    import tensorflow as tf
    return tf.contrib.rnn
%s
def g():
    import tensorflow as tf
    return tf.zeros([])
"""


def test_each_function_imports_what_the_module_does_not():
    """Any of them may be called first."""
    header = "    import contrib\n    tf.disable_v2_behavior()\n    return"
    wanted = FUNCTIONS.replace("    return", header).replace("tf.contrib", "contrib")
    wanted = wanted.replace("import tensorflow", "import tensorflow.compat.v1")
    assert rename(FUNCTIONS % "").text == wanted % ""

    lines = rename(FUNCTIONS % "import tensorflow as tf").text.splitlines()
    place = lines.index("import tensorflow.compat.v1 as tf")
    assert lines[place + 1 : place + 3] == ["import contrib", "tf.disable_v2_behavior()"]
    assert sum("disable" in line for line in lines) == 1


PROGRAM = '''
"""tf.contrib.rnn"""
import cPickle, numpy as np
from distutils.version import LooseVersion
from six.moves import xrange
import tensorflow as tf
from tensorflow.contrib import slim, rnn as r
from tensorflow.contrib.rnn import UGRNNCell
from tensorflow.examples.tutorials.mnist import input_data
from tensorflow.python.ops import rnn_cell

try:
    print "tf.estimator", `3`
except ValueError, error:
    raise ValueError, "no"
for key, value in table.iteritems(): print key; print(value)
for i in xrange(3): print("xrange")
i = int(np.searchsorted(t, 1)); j = np.int(3); k = np.int32(3)
tf.layers.conv2d(r.UGRNNCell(3))
tf.contrib.seq2seq.BasicDecoder; tf.contrib.seq2seq.sequence_loss
tf.contrib.training.HParams(a=tf.estimator.ModeKeys.TRAIN)
tf.flags.FLAGS._parse_flags()
tf.nn.rnn(x), tf.nn.rnn_cell.GRUCell
tf.contrib.rnn.MultiRNNCell([cell] * 3); tf.contrib.rnn.MultiRNNCell([cell, cell])
r.MultiRNNCell([cell] * n, state_is_tuple=True)
(tf.  # a comment
 contrib.rnn); f"{tf.contrib.rnn.GRUCell}"; f"{tf.zeros}"
from tensorflow.train import AdamOptimizer; from tensorflow.layers import conv2d
import tensorflow.keras as keras
'''


def test_what_is_left_is_listed_with_its_lines():
    assert remarks(PROGRAM) == {
        "cPickle": [3],
        "distutils": [4],
        "contrib.slim is not there": [7],
        "contrib.rnn.UGRNNCell is not there": [8, 19],
        "tensorflow.examples": [9],
        "tensorflow.python.ops.rnn_cell": [10],
        "print statement": [13, 16],
        "`...`": [13],
        "except with a comma": [14],
        "raise with a comma": [15],
        "iteritems": [16],
        "int(np.searchsorted(..))": [18],
        "np.int": [18],
        "tf.layers": [19, 28],
        "contrib.seq2seq.BasicDecoder is not there": [20],
        "contrib.training.HParams is not there": [21],
        "tf.estimator": [21],
        "_parse_flags": [22],
        "tf.nn.rnn": [23],
        "MultiRNNCell([cell] * n)": [24, 25],
        "a comment in a dotted name": [26],
        "an f-string with contrib or rnn_cell": [27],
        "tensorflow.train": [28],
        "tf.keras": [29],
    }


def test_a_remark_says_what_to_use():
    found = rename("import tensorflow as tf\ntf.contrib.training.HParams()\n").remarks
    assert list(found) == [
        "contrib.training.HParams is not there: use argparse.Namespace(**values)"
    ]


@pytest.mark.parametrize(
    "line, wanted",
    [
        ("tf.contrib.learn.preprocessing.VocabularyProcessor(5)", "copy text.py and categorical_"),
        ("tf.contrib.layers.safe_embedding_lookup_sparse(w, i)", "tf.nn.safe_embedding_lookup_"),
        ("tf.contrib.framework.get_variables('Model')", "tf.global_variables(scope)"),
        ("tf.contrib.seq2seq.prepare_attention(x)", "older than TensorFlow 1.2"),
        ("from tensorflow.contrib.seq2seq.python.ops import attention_decoder_fn", "than TensorF"),
        ("from tensorflow.contrib.seq2seq.python.ops import decoder", "copy it from tensorflow/"),
        ("from tensorflow.contrib.rnn.python.ops.core_rnn_cell import _linear", "Linear of docs"),
        ("FLAGS.__flags.items()", "FLAGS.flag_values_dict()"),
        ("L = tf.layers", "tensorflow.python.layers.layers has the same functions"),
        ("tf.layers.batch_normalization(x)", "use tf.nn.batch_normalization"),
        ("from tensorflow import *", "by name"),
        ("from tensorflow.contrib.rnn import *", "by name"),
    ],
)
def test_the_advice(line, wanted):
    (found,) = rename("import tensorflow as tf\n%s\n" % line).remarks.items()
    assert wanted in found[0] and found[1] == [2]


def test_of_the_private_loops_only_those_of_tensorflow_0_are_remarks():
    program = """
        from tensorflow.python.ops import rnn
        import tensorflow.python.ops.rnn as r
        from tensorflow.python.ops.rnn import dynamic_rnn
        rnn.dynamic_rnn(x), rnn.static_rnn(x), r.raw_rnn(x), dynamic_rnn(x)
        rnn.rnn(x), r.bidirectional_rnn(x)
        """
    assert remarks(program) == {
        "tensorflow.python.ops.rnn.rnn": [6],
        "tensorflow.python.ops.rnn.bidirectional_rnn": [6],
    }


def test_functions_of_six_are_no_remarks():
    program = "from six import iteritems\nfor k, v in iteritems(d): pass\nd.iteritems()\n"
    assert remarks(program) == {"iteritems": [3]}


SHADOWS = """
from tensorflow import nn
from tensorflow.contrib import layers, slim

def f(nn, slim=None, *layers):
    nn.rnn_cell, layers.l2_loss, slim.x
@decorated
def g(x):
    for i, (layers, _) in x: layers.append(nn.rnn_cell)
    with x as slim, y: slim.z
    (a, nn) = b = x
class C(slim.A):
    def h(self, n: int = 3, *, layers: List[int]=[]) -> int:
        return layers.x, (lambda nn, b=2: nn.rnn_cell), [slim.x for slim in y]
layers = [3]
layers.append(3)
"""


def test_variables_of_a_function_are_no_modules():
    """Nor is a name that the module gives to something else."""
    lines = rename(SHADOWS).text.splitlines()
    given = [line for line in lines if "import" not in line and line != DISABLE.splitlines()[1]]
    assert given == [line for line in SHADOWS.splitlines() if "import" not in line]
    assert remarks(SHADOWS) == {
        "contrib.slim is not there": [3],
        "contrib.slim.A is not there": [12],
    }


def test_an_alias_of_contrib_is_no_variable():
    program = "import tensorflow as tf\ndef f():\n    contrib = tf.contrib\n    contrib.slim\n"
    assert remarks(program) == {"contrib.slim is not there": [4]}


@pytest.mark.parametrize(
    "function",
    [
        "def f(x):\n    global nn\n    nn = nn.%s.X\n",
        "def f(x):\n    x.nn, x[nn] = 3, 4\n    g(nn=3)\n    x = nn == 3\n    nn.%s.X\n",
        "def f(x):\n    from tensorflow import nn\n    nn.%s.X\n    nn = None\n",
        "def f(nn):\n    pass\nnn.%s.X\n",
        "def f(): nn = 3\nnn.%s.X\n",
        "class A:\n    nn = 3\n    def f(self):\n        nn.%s.X\n",
        "def f(x):\n    class A:\n        nn = 3\n    nn.%s.X\n",
        "def f(x=nn.%s.X):\n    nn = 3\n",
        "x = [nn for nn in y]\nnn.%s.X\n",
        "if x:\n    nn = None\nnn.%s.X\n",
        "tf = tf.compat.v1\ntf.nn.%s.X\n",
    ],
)
def test_names_that_are_not_shadowed_are_renamed(function):
    given = rename("import tensorflow as tf\nfrom tensorflow import nn\n" + function % "rnn_cell")
    assert "contrib.rnn.X" in given.text and "rnn_cell" not in given.text


@pytest.mark.parametrize(
    "line",
    [
        "def f(contrib): return contrib",
        "def f(x, *, contrib: int = 3): return contrib",
        "g = lambda contrib: 3",
        "g = [3 for contrib in x]",
        "contrib = 3",
        "class A:\n    contrib = 3",
        "for contrib in x: pass",
        "with x as contrib: pass",
        "def contrib(x): pass",
        "contrib = mylib.contrib",
        "def f(tf):\n    contrib = tf.contrib",
        "from mylib import contrib",
        "from . import contrib",
        "import mylib as contrib",
        "import tensorflow as contrib",
        "import contrib.rnn as contrib",
        "from tensorflow.nn import relu as contrib",
    ],
)
def test_a_program_with_its_own_contrib_gets_no_other(line):
    """Neither before the line that binds the name nor after it."""
    program = "import tensorflow as tf\ntf.layers.dense(3)\n%s\ntf.contrib.rnn.GRUCell(3)\n"
    given = rename(program % line)
    kept = [text for text in given.text.splitlines() if text[:3] == "tf."]
    assert kept == ["tf.disable_v2_behavior()", "tf.layers.dense(3)", "tf.contrib.rnn.GRUCell(3)"]
    assert "import contrib" not in given.text.splitlines()
    number = 4 if "\n" in line else 3
    assert given.remarks["contrib: the program's own name; rename it first"] == [number]


def test_an_own_contrib_is_no_remark_where_nothing_needs_the_name():
    program = "import tensorflow as tf\nfrom tensorflow.contrib import rnn\n%s\nrnn.GRUCell(3)\n"
    for line in ("contrib = 3", "f(contrib=3)", "a.contrib = 3"):
        assert not remarks(program % line)
    given = rename("import tensorflow as tf\nf(contrib=3)\na.contrib = 3\ntf.contrib.rnn.X\n")
    assert "\ncontrib.rnn.X\n" in given.text


def test_an_import_of_contrib_as_something_else_keeps_its_meaning():
    given = renamed("""
        import tensorflow as tf
        import tensorflow.contrib.rnn as contrib
        tf.contrib.layers.l2_regularizer(3), contrib.GRUCell(3)
        """)
    assert given.splitlines()[3:] == [
        "import contrib.rnn as contrib",
        "tf.contrib.layers.l2_regularizer(3), contrib.GRUCell(3)",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "from mylib import layers",
        "from importlib import reload as layers",
        "from tensorflow.python.layers import layers",
        "from layers.core import layers",
        "from . import (a,\n    layers)",
        "import mylib.layers as layers",
        "import layers.core",
        "import os; from mylib import layers",
    ],
)
def test_an_import_of_another_package_ends_the_link(line):
    program = "from tensorflow import layers\nlayers.dense(3)\n%s\nlayers.dense(3)\n"
    lines = renamed(program % line).splitlines()
    assert lines[-1] == "layers.dense(3)"
    assert "contrib.layers.dense(3)" in lines


FALLBACK = "try:\n    from %s import layers\nexcept ImportError:\n    from %s import layers\n"


@pytest.mark.parametrize("order", [("tensorflow", "mylib"), ("mylib", "tensorflow")])
def test_an_import_that_stands_in_for_another_does_not_end_the_link(order):
    fallback = FALLBACK % order
    assert renamed(fallback + "layers.dense(3)\n").endswith("\ncontrib.layers.dense(3)\n")
    function = "def f():\n" + textwrap.indent(fallback + "layers.dense(3)\n", "    ")
    assert renamed(function).endswith("\n    contrib.layers.dense(3)\n")


def test_an_import_of_another_package_in_a_function_is_its_variable():
    given = renamed("""
        from tensorflow import layers
        def f():
            layers.dense(3)
            import mylib.layers as layers
        layers.dense(3)
        """)
    assert given.splitlines()[-4:] == [
        "def f():",
        "    layers.dense(3)",
        "    import mylib.layers as layers",
        "contrib.layers.dense(3)",
    ]


BRANCHES = """
if a:
    import tensorflow as tf
else:
    import tensorflow as tf
%stf.contrib.rnn.GRUCell(3)
"""


@pytest.mark.parametrize("rest, count", [("", 2), ("import tensorflow as tf\n" * 2, 3)])
def test_each_branch_gets_the_lines_that_follow_an_import(rest, count):
    """An import that always runs is the last one that gets them."""
    once = rename(BRANCHES % rest).text
    after = "\n%simport contrib\n%stf.disable_v2_behavior()\n"
    assert once.count(after % ("    ", "    ")) == 2
    assert once.count(after % ("", "")) == count - 2
    assert once.count("disable") == once.count("import contrib\n") == count
    assert rename(once).text == once


def test_one_line_of_a_branch_is_a_block_too():
    program = "try: import tensorflow as tf\nexcept ImportError: import tensorflow as tf\n"
    assert renamed(program).count("as tf; tf.disable_v2_behavior()\n") == 2


def test_what_a_function_turns_off_is_not_off_for_the_module():
    program = "import tensorflow as tf\ndef main():\n    tf.disable_eager_execution()\n"
    assert renamed(program).splitlines()[1] == "tf.disable_v2_behavior()"
    once = rename(FUNCTIONS % "").text
    assert rename(once).text == once


def test_an_import_that_gives_tensorflow_back_to_version_2_is_a_remark():
    first, second = "import tensorflow\n", "import tensorflow.python.framework.ops"
    program = first + second + "\ntensorflow.contrib.rnn.GRUCell(3)\n"
    wanted = "rebinds tensorflow; give it an `as` name"
    assert rename(program).remarks[wanted] == [2]
    once = rename(program)
    assert once.text.endswith("\ncontrib.rnn.GRUCell(3)\n")
    assert rename(once.text).remarks[wanted] == [4]
    for harmless in (first + second + " as ops\n", "import tensorflow as tf\n" + second):
        assert wanted not in rename(harmless).remarks


@pytest.mark.parametrize(
    "string, wanted",
    [
        ('f"""\n{tf.contrib.rnn}"""', True),
        ("F'{tf.contrib.rnn}'", True),
        ("Rf'{tf.contrib.rnn}'", True),
        ("f'{tf.contrib}'", True),
        ("f'{x} {tf.nn.rnn_cell.GRUCell}'", True),
        ("f'{x}: see contrib'", False),
        ("f'{contribution}'", False),
        ("'{tf.contrib.rnn}'", False),
    ],
)
def test_f_strings_with_names_that_change(string, wanted):
    found = remarks("x = %s\n" % string)
    assert found == ({"an f-string with contrib or rnn_cell": [1]} if wanted else {})


@pytest.mark.parametrize("header", ["", "import tensorflow as tf\n"])
def test_a_variable_that_may_be_tensorflow_is_a_remark(header):
    program = header + "def f(tf):\n    return tf.%s\n"
    line = program.count("\n")
    for use in ("contrib.rnn", "nn.rnn_cell.GRUCell", "layers.dense"):
        assert remarks(program % use) == {"tf": [line]}
        assert rename(program % use).text.endswith("    return tf.%s\n" % use)
    assert not remarks(program % "zeros")
    named = "import tensorflow as T\ndef f(T): T.contrib.rnn\n"
    assert remarks(named) == {"T": [2]}


@pytest.mark.parametrize(
    "program",
    [
        PROGRAM,
        "from tensorflow import *\nfrom tensorflow import nn\n",
        "import tensorflow as tf\ndef f(contrib): return tf.contrib.rnn.GRUCell(contrib)\n",
    ],
)
def test_a_second_run_changes_nothing(program):
    once = rename(program).text
    assert once != program
    twice = rename(once)
    assert twice.text == once
    assert len(twice.remarks) == len(rename(program).remarks)


def test_a_program_of_compat_v1_gets_what_it_lacks_only():
    program = "import tensorflow.compat.v1 as tf\ntf.disable_eager_execution()\nx = tf.%s\n"
    assert renamed(program % "zeros([])") == program % "zeros([])"
    assert renamed(program % "layers.dense(y, 3)") == (program % "layers.dense(y, 3)").replace(
        "tf\n", "tf\nimport contrib\n", 1
    ).replace("tf.layers", "contrib.layers")


def test_a_cell_of_the_folder_is_no_remark():
    names = public_names("rnn") & {"BasicLSTMCell", "LSTMStateTuple", "MultiRNNCell"}
    assert len(names) == 3
    for name in sorted(public_names("rnn")):
        assert not remarks("import tensorflow as tf\ntf.contrib.rnn.%s\n" % name)


# --------------------------------------------------------------------------------------------------
# The command
# --------------------------------------------------------------------------------------------------
# Runs the command after a statement.
RUN = """
import runpy
%s
runpy.run_module("contrib.rename", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def run(tmp_path):
    """Runs the command in a folder with the copied folder and a TensorFlow that cannot be had."""
    shutil.copytree(os.path.join(ROOT, "contrib"), str(tmp_path / "contrib"))
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no TensorFlow here')\n")

    def call(*words, **options):
        before = options.pop("before", "")
        process = subprocess.run(
            [sys.executable, "-c", RUN % before] + list(words),
            cwd=str(tmp_path),
            env=dict(
                {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}, **options
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        return process.returncode, process.stdout, process.stderr

    return call


DIFFERENCE = """\
--- train.py
+++ train.py (renamed)
@@ -1,3 +1,5 @@
-import tensorflow as tf
-cell = tf.contrib.rnn.GRUCell(4)
+import tensorflow.compat.v1 as tf
+import contrib
+tf.disable_v2_behavior()
+cell = contrib.rnn.GRUCell(4)
 tf.estimator
"""
TRAIN = "import tensorflow as tf\ncell = tf.contrib.rnn.GRUCell(4)\ntf.estimator\n"


def test_it_shows_a_diff_and_writes_when_told_to(run, tmp_path):
    """The lines of what is left are those of the file on the disk."""
    path = tmp_path / "train.py"
    path.write_text(TRAIN)
    status, out, err = run("train.py")
    assert (status, err) == (0, "")
    assert out.startswith(DIFFERENCE + "train.py:3: tf.estimator: gone")
    assert path.read_text() == TRAIN

    status, out, err = run("--write", "train.py")
    assert (status, err) == (0, "")
    assert out.startswith(DIFFERENCE + "train.py:5: tf.estimator: gone")
    assert path.read_text().splitlines()[3] == "cell = contrib.rnn.GRUCell(4)"
    status, out, err = run("--write", "train.py")
    assert out.startswith("train.py:5: tf.estimator: gone")


def test_the_encoding_and_the_line_ends_of_a_file_stay(run, tmp_path):
    path = tmp_path / "train.py"
    path.write_bytes(
        "# coding: latin-1\r\nimport tensorflow as tf\r\nx = 'ü'\r\n".encode("latin-1")
    )
    assert run("--write", "train.py")[0] == 0
    lines = path.read_bytes().decode("latin-1").split("\r\n")
    assert lines[1:] == [
        "import tensorflow.compat.v1 as tf",
        "tf.disable_v2_behavior()",
        "x = 'ü'",
        "",
    ]


@pytest.mark.parametrize(
    "name, content, wanted",
    [
        ("train.py", None, "No such file or directory"),
        ("models", "folder", "a folder; name its files, such as models.[*][.]py$"),
        ("x.ipynb", b"{}", 'a notebook; turn it .* jupyter nbconvert --to script "x.ipynb"$'),
        ("train.py", b"x = '\xfc'\n", "not a text in UTF-8, .* first line, such as # coding: lat"),
        ("train.py", b"\n\nx = '\xfc'\n", "not a text in UTF-8, .* save it as UTF-8"),
        ("train.py", b"# coding: klingon\n", "not a text in klingon, the encoding that its first"),
        ("train.py", b"# coding: ascii\n\nx = '\xfc'\n", "not a text in ascii, the enc"),
        ("train.py", "x = 3\n".encode("utf-16"), "a text in UTF-16, .* save it as UTF-8"),
        ("train.py", b"import os\rx = 3\r", "a text with line ends of a lone carriage return; sav"),
        ("train.py", b"x = 3\ry = 4\r\nz = 5\n", "a text with line ends of a lone carriage"),
        ("train.py", b"\x80\x00\x01", "not a text; only Python files"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(run, tmp_path, name, content, wanted):
    if content == "folder":
        (tmp_path / name).mkdir()
    elif content:
        (tmp_path / name).write_bytes(content)
    (tmp_path / "model.py").write_text("import tensorflow\n")
    status, out, err = run(name, "model.py")
    assert (status, out.partition("\n")[0]) == (2, "--- model.py")
    start = "python -m contrib.rename: error: %s: " % name
    assert err.startswith(start)
    assert len(err.splitlines()) == 1
    assert re.match("(this is )?" + wanted, err[len(start) : -1])


def test_remarks_of_all_files_stand_after_the_differences(run, tmp_path):
    """A file that is named twice is done once."""
    for name in ("train.py", "model.py"):
        (tmp_path / name).write_text(TRAIN)
    (tmp_path / "empty.py").write_text("")
    names = ["train.py", "./train.py", "empty.py", "model.py"]
    for option, line, count in [
        ([], 3, "2 files would change with --write"),
        (["--write"], 5, "2 files changed"),
        (["--write"], 5, "0 files changed"),
    ]:
        status, out, err = run(*(option + names))
        assert (status, err) == (0, "")
        kinds = [text.partition(" ")[0] for text in out.splitlines()]
        remarked = ["%s:%d:" % (name, line) for name in ("train.py", "model.py")]
        assert kinds[-3:-1] == remarked and out.splitlines()[-1] == count
        assert kinds.count("---") == int(count[0]) and kinds.count(remarked[0]) == 1
    (tmp_path / "train.py").write_text(TRAIN)
    assert run("--write", "train.py")[1].endswith("\n1 file changed\n")


def test_a_file_with_other_hard_links_is_not_written(run, tmp_path):
    """Writing would leave the old text under the other names."""
    path, other = tmp_path / "train.py", tmp_path / "other.py"
    path.write_text(TRAIN)
    os.link(str(path), str(other))
    assert run("train.py")[0] == 0
    status, out, err = run("--write", "train.py")
    assert (status, out) == (2, "0 files changed\n")
    assert "train.py: not written: the file has 2 hard links" in err and err.count("\n") == 1
    assert path.read_text() == TRAIN and path.samefile(str(other))
    other.unlink()
    assert run("--write", "train.py")[0] == 0


def test_a_file_that_cannot_be_written_stays_as_it_is(run, tmp_path):
    (tmp_path / "train.py").write_text(TRAIN)
    before = set(os.listdir(str(tmp_path)))
    no_space = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    status, _, err = run("--write", "train.py", before=no_space)
    assert (status, len(err.splitlines())) == (2, 1)
    assert (tmp_path / "train.py").read_text() == TRAIN
    assert set(os.listdir(str(tmp_path))) == before


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(run, tmp_path):
    path = tmp_path / "train.py"
    path.write_text(TRAIN)
    path.chmod(0o750)
    (tmp_path / "link.py").symlink_to("train.py")
    assert run("--write", "link.py")[0] == 0
    assert (tmp_path / "link.py").is_symlink()
    assert path.read_text() != TRAIN
    assert stat.S_IMODE(path.stat().st_mode) == 0o750


def test_letters_that_the_output_does_not_know_are_escaped(run, tmp_path):
    path = tmp_path / "train.py"
    path.write_text(TRAIN.replace("\n", "  # \u8bcd\n", 1), encoding="utf-8")
    status, out, err = run("--write", "train.py", PYTHONIOENCODING="cp1252")
    assert (status, err) == (0, "")
    assert "-import tensorflow as tf  # \\u8bcd\n" in out
    assert "contrib" in path.read_text(encoding="utf-8")


def test_all_files_are_written_though_nobody_reads_the_output(run, tmp_path):
    for name in ("train.py", "model.py"):
        (tmp_path / name).write_text(TRAIN)
    closed = "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1)"
    _, _, err = run("--write", "train.py", "model.py", before=closed)
    assert err == ""
    assert "contrib.rnn" in (tmp_path / "model.py").read_text().replace("tf.contrib", "")
