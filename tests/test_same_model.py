"""Compares `lm.model.Model` of the workshop with `ptb_word_lm.PTBModel` of the reference.

Both models start from one checkpoint, read the same words and, with dropout, draw the same masks.
Then costs, weights and states must be the same, and each must resume from the other's checkpoint.
"""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import (
    GOLDEN,
    build,
    build_run,
    house,
    load_golden,
    load_recorded_weights,
    make_config,
    make_lm_config,
    recorded_corpus,
    running_session,
    train,
)

import ptb_word_lm
from lm import training

DATA = np.random.RandomState(7).randint(0, 50, 25).tolist() * 20  # something to learn
SIZES = dict(init_scale=0.4, num_steps=7, hidden_size=12)
STEPS = 20
MODES = ["basic", "block"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Saves initial weights, drawn once, in a checkpoint."""
    with tf.Graph().as_default():
        build(make_config(**SIZES), DATA)
        random = np.random.RandomState(3)
        with running_session() as session:
            for variable in tf.trainable_variables():
                variable.load(random.uniform(-0.4, 0.4, variable.shape.as_list()), session)
            path = str(tmp_path_factory.mktemp("initial") / "model.ckpt")
            return tf.train.Saver().save(session, path)


def trained(config, checkpoint, steps=STEPS, saved_as=None):
    """Trains from a checkpoint for some steps; returns costs, weights and the last state."""
    with tf.Graph().as_default():
        model = build(config, DATA)
        with running_session() as session:
            tf.train.Saver().restore(session, checkpoint)
            costs, state = train(session, model, steps)
            weights = session.run({v.op.name: v for v in tf.global_variables()})
            if saved_as is not None:
                tf.train.Saver().save(session, saved_as)
    return costs, weights, tf.nest.flatten(state)


def assert_same(one, two):
    (costs, weights, state), (other_costs, other_weights, other_state) = one, two
    np.testing.assert_allclose(costs, other_costs, rtol=1e-6)
    assert list(weights) == list(other_weights)
    for name, value in weights.items():
        np.testing.assert_allclose(value, other_weights[name], rtol=1e-5, atol=1e-6, err_msg=name)
    for value, other in zip(state, other_state):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_costs_weights_and_state_of_20_steps(checkpoint, mode):
    reference = trained(house("reference", **SIZES), checkpoint)
    workshop = trained(house(mode, **SIZES), checkpoint)
    assert_same(workshop, reference)
    assert reference[0][-1] < 0.95 * reference[0][0]  # The model has learnt.


@pytest.mark.parametrize("mode", MODES)
def test_the_variables_are_equal_by_name_shape_and_order(mode):
    lists = []
    for name in ("reference", mode):
        with tf.Graph().as_default():
            build(house(name, **SIZES), DATA)
            lists.append([(v.op.name, v.shape.as_list()) for v in tf.global_variables()])
    assert lists[0] == lists[1]
    assert len(lists[0]) == 9


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("direction", ["to the workshop", "to the reference"])
def test_a_checkpoint_of_one_goes_on_in_the_other(checkpoint, tmp_path, mode, direction):
    first, second = ("reference", mode) if direction == "to the workshop" else (mode, "reference")
    path = str(tmp_path / "half.ckpt")
    trained(house(first, **SIZES), checkpoint, STEPS // 2, saved_as=path)
    changed = trained(house(second, **SIZES), path, STEPS // 2)
    unchanged = trained(house(first, **SIZES), path, STEPS // 2)
    assert_same(changed, unchanged)
    assert changed[1]["Model/global_step"] == STEPS


class Masks(object):
    """Draws dropout masks that do not depend on the graph: one for the words, one for each layer.

    The reference and basic mode drop a layer's output step by step; block mode drops all steps at
    once.
    """

    def __init__(self, config):
        random = np.random.RandomState(5)
        shape = (config.batch_size, config.num_steps, config.hidden_size)
        draw = lambda: (random.uniform(size=shape) < 0.5).astype(np.float32) / 0.5  # noqa: E731
        self.words = draw()  # [B, T, H]
        self.layers = [draw() for _ in range(config.num_layers)]
        self.calls = 0

    def dropout(self, x, keep_prob=None, rate=None, seed=None):
        assert (1 - keep_prob if rate is None else rate) == 0.5
        call, self.calls = self.calls, self.calls + 1
        if call == 0:
            return x * self.words
        if x.shape.ndims == 3:  # [T, B, H]
            return x * self.layers[call - 1].transpose([1, 0, 2])
        step, layer = divmod(call - 1, len(self.layers))
        return x * self.layers[layer][:, step]


@pytest.mark.parametrize("mode", MODES)
def test_the_same_masks_give_the_same_numbers(checkpoint, monkeypatch, mode):
    results = []
    for name in ("reference", mode):
        config = house(name, keep_prob=0.5, **SIZES)
        masks = Masks(config)
        monkeypatch.setattr(tf.nn, "dropout", masks.dropout)
        results.append(trained(config, checkpoint))
        layers, steps = config.num_layers, config.num_steps
        assert masks.calls == 1 + layers * (1 if name == "block" else steps)
    assert_same(*results)
    without = trained(house("reference", **SIZES), checkpoint)
    assert abs(results[0][0][0] - without[0][0]) > 1e-3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["run-two-layer", "run-clipped"])
def test_the_function_trains_the_recorded_runs(tmp_path, name, mode):
    """`lm.training.train` gives the perplexities of whole runs recorded on TensorFlow 1.4."""
    recorded = load_golden(name + ".json")
    folder = str(tmp_path)
    with tf.Graph().as_default():
        build_run(recorded)
        with running_session() as session:
            load_recorded_weights(session, recorded)
            tf.train.Saver().save(session, folder + "/model.ckpt-0")
    config = make_lm_config(rnn_mode=mode, **recorded["config"])
    result = training.train(config, recorded_corpus(recorded), folder)
    assert [epoch.learning_rate for epoch in result.epochs] == [
        epoch["learning_rate"] for epoch in recorded["epochs"]
    ]
    for split in ("train", "valid"):
        np.testing.assert_allclose(
            [getattr(epoch, split + "_perplexity") for epoch in result.epochs],
            [epoch[split + "_perplexity"] for epoch in recorded["epochs"]],
            rtol=1e-5,
        )
    np.testing.assert_allclose(result.test_perplexity, recorded["test_perplexity"], rtol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_the_workshops_run_epoch_is_the_references(mode):
    """Each house has one model, with the weights of TensorFlow 1.4's checkpoint."""
    recorded = load_golden("run-two-layer.json")
    perplexities = []
    for name, run_epoch in (("reference", ptb_word_lm.run_epoch), ("lm", training.run_epoch)):
        with tf.Graph().as_default():
            _, m, mvalid, mtest = build_run(recorded, name, mode)
            with running_session() as session:
                tf.train.Saver().restore(session, GOLDEN + "/run-two-layer-init.ckpt")
                m.assign_lr(session, 1.0)
                perplexities.append(
                    [run_epoch(session, m, m.train_op), run_epoch(session, mvalid)]
                    + [run_epoch(session, mtest)]
                )
    np.testing.assert_allclose(perplexities[1], perplexities[0], rtol=1e-6)
