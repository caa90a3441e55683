"""Tests replicas, which split the rows of a batch: they compute what a single one computes."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import (
    assert_same_run,
    build,
    make_lm_config,
    running_session,
    saved_weights,
    train,
    train_run,
)

from lm import replicas, training
from lm import train as lm_train
from lm.configs import Config
from lm.replicas import Replicas, ReplicasError

DATA = np.random.RandomState(7).randint(0, 50, 25).tolist() * 20  # something to learn
STEPS = 20


def trained(devices, learning_rate=1.0, **values):
    """Trains a model with 4 rows for some steps; returns costs, weights and the last state."""
    config = make_lm_config(init_scale=0.4, num_steps=7, hidden_size=12, **values)
    with tf.Graph().as_default():
        model = build(config, DATA, devices=devices)
        random = np.random.RandomState(3)
        with running_session() as session:
            for variable in tf.trainable_variables():
                variable.load(random.uniform(-0.4, 0.4, variable.shape.as_list()), session)
            costs, state = train(session, model, STEPS, learning_rate)
            weights = session.run({v.op.name: v for v in tf.global_variables()})
    return costs, weights, tf.nest.flatten(state)


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize(
    "values",
    [
        dict(rnn_mode="block"),
        dict(rnn_mode="basic"),
        dict(cell="gru", learning_rate=0.1),  # At 1.0, rounding grows too fast for 1e-6.
        dict(rnn_mode="block", max_grad_norm=0.01),
    ],
    ids=["block", "basic", "gru", "clipped"],
)
def test_costs_weights_and_states_are_those_of_one_replica(values, count):
    costs, weights, state = trained([None], **values)
    more_costs, more_weights, more_state = trained([None] * count, **values)
    np.testing.assert_allclose(more_costs, costs, rtol=1e-6)
    assert set(more_weights) == set(weights)
    for name, value in weights.items():
        np.testing.assert_allclose(more_weights[name], value, rtol=0, atol=1e-6, err_msg=name)
    for one, other in zip(state, more_state):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-6)


def test_a_whole_run_and_its_checkpoints_are_those_of_one_replica(corpus, tmp_path):
    folders = [str(tmp_path / "one"), str(tmp_path / "two")]
    results = [
        train_run(corpus, folder, seed=1, replicas=number, learning_rate=0.2)
        for folder, number in zip(folders, (1, 2))
    ]
    assert_same_run(*results)
    one, two = map(saved_weights, folders)
    assert set(one) == set(two)
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=0, atol=1e-5, err_msg=name)


def test_a_run_goes_on_with_another_number_of_replicas(corpus, tmp_path):
    folder = str(tmp_path / "run")
    train_run(corpus, folder, seed=1, replicas=4, max_max_epoch=1)
    result = train_run(corpus, folder, seed=1, replicas=1)
    np.testing.assert_allclose(
        result.test_perplexity, train_run(corpus, seed=1, replicas=2).test_perplexity, rtol=1e-5
    )


def test_dropout_draws_other_masks_in_each_replica():
    with tf.Graph().as_default():
        config = make_lm_config(keep_prob=0.5)
        model = build(config, DATA, devices=[None, None])
        rows = np.zeros([config.batch_size, config.num_steps], np.int32)
        feed = {model.input.input_data: rows, model.input.targets: rows}
        with running_session() as session:
            state = session.run(model.final_state, feed)
    h = state[0].h  # [B, H]: all rows have read the same words.
    assert not np.allclose(h[: len(h) // 2], h[len(h) // 2 :])


def test_each_replica_is_on_its_device():
    with tf.Graph().as_default() as graph:
        build(make_lm_config(), DATA, devices=["/cpu:1", "/cpu:2"])
        for number in (1, 2):
            products = [op for op in graph.get_operations() if op.device.endswith(":%d" % number)]
            rows = {op.outputs[0].shape.as_list()[0] for op in products if op.type == "Softmax"}
            assert rows == {2 * 5}  # half of the four rows, times the steps


@pytest.mark.parametrize(
    "gpus, expected",
    [(0, [None] * 4), (1, [None] * 4), (2, ["/gpu:0", "/gpu:1"] * 2)],
)
def test_several_gpus_take_turns(monkeypatch, gpus, expected):
    monkeypatch.setattr(replicas, "_gpus", lambda: gpus)
    assert Replicas(Config(batch_size=20), 4).devices == expected


@pytest.mark.parametrize(
    "cores, gpus, values, expected",
    [
        (2, 0, dict(), 2),
        (16, 0, dict(), 2),
        (1, 0, dict(), 1),
        (2, 1, dict(), 1),
        (2, 0, dict(batch_size=3), 1),
        (2, 0, dict(rnn_mode="basic"), 1),
        (2, 0, dict(cell="gru"), 1),
    ],
)
def test_two_replicas_are_the_default_where_they_are_faster(
    monkeypatch, cores, gpus, values, expected
):
    monkeypatch.setattr(replicas, "_cores", lambda: cores)
    monkeypatch.setattr(replicas, "_gpus", lambda: gpus)
    assert len(Replicas(Config(**values)).devices) == expected


@pytest.mark.parametrize("cores, count, threads", [(8, 2, 4), (2, 2, 1), (2, 4, 1)])
def test_replicas_share_the_cores(monkeypatch, cores, count, threads):
    monkeypatch.setattr(replicas, "_cores", lambda: cores)
    options = tf.ConfigProto()
    Replicas(Config(), count).session(options).close()
    assert options.inter_op_parallelism_threads == count
    assert options.intra_op_parallelism_threads == threads


def test_rows_that_cannot_be_split_are_refused():
    with pytest.raises(ReplicasError) as caught:
        Replicas(Config(batch_size=20), 3)
    assert str(caught.value) == (
        "a batch of 20 rows cannot be split into 3 equal parts; possible are 1, 2, 4, 5, 10, 20"
    )
    assert caught.value.flag == "replicas"


def test_the_flag_reaches_the_training(monkeypatch, call_main, corpus):
    given = []
    result = training.Result([], 1.0)
    monkeypatch.setattr(training, "train", lambda *_, **more: given.append(more) or result)
    call_main(lm_train, "--data_path=" + corpus, "--replicas=5")
    assert given[0]["replicas"] == 5


def test_the_command_refuses_in_one_line(call_refused, corpus):
    line = call_refused(lm_train, "--data_path=" + corpus, "--replicas=3", "--batch_size=4")
    assert line.startswith("--replicas=3: a batch of 4 rows cannot be split into 3 equal parts")
    line = call_refused(lm_train, "--replicas=2", "--workers=127.0.0.1:2222")
    assert line == "--replicas and --workers do not go together; give one of them"
