"""Tests study/published_numbers.py: each change changes what it says, and nothing else."""

import re
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf1
import tensorflow.compat.v1 as tf
from commands import run_command
from models import build, make_config, running_session

import configs
import contrib
import ptb_word_lm
from ptb_word_lm import PTBModel, run_epoch
from study import published_numbers

IDS = np.random.RandomState(5).randint(0, 50, 200).tolist()


def changed(change):
    return mock.patch.object(*published_numbers.CHANGES[change])


@pytest.mark.parametrize("name", ["small", "medium", "large"])
def test_the_old_schedule_is_that_of_max_i_minus_max_epoch(name):
    config = configs.get_config(name)
    with changed("schedule"):
        old = ptb_word_lm.get_config(name)
    for i in range(config.max_max_epoch):
        here = old.lr_decay ** max(i + 1 - old.max_epoch, 0.0)  # the rule of main
        assert here == config.lr_decay ** max(i - config.max_epoch, 0.0)
    for attribute in set(dir(config)) - {"max_epoch"}:
        if not attribute.startswith("_"):
            assert getattr(old, attribute) == getattr(config, attribute)


def test_shared_layers_have_the_variables_of_one():
    with changed("shared_cell"):
        build(make_config(num_layers=2), IDS)
    names = [v.op.name for v in tf.trainable_variables() if "RNN" in v.op.name]
    cell = "Model/RNN/multi_rnn_cell/cell_0/basic_lstm_cell/"
    assert names == [cell + "kernel", cell + "bias"]


def test_shared_layers_compute_what_layers_of_equal_weights_compute():
    config = make_config(num_layers=2)
    with tf.Graph().as_default():
        with changed("shared_cell"):
            model = build(config, IDS)
        with running_session() as session:
            values = {v.op.name: session.run(v) for v in tf.trainable_variables()}
            cost = session.run(model.cost)
    with tf.Graph().as_default():
        model = build(config, IDS)
        with running_session() as session:
            for variable in tf.trainable_variables():
                variable.load(values[variable.op.name.replace("cell_1", "cell_0")], session)
            assert session.run(model.cost) == pytest.approx(cost, rel=1e-6)


def test_training_begins_each_batch_with_zeros_when_the_state_is_not_carried():
    config = make_config(init_scale=1.0)
    perplexities = {}
    for model_class in (published_numbers.ForgetfulModel, PTBModel):
        with tf.Graph().as_default(), mock.patch("models.PTBModel", model_class):
            model = build(config, IDS)
            with running_session() as session:
                perplexities[model_class] = run_epoch(session, model)
                batches = model.input.epoch_size
                costs = [session.run(model.cost) for _ in range(batches)]  # without feeding a state
    from_zeros = np.exp(np.sum(costs) / (batches * config.num_steps))
    forgetful = perplexities[published_numbers.ForgetfulModel]
    assert forgetful == pytest.approx(from_zeros, rel=1e-6)
    assert abs(perplexities[PTBModel] / from_zeros - 1) > 1e-3


def test_the_other_texts_are_read_with_their_state():
    with mock.patch("models.PTBModel", published_numbers.ForgetfulModel):
        model = build(make_config(), IDS, is_training=False)
    assert len(tf.nest.flatten(model.initial_state)) == 4


@pytest.mark.slow
@pytest.mark.parametrize("change", ["shared_cell", "state_not_carried"])
def test_a_run_with_a_change_ends_with_other_numbers(change, run_main):
    def perplexities():
        return [line for line in run_main(seed=1) if re.match("Epoch: . (Train|Valid)", line)]

    plain = perplexities()
    assert len(plain) == 6
    with changed(change):
        assert perplexities() != plain


@pytest.mark.skipif(not hasattr(tf1, "contrib"), reason="TensorFlow 1.x has the original cells")
def test_shared_layers_are_what_tensorflow_1_makes_of_one_cell_object():
    x = np.random.RandomState(2).uniform(-1, 1, (3, 8)).astype(np.float32)
    outputs = []
    for rnn in (contrib.rnn, tf1.contrib.rnn):
        with tf.Graph().as_default(), tf.Session() as session, changed("shared_cell"):
            cells = [rnn.BasicLSTMCell(8)] * 2
            if rnn is contrib.rnn:  # It refuses one object for both layers.
                cells = [rnn.BasicLSTMCell(8) for _ in range(2)]
            cell = rnn.MultiRNNCell(cells)
            output, _ = cell(tf.constant(x), cell.zero_state(3, tf.float32))
            session.run(tf.global_variables_initializer())
            names = [v.op.name for v in tf.trainable_variables()]
            for number, variable in enumerate(tf.trainable_variables()):
                random = np.random.RandomState(number)
                variable.load(random.uniform(-1, 1, variable.shape.as_list()), session)
            outputs.append((names, session.run(output)))
    assert outputs[0][0] == outputs[1][0]
    np.testing.assert_allclose(outputs[0][1], outputs[1][1], rtol=1e-5)


@pytest.mark.parametrize("change", ["schedule", "shared_cell"])
def test_a_change_that_changes_nothing_is_refused(change, corpus):
    ptb_word_lm.FLAGS.model, ptb_word_lm.FLAGS.data_path = "test", corpus  # one epoch, one layer
    with changed(change), pytest.raises(published_numbers.ChangeError) as error:
        ptb_word_lm.main([])
    assert error.value.flag == "change"
    assert "--model" in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags, line",
    [
        ([], "flag --change=None: Flag --change must have a value"),
        (
            ["--change=schedule", "--model=test"],
            "--change=schedule: the learning rate of --model=test never falls; give another model",
        ),
        (["--change=schedule", "--save_path=out"], "--save_path=out: a later run would take"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(flags, line):
    status, out, err = run_command("-m", "study.published_numbers", *flags)
    assert (status, out) == (2, "")
    assert err.startswith("study.published_numbers: " + line) and err.count("\n") == 1


@pytest.mark.slow
def test_help_shows_the_changes_and_the_flags_of_the_reference():
    status, out, err = run_command("-m", "study.published_numbers", "--help")
    assert (status, err) == (0, "")
    assert published_numbers.__doc__.splitlines()[0] in out
    for flag in ("change", "data_path", "model", "seed"):
        assert "--%s:" % flag in out
