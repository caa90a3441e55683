"""Compares both houses with numbers recorded from the original example on TensorFlow 1.4.0."""

import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import (
    GOLDEN,
    HOUSES,
    assert_close,
    build,
    build_run,
    house,
    load_golden,
    load_recorded_weights,
    run_epoch,
    running_session,
    train,
)


def build_recorded(recorded, mode):
    if mode == "reference":
        return build_run(recorded)
    return build_run(recorded, "lm", mode)


@pytest.mark.parametrize("mode", HOUSES)
@pytest.mark.parametrize("name", ["tiny", "tiny-clipped"])
def test_costs_weights_and_state_of_60_training_steps(name, mode):
    recorded = load_golden(name + ".json")
    arrays = np.load(os.path.join(GOLDEN, name + ".npz"))
    model = build(house(mode, **recorded["config"]), arrays["data"].tolist())
    with running_session() as session:
        load_recorded_weights(session, recorded)
        costs, state = train(session, model, len(recorded["costs"]), recorded["learning_rate"])
        weights = session.run({v.op.name: v for v in tf.trainable_variables()})

    np.testing.assert_allclose(costs, recorded["costs"], rtol=1e-5)
    for variable, value in weights.items():
        assert_close(value, arrays["final/" + variable])
    for layer, (c, h) in enumerate(state):
        assert_close(c, arrays["state%d/c" % layer])
        assert_close(h, arrays["state%d/h" % layer])


@pytest.mark.parametrize("mode", HOUSES)
@pytest.mark.parametrize("name", ["run-two-layer", "run-clipped"])
def test_perplexities_of_a_whole_run(name, mode):
    recorded = load_golden(name + ".json")
    config, m, mvalid, mtest = build_recorded(recorded, mode)
    with running_session() as session:
        load_recorded_weights(session, recorded)
        for i, epoch in enumerate(recorded["epochs"]):
            lr_decay = config.lr_decay ** max(i + 1 - config.max_epoch, 0.0)
            m.assign_lr(session, config.learning_rate * lr_decay)
            assert session.run(m.lr) == epoch["learning_rate"]
            train_perplexity = run_epoch(session, m, eval_op=m.train_op)
            np.testing.assert_allclose(train_perplexity, epoch["train_perplexity"], rtol=1e-5)
            valid_perplexity = run_epoch(session, mvalid)
            np.testing.assert_allclose(valid_perplexity, epoch["valid_perplexity"], rtol=1e-5)
        test_perplexity = run_epoch(session, mtest)
        np.testing.assert_allclose(test_perplexity, recorded["test_perplexity"], rtol=1e-5)


def test_a_tensorflow_1_checkpoint_restores_and_trains_on():
    recorded = load_golden("run-two-layer.json")
    _, m, mvalid, _ = build_run(recorded)
    with running_session() as session:
        tf.train.Saver().restore(session, os.path.join(GOLDEN, "run-two-layer-init.ckpt"))
        m.assign_lr(session, recorded["epochs"][0]["learning_rate"])
        perplexities = [run_epoch(session, m, eval_op=m.train_op), run_epoch(session, mvalid)]
    epoch = recorded["epochs"][0]
    expected = [epoch["train_perplexity"], epoch["valid_perplexity"]]
    np.testing.assert_allclose(perplexities, expected, rtol=1e-5)


def test_a_trained_tensorflow_1_checkpoint_gives_the_recorded_test_perplexity():
    recorded = load_golden("run-two-layer.json")
    _, _, _, mtest = build_run(recorded)
    with running_session() as session:
        tf.train.Saver().restore(session, os.path.join(GOLDEN, "run-two-layer-final.ckpt"))
        test_perplexity = run_epoch(session, mtest)
    np.testing.assert_allclose(test_perplexity, recorded["test_perplexity"], rtol=1e-5)


@pytest.mark.parametrize("mode", HOUSES)
def test_the_variables_are_the_originals_by_name(mode):
    recorded = load_golden("run-two-layer.json")
    build_recorded(recorded, mode)
    names = [variable.op.name for variable in tf.global_variables()]
    assert names == recorded["global_variables"]


def test_a_checkpoint_written_here_holds_the_originals_names_and_shapes(tmp_path):
    build_run(load_golden("run-two-layer.json"))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, str(tmp_path / "model.ckpt"))
    original = tf.train.load_checkpoint(os.path.join(GOLDEN, "run-two-layer-init.ckpt"))
    written = tf.train.load_checkpoint(path)
    assert written.get_variable_to_shape_map() == original.get_variable_to_shape_map()
    assert written.get_variable_to_dtype_map() == original.get_variable_to_dtype_map()
