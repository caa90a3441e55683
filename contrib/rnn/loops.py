"""The loops of `tf.contrib.rnn`: two that TensorFlow still has, and layers of bidirectional ones.

Letters in the shape comments: B batch_size, T num_steps, D input size.
"""

import tensorflow.compat.v1 as tf

static_rnn = tf.nn.static_rnn
static_bidirectional_rnn = tf.nn.static_bidirectional_rnn


def stack_bidirectional_dynamic_rnn(
    cells_fw,
    cells_bw,
    inputs,
    initial_states_fw=None,
    initial_states_bw=None,
    dtype=None,
    sequence_length=None,
    parallel_iterations=None,
    time_major=False,
    scope=None,
):
    """Runs layers of `tf.nn.bidirectional_dynamic_rnn`, each over both outputs of the one below.

        forward, backward = bidirectional_dynamic_rnn(cells_fw[k], cells_bw[k], outputs_(k-1))
        outputs_k = [forward, backward]                    side by side; outputs_(-1) = inputs

    The variables of layer k stand under `stack_bidirectional_rnn/cell_k/bidirectional_rnn/`, in
    `fw/` and `bw/`.

    Args:
        cells_fw, cells_bw: two lists of one length, with one cell for each layer.
        inputs: `[B, T, D]`, float.
        initial_states_fw, initial_states_bw: lists of states, one for each layer; zeros if not
            given.
        dtype: the dtype of the states of zeros.
        sequence_length: `[B]`, int; T for all rows if not given.
        parallel_iterations: see `tf.nn.dynamic_rnn`.
        time_major: whether inputs and outputs are `[T, B, ...]`.
        scope: the variable scope to use in place of `stack_bidirectional_rnn`.

    Returns:
        `(outputs, states_fw, states_bw)`: the outputs of the last layer, `[B, T, size]`, size the
        sum of the output sizes of its two cells; and two tuples with the last state of each layer.

    Raises:
        ValueError: when the lists are empty or not equally long.
    """
    layers = len(cells_fw)
    none = [None] * layers
    initial_states_fw, initial_states_bw = initial_states_fw or none, initial_states_bw or none
    lengths = [len(one) for one in (cells_fw, cells_bw, initial_states_fw, initial_states_bw)]
    if not layers or set(lengths) != {layers}:
        raise ValueError(
            "cells_fw, cells_bw and the initial states need one element for each layer; given"
            " lists of %s" % lengths
        )
    states_fw, states_bw = [], []
    with tf.variable_scope(scope or "stack_bidirectional_rnn"):
        for layer in range(layers):
            with tf.variable_scope("cell_%d" % layer):
                outputs, (state_fw, state_bw) = tf.nn.bidirectional_dynamic_rnn(
                    cells_fw[layer],
                    cells_bw[layer],
                    inputs,
                    sequence_length=sequence_length,
                    initial_state_fw=initial_states_fw[layer],
                    initial_state_bw=initial_states_bw[layer],
                    dtype=dtype,
                    parallel_iterations=parallel_iterations,
                    time_major=time_major,
                )
            inputs = tf.concat(outputs, 2)
            states_fw.append(state_fw)
            states_bw.append(state_bw)
    return inputs, tuple(states_fw), tuple(states_bw)
