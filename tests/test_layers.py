"""`contrib.layers` against what TensorFlow 1.15's own layers gave, and against NumPy."""

import json

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from layer_cases import MODELS, PATH, TRAININGS, X, initial_values, measure
from models import assert_close

import contrib
from contrib import layers

with open(PATH) as file:
    RECORDED = json.load(file)


@pytest.mark.parametrize("case", MODELS, ids=lambda case: case.__name__)
def test_a_model_is_that_of_tensorflow_1_15(case):
    """Variable names, shapes and initial values; outputs and gradients; what is collected."""
    actual, recorded = measure(contrib, case), RECORDED[case.__name__]
    assert actual["variables"] == recorded["variables"]
    assert actual["model_variables"] == recorded["model_variables"]
    assert len(recorded["gradients"]) == sum(trained for _, _, trained, _ in actual["variables"])
    for key in ("values", "gradients", "regularization"):
        assert len(actual[key]) == len(recorded[key])
        for value, wanted in zip(actual[key], recorded[key]):
            assert_close(value, wanted)


@pytest.mark.parametrize("case", TRAININGS, ids=lambda case: case.__name__)
def test_a_training_is_that_of_tensorflow_1_15(case):
    """Variable names; the losses of three steps, all variables after them; summaries."""
    actual, recorded = measure(contrib, case), RECORDED[case.__name__]
    assert [row[:3] for row in actual["variables"]] == [row[:3] for row in recorded["variables"]]
    assert actual["summaries"] == recorded["summaries"]
    for key in ("values", "after"):
        for value, wanted in zip(actual[key], recorded[key]):
            assert_close(value, wanted)


def test_xaviers_numbers_are_those_of_tensorflow_1_15():
    for value, wanted in zip(initial_values(contrib), RECORDED["xavier_initializer"]):
        assert_close(value, wanted)


@pytest.mark.parametrize(
    "make", [layers.dense, layers.fully_connected, layers.linear], ids=["dense", "fc", "linear"]
)
def test_weights_start_in_xaviers_range(make):
    make(tf.zeros([1, 60]), 40)
    weights = tf.trainable_variables()[0]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        largest = abs(session.run(weights)).max()
    assert 0.95 < largest / np.sqrt(6 / 100.0) <= 1.0001


def test_a_second_call_under_one_name_is_refused():
    layers.dense(tf.zeros([1, 3]), 2, name="out")
    with pytest.raises(ValueError, match="out/kernel already exists"):
        layers.dense(tf.zeros([1, 3]), 2, name="out")


@pytest.mark.parametrize("make", [layers.dense, layers.fully_connected])
def test_inputs_that_are_not_float_are_refused(make):
    with pytest.raises(TypeError, match="needs inputs of floats; given int32"):
        make(tf.constant([[1, 2]]), 2)


def test_variables_that_are_not_trained():
    layers.dense(X, 2, trainable=False)
    layers.fully_connected(X, 2, trainable=False)
    layers.embed_sequence([[1]], 3, 2, trainable=False)
    assert len(tf.global_variables()) == 5
    assert not tf.trainable_variables()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: layers.dense(tf.zeros([3]), 2), r"rank 2 or more .*; given \(3,\)"),
        (
            lambda: layers.fully_connected(tf.placeholder(tf.float32, [2, None]), 2),
            r"last axis that is known; given \(2, ",
        ),
        (
            lambda: layers.embed_sequence([[1]], vocab_size=3),
            "embed_sequence needs vocab_size and embed_dim .*; given 3 and None",
        ),
        (lambda: layers.optimize_loss(tf.zeros([2]), None, 0.1, "SGD"), r"scalar; given shape \(2"),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, 0.1, "Sgd"),
            "optimizer must be one of Adagrad, .*; given 'Sgd'",
        ),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, 0.1, lambda rate: rate),
            "optimizer must make a tf.train.Optimizer",
        ),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, 1, "SGD"),
            "learning_rate must be a float or a tensor; given 1",
        ),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, 0.1, "SGD", None, None, None, max),
            "learning_rate_decay_fn needs a global_step",
        ),
        (
            lambda: layers.optimize_loss(tf.get_variable("w", []), None, 0.1, "SGD", None, None, 1),
            "clip_gradients must be a float; given 1",
        ),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, 0.1, "SGD", 0.5),
            "optimize_loss does not support gradient_noise_scale; given 0.5",
        ),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, 0.1, "SGD", None, {}),
            "optimize_loss does not support gradient_multipliers; given {}",
        ),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, 0.1, 5),
            "optimizer must be one of .*; given 5",
        ),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, None, "Adam"),
            "optimizer 'Adam' needs a learning_rate",
        ),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, None, tf.train.AdamOptimizer),
            "AdamOptimizer'> needs a learning_rate",
        ),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, -0.1, "SGD"),
            "learning_rate must not be below 0; given -0.1",
        ),
        (
            lambda: layers.optimize_loss(tf.zeros([]), None, 0.1, "SGD", summaries=["losss"]),
            "summaries must be of learning_rate, .*; given 'losss'",
        ),
        (
            lambda: layers.dense(X, 2, activity_regularizer=abs),
            "dense does not support activity_regularizer; given <built-in",
        ),
        (
            lambda: layers.dense(X, 2, kernel_constraint=abs),
            "dense does not support kernel_constraint; given <built-in",
        ),
        (
            lambda: layers.dense(X, 2, bias_constraint=abs),
            "dense does not support bias_constraint; given <built-in",
        ),
        (
            lambda: layers.fully_connected(X, 2, variables_collections=["a"]),
            r"fully_connected does not support variables_collections; given \['a'",
        ),
        (
            lambda: layers.fully_connected(X, 2, outputs_collections="a"),
            "fully_connected does not support outputs_collections; given 'a'",
        ),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
