"""Runs cells and wrappers in small loops, and records the results of TensorFlow 1.15.

    python tests/cell_cases.py        # with TensorFlow 1.15: writes tests/golden/more_cells.json

`rnn` is `tf.contrib.rnn` for that command, and `contrib.rnn` in the tests. Letters: T 3 steps, B 2
rows, D 4 inputs.
"""

import json
import os

import numpy as np
import tensorflow.compat.v1 as tf

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "more_cells.json")

STEPS = np.random.RandomState(2).uniform(-1, 1, (3, 2, 4)).astype(np.float32)  # [T, B, D]
IDS = [[[0], [3]], [[3], [1]], [[0], [0]]]  # [T, B, 1]


def loop(cell, inputs, rnn):
    """Lists the outputs and the last state of a cell; the first state is 0.1, 0.2 ..."""
    sizes = tf.nest.flatten(cell.state_size)
    state = [0.1 * (k + 1) * tf.ones([2, size]) for k, size in enumerate(sizes)]
    state = tf.nest.pack_sequence_as(cell.state_size, state)
    return tf.nest.flatten(rnn.static_rnn(cell, tf.unstack(inputs), state, scope="loop"))


def lstm_with_a_projection(rnn, steps):
    return loop(rnn.LSTMCell(5, num_proj=3, forget_bias=0.5), steps, rnn)


def lstm_with_everything_clipped(rnn, steps):
    return loop(rnn.LSTMCell(5, True, cell_clip=0.2, num_proj=3, proj_clip=0.1), steps, rnn)


def lstm_with_cell_clip_alone(rnn, steps):
    return loop(rnn.LSTMCell(5, cell_clip=0.2), steps, rnn)


def lstm_with_a_projection_and_one_tensor_for_its_state(rnn, steps):
    return loop(rnn.LSTMCell(5, num_proj=3, state_is_tuple=False), steps, rnn)


def lstm_in_shards(rnn, steps):
    ones = tf.ones_initializer()
    cell = rnn.LSTMCell(
        5, initializer=ones, num_proj=4, num_unit_shards=2, num_proj_shards=3, use_peepholes=True
    )
    return loop(cell, steps, rnn)


def block_lstm(rnn, steps):
    return loop(rnn.LSTMBlockCell(5, forget_bias=0.0), steps, rnn)


def block_lstm_with_peepholes(rnn, steps):
    return loop(rnn.LSTMBlockCell(5, use_peephole=True), steps, rnn)


def block_lstm_with_clip(rnn, steps):
    # The gradient of TensorFlow 1's op ignores the clipping; see the class.
    return [tf.stop_gradient(tensor) for tensor in loop(rnn.LSTMBlockCell(5, 1.0, 0.2), steps, rnn)]


def block_lstm_that_does_not_clip(rnn, steps):
    return loop(rnn.LSTMBlockCell(5, cell_clip=-1, name="mine"), steps, rnn)


def nas(rnn, steps):
    return loop(rnn.NASCell(5), steps, rnn)


def nas_with_a_projection_and_biases(rnn, steps):
    return loop(rnn.NASCell(5, 3, True), steps, rnn)


def a_projected_output(rnn, steps):
    return loop(rnn.OutputProjectionWrapper(rnn.GRUCell(5), 3), steps, rnn)


def a_projected_output_with_an_activation(rnn, steps):
    return loop(rnn.OutputProjectionWrapper(rnn.BasicLSTMCell(5), 3, tf.nn.relu), steps, rnn)


def a_projected_input(rnn, steps):
    return loop(rnn.InputProjectionWrapper(rnn.BasicLSTMCell(5), 3), steps, rnn)


def a_projected_input_with_an_activation(rnn, steps):
    return loop(rnn.InputProjectionWrapper(rnn.GRUCell(5), 3, tf.nn.relu), steps, rnn)


def an_embedding(rnn, steps):
    return loop(rnn.EmbeddingWrapper(rnn.BasicLSTMCell(5), 4, 3), tf.constant(IDS), rnn)


def an_embedding_with_the_initializer_of_the_scope(rnn, steps):
    cell = rnn.EmbeddingWrapper(rnn.GRUCell(5), embedding_classes=4, embedding_size=3)
    with tf.variable_scope("Model", initializer=tf.constant_initializer(0.5)):
        return loop(cell, tf.constant(IDS), rnn)


def a_shortcut(rnn, steps):
    cells = [rnn.ResidualWrapper(rnn.BasicLSTMCell(4)) for _ in range(2)]
    return loop(rnn.MultiRNNCell(cells), steps, rnn)


def a_shortcut_by_a_function(rnn, steps):
    return loop(rnn.ResidualWrapper(rnn.GRUCell(3), lambda x, y: x[:, :3] * y), steps, rnn)


def a_cell_on_a_device(rnn, steps):
    return loop(rnn.DeviceWrapper(rnn.GRUCell(5), "/cpu:0"), steps, rnn)


def dropout_with_one_mask_for_all_steps(rnn, steps):
    size, dtype = tf.TensorShape([4]), tf.float32
    cells = rnn.MultiRNNCell([rnn.BasicLSTMCell(5), rnn.GRUCell(5)])
    return loop(rnn.DropoutWrapper(cells, 0.8, 0.6, 0.7, True, size, dtype, seed=6), steps, rnn)


def dropout_with_arguments_that_it_does_not_need(rnn, steps):
    cell = rnn.DropoutWrapper(rnn.GRUCell(5), input_size=4, dtype=tf.float32)
    return loop(cell, steps, rnn)


def layers_of_bidirectional_loops(rnn, steps):
    forward, backward = ([rnn.GRUCell(n) for n in (3, 2)] for _ in range(2))
    outputs, *states = rnn.stack_bidirectional_dynamic_rnn(
        forward,
        backward,
        steps,
        [tf.ones([2, 3]), tf.zeros([2, 2])],
        dtype=tf.float32,
        sequence_length=[3, 2],
        time_major=True,
    )
    return [outputs] + tf.nest.flatten(states)


def cells_with_names(rnn, steps):
    cells = [
        rnn.BasicRNNCell(2, name="rnn"),
        rnn.GRUCell(2, name="gru", dtype=tf.float32),
        rnn.BasicLSTMCell(2, name="lstm", trainable=False),
        rnn.LSTMCell(2, name="peephole", use_peepholes=True, dtype="float32"),
        rnn.NASCell(2, name="nas"),
    ]
    return loop(rnn.MultiRNNCell(cells), steps, rnn)


def cells_of_ones_own(rnn, steps):
    class Own(rnn.RNNCell):
        state_size = output_size = 2

        def call(self, inputs, state):
            w = tf.get_variable("w", [inputs.shape.as_list()[1], 2])
            state += tf.matmul(inputs, w)
            return state, state

    class MyOwnCell(Own):
        def __init__(self, reuse=None):
            super(MyOwnCell, self).__init__(_reuse=reuse)

    class B2Cell(Own):
        pass

    class HTMLReader(Own):
        pass

    class _Private(Own):
        pass

    class Encoder(rnn.BasicLSTMCell):
        pass

    own = [Own(), Own(name="named"), MyOwnCell(), B2Cell(), HTMLReader(), _Private()]
    return loop(rnn.MultiRNNCell(own + [Encoder(2)]), steps, rnn)


CASES = [
    lstm_with_a_projection,
    lstm_with_everything_clipped,
    lstm_with_cell_clip_alone,
    lstm_with_a_projection_and_one_tensor_for_its_state,
    lstm_in_shards,
    block_lstm,
    block_lstm_with_peepholes,
    block_lstm_with_clip,
    block_lstm_that_does_not_clip,
    nas,
    nas_with_a_projection_and_biases,
    a_projected_output,
    a_projected_output_with_an_activation,
    a_projected_input,
    a_projected_input_with_an_activation,
    an_embedding,
    an_embedding_with_the_initializer_of_the_scope,
    a_shortcut,
    a_shortcut_by_a_function,
    a_cell_on_a_device,
    dropout_with_one_mask_for_all_steps,
    dropout_with_arguments_that_it_does_not_need,
    layers_of_bidirectional_loops,
    cells_with_names,
    cells_of_ones_own,
]


def measure(rnn, case):
    """Builds a case in a graph of its own and runs it.

    Returns:
        A dictionary. `variables`: for each name the shape, whether optimizers change the variable,
        and the initial value if all its elements are one number. The other entries are with random
        weights: `values`, the tensors of the case; `input_gradient` and `gradients`, the gradients
        of the sum of the squares of these tensors by the inputs and by each variable.
    """
    with tf.Graph().as_default(), tf.Session() as session:
        steps = tf.constant(STEPS)
        results = case(rnn, steps)
        trained = tf.trainable_variables()
        variables = sorted(tf.global_variables(), key=lambda variable: variable.op.name)
        session.run(tf.global_variables_initializer())
        described = {}
        random = np.random.RandomState(7)
        for variable in variables:
            value, shape = session.run(variable), variable.shape.as_list()
            initial = float(np.min(value)) if np.ptp(value) == 0 else None
            described[variable.op.name] = [shape, variable in trained, initial]
            variable.load(random.uniform(-0.8, 0.8, shape), session)
        sources = [steps] + variables
        gradients = tf.gradients([tf.square(result) for result in results], sources)
        gradients = [tf.zeros([]) if g is None else tf.convert_to_tensor(g) for g in gradients]
        values, gradients = session.run([results, gradients])
    names = [variable.op.name for variable in variables]
    return {
        "variables": described,
        "values": [value.tolist() for value in values],
        "input_gradient": gradients[0].tolist(),
        "gradients": {name: g.tolist() for name, g in zip(names, gradients[1:])},
    }


if __name__ == "__main__":
    import tensorflow

    recorded = {case.__name__: measure(tensorflow.contrib.rnn, case) for case in CASES}
    short = json.loads(json.dumps(recorded), parse_float=lambda text: float("%.7g" % float(text)))
    with open(PATH, "w") as file:
        json.dump(short, file, separators=(",", ":"), sort_keys=True)
        file.write("\n")
