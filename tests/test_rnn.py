"""The cells: against TensorFlow 1.4 and NumPy, under TensorFlow's own loops, and their errors."""

import ast
import glob
import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import assert_close, load_golden, numpy_lstm, sigmoid

from contrib import rnn

CELLS = {
    "BasicRNNCell": lambda: rnn.BasicRNNCell(4),
    "GRUCell": lambda: rnn.GRUCell(4),
    "LSTMCell use_peepholes": lambda: rnn.LSTMCell(4, use_peepholes=True, forget_bias=0.0),
    "CoupledInputForgetGateLSTMCell": lambda: rnn.CoupledInputForgetGateLSTMCell(
        4, forget_bias=0.0
    ),
    "CoupledInputForgetGateLSTMCell use_peepholes": lambda: rnn.CoupledInputForgetGateLSTMCell(
        4, use_peepholes=True
    ),
    "BasicLSTMCell forget_bias=0": lambda: rnn.BasicLSTMCell(4, forget_bias=0.0),
    "BasicLSTMCell forget_bias=1": lambda: rnn.BasicLSTMCell(4),
    "LSTMBlockCell": lambda: rnn.LSTMBlockCell(4, forget_bias=0.0),
    "MultiRNNCell of 2 BasicLSTMCell": lambda: rnn.MultiRNNCell(
        [rnn.BasicLSTMCell(4, forget_bias=0.0) for _ in range(2)]
    ),
}


def numpy_step(cell, x, h, c, w):
    """The next h and c of a cell, from the blog's equations; w holds its variables by name."""
    xh = np.concatenate([x, h], axis=1)
    if cell == "BasicRNNCell":
        return np.tanh(xh.dot(w["kernel"]) + w["bias"]), c
    if cell == "GRUCell":
        r, u = np.split(sigmoid(xh.dot(w["gates/kernel"]) + w["gates/bias"]), 2, axis=1)
        z = 1 - u  # the blog's
        xrh = np.concatenate([x, r * h], axis=1)
        new = np.tanh(xrh.dot(w["candidate/kernel"]) + w["candidate/bias"])
        return (1 - z) * h + z * new, c
    if cell == "LSTMCell":
        i, j, f, o = np.split(xh.dot(w["kernel"]) + w["bias"], 4, axis=1)
        forget, remember = sigmoid(f + 1 + w["w_f_diag"] * c), sigmoid(i + w["w_i_diag"] * c)
        c = forget * c + remember * np.tanh(j)
        return sigmoid(o + w["w_o_diag"] * c) * np.tanh(c), c
    j, f, o = np.split(xh.dot(w["W_0"]) + w["B"], 3, axis=1)
    forget = sigmoid(f + 1 + w["W_F_diag"] * c)
    c = forget * c + (1 - forget) * np.tanh(j)
    return sigmoid(o + w["W_O_diag"] * c) * np.tanh(c), c


def unroll(cell, inputs, state):
    """The outputs and the last state of a cell over a list of inputs, in one scope."""
    outputs = []
    for step, x in enumerate(inputs):
        if step > 0:
            tf.get_variable_scope().reuse_variables()
        output, state = cell(x, state)
        outputs.append(output)
    return outputs, state


def run(fetches, feed=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed)


@pytest.mark.parametrize("name", sorted(CELLS))
def test_outputs_state_and_gradients_are_those_of_tensorflow_1_4(name):
    recorded = next(c for c in load_golden("cells.json")["cells"] if c["cell"] == name)
    random = np.random.RandomState(recorded["seed"])
    steps, batch, units = recorded["steps"], recorded["batch"], recorded["num_units"]

    def draw(shape, scale=1.0):
        return tf.constant(random.uniform(-scale, scale, shape).astype(np.float32))

    xs = tf.unstack(draw((steps, batch, recorded["input_size"])))
    us = tf.unstack(draw((steps, batch, units)))
    cell = CELLS[name]()
    sizes = tf.nest.flatten(cell.state_size)
    state = tf.nest.pack_sequence_as(cell.state_size, [draw((batch, size)) for size in sizes])
    with tf.variable_scope("root"):
        outputs, state = unroll(cell, xs, state)
    variables = {variable.op.name: variable for variable in tf.global_variables()}
    assert {v: variables[v].shape.as_list() for v in variables} == dict(recorded["variables"])

    loss = tf.add_n([tf.reduce_sum(output * u) for output, u in zip(outputs, us)])
    names = sorted(variables)
    fetches = {
        "outputs": outputs,
        "final_state": tf.nest.flatten(state),
        "loss": loss,
        "gradients": tf.gradients(loss, [variables[v] for v in names]),
        "input_gradients": tf.gradients(loss, xs),
        "zero": [variables[v] for v in recorded["zero_initialised"]],
        "one": [variables[v] for v in recorded["one_initialised"]],
    }
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        zeros, ones = session.run([fetches["zero"], fetches["one"]])
        for variable, shape in recorded["variables"]:
            variables[variable].load(random.uniform(-0.8, 0.8, shape).astype("f"), session)
        values = session.run(fetches)

    assert not any(value.any() for value in zeros)
    assert all((value == 1).all() for value in ones)
    for key in ("outputs", "final_state", "loss", "input_gradients"):
        assert_close(values[key], recorded[key])
    for variable, gradient in zip(names, values["gradients"]):
        assert_close(gradient, recorded["gradients"][variable])


@pytest.mark.parametrize("forget_bias", [0.0, 1.0])
def test_basic_lstm_values_and_gradients_are_those_of_numpy(forget_bias):
    random = np.random.RandomState(5)
    shapes = [(3, 2, 5), (2, 4), (2, 4), (9, 16), (16,)]
    xs, c, h, kernel, bias = (random.uniform(-1, 1, shape) for shape in shapes)
    parameters = [xs, c, h, kernel, bias]
    weights = random.uniform(-1, 1, (5, 2, 4))  # of each output and of the last c and h in the loss

    def numpy_loss():
        outputs, last_c, last_h = numpy_lstm(xs, c, h, kernel, bias, forget_bias)
        return np.sum(weights * np.stack(outputs + [last_c, last_h]))

    tensors = [tf.constant(value) for value in (xs, c, h)]
    cell = rnn.BasicLSTMCell(4, forget_bias)
    outputs, state = unroll(cell, tf.unstack(tensors[0]), rnn.LSTMStateTuple(*tensors[1:]))
    variables = tf.trainable_variables()
    values = tf.stack(outputs + list(state))
    gradients = tf.gradients(tf.reduce_sum(weights * values), tensors + variables)
    with tf.Session() as session:
        for variable, value in zip(variables, (kernel, bias)):
            variable.load(value, session)
        values, gradients = session.run([values, gradients])

    expected, last_c, last_h = numpy_lstm(xs, c, h, kernel, bias, forget_bias)
    np.testing.assert_allclose(values, np.stack(expected + [last_c, last_h]), rtol=1e-12)
    epsilon = 1e-5
    for parameter, gradient in zip(parameters, gradients):
        for index in np.ndindex(*parameter.shape):
            middle = parameter[index]
            losses = []
            for parameter[index] in (middle + epsilon, middle - epsilon):
                losses.append(numpy_loss())
            parameter[index] = middle
            slope = (losses[0] - losses[1]) / (2 * epsilon)
            np.testing.assert_allclose(gradient[index], slope, rtol=1e-6, atol=1e-9)


def test_state_is_tuple_false_is_c_and_h_side_by_side():
    random = np.random.RandomState(1)
    x, c, h = (tf.constant(random.uniform(-1, 1, (2, n)).astype("f")) for n in (3, 4, 4))
    output, state = rnn.BasicLSTMCell(4)(x, (c, h))
    tf.get_variable_scope().reuse_variables()
    flat_cell = rnn.BasicLSTMCell(4, state_is_tuple=False)
    flat_output, flat_state = flat_cell(x, tf.concat([c, h], 1))
    assert flat_cell.state_size == 8
    assert flat_cell.zero_state(2, tf.float32).shape.as_list() == [2, 8]
    values = run([output, tf.concat(state, 1), flat_output, flat_state])
    np.testing.assert_array_equal(values[0], values[2])
    np.testing.assert_array_equal(values[1], values[3])


def test_layers_with_state_is_tuple_false_have_their_states_side_by_side():
    def layers(state_is_tuple):
        cells = [rnn.BasicLSTMCell(n, state_is_tuple=state_is_tuple) for n in (3, 4)]
        return rnn.MultiRNNCell(cells, state_is_tuple=state_is_tuple)

    random = np.random.RandomState(1)
    x = tf.constant(random.uniform(-1, 1, (2, 5)).astype("f"))
    flat = tf.constant(random.uniform(-1, 1, (2, 14)).astype("f"))
    c0, h0, c1, h1 = tf.split(flat, [3, 3, 4, 4], axis=1)
    output, state = layers(True)(x, ((c0, h0), (c1, h1)))
    tf.get_variable_scope().reuse_variables()
    cell = layers(False)
    flat_output, flat_state = cell(x, flat)
    assert cell.state_size == 14
    assert cell.zero_state(2, tf.float32).shape.as_list() == [2, 14]
    values = run([output, tf.concat(tf.nest.flatten(state), 1), flat_output, flat_state])
    np.testing.assert_array_equal(values[0], values[2])
    np.testing.assert_array_equal(values[1], values[3])


def test_zero_state_takes_a_tensor_for_the_batch_size():
    cell = rnn.MultiRNNCell([rnn.BasicLSTMCell(3), rnn.BasicLSTMCell(4)])
    batch_size = tf.placeholder(tf.int32, [])
    state = run(cell.zero_state(batch_size, tf.float16), {batch_size: 2})
    assert [type(layer) for layer in state] == [rnn.LSTMStateTuple] * 2
    assert [(layer.c.shape, layer.h.shape) for layer in state] == [((2, 3),) * 2, ((2, 4),) * 2]
    assert all(not part.any() and part.dtype == np.float16 for layer in state for part in layer)


def test_a_given_activation_takes_the_place_of_tanh():
    x, state = tf.ones([1, 2]), rnn.LSTMStateTuple(tf.ones([1, 3]), tf.ones([1, 3]))
    cell = rnn.BasicLSTMCell(3, forget_bias=0.0, activation=tf.identity)
    _, new_state = cell(x, state)
    kernel, _ = tf.trainable_variables()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(kernel.assign(tf.zeros_like(kernel)))
        c, h = session.run(new_state)
    # All gates are sigmoid(0) = 1/2 and the new input is 0.
    np.testing.assert_allclose(c, np.full((1, 3), 0.5))
    np.testing.assert_allclose(h, np.full((1, 3), 0.25))


def test_a_scope_takes_the_place_of_the_cells_name():
    rnn.BasicLSTMCell(3)(tf.ones([1, 2]), (tf.ones([1, 3]), tf.ones([1, 3])), scope="mine")
    assert [v.op.name for v in tf.global_variables()] == ["mine/kernel", "mine/bias"]


def layers_with_dropout():
    cells = [rnn.BasicLSTMCell(n) for n in (3, 4)]
    return rnn.MultiRNNCell([rnn.DropoutWrapper(cell, output_keep_prob=1.0) for cell in cells])


def test_static_rnn_and_dynamic_rnn_give_what_the_written_loop_gives():
    inputs = tf.constant(np.random.RandomState(2).uniform(-1, 1, (2, 6, 5)).astype("f"))
    state = layers_with_dropout().zero_state(2, tf.float32)
    with tf.variable_scope("rnn"):
        outputs, last = unroll(layers_with_dropout(), tf.unstack(inputs, axis=1), state)
    names = [variable.op.name for variable in tf.global_variables()]
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        static = tf.nn.static_rnn(
            layers_with_dropout(), tf.unstack(inputs, axis=1), dtype=tf.float32
        )
        dynamic = tf.nn.dynamic_rnn(layers_with_dropout(), inputs, dtype=tf.float32)
    assert [variable.op.name for variable in tf.global_variables()] == names
    written = run([tf.stack(outputs, 1), last, tf.stack(static[0], 1), static[1], dynamic])
    np.testing.assert_allclose(written[2], written[0], rtol=1e-6)
    np.testing.assert_allclose(written[4][0], written[0], rtol=1e-6)
    for other in (written[3], written[4][1]):
        tf.nest.assert_same_structure(other, written[1])
        for a, b in zip(tf.nest.flatten(other), tf.nest.flatten(written[1])):
            np.testing.assert_allclose(a, b, rtol=1e-6)


def test_dynamic_rnn_makes_the_variables_and_gradients_itself():
    inputs = tf.placeholder(tf.float32, [None, None, 5])
    outputs, _ = tf.nn.dynamic_rnn(layers_with_dropout(), inputs, dtype=tf.float32)
    variables = tf.trainable_variables()
    assert [variable.op.name for variable in variables] == [
        "rnn/multi_rnn_cell/cell_%d/basic_lstm_cell/%s" % (layer, name)
        for layer in (0, 1)
        for name in ("kernel", "bias")
    ]
    gradients = run(tf.gradients(tf.reduce_sum(outputs), variables), {inputs: np.ones((2, 3, 5))})
    assert all(np.isfinite(gradient).all() and gradient.any() for gradient in gradients)


def test_a_second_call_without_reuse_fails():
    cell = rnn.BasicLSTMCell(3)
    state = cell.zero_state(1, tf.float32)
    _, state = cell(tf.ones([1, 2]), state)
    with pytest.raises(ValueError, match="basic_lstm_cell/kernel already exists"):
        cell(tf.ones([1, 2]), state)


def test_reuse_true_makes_no_variables():
    cell = rnn.BasicLSTMCell(3, reuse=True)
    with pytest.raises(ValueError, match="basic_lstm_cell/kernel does not exist"):
        cell(tf.ones([1, 2]), cell.zero_state(1, tf.float32))


def ones(*shape):
    return tf.ones(shape)


@pytest.mark.parametrize(
    "inputs, state, message",
    [
        ((2, 5), ((3, 4), (2, 4)), r"state c must have shape \[2, 4\]; given \(3, 4\)"),
        ((2, 5), ((2, 4), (3, 4)), r"state h must have shape \[2, 4\]; given \(3, 4\)"),
        ((2, 5), ((2, 1), (2, 4)), r"state c must have shape \[2, 4\]; given \(2, 1\)"),
        ((2, 5), ((2, 4), (2, 5)), r"state h must have shape \[2, 4\]; given \(2, 5\)"),
        ((2, 5), ((2, 4),), r"needs a state \(c, h\)"),
        ((2, 3, 5), ((2, 4), (2, 4)), r"given \(2, 3, 5\)"),
    ],
)
def test_wrong_shapes_are_refused_when_the_graph_is_built(inputs, state, message):
    with pytest.raises(ValueError, match=message):
        rnn.BasicLSTMCell(4)(ones(*inputs), tuple(ones(*part) for part in state))


def test_an_unknown_input_size_is_refused():
    with pytest.raises(ValueError, match="the second one known"):
        cell = rnn.BasicLSTMCell(4)
        cell(tf.placeholder(tf.float32, [2, None]), cell.zero_state(2, tf.float32))


def test_c_and_h_of_two_batch_sizes_are_refused_where_the_inputs_is_not_known():
    inputs = tf.placeholder(tf.float32, [None, 5])
    with pytest.raises(ValueError, match=r"state h must have shape \[1, 4\]; given \(3, 4\)"):
        rnn.BasicLSTMCell(4)(inputs, (ones(1, 4), ones(3, 4)))


def test_inputs_and_states_can_be_arrays_and_lists():
    cell = rnn.BasicLSTMCell(1)
    output, _ = cell(np.ones((1, 2), "f"), ([[0.0]], [[0.0]]))
    assert output.shape.as_list() == [1, 1]


def test_one_tensor_for_a_state_of_two_and_the_other_way_round_are_refused():
    with pytest.raises(ValueError, match=r"needs a state \(c, h\)"):
        rnn.BasicLSTMCell(4)(ones(2, 5), ones(2, 8))
    flat_cell = rnn.BasicLSTMCell(4, state_is_tuple=False)
    with pytest.raises(ValueError, match=r"needs one tensor \[c, h\]"):
        flat_cell(ones(2, 5), (ones(2, 4), ones(2, 4)))
    with pytest.raises(ValueError, match=r"must have shape \[2, 8\]; given \(2, 4\)"):
        flat_cell(ones(2, 5), ones(2, 4))


def test_layers_refuse_states_that_do_not_fit():
    cell = rnn.MultiRNNCell([rnn.BasicLSTMCell(4), rnn.BasicLSTMCell(4)])
    with pytest.raises(ValueError, match="state of 2 layers to be a tuple of 2 states"):
        cell(ones(2, 5), (cell.zero_state(2, tf.float32)[0],))


def test_layers_refuse_cells_that_do_not_fit():
    cell = rnn.BasicLSTMCell(4)
    with pytest.raises(ValueError, match="at least one cell"):
        rnn.MultiRNNCell([])
    for shared in ([cell] * 2, [rnn.DropoutWrapper(cell), rnn.DropoutWrapper(cell)]):
        with pytest.raises(ValueError, match="one cell object for several layers"):
            rnn.MultiRNNCell(shared)
    with pytest.raises(ValueError, match="state_is_tuple=False needs layers"):
        rnn.MultiRNNCell([cell], state_is_tuple=False)
    with pytest.raises(TypeError, match="must be a list or tuple"):
        rnn.MultiRNNCell(cell)
    with pytest.raises(TypeError, match=r"cells\[1\] must be an RNN cell"):
        rnn.MultiRNNCell([cell, 4])


class Foreign(object):
    """A cell that is no `RNNCell`: it hands its input and its state on."""

    state_size = 5
    output_size = 5

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, 5], dtype)

    def __call__(self, inputs, state, scope=None):
        return inputs, state


def test_layers_and_dropout_take_cells_that_are_no_rnncell():
    cells = [rnn.DropoutWrapper(Foreign(), state_keep_prob=0.5) for _ in range(2)]
    layers = rnn.DropoutWrapper(rnn.MultiRNNCell(cells), state_keep_prob=0.5)
    output, _ = layers(ones(2, 5), layers.zero_state(2, tf.float32))
    assert (run(output) == 1).all()
    with pytest.raises(ValueError, match="one cell object for several layers"):
        rnn.MultiRNNCell([Foreign()] * 2)


def test_state_tuple_names_its_dtype():
    assert rnn.LSTMStateTuple(ones(1, 2), ones(1, 2)).dtype == tf.float32
    with pytest.raises(TypeError, match="c is float32 but h is float64"):
        rnn.LSTMStateTuple(ones(1, 2), tf.ones([1, 2], tf.float64)).dtype  # noqa: B018


class Passing(rnn.RNNCell):
    """Hands its input and its state on, so that what dropout did to them shows."""

    state_size = rnn.LSTMStateTuple(1000, 1000)
    output_size = 1000
    scope_name = "passing"

    def call(self, inputs, state):
        return inputs, state


def pass_ones(feed=None, **keep_probs):
    """Output, c and h of ones that went through a wrapped cell that changes nothing."""
    wrapper = rnn.DropoutWrapper(Passing(), **keep_probs)
    output, (c, h) = wrapper(ones(1, 1000), rnn.LSTMStateTuple(ones(1, 1000), ones(1, 1000)))
    return run([output, c, h], feed)


@pytest.mark.parametrize("keep", [0.25, 0.8])
def test_output_dropout_touches_what_goes_up_and_nothing_that_goes_on(keep):
    output, c, h = pass_ones(output_keep_prob=keep, seed=1)
    assert set(np.unique(output)) == {np.float32(0), np.float32(1 / np.float32(keep))}
    # Five standard deviations of the mean of 1000 draws.
    assert abs(np.mean(output > 0) - keep) < 5 * np.sqrt(keep * (1 - keep) / 1000)
    assert (c == 1).all() and (h == 1).all()


def test_input_dropout_comes_before_the_cell():
    output, c, h = pass_ones(input_keep_prob=0.5, seed=1)
    assert set(np.unique(output)) == {0, 2}
    assert (c == 1).all() and (h == 1).all()


def test_state_dropout_leaves_c_alone():
    output, c, h = pass_ones(state_keep_prob=0.5, seed=1)
    assert set(np.unique(h)) == {0, 2}
    assert (c == 1).all() and (output == 1).all()


def test_state_dropout_leaves_c_alone_in_every_layer():
    cell = rnn.MultiRNNCell([Passing(), Passing()])
    wrapper = rnn.DropoutWrapper(cell, state_keep_prob=0.5, seed=1)
    state = (rnn.LSTMStateTuple(ones(1, 1000), ones(1, 1000)),) * 2
    _, new_state = wrapper(ones(1, 1000), state)
    for c, h in run(new_state):
        assert (c == 1).all()
        assert set(np.unique(h)) == {0, 2}


def test_keep_probabilities_can_be_tensors():
    keep = tf.placeholder(tf.float32, [])
    for name in ("input_keep_prob", "output_keep_prob"):
        output, _, _ = pass_ones({keep: 0.5}, seed=1, **{name: keep})
        assert set(np.unique(output)) == {0, 2}
    _, _, h = pass_ones({keep: 0.5}, seed=1, state_keep_prob=keep)
    assert set(np.unique(h)) == {0, 2}
    output, _, _ = pass_ones({keep: 1.0}, output_keep_prob=keep)
    assert (output == 1).all()


def test_a_seed_draws_the_same_masks_and_another_seed_others():
    masks = [pass_ones(input_keep_prob=0.5, seed=seed)[0] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()


def test_one_seed_draws_different_masks_for_output_and_state():
    output, _, h = pass_ones(output_keep_prob=0.5, state_keep_prob=0.5, seed=1)
    assert (output != h).any()


def test_the_wrapper_keeps_the_cells_names_and_sizes():
    cell = rnn.BasicLSTMCell(4)
    wrapper = rnn.DropoutWrapper(cell, output_keep_prob=0.5)
    wrapper(ones(2, 5), wrapper.zero_state(2, tf.float32))
    assert wrapper.wrapped_cell is cell
    assert (wrapper.state_size, wrapper.output_size) == (cell.state_size, cell.output_size)
    names = [variable.op.name for variable in tf.global_variables()]
    assert names == ["basic_lstm_cell/kernel", "basic_lstm_cell/bias"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (dict(variational_recurrent=True), "variational_recurrent needs dtype"),
        (dict(dropout_state_filter_visitor=len), "not support dropout_state_filter_visitor"),
        (dict(input_keep_prob=1.5), "input_keep_prob must be above 0 and at most 1; given 1.5"),
        (dict(output_keep_prob=0), "output_keep_prob must be above 0 and at most 1; given 0"),
        (dict(state_keep_prob=-0.1), "state_keep_prob must be above 0 and at most 1; given -0.1"),
    ],
)
def test_what_the_wrapper_cannot_do_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        rnn.DropoutWrapper(rnn.BasicLSTMCell(4), **arguments)


def test_state_dropout_of_a_concatenated_state_is_refused():
    flat = rnn.BasicLSTMCell(4, state_is_tuple=False)
    wrapped = rnn.DropoutWrapper(flat, output_keep_prob=0.5)
    for cell in (flat, wrapped, rnn.MultiRNNCell([flat])):
        with pytest.raises(ValueError, match="would drop the cell state c"):
            rnn.DropoutWrapper(cell, state_keep_prob=0.5)


def test_constant_tensors_are_taken_for_the_numbers_they_are():
    with pytest.raises(ValueError, match="output_keep_prob must be above 0 and at most 1"):
        rnn.DropoutWrapper(rnn.BasicLSTMCell(4), output_keep_prob=tf.constant(1.5))
    pass_ones(output_keep_prob=tf.constant(1.0))
    assert not [op for op in tf.get_default_graph().get_operations() if "dropout" in op.name]


def test_the_wrapper_wants_a_cell():
    with pytest.raises(TypeError, match="must be an RNN cell; given 4"):
        rnn.DropoutWrapper(4)


def random_seeds(cell):
    """The seeds of the masks of input, output and state around a cell, in ascending order."""
    wrapper = rnn.DropoutWrapper(cell, 0.5, 0.5, 0.5, seed=6)
    wrapper(ones(2, 4), wrapper.zero_state(2, tf.float32))
    operations = tf.get_default_graph().get_operations()
    masks = [op for op in operations if op.type == "RandomUniform" and "dropout" in op.name]
    return sorted(op.get_attr("seed2") for op in masks)


# The numbers are those of tf.nn.rnn_cell.DropoutWrapper(..., seed=6) on TensorFlow 1.15.5.
def test_masks_have_the_seeds_of_tensorflow_1():
    assert random_seeds(rnn.BasicLSTMCell(4)) == [852302203, 1594152215, 1961922105]


def test_masks_of_layers_have_the_seeds_of_tensorflow_1():
    cell = rnn.MultiRNNCell([rnn.BasicLSTMCell(4), rnn.BasicLSTMCell(4)])
    assert random_seeds(cell) == [597168008, 852302203, 1594152215, 1961922105]


@pytest.mark.skipif(not tf.__version__.startswith("1."), reason="compares with TensorFlow 1.x")
def test_masks_and_values_are_those_of_tensorflow_1s_own_wrapper():
    def outputs(cells):
        with tf.Graph().as_default():
            tf.set_random_seed(3)
            inputs = tf.constant(np.random.RandomState(4).uniform(-1, 1, (2, 3, 5)).astype("f"))
            cell = cells.DropoutWrapper(cells.BasicLSTMCell(4), 0.8, 0.7, 0.6, seed=6)
            with tf.variable_scope("root", initializer=tf.constant_initializer(0.3)):
                result = tf.nn.static_rnn(cell, tf.unstack(inputs, axis=1), dtype=tf.float32)
            return run(tf.nest.flatten(result))

    for ours, theirs in zip(outputs(rnn), outputs(tf.nn.rnn_cell)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize(
    "cell",
    [
        rnn.BasicRNNCell(4),
        rnn.GRUCell(4),
        rnn.LSTMCell(4, use_peepholes=True),
        rnn.CoupledInputForgetGateLSTMCell(4, use_peepholes=True),
    ],
    ids=lambda cell: type(cell).__name__,
)
def test_the_other_cells_are_the_blogs_equations(cell):
    random = np.random.RandomState(9)
    xs, c, h = (random.uniform(-1, 1, shape) for shape in ((3, 2, 5), (2, 4), (2, 4)))  # float64
    is_lstm = isinstance(cell.state_size, tuple)
    state = rnn.LSTMStateTuple(tf.constant(c), tf.constant(h)) if is_lstm else tf.constant(h)
    outputs, state = unroll(cell, tf.unstack(tf.constant(xs)), state)
    weights = {}
    with tf.Session() as session:
        for variable in tf.trainable_variables():
            value = random.uniform(-1, 1, variable.shape.as_list())
            variable.load(value, session)
            weights[variable.op.name[len(cell.scope_name) + 1 :]] = value
        outputs, state = session.run([outputs, state])
    for x, output in zip(xs, outputs):
        h, c = numpy_step(type(cell).__name__, x, h, c, weights)
        np.testing.assert_allclose(output, h, rtol=1e-12)
    np.testing.assert_allclose(state, (c, h) if is_lstm else h, rtol=1e-12)


@pytest.mark.parametrize("update, kept", [(-20.0, 0.0), (20.0, 1.0)])
def test_tensorflows_update_gate_keeps_the_state_where_the_blogs_replaces_it(update, kept):
    h = tf.constant([[0.5, -0.5]])
    bias = tf.constant([0.0, 0.0, update, update])  # r, then u
    zeros = [tf.zeros([3, 4]), bias, tf.zeros([3, 2]), tf.constant([3.0, 3.0])]
    new_h = run(rnn.gru_step(tf.ones([1, 1]), h, *zeros, activation=tf.tanh))
    new_input = np.tanh(3.0)
    np.testing.assert_allclose(new_h, kept * np.array([[0.5, -0.5]]) + (1 - kept) * new_input)


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: rnn.CoupledInputForgetGateLSTMCell(4, num_proj=3),
            "CoupledInputForgetGateLSTMCell does not support num_proj; given 3",
        ),
        (
            lambda: rnn.CoupledInputForgetGateLSTMCell(4, num_unit_shards=2),
            "CoupledInputForgetGateLSTMCell does not support num_unit_shards; given 2",
        ),
    ],
)
def test_the_other_cells_refuse_what_they_do_not_support(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("make", [rnn.BasicRNNCell, rnn.GRUCell])
def test_the_other_cells_refuse_a_state_that_does_not_fit(make):
    with pytest.raises(ValueError, match=r"state h must have shape \[2, 4\]; given \(2, 3\)"):
        make(4)(tf.zeros([2, 5]), tf.zeros([2, 3]))


def test_an_lstm_without_peepholes_is_the_basic_one():
    x, c, h = tf.ones([2, 3]), tf.ones([2, 4]) / 2, tf.ones([2, 4]) / 3
    ones = tf.ones_initializer()
    with tf.variable_scope("a"):
        plain = rnn.LSTMCell(4, initializer=ones)(x, rnn.LSTMStateTuple(c, h))
    with tf.variable_scope("b", initializer=ones):
        basic = rnn.BasicLSTMCell(4)(x, rnn.LSTMStateTuple(c, h))
    plain, basic = run([plain, basic])
    np.testing.assert_array_equal(plain[0], basic[0])
    assert [variable.op.name for variable in tf.trainable_variables()] == [
        "a/lstm_cell/kernel",
        "a/lstm_cell/bias",
        "b/basic_lstm_cell/kernel",
        "b/basic_lstm_cell/bias",
    ]


# --------------------------------------------------------------------------------------------------
# LSTMBlockFusedCell
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("forget_bias", [0.0, 1.0])
def test_a_layer_at_once_has_the_values_and_gradients_of_its_unrolled_cell(forget_bias, steps):
    random = np.random.RandomState(6)
    shapes = [(steps, 2, 5), (2, 4), (2, 4)]
    x, c, h = (tf.constant(random.uniform(-2, 2, shape)) for shape in shapes)  # float64
    weights = random.uniform(-1, 1, (steps + 2, 2, 4))  # of outputs and of the last c and h
    results = []
    for at_once in (True, False):
        with tf.variable_scope("lstm", reuse=not at_once):
            if at_once:
                layer = rnn.LSTMBlockFusedCell(4, forget_bias)
                outputs, state = layer(x, (c, h), scope="basic_lstm_cell")
                outputs = tf.unstack(outputs)
            else:
                cell = rnn.BasicLSTMCell(4, forget_bias)
                outputs, state = unroll(cell, tf.unstack(x), rnn.LSTMStateTuple(c, h))
        values = tf.stack(outputs + [state.c, state.h])
        variables = tf.trainable_variables()
        results.append(
            [values] + tf.gradients(tf.reduce_sum(weights * values), [x, c, h] + variables)
        )
    assert [v.op.name for v in variables] == [
        "lstm/basic_lstm_cell/kernel",
        "lstm/basic_lstm_cell/bias",
    ]
    with tf.Session() as session:
        for variable in variables:
            variable.load(random.uniform(-1, 1, variable.shape.as_list()), session)
        at_once, unrolled = session.run(results)
    for actual, expected in zip(at_once, unrolled):
        np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-12)


def test_a_layer_at_once_starts_from_zeros_and_takes_any_batch_size():
    x = tf.placeholder(tf.float32, [3, None, 5])
    layer = rnn.LSTMBlockFusedCell(4)
    outputs, state = layer(x)
    names = [variable.op.name for variable in tf.trainable_variables()]
    assert names == ["lstm_block_wrapper/kernel", "lstm_block_wrapper/bias"]
    random = np.random.RandomState(6)
    fed = random.uniform(-1, 1, (3, 2, 5)).astype(np.float32)
    outputs, state, weights = run([outputs, state, tf.trainable_variables()], {x: fed})
    zeros = np.zeros((2, 4))
    expected, c, h = numpy_lstm(fed, zeros, zeros, *weights, forget_bias=1.0)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(state, (c, h), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (dict(cell_clip=3.0), "does not support cell_clip; given 3.0"),
        (dict(use_peephole=True), "does not support use_peephole; given True"),
    ],
)
def test_a_layer_at_once_refuses_what_it_does_not_support(arguments, message):
    with pytest.raises(ValueError, match=message):
        rnn.LSTMBlockFusedCell(4, **arguments)


@pytest.mark.parametrize(
    "shape, state, message",
    [
        ([2, 5], None, "needs inputs of shape"),
        ([None, 2, 5], None, "needs inputs of shape"),
        ([3, 2, 5], [2, 3], r"state c must have shape \[2, 4\]; given \(2, 3\)"),
        ([3, 2, 5], [1, 4], r"state c must have shape \[2, 4\]; given \(1, 4\)"),
    ],
)
def test_a_layer_at_once_refuses_shapes_that_do_not_fit(shape, state, message):
    state = state and [tf.zeros(state)] * 2
    with pytest.raises(ValueError, match=message):
        rnn.LSTMBlockFusedCell(4)(tf.placeholder(tf.float32, shape), state)


@pytest.mark.parametrize("argument", [dict(sequence_length=[3, 2]), dict(dtype=tf.float32)])
def test_a_layer_at_once_refuses_arguments_of_its_call(argument):
    with pytest.raises(ValueError, match="does not support %s" % list(argument)[0]):
        rnn.LSTMBlockFusedCell(4)(tf.zeros([3, 2, 5]), **argument)


# --------------------------------------------------------------------------------------------------
# The package
# --------------------------------------------------------------------------------------------------
def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def private_reads(source):
    """The attributes with one leading underscore that code reads of another object, with lines."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = node.value
            own = isinstance(owner, ast.Name) and owner.id in ("self", "cls")
            if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name):
                own = owner.func.id == "super"
            if not own:
                found.append((node.lineno, node.attr))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("getattr", "hasattr", "setattr", "delattr"):
                try:
                    name = ast.literal_eval(node.args[1])
                except ValueError:  # not a constant
                    continue
                if is_private(name):
                    found.append((node.lineno, name))
    return found


def test_no_file_reads_the_private_attributes_of_another_object():
    paths = glob.glob(os.path.join(os.path.dirname(rnn.__file__), "*.py"))
    assert len(paths) > 3
    for path in paths:
        with open(path, encoding="utf-8") as file:
            assert private_reads(file.read()) == [], path


def test_private_attributes_of_another_object_are_noticed():
    for code in ("cell._cells", "self._cell._seed", "f()._x", "getattr(cell, '_cell', None)"):
        assert len(private_reads(code)) == 1, code
    for code in ("self._cells", "super(A, self)._x", "type(cell).__name__", "getattr(self, name)"):
        assert private_reads(code) == [], code
