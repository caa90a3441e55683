"""Compares `sequence_loss` with TensorFlow 1.4's numbers and with NumPy."""

import itertools

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import assert_close, load_golden

from contrib.seq2seq import sequence_loss, softmax_cross_entropy

AVERAGES = list(itertools.product([True, False], repeat=2))


def evaluate(tensor):
    with tf.Session() as session:
        return session.run(tensor)


@pytest.mark.parametrize("timesteps, batch", AVERAGES)
def test_the_four_averages_are_those_of_tensorflow_1_4(timesteps, batch):
    for recorded in load_golden("cells.json")["sequence_loss"]:
        logits, targets, weights = (
            tf.constant(recorded[key]) for key in ("logits", "targets", "weights")
        )
        loss = sequence_loss(logits, targets, weights, timesteps, batch)
        key = "average_across_timesteps=%s average_across_batch=%s" % (timesteps, batch)
        assert_close(evaluate(loss), recorded["results"][key])


@pytest.mark.parametrize("timesteps, batch", AVERAGES)
def test_values_are_those_of_numpy(timesteps, batch):
    random = np.random.RandomState(3)
    logits = random.uniform(-2, 2, (3, 4, 5))  # [B, T, V]
    targets = random.randint(0, 5, (3, 4))
    weights = random.uniform(0, 1, (3, 4))

    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    expected = np.zeros((3, 4))
    for b, t in np.ndindex(3, 4):
        expected[b, t] = -np.log(p[b, t, targets[b, t]]) * weights[b, t]
    total = weights
    if timesteps:
        expected, total = expected.sum(axis=1), total.sum(axis=1)
    if batch:
        expected, total = expected.sum(axis=0), total.sum(axis=0)
    if timesteps or batch:
        expected = expected / total

    loss = sequence_loss(tf.constant(logits), tf.constant(targets), weights, timesteps, batch)
    np.testing.assert_allclose(evaluate(loss), expected, rtol=1e-10)


def test_a_weight_of_zero_leaves_a_position_out():
    logits = tf.constant(np.random.RandomState(3).uniform(-2, 2, (1, 3, 5)))
    targets = tf.constant([[1, 2, 3]])
    some = sequence_loss(logits, targets, tf.constant([[1.0, 1.0, 0.0]], tf.float64))
    first = sequence_loss(logits[:, :2], targets[:, :2], tf.ones([1, 2], tf.float64))
    np.testing.assert_allclose(*evaluate([some, first]), rtol=1e-10)


def test_no_weight_at_all_gives_zero():
    loss = sequence_loss(tf.ones([2, 3, 5]), tf.zeros([2, 3], tf.int32), tf.zeros([2, 3]))
    assert evaluate(loss) == 0


def test_a_loss_function_of_ones_own():
    def ones_and_twos(labels, logits):
        assert logits.shape.ndims == 2
        return tf.cast(labels, tf.float32)

    targets = tf.constant([[1, 2], [2, 2]])
    loss = sequence_loss(
        tf.zeros([2, 2, 5]), targets, tf.ones([2, 2]), softmax_loss_function=ones_and_twos
    )
    assert evaluate(loss) == 1.75


@pytest.mark.parametrize(
    "shapes, message",
    [
        (((6, 5), (2, 3), (2, 3)), r"logits must have rank 3, .*; given rank 2, shape \(6, 5\)"),
        (((2, 3, 5), (6,), (2, 3)), r"targets must have rank 2, .*; given rank 1, shape \(6,\)"),
        (((2, 3, 5), (2, 3), (6,)), r"weights must have rank 2, .*; given rank 1, shape \(6,\)"),
    ],
)
def test_other_ranks_are_refused(shapes, message):
    logits, targets, weights = shapes
    with pytest.raises(ValueError, match=message):
        sequence_loss(tf.ones(logits), tf.ones(targets, tf.int32), tf.ones(weights))


@pytest.mark.parametrize(
    "targets, weights, message",
    [
        ((2, 3), (1, 3), r"weights must have the logits' shape .*, \(2, 3\); given \(1, 3\)"),
        ((2, 3), (2, 1), r"weights must have the logits' shape .*, \(2, 3\); given \(2, 1\)"),
        ((3, 2), (2, 3), r"targets must have the logits' shape .*, \(2, 3\); given \(3, 2\)"),
    ],
)
def test_other_shapes_are_refused(targets, weights, message):
    with pytest.raises(ValueError, match=message):
        sequence_loss(tf.ones([2, 3, 5]), tf.ones(targets, tf.int32), tf.ones(weights))


def test_weights_are_not_broadcast_where_shapes_are_not_known():
    weights = tf.placeholder(tf.float32, [None, None])
    loss = sequence_loss(tf.ones([2, 3, 5]), tf.zeros([2, 3], tf.int32), weights)
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError):
        session.run(loss, {weights: np.ones((1, 3))})


@pytest.mark.parametrize(
    "dtype, precision", [("float16", 2e-3), ("float32", 1e-6), ("float64", 1e-12)]
)
@pytest.mark.parametrize("scale, offset", [(1.0, 0.0), (30.0, 0.0), (1.0, 1000.0), (0.001, -20.0)])
def test_the_fast_cross_entropy_and_its_gradient_are_those_of_numpy(
    dtype, precision, scale, offset
):
    random = np.random.RandomState(4)
    logits = (random.uniform(-scale, scale, (7, 50)) + offset).astype(dtype)
    labels = random.randint(0, 50, 7)
    weights = random.uniform(0, 2, 7).astype(dtype)
    z = logits.astype(np.float64)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    expected = -np.log(p[range(7), labels])
    p[range(7), labels] -= 1

    logits = tf.constant(logits)
    loss = softmax_cross_entropy(labels=tf.constant(labels), logits=logits)
    loss, gradient = evaluate([loss, tf.gradients(tf.reduce_sum(weights * loss), logits)[0]])
    np.testing.assert_allclose(loss, expected, rtol=precision, atol=precision)
    np.testing.assert_allclose(gradient, p * weights[:, None], rtol=precision, atol=precision)


@pytest.mark.skipif(tf.__version__.startswith("1."), reason="no softmax of bfloat16 there")
def test_the_fast_cross_entropy_takes_bfloat16():
    logits = tf.constant([[0.0, 0.0], [200.0, 0.0]], tf.bfloat16)
    loss = tf.cast(softmax_cross_entropy(labels=tf.constant([1, 1]), logits=logits), tf.float32)
    np.testing.assert_allclose(evaluate(loss), [np.log(2), 200], rtol=0.02)


def test_the_fast_cross_entropy_of_logits_that_are_no_numbers_is_none():
    logits = tf.constant([[0.0, np.nan, 0.0]])
    assert np.isnan(evaluate(softmax_cross_entropy(labels=tf.constant([0]), logits=logits))).all()
