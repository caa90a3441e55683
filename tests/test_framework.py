"""Tests the global step of `contrib.framework`."""

import tensorflow.compat.v1 as tf

from contrib.framework import get_or_create_global_step


def test_the_step_is_made_once_and_named_by_the_scope_that_asks_first():
    with tf.variable_scope("Model"):
        step = get_or_create_global_step()
    assert step.op.name == "Model/global_step"
    assert (step.dtype.base_dtype, step.shape.as_list()) == (tf.int64, [])
    assert not tf.trainable_variables()
    assert get_or_create_global_step() is step


def test_another_graphs_step():
    graph = tf.Graph()
    step = get_or_create_global_step(graph)
    assert step.graph is graph
    assert get_or_create_global_step() is not step
