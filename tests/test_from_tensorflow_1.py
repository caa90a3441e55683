"""docs/from-tensorflow-1.md: its example runs, its names exist, and its messages are what is said.

On TensorFlow 1.15 the example's first half runs as well, and the names of 1.x are looked up. The
Chinese page has the same code, names and figures.
"""

import importlib
import os
import re
import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as plain_tf
import tensorflow.compat.v1 as tf
from commands import ROOT
from documents import read, rows, sections

import contrib
from contrib import rename, rnn

TEXT = read("docs", "from-tensorflow-1.md")
CHINESE = read("docs", "from-tensorflow-1.zh-CN.md")
PARTS = sections(TEXT)
VERSION = tuple(int(n) for n in tf.__version__.split(".")[:2])
NUMPY = tuple(int(n) for n in np.__version__.split(".")[:2])
TENSORFLOW_1 = VERSION < (2, 0)
KERAS_3 = VERSION >= (2, 16)

# Runs a program after the statements that must fail, each in a Python without version 1 behaviour.
OUTSIDE = """
import runpy, sys
import tensorflow.compat.v1 as tf
for statement in sys.argv[2:]:
    try:
        exec(statement)
    except RuntimeError as error:
        print(error)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def blocks(text, language):
    """The code blocks of a language, the indented ones too."""
    found = re.findall(r"^( *)```%s\n(.*?)^ *```$" % language, text, flags=re.M | re.S)
    return [textwrap.dedent(code) for _, code in found]


def code_spans(text):
    """What stands in backticks, double ones too."""
    return [a or b for a, b in re.findall(r"`` (.+?) ``|`([^`]+)`", text)]


def names(text):
    """The dotted names under tf and contrib in the code of a text."""
    return re.findall(r"(?<![\w.])(?:tf|contrib)(?:\.\w+)+", " ".join(code_spans(text)))


def look_up(name, **roots):
    first, *rest = name.split(".")
    found = roots[first]
    for part in rest:
        found = getattr(found, part)
    return found


RENAMES = [row for row in rows(PARTS["Rename"]) if len(row) == 2]
CELLS = re.findall(r"`(\w+)`", re.search(r"^X is (.*?)\.", PARTS["Rename"], re.M | re.S).group(1))
KEPT = names(re.search(r"^These stay as they are.*?\n\n", PARTS["Rename"], re.M | re.S).group())
BEFORE, AFTER = blocks(PARTS["An example"], "python")
LOOP, OLD_NAMES = blocks(PARTS["Check"], "python")
MESSAGES = [(code_spans(row[0])[0], code_spans(row[1])[0]) for row in rows(PARTS["Messages"])]
# Without disable_v2_behavior, which the tests have called.
EAGER = [row for row in MESSAGES if "eager" in row[0] or "Session graph" in row[0]]
# Of TensorFlow 2.16 and later.
WITH_KERAS_3 = [row[0] for row in MESSAGES if "Keras 3" in row[0] or "estimator" in row[0]]
PORT, GATHER_TREE, LINEAR = blocks(PARTS["What is not there"], "python")


def run_outside(folder, program, *statements):
    """The lines that a program prints in a folder that has contrib/ and nothing else of ours."""
    shutil.copytree(os.path.join(ROOT, "contrib"), str(folder / "contrib"))
    (folder / "program.py").write_text(program, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    output = subprocess.check_output(
        [sys.executable, "-c", OUTSIDE, "program.py"] + list(statements),
        cwd=str(folder),
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    return output.decode("utf-8").splitlines()


@pytest.mark.docs
@pytest.mark.slow
def test_the_example_runs_beside_the_copied_folder_and_prints_what_it_should(tmp_path):
    """In the same process before it, what is said where version 2 behaviour was left on."""
    messages = [] if TENSORFLOW_1 else EAGER
    assert len(EAGER) == 2
    lines = run_outside(tmp_path, AFTER, *[code for _, code in messages])
    promised = blocks(PARTS["An example"], "text")[0].splitlines()
    assert lines == [message for message, _ in messages] + promised


@pytest.mark.docs
@pytest.mark.slow
@pytest.mark.skipif(not TENSORFLOW_1, reason="needs TensorFlow 1.15")
def test_the_example_for_tensorflow_1_prints_the_same_there(tmp_path):
    lines = run_outside(tmp_path, BEFORE + AFTER[AFTER.index("random = ") :])
    assert lines == blocks(PARTS["An example"], "text")[0].splitlines()


@pytest.mark.docs
def test_the_example_is_what_the_command_makes_of_it():
    """But for the order of the header, which is PEP 8's there."""
    header, model = rename.rename(BEFORE).text.split("\n\n", 1)
    assert AFTER[AFTER.index("x = ") : AFTER.index("\nrandom = ")] == model
    assert sorted(header.splitlines()) == sorted(filter(None, AFTER.split("x = ")[0].splitlines()))
    assert not rename.rename(AFTER).remarks


@pytest.mark.docs
def test_the_command_makes_the_renames_of_the_table():
    for old, new in [row[:2] for row in RENAMES if "import" not in row[0]]:
        pairs = list(zip(code_spans(old), code_spans(new) * 2))
        assert pairs
        for before, after in pairs:
            given = rename.rename(
                "import tensorflow as tf\n%s\n" % before.replace(".X", ".GRUCell")
            )
            assert given.text.splitlines()[-1] == after.replace(".X", ".GRUCell")
            assert not given.remarks


@pytest.mark.docs
def test_the_command_lists_what_the_table_says_is_left_by_hand():
    table = [row for row in rows(PARTS["Rename"]) if len(row) == 3]
    assert len(table) > 5
    header = (
        "import numpy as np\nimport tensorflow as tf\nfrom tensorflow.python.util import nest\n"
    )
    for program in [code_spans(row[0])[0] for row in table]:
        lines = [
            line for lines in rename.rename(header + program).remarks.values() for line in lines
        ]
        assert 4 in lines, program


@pytest.mark.docs
def test_every_name_of_today_exists():
    today = " ".join(row[1] for row in RENAMES)
    found = [name for name in names(today) if name != "contrib.rnn.X"]
    found += ["contrib.rnn." + cell for cell in CELLS] + KEPT
    assert len(found) > 30
    for name in found:
        look_up(name, tf=tf, contrib=contrib)


@pytest.mark.docs
def test_the_list_of_cells_is_complete():
    assert sorted(CELLS) == sorted(
        name for name in rnn.__all__ if not re.search("_(step|layer)$", name)
    )


@pytest.mark.docs
def test_the_names_of_tensorflow_1_existed_and_are_gone():
    old = [name for row in RENAMES for name in names(row[0]) if not name.endswith(".X")]
    old += ["tf.contrib.rnn." + cell for cell in CELLS]
    assert len(old) > 15
    for name in old:
        if TENSORFLOW_1:
            look_up(name, tf=plain_tf)
        elif KERAS_3:
            with pytest.raises(AttributeError):
                look_up(name, tf=tf)


@pytest.mark.docs
@pytest.mark.parametrize("message, code", [row for row in MESSAGES if row not in EAGER])
def test_messages(message, code, tmp_path):
    if TENSORFLOW_1 and "tensorflow" in message or not KERAS_3 and message in WITH_KERAS_3:
        pytest.skip("TensorFlow %s has it" % tf.__version__)
    if NUMPY < (2, 4) and "0-dimensional" in message or NUMPY < (1, 24) and "inhomog" in message:
        pytest.skip("NumPy %s allows it" % np.__version__)
    cell = rnn.BasicLSTMCell(4)
    x = tf.zeros([1, 3])
    state = cell.zero_state(1, tf.float32)
    with tf.Session() as session:
        scope = dict(tf=tf, contrib=contrib, np=np, cell=cell, x=x, state=state, session=session)
        if "checkpoint" in message:
            scope["old"] = save_old_checkpoint(str(tmp_path / "old"))
            cell(x, state)
        with pytest.raises(Exception) as caught:
            exec(code, scope)
    assert message in str(caught.value)


def save_old_checkpoint(path):
    """A checkpoint with the names of TensorFlow 1.0: an LSTM, a GRU and a dense layer."""
    with tf.Graph().as_default(), tf.Session() as session:
        for number, (name, shape) in enumerate(
            [
                ("basic_lstm_cell/weights", [7, 16]),
                ("basic_lstm_cell/biases", [16]),
                ("gru_cell/gates/weights", [7, 8]),
                ("gru_cell/gates/biases", [8]),
                ("gru_cell/candidate/weights", [7, 4]),
                ("gru_cell/candidate/biases", [4]),
                ("dense/kernel", [4, 2]),
                ("dense/bias", [2]),
            ]
        ):
            tf.get_variable(name, shape, initializer=tf.constant_initializer(number))
        session.run(tf.global_variables_initializer())
        return tf.train.Saver().save(session, path)


def test_names_before_tensorflow_1_2_restore_through_the_map(tmp_path):
    x = tf.zeros([1, 3])
    for cell in (rnn.BasicLSTMCell(4), rnn.GRUCell(4)):
        output, _ = cell(x, cell.zero_state(1, tf.float32))
    contrib.layers.dense(output, 2)
    scope = {"tf": tf}
    exec(OLD_NAMES, scope)
    with tf.Session() as session:
        scope["saver"].restore(session, save_old_checkpoint(str(tmp_path / "old")))
        for number, value in enumerate(session.run(tf.global_variables())):
            assert (value == number).all()


@pytest.mark.skipif(not TENSORFLOW_1, reason="compares with TensorFlow 1.x")
def test_dense_and_the_cells_restore_what_tensorflow_1_saved(tmp_path):
    def model(library, dense):
        with tf.variable_scope("Model", initializer=tf.random_normal_initializer()):
            cell = library.MultiRNNCell([library.LSTMCell(4, use_peepholes=True)])
            outputs = tf.nn.bidirectional_dynamic_rnn(
                cell, library.GRUCell(4), tf.ones([2, 5, 3]), [5, 3], dtype=tf.float32
            )[0]
            return dense(tf.concat(outputs, 2), 6, activation=tf.nn.relu)

    with tf.Graph().as_default(), tf.Session() as session:
        wanted = model(plain_tf.contrib.rnn, tf.layers.dense)
        session.run(tf.global_variables_initializer())
        wanted = session.run(wanted)
        path = tf.train.Saver().save(session, str(tmp_path / "model"))
    output = model(rnn, contrib.layers.dense)
    with tf.Session() as session:
        tf.train.Saver().restore(session, path)
        np.testing.assert_allclose(session.run(output), wanted, rtol=1e-5, atol=1e-6)


def own_loop(cell, inputs):
    """The outputs of the document's loop over inputs `[B, T, D]`, `[T, B, H]`."""
    outputs = []
    scope = dict(tf=tf, inputs=inputs, num_steps=inputs.shape.as_list()[1])
    scope.update(cell=lambda *args: outputs.append(cell(*args)) or outputs[-1])
    scope["state"] = cell.zero_state(tf.shape(inputs)[0], tf.float32)
    exec(LOOP, scope)
    return tf.stack([output for output, _ in outputs])


def test_the_written_loop_makes_one_set_of_weights():
    own_loop(rnn.BasicLSTMCell(4), tf.zeros([2, 5, 3]))
    found = [v.op.name for v in tf.trainable_variables()]
    assert found == ["basic_lstm_cell/kernel", "basic_lstm_cell/bias"]


@pytest.mark.parametrize("make_cell", [lambda: rnn.BasicLSTMCell(4), lambda: rnn.GRUCell(4)])
def test_the_loops_that_stay_give_what_a_written_loop_gives(make_cell):
    """A backward half is a loop over the reversed inputs. static_rnn, dynamic_rnn: test_rnn.py."""
    inputs = tf.constant(np.random.RandomState(3).randn(2, 5, 3), tf.float32)  # [B, T, D]
    tf.nn.bidirectional_dynamic_rnn(make_cell(), make_cell(), inputs, dtype=tf.float32)
    assert len({v.op.name.split("/")[1] for v in tf.trainable_variables()}) == 2
    with tf.variable_scope("", reuse=True):
        both, _ = tf.nn.bidirectional_dynamic_rnn(
            make_cell(), make_cell(), inputs, dtype=tf.float32
        )
        static, _, _ = tf.nn.static_bidirectional_rnn(
            make_cell(), make_cell(), tf.unstack(inputs, axis=1), dtype=tf.float32
        )
    with tf.variable_scope("bidirectional_rnn/fw", reuse=True):
        forward = own_loop(make_cell(), inputs)
        raw = raw_loop(make_cell(), inputs)
    with tf.variable_scope("bidirectional_rnn/bw", reuse=True):
        backward = own_loop(make_cell(), inputs[:, ::-1])[::-1]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        forward, backward, raw, both, static = session.run([forward, backward, raw, both, static])
    assert abs(forward - backward).max() > 0.01
    for given in (raw, both[0].transpose(1, 0, 2), np.array(static)[:, :, :4]):
        np.testing.assert_allclose(given, forward, atol=1e-6)
    for given in (both[1].transpose(1, 0, 2), np.array(static)[:, :, 4:]):
        np.testing.assert_allclose(given, backward, atol=1e-6)


def raw_loop(cell, inputs):
    """The outputs of tf.nn.raw_rnn over inputs `[B, T, D]`, `[T, B, H]`."""
    batch_size, num_steps, size = inputs.shape.as_list()
    steps = tf.transpose(inputs, [1, 0, 2])

    def step(time, output, state, loop_state):
        if output is None:
            state = cell.zero_state(batch_size, tf.float32)
        finished = tf.fill([batch_size], time >= num_steps)
        following = tf.reshape(steps[tf.minimum(time, num_steps - 1)], [batch_size, size])
        return finished, following, state, output, None

    return tf.nn.raw_rnn(cell, step, scope=tf.get_variable_scope())[0].stack()


def test_one_cell_object_in_two_scopes_has_two_sets_of_weights():
    """TensorFlow 1.15 makes one set, and one for all layers of MultiRNNCell too."""
    inputs = tf.zeros([2, 5, 3])
    for library, sets in [(rnn, 2)] + ([(plain_tf.contrib.rnn, 1)] if TENSORFLOW_1 else []):
        with tf.Graph().as_default():
            cell = library.BasicLSTMCell(4)
            tf.nn.bidirectional_dynamic_rnn(cell, cell, tf.zeros([2, 5, 3]), dtype=tf.float32)
            assert len(tf.trainable_variables()) == 2 * sets

    if TENSORFLOW_1:
        with tf.Graph().as_default():
            cells = [plain_tf.contrib.rnn.BasicLSTMCell(3)] * 2
            tf.nn.dynamic_rnn(
                plain_tf.contrib.rnn.MultiRNNCell(cells), tf.zeros([2, 5, 3]), dtype=tf.float32
            )
            assert len(tf.trainable_variables()) == 2

    cell = rnn.BasicLSTMCell(4)
    for reuse in (None, True):
        with tf.variable_scope("shared", reuse=reuse):
            tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float32)
    assert len(tf.trainable_variables()) == 2


def test_two_unnamed_cells_of_a_class_share_a_scope_and_a_name_parts_them():
    """TensorFlow 1.15 calls the second one gru_cell_1 by itself."""

    def variables(library, **second):
        with tf.Graph().as_default(), tf.variable_scope("", reuse=tf.AUTO_REUSE):
            for arguments in ({}, second):
                cell = library.GRUCell(4, **arguments)
                cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
            return [variable.op.name for variable in tf.trainable_variables()]

    assert len(variables(rnn)) == 4
    parted = variables(rnn, name="gru_cell_1")
    assert len(parted) == 8
    if TENSORFLOW_1:
        assert parted == variables(plain_tf.contrib.rnn)


def test_a_subclass_names_its_scope():
    class Encoder(rnn.BasicLSTMCell):
        scope_name = "enc"

    class MyOwnCell(rnn.RNNCell):
        state_size = output_size = 4

        def call(self, inputs, state):
            state += tf.get_variable("w", [4])
            return state, state

    for cell in (Encoder(4), MyOwnCell(), MyOwnCell(name="own")):
        tf.nn.dynamic_rnn(cell, tf.zeros([2, 5, 3]), dtype=tf.float32)
    found = [v.op.name for v in tf.trainable_variables()]
    assert found == ["rnn/enc/kernel", "rnn/enc/bias", "rnn/my_own_cell/w", "rnn/own/w"]


@pytest.mark.skipif(not KERAS_3, reason="is about Keras 3")
def test_keras_layers_pass_over_reuse():
    for reuse in (None, True):
        with tf.variable_scope("scope", reuse=reuse):
            tf.keras.layers.Dense(4)(tf.zeros([2, 3]))
    assert len(tf.global_variables()) == 4


@pytest.mark.skipif(np.__version__ < "2", reason="is about NumPy 2")
def test_a_sum_with_a_number_of_a_session_stays_in_32_bits():
    with tf.Session() as session:
        cost = session.run(tf.constant(1.0))
    assert isinstance(0.0 + cost, np.float32)
    assert isinstance(0.0 + float(cost), float)


# --------------------------------------------------------------------------------------------------
# What is not there
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "module",
    [contrib] + [getattr(contrib, part) for part in contrib.__all__],
    ids=lambda m: m.__name__,
)
def test_a_module_says_what_it_lacks_and_what_to_use(module):
    message = "module '%s' has no attribute 'Nothing'; .*(copy|see)" % module.__name__
    with pytest.raises(AttributeError, match=message):
        module.Nothing  # noqa: B018
    assert not hasattr(module, "Nothing")
    with pytest.raises(AttributeError, match="has no attribute '__nothing__'$"):
        module.__nothing__  # noqa: B018


@pytest.mark.parametrize("name", ["old_parts", "contrib_x", "mine.contrib"])
def test_a_folder_of_another_name_gives_the_same_advice(name, tmp_path, monkeypatch):
    folder = tmp_path.joinpath(*name.split("."))
    shutil.copytree(os.path.join(ROOT, "contrib"), str(folder))
    monkeypatch.syspath_prepend(str(tmp_path))
    layers = importlib.import_module(name + ".layers")
    with pytest.raises(AttributeError, match="'%s.layers' .* 'one_hot_encoding'; use tf" % name):
        layers.one_hot_encoding  # noqa: B018
    with pytest.raises(AttributeError, match="'%s' .* 'slim'; use the package tf_slim" % name):
        importlib.import_module(name).slim  # noqa: B018


def test_the_folder_and_its_parts_list_what_they_have():
    assert dir(contrib) == sorted(contrib.__all__ + ["rename"])
    for part in contrib.__all__:
        scope = {}
        exec("from contrib.%s import *" % part, scope)
        assert set(scope) - {"__builtins__"} == set(getattr(contrib, part).__all__)
        assert "tf" not in scope


def test_the_parts_are_imported_when_they_are_asked_for():
    assert contrib.rnn is rnn
    from contrib import legacy_seq2seq, seq2seq

    assert (contrib.legacy_seq2seq, contrib.seq2seq) == (legacy_seq2seq, seq2seq)
    assert contrib.framework.nest is tf.nest


@pytest.mark.skipif(TENSORFLOW_1, reason="is about TensorFlow 2")
def test_the_private_modules_of_tensorflow_have_what_is_said():
    from tensorflow.python.layers import layers
    from tensorflow.python.ops import rnn_cell

    assert all(hasattr(layers, name) for name in ("conv2d", "dropout", "flatten", "max_pooling2d"))
    assert all(hasattr(rnn_cell, name) for name in ("RNNCell", "LSTMCell", "GRUCell"))


# The imports of TensorFlow 1.6's decoders, and what else of them the document changes.
OLD_FILE = """
from tensorflow.contrib.framework.python.framework import tensor_util
from tensorflow.contrib.rnn.python.ops import core_rnn_cell
from tensorflow.contrib.seq2seq.python.ops import %s
from tensorflow.python.framework import dtypes
from tensorflow.python.framework import ops
from tensorflow.python.framework import tensor_shape
from tensorflow.python.layers import base as layers_base
from tensorflow.python.layers import core as layers_core
from tensorflow.python.layers import utils
from tensorflow.python.ops import array_ops
from tensorflow.python.ops import control_flow_ops
from tensorflow.python.ops import rnn
from tensorflow.python.ops import rnn_cell_impl
from tensorflow.python.ops import tensor_array_ops
from tensorflow.python.ops import variable_scope
from tensorflow.python.ops import variable_scope as vs
from tensorflow.python.util import nest
Linear = core_rnn_cell._Linear  # private
USED = [dtypes.int32, ops.name_scope, array_ops.concat, control_flow_ops.while_loop,
        vs.get_variable, rnn._transpose_batch_time, rnn_cell_impl._zero_state_tensors,
        layers_core.Dense, layers_base.Layer, tensor_array_ops.TensorArray,
        variable_scope.variable_scope]
cell = USED[1]
assert nest.is_sequence([1]) and rnn_cell_impl._like_rnncell(cell) and -np.Inf < 0
assert utils.smart_cond(True, fn1=lambda: True, fn2=lambda: False)
"""


@pytest.mark.docs
@pytest.mark.skipif(not KERAS_3, reason="is about TensorFlow 2.16 and later")
def test_the_ported_imports_are_those_of_tensorflow_today(tmp_path, monkeypatch):
    folder = tmp_path / "tf1"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "beam_search_ops.py").write_text(GATHER_TREE)
    (folder / "linear.py").write_text(LINEAR)
    (folder / "old.py").write_text("import numpy as np\n" + OLD_FILE % "beam_search_ops")
    monkeypatch.setattr(sys, "argv", ["port.py", str(folder / "old.py")])
    exec(PORT, {})
    monkeypatch.syspath_prepend(str(tmp_path))
    from tf1 import beam_search_ops, linear, old

    assert (old.beam_search_ops, old.Linear) == (beam_search_ops, linear.Linear)


@pytest.mark.skipif(VERSION < (2, 12), reason="is about TensorFlow 2")
def test_the_beams_of_the_document_are_those_of_a_loop():
    random = np.random.RandomState(2)
    words, parents = random.randint(0, 5, (6, 2, 3)), random.randint(0, 3, (6, 2, 3))
    lengths, end = [6, 4], 4
    wanted = np.full_like(words, end)
    for b, k in np.ndindex(2, 3):
        beam = k
        for t in reversed(range(lengths[b])):
            wanted[t, b, k], beam = words[t, b, beam], parents[t, b, beam]
        ends = np.flatnonzero(wanted[:, b, k] == end)
        if len(ends):
            wanted[ends[0] :, b, k] = end

    scope = {}
    exec(GATHER_TREE, scope)
    given = scope["gather_tree"](
        *[tf.constant(v, tf.int32) for v in (words, parents, lengths)], end
    )
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(given), wanted)


@pytest.mark.docs
def test_the_losses_of_the_programs_fell():
    ran = [row for row in rows(PARTS["Programs that ran"]) if len(row) == 4]
    assert len(ran) > 12
    for row in ran:
        first, last = map(float, row[3].split(", "))
        assert last < first and row[2] == "none"


# --------------------------------------------------------------------------------------------------
# The Chinese page
# --------------------------------------------------------------------------------------------------
@pytest.mark.docs
def test_both_pages_have_the_same_code_names_and_figures():
    chinese = list(sections(CHINESE).values())
    assert len(chinese) == len(PARTS)
    for one, two in zip(PARTS.values(), chinese):
        for language in ("python", "bash", "text"):
            assert blocks(one, language) == blocks(two, language)
        assert len(rows(one)) == len(rows(two))
        for row, translated in zip(rows(one), rows(two)):
            spans = [[sorted(code_spans(cell)) for cell in cells] for cells in (row, translated)]
            assert spans[0] == spans[1]
        one, two = [
            re.sub(r"^( *)```.*?^ *```$", "", part, flags=re.M | re.S) for part in (one, two)
        ]
        assert sorted(set(code_spans(one))) == sorted(set(code_spans(two)))
        figures = [re.findall(r"\d+(?:\.\d+)+|\d\d+", part) for part in (one, two)]
        assert sorted(figures[0]) == sorted(figures[1])


@pytest.mark.docs
def test_a_chinese_paragraph_is_one_line():
    prose = re.sub(r"^( *)```.*?^ *```$", "", CHINESE, flags=re.M | re.S)
    for line, following in zip(prose.splitlines(), prose.splitlines()[1:]):
        broken = line.strip() and following.strip() and not line.startswith(("#", "|"))
        assert not broken or following.lstrip().startswith("- "), (line, following)
