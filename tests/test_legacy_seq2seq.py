"""`contrib.legacy_seq2seq` by its own rules; test_layers.py holds it to TensorFlow 1.15."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from contrib import legacy_seq2seq, rnn


def test_losses_are_those_of_numpy():
    """Two sequences of three steps; the weights leave out the end of the second."""
    random = np.random.RandomState(4)
    logits = random.uniform(-2, 2, (3, 2, 5))  # [T, B, V]
    targets = random.randint(0, 5, (3, 2))
    weights = np.array([[1.0, 2.0], [1.0, 0.5], [1.0, 0.0]])
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    losses = np.array([[-np.log(p[t, b, targets[t, b]]) for b in range(2)] for t in range(3)])
    expected = (losses * weights).sum(axis=0) / weights.sum(axis=0)

    lists = [tf.unstack(tf.constant(values)) for values in (logits, targets, weights)]
    tensors = [f(*lists) for f in (legacy_seq2seq.sequence_loss_by_example,
                                   legacy_seq2seq.sequence_loss)]  # fmt: skip
    with tf.Session() as session:
        by_example, mean = session.run(tensors)
    np.testing.assert_allclose(by_example, expected, rtol=1e-10)
    np.testing.assert_allclose(mean, expected.mean(), rtol=1e-10)


def test_the_decoder_is_a_static_loop_that_starts_from_a_state():
    inputs = [tf.ones([2, 3]), 2 * tf.ones([2, 3])]
    cell, state = rnn.BasicRNNCell(4), tf.ones([2, 4])
    outputs, final = legacy_seq2seq.rnn_decoder(inputs, state, cell, scope="loop")
    with tf.variable_scope("loop", reuse=True):
        first, _ = cell(inputs[0], state)
        second, _ = cell(inputs[1], first)
    assert [v.op.name.split("/")[0] for v in tf.trainable_variables()] == ["loop", "loop"]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        actual, wanted = session.run([outputs + [final], [first, second, second]])
    np.testing.assert_allclose(actual, wanted, rtol=1e-6)


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="lists of one length; given 1, 2 and 1"):
        legacy_seq2seq.sequence_loss([tf.zeros([1, 3])], [[0], [0]], [tf.ones([1])])
