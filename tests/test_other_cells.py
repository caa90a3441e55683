"""The cells and wrappers that the PTB script does not use: against TensorFlow 1.15 and NumPy.

And what every cell can be told, and what it shows: names, dtypes, variables, sizes.
"""

import json

import cell_cases
import numpy as np
import pytest
import tensorflow as plain_tf
import tensorflow.compat.v1 as tf
from models import assert_close, sigmoid

from contrib import rnn

with open(cell_cases.PATH) as _file:
    RECORDED = json.load(_file)


def compare(found, recorded):
    assert found["variables"] == recorded["variables"]
    assert len(found["values"]) == len(recorded["values"])
    for value, expected in zip(found["values"], recorded["values"]):
        assert_close(value, expected)
    assert_close(found["input_gradient"], recorded["input_gradient"])
    for name, gradient in recorded["gradients"].items():
        assert_close(found["gradients"][name], gradient)


@pytest.mark.parametrize("case", cell_cases.CASES, ids=lambda case: case.__name__)
def test_values_gradients_names_and_initial_values_are_those_of_tensorflow_1_15(case):
    compare(cell_cases.measure(rnn, case), RECORDED[case.__name__])


@pytest.mark.skipif(not tf.__version__.startswith("1."), reason="compares with TensorFlow 1.x")
@pytest.mark.parametrize("case", cell_cases.CASES, ids=lambda case: case.__name__)
def test_what_is_recorded_is_what_tensorflow_1_15_gives(case):
    compare(cell_cases.measure(plain_tf.contrib.rnn, case), RECORDED[case.__name__])


def run(fetches, feed=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed)


def names(variables):
    return [variable.op.name for variable in variables]


def one_step(cell):
    """Output and state of one step of a cell with drawn weights, and what went in, in float64.

    Returns:
        `(output, c, h), x, c, h, weights`, the weights by their names in the scope of the cell.
    """
    random = np.random.RandomState(4)
    shapes = [(2, 3), (2, cell.state_size.c), (2, cell.state_size.h)]
    x, c, h = (random.uniform(-1, 1, shape) for shape in shapes)
    output, state = cell(tf.constant(x), rnn.LSTMStateTuple(tf.constant(c), tf.constant(h)))
    with tf.Session() as session:
        weights = {}
        for variable in cell.variables:
            value = random.uniform(-1, 1, variable.shape.as_list())
            variable.load(value, session)
            weights[variable.op.name.split("/", 1)[1]] = value
        return session.run((output, state.c, state.h)), x, c, h, weights


def test_the_nas_cell_is_that_of_the_paper():
    found, x, c, h, w = one_step(rnn.NASCell(4, num_proj=2, use_biases=True))
    xs = np.split(x.dot(w["kernel"]), 8, axis=1)
    hs = np.split(h.dot(w["recurrent_kernel"]) + w["bias"], 8, axis=1)
    s = [a + b for a, b in zip(xs, hs)]
    first = np.tanh(sigmoid(s[0]) * np.maximum(s[1], 0))
    second = np.tanh(sigmoid(s[2]) + np.maximum(xs[3] * hs[3], 0))
    third = np.tanh(np.tanh(s[4]) * sigmoid(s[5]))
    fourth = sigmoid(np.tanh(s[6]) + sigmoid(s[7]))
    c = np.tanh(first + c) * second
    h = np.tanh(c * np.tanh(third + fourth)).dot(w["projection_weights"])
    for value, expected in zip(found, (h, c, h)):
        np.testing.assert_allclose(value, expected, rtol=1e-10)


@pytest.mark.parametrize("use_peepholes", [False, True])
def test_an_lstm_is_clipped_before_its_output_gate_and_projected_after_it(use_peepholes):
    cell = rnn.LSTMCell(4, use_peepholes, cell_clip=0.5, num_proj=2, proj_clip=0.1)
    found, x, c, h, w = one_step(cell)
    gates = np.concatenate([x, h], axis=1).dot(w["kernel"]) + w["bias"]
    i, j, f, o = np.split(gates, 4, axis=1)
    p_i, p_f, p_o = (w.get("w_%s_diag" % gate, 0) for gate in "ifo")
    unclipped = sigmoid(f + p_f * c + 1) * c + sigmoid(i + p_i * c) * np.tanh(j)
    c = np.clip(unclipped, -0.5, 0.5)
    assert (c != unclipped).any()
    projected = (sigmoid(o + p_o * c) * np.tanh(c)).dot(w["projection/kernel"])
    h = np.clip(projected, -0.1, 0.1)
    assert (h != projected).any()
    for value, expected in zip(found, (h, c, h)):
        np.testing.assert_allclose(value, expected, rtol=1e-10)


@pytest.mark.parametrize("cell_clip", [None, 0, -1])
def test_only_a_number_above_0_clips_a_block_cell(cell_clip):
    found = one_step(rnn.LSTMBlockCell(4, cell_clip=cell_clip))[0]
    with tf.Graph().as_default():
        wanted = one_step(rnn.LSTMBlockCell(4))[0]
    for value, expected in zip(found, wanted):
        np.testing.assert_array_equal(value, expected)


def test_a_projected_state_has_its_own_size():
    cell = rnn.LSTMCell(4, num_proj=2)
    assert (cell.state_size, cell.output_size) == (rnn.LSTMStateTuple(4, 2), 2)
    c, h = cell.zero_state(3, tf.float32)
    assert (c.shape.as_list(), h.shape.as_list()) == ([3, 4], [3, 2])
    with pytest.raises(ValueError, match=r"state h must have shape \[3, 2\]; given \(3, 4\)"):
        cell(tf.ones([3, 5]), (c, c))
    assert rnn.LSTMCell(4, num_proj=2, state_is_tuple=False).state_size == 6


def test_an_embedding_starts_uniform_with_variance_1():
    rnn.EmbeddingWrapper(rnn.GRUCell(2), 200, 50)(tf.constant([1]), tf.zeros([1, 2]))
    values = run(tf.global_variables()[0])
    assert values.shape == (200, 50)
    assert 1.7 < abs(values).max() < 3**0.5
    assert abs(values.var() - 1) < 0.05  # 5 standard deviations of the mean of 10,000


def test_a_device_is_that_of_the_cells_ops_and_of_its_first_state():
    cell = rnn.DeviceWrapper(rnn.GRUCell(3), "/cpu:7")
    state = cell.zero_state(1, tf.float32)
    output, _ = cell(tf.ones([1, 2]), state)
    for tensor in (output, state):
        assert tensor.device.lower().endswith("cpu:7")
    assert not tf.ones([1, 2]).device


def drop(keep_prob, runs=1, **arguments):
    """Outputs `[T, B, H]`, last c and last h of ones that pass dropout with one mask, each run."""

    class Passing(rnn.RNNCell):
        state_size, output_size = rnn.LSTMStateTuple(20, 20), 20

        def call(self, inputs, state):
            return inputs, state

    cell = rnn.DropoutWrapper(
        Passing(), variational_recurrent=True, dtype=tf.float32, **dict(keep_prob, **arguments)
    )
    ones = tf.ones([3, 20])
    outputs, (c, h) = rnn.static_rnn(cell, [ones] * 4, rnn.LSTMStateTuple(ones, ones))
    with tf.Session() as session:
        return [session.run([tf.stack(outputs), c, h]) for _ in range(runs)]


def test_one_mask_is_that_of_all_steps_and_rows_and_another_one_at_the_next_run():
    (first, c, h), (second, _, _) = drop(dict(output_keep_prob=0.5), runs=2)
    assert set(np.unique(first)) == {0, 2}
    assert (first == first[0, 0]).all() and (second == second[0, 0]).all()
    assert (first != second).any()
    assert (c == 1).all() and (h == 1).all()


def test_one_mask_for_the_input_needs_its_size():
    [(outputs, _, _)] = drop(dict(input_keep_prob=0.5), input_size=20)
    assert set(np.unique(outputs)) == {0, 2}
    assert (outputs == outputs[0, 0]).all()
    with pytest.raises(ValueError, match="with input_keep_prob needs input_size"):
        drop(dict(input_keep_prob=0.5))


def test_one_mask_for_the_state_leaves_c_alone():
    [(outputs, c, h)] = drop(dict(state_keep_prob=0.5))
    assert set(np.unique(h)) == {0, 2**4}  # four steps, the same units each time
    assert (outputs == 1).all() and (c == 1).all()


def test_the_loops_are_those_of_tf_nn():
    assert rnn.static_rnn is tf.nn.static_rnn
    assert rnn.static_bidirectional_rnn is tf.nn.static_bidirectional_rnn


def test_layers_of_bidirectional_loops_are_one_loop_after_the_other():
    inputs = tf.constant(np.random.RandomState(1).uniform(-1, 1, (2, 3, 4)).astype("f"))
    cells = [[rnn.GRUCell(n) for n in (3, 2)] for _ in range(2)]
    outputs, _, states = rnn.stack_bidirectional_dynamic_rnn(
        *cells, inputs=inputs, dtype=tf.float32, scope="mine"
    )
    expected = inputs
    for layer in range(2):
        with tf.variable_scope("mine/cell_%d" % layer, reuse=True):
            both, (_, backward) = tf.nn.bidirectional_dynamic_rnn(
                cells[0][layer], cells[1][layer], expected, dtype=tf.float32
            )
            expected = tf.concat(both, 2)
    outputs, expected, state, backward = run([outputs, expected, states[1], backward])
    np.testing.assert_allclose(outputs, expected, rtol=1e-6)
    np.testing.assert_allclose(state, backward, rtol=1e-6)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda cell: rnn.ResidualWrapper(4), TypeError, "must be an RNN cell; given 4"),
        (lambda cell: rnn.DeviceWrapper(4, "/cpu:0"), TypeError, "must be an RNN cell; given 4"),
        (lambda cell: rnn.InputProjectionWrapper(4, 2), TypeError, "must be an RNN cell; given 4"),
        (
            lambda cell: rnn.OutputProjectionWrapper(cell, 0),
            ValueError,
            "output_size must be above 0; given 0",
        ),
        (
            lambda cell: rnn.EmbeddingWrapper(cell, 0, 3),
            ValueError,
            "must be above 0; given 0 and 3",
        ),
        (
            lambda cell: rnn.ResidualWrapper(cell)(tf.ones([1, 1]), tf.ones([1, 4])),
            ValueError,
            r"of the shape of the inputs, \(1, 1\); given \(1, 4\)",
        ),
        (
            lambda cell: rnn.NASCell(4)(tf.ones([1, 1]), tf.ones([1, 4])),
            ValueError,
            r"NASCell needs a state \(c, h\)",
        ),
        (
            lambda cell: rnn.stack_bidirectional_dynamic_rnn([cell], [], tf.ones([1, 2, 3])),
            ValueError,
            r"lists of \[1, 0, 1, 1\]",
        ),
        (
            lambda cell: rnn.stack_bidirectional_dynamic_rnn([], [], tf.ones([1, 2, 3])),
            ValueError,
            "one element for each layer",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make(rnn.GRUCell(4))


# --------------------------------------------------------------------------------------------------
# What every cell can be told, and what it shows
# --------------------------------------------------------------------------------------------------
CELLS = {
    "BasicRNNCell": rnn.BasicRNNCell,
    "GRUCell": rnn.GRUCell,
    "BasicLSTMCell": rnn.BasicLSTMCell,
    "LSTMCell": rnn.LSTMCell,
    "CoupledInputForgetGateLSTMCell": rnn.CoupledInputForgetGateLSTMCell,
    "LSTMBlockCell": rnn.LSTMBlockCell,
    "NASCell": rnn.NASCell,
}


def step(cell, dtype=tf.float32, **arguments):
    return cell(tf.ones([2, 3], dtype), cell.zero_state(2, dtype), **arguments)


@pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
def test_a_name_is_the_scope_and_dtype_and_variables_show_after_the_first_call(make):
    cell = make(4, name="mine")
    assert (cell.name, cell.dtype, cell.variables) == ("mine", None, [])
    step(cell, tf.float64)
    assert cell.dtype == "float64"
    assert names(cell.variables) == names(tf.global_variables())
    assert all(name.startswith("mine/") for name in names(cell.variables))
    assert names(cell.trainable_variables) == names(cell.variables)
    assert cell.non_trainable_variables == []


@pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
def test_a_dtype_is_shown_at_once_and_any_other_input_is_refused(make):
    cell = make(4, dtype=tf.float64)
    assert cell.dtype == "float64"
    message = "%s was made for float64; given inputs of float32" % type(cell).__name__
    with pytest.raises(ValueError, match=message):
        step(cell)
    step(cell, tf.float64)


@pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
def test_a_cell_reuses_what_another_one_made(make):
    step(make(4))
    made = names(tf.global_variables())
    cell = make(4, reuse=True)
    step(cell)
    assert names(tf.global_variables()) == names(cell.variables) == made


@pytest.mark.parametrize("make", [make for name, make in CELLS.items() if "Block" not in name])
def test_optimizers_leave_alone_what_is_not_trainable(make):
    cell = make(4, trainable=False)
    step(cell)
    assert tf.trainable_variables() == cell.trainable_variables == []
    assert names(cell.non_trainable_variables) == names(tf.global_variables()) != []


def test_a_getter_of_the_scope_decides_too():
    def fixed(getter, *args, **kwargs):
        return getter(*args, **dict(kwargs, trainable=False))

    cell = rnn.GRUCell(4)
    with tf.variable_scope("root", custom_getter=fixed):
        step(cell)
    assert cell.trainable_variables == [] and len(cell.non_trainable_variables) == 4


@pytest.mark.parametrize(
    "wrap",
    [
        rnn.DropoutWrapper,
        rnn.ResidualWrapper,
        lambda cell: rnn.DeviceWrapper(cell, "/cpu:0"),
        lambda cell: rnn.OutputProjectionWrapper(cell, 2),
        lambda cell: rnn.InputProjectionWrapper(cell, 2),
        lambda cell: rnn.MultiRNNCell([cell, rnn.GRUCell(3)]),
    ],
)
def test_wrappers_and_layers_show_the_variables_inside(wrap):
    cell = wrap(rnn.GRUCell(3))
    assert (cell.variables, cell.dtype) == ([], None)
    step(cell)
    assert names(cell.variables) == names(tf.global_variables())
    assert cell.dtype == "float32"


def test_a_cell_in_two_scopes_shows_two_sets_of_variables():
    cell = rnn.GRUCell(3)
    for scope in ("a", "b", "a"):
        with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
            step(cell)
    assert [name[:2] for name in names(cell.variables)] == ["a/"] * 4 + ["b/"] * 4


def test_a_cell_without_init_and_without_a_scope_name_is_called_after_its_class():
    class TwoTimesCell(rnn.RNNCell):
        state_size = output_size = 3

        def __init__(self, factor):
            self.factor = factor

        def call(self, inputs, state):
            return self.factor * inputs, state + tf.get_variable("w", [3])

    cell = TwoTimesCell(2.0)
    output, _ = step(cell)
    assert (run(output) == 2).all()
    assert names(cell.trainable_variables) == ["two_times_cell/w"]


def test_a_scope_comes_before_a_name_and_a_name_before_the_scope_name_of_a_class():
    class Encoder(rnn.BasicLSTMCell):
        scope_name = "enc"

    step(Encoder(4))
    step(Encoder(4, name="mine"))
    step(Encoder(4, name="not_mine"), scope="other")
    scopes = {name.split("/")[0] for name in names(tf.global_variables())}
    assert scopes == {"enc", "mine", "other"}


def test_zero_states_have_the_axes_of_a_tensor_shape():
    class Grid(rnn.RNNCell):
        state_size = (tf.TensorShape([2, 3]), 4, tf.TensorShape([5]))
        output_size = 4

    batch_size = tf.placeholder(tf.int32, [])
    for size, known in ((2, 2), (tf.ones([2, 3]).shape[0], 2), (batch_size, None)):
        state = Grid().zero_state(size, tf.float32)
        assert [part.shape.as_list() for part in state] == [[known, 2, 3], [known, 4], [known, 5]]
        assert [part.shape for part in run(state, {batch_size: 2})] == [(2, 2, 3), (2, 4), (2, 5)]
