"""What holds of the model in both houses: the reference's, and the workshop's in its two modes."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from models import HOUSES, build, feeds, house, run_epoch, running_session, train

DATA = np.random.RandomState(7).randint(0, 50, 400).tolist()

in_both_houses = pytest.mark.parametrize("name", HOUSES)


@in_both_houses
def test_a_uniform_models_perplexity_is_the_vocabulary_size(name):
    model = build(house(name, init_scale=0.0), DATA, is_training=False)
    with running_session() as session:
        assert run_epoch(session, model) == pytest.approx(50, rel=1e-6)


@pytest.mark.slow
@in_both_houses
@settings(max_examples=10)
@given(data=st.lists(st.integers(0, 49), min_size=24, max_size=100))
def test_the_perplexity_of_any_text_is_finite(name, data):
    with tf.Graph().as_default():
        model = build(house(name), data)
        with running_session() as session:
            model.assign_lr(session, 1.0)
            perplexity = run_epoch(session, model, eval_op=model.train_op)
    assert 1 < perplexity < np.inf


@in_both_houses
def test_gradients_are_clipped_to_max_grad_norm(name):
    # Different words only: the norm counts every use of an embedding for itself, the update adds
    # them.
    model = build(house(name, max_grad_norm=1e-3, init_scale=1.0), list(range(24)))
    with running_session() as session:
        before = session.run(tf.trainable_variables())
        train(session, model, steps=1, learning_rate=1.0)
        after = session.run(tf.trainable_variables())
    change = np.sqrt(sum(np.sum((b - a) ** 2.0) for a, b in zip(before, after)))
    assert change == pytest.approx(1e-3, rel=1e-3)


# --------------------------------------------------------------------------------------------------
# Dropout
# --------------------------------------------------------------------------------------------------
def dropout_names():
    operations = tf.get_default_graph().get_operations()
    return [op.name for op in operations if op.type == "RandomUniform" and "dropout" in op.name]


@pytest.mark.parametrize("name, on_layers", [("reference", 2 * 3), ("basic", 2 * 3), ("block", 2)])
def test_dropout_is_on_the_input_and_on_what_each_layer_hands_up_while_training(name, on_layers):
    build(house(name, keep_prob=0.5, num_layers=2, num_steps=3), DATA)
    assert len(dropout_names()) == 1 + on_layers


@in_both_houses
@pytest.mark.parametrize("is_training, keep_prob", [(False, 0.5), (True, 1.0)])
def test_dropout_is_off_when_evaluating_and_with_keep_prob_1(name, is_training, keep_prob):
    build(house(name, keep_prob=keep_prob), DATA, is_training=is_training)
    assert dropout_names() == []


@in_both_houses
def test_dropout_scales_what_it_keeps_and_spares_the_state(name):
    config = house(name, keep_prob=0.25, init_scale=1.0, num_layers=1)
    model = build(config, DATA)
    operations = tf.get_default_graph().get_operations()
    softmax_w = next(op for op in operations if op.name.endswith("/softmax_w/read"))
    product = next(op for op in softmax_w.outputs[0].consumers() if "gradients" not in op.name)
    with running_session() as session:
        fetches = [product.inputs[0], model.final_state]
        handed_up, (state,) = session.run(fetches, next(feeds(model)))
    last = handed_up.reshape([config.batch_size, config.num_steps, -1])[:, -1]  # [B, H]
    assert state.h.all()
    kept = last != 0
    assert 0 < kept.mean() < 0.6
    np.testing.assert_allclose(last[kept], state.h[kept] / 0.25, rtol=1e-6)


@in_both_houses
def test_dropout_never_touches_what_goes_from_step_to_step(name):
    model = build(house(name, keep_prob=0.5, hidden_size=50), DATA)
    with running_session() as session:
        state = session.run(model.final_state, next(feeds(model)))
    # A dropped unit would be exactly 0.
    assert all(part.all() for layer in state for part in layer)
