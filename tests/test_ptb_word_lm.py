"""Tests the reference script: the model, what run_epoch prints, and main from end to end."""

import functools
import os
import re
import types

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import (
    TEXT,
    build,
    make_config,
    perplexities,
    put_checkpoint,
    running_session,
    state_feed,
    without_speed,
    write_corpus,
)

import ptb_word_lm
import reader

DATA = np.random.RandomState(7).randint(0, 50, 400).tolist()


def test_a_carried_state_gives_another_cost_than_a_zero_state():
    # The corpus has one batch, so that every batch is the same.
    model = build(make_config(init_scale=1.0), DATA[:24], is_training=False)
    with running_session() as session:
        zero = session.run(model.initial_state)
        first, state = session.run([model.cost, model.final_state], state_feed(model, zero))
        again = session.run(model.cost, state_feed(model, zero))
        carried = session.run(model.cost, state_feed(model, state))
    assert again == first
    assert abs(carried - first) > 1e-3 * first


def test_without_reuse_variables_the_second_step_fails(monkeypatch):
    monkeypatch.setattr(tf.VariableScope, "reuse_variables", lambda self: None)
    build(make_config(num_steps=1), DATA, "OneStep")
    with tf.Graph().as_default(), pytest.raises(ValueError, match="kernel already exists"):
        build(make_config(num_steps=2), DATA)


def test_biases_start_at_zero_and_the_rest_within_init_scale():
    build(make_config(init_scale=0.3), DATA)
    with running_session() as session:
        values = session.run({v.op.name: v for v in tf.trainable_variables()})
    for name, value in values.items():
        if name.endswith("/bias"):
            assert not value.any()
        else:
            assert 0.25 < np.max(np.abs(value)) <= 0.3, name


def test_small_has_the_known_number_of_parameters():
    config = ptb_word_lm.get_config("small")
    build(config, list(range(1000)))
    assert sum(v.shape.num_elements() for v in tf.trainable_variables()) == 4651600


class FakeSession:
    """A session that returns one cost for every step, so that run_epoch needs no model."""

    def __init__(self, cost):
        self.cost = cost

    def run(self, fetches, feed_dict=None):
        return {"cost": self.cost, "final_state": ()}


def fake_model(epoch_size):
    input_ = types.SimpleNamespace(batch_size=4, num_steps=5, epoch_size=epoch_size)
    return types.SimpleNamespace(input=input_, cost=0, initial_state=(), final_state=())


def progress_steps(epoch_size, capsys):
    model = fake_model(epoch_size)
    ptb_word_lm.run_epoch(FakeSession(1.0), model, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    pattern = r"(\d\.\d{3}) perplexity: 1\.221 speed: \d+ wps"
    return [round(float(re.fullmatch(pattern, line).group(1)) * epoch_size) for line in lines]


@pytest.mark.parametrize("epoch_size", [110, 149, 999])
def test_progress_is_printed_at_the_originals_steps(epoch_size, capsys):
    original = [step for step in range(epoch_size) if step % (epoch_size // 10) == 10]
    assert progress_steps(epoch_size, capsys) == original


@pytest.mark.parametrize("epoch_size", [11, 12, 21, 22, 50, 109])
def test_progress_is_printed_where_the_original_prints_none(epoch_size, capsys):
    assert not [step for step in range(epoch_size) if step % max(epoch_size // 10, 1) == 10]
    assert 1 <= len(progress_steps(epoch_size, capsys)) <= 10


@pytest.mark.parametrize("epoch_size", [1, 9, 10])
def test_an_epoch_of_ten_batches_or_fewer_prints_no_progress(epoch_size, capsys):
    assert progress_steps(epoch_size, capsys) == []


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_perplexity_is_summed_in_64_bits(dtype):
    cost = dtype(34.55)
    perplexity = ptb_word_lm.run_epoch(FakeSession(cost), fake_model(5000))
    assert perplexity == pytest.approx(np.exp(float(cost) / 5), rel=1e-10)


EPOCH = (1200 // 4 - 1) // 5  # the 59 batches of an epoch of run_main


def test_main_trains_and_prints_as_the_original_does(run_main):
    lines = run_main(seed=1)
    epochs = [line for line in lines if line.startswith("Epoch")]
    assert epochs[0] == "Epoch: 1 Learning rate: 1.000"
    assert [line for line in epochs if "rate" in line] == [
        "Epoch: %d Learning rate: %.3f" % (number, rate)
        for number, rate in ((1, 1.0), (2, 1.0), (3, 0.5))
    ]
    assert re.fullmatch(r"0\.\d{3} perplexity: \d+\.\d{3} speed: \d+ wps", lines[1])
    train_perplexities = perplexities(lines, "Train")
    assert train_perplexities == sorted(train_perplexities, reverse=True)
    # a, b, c, d and the line end are certain. One word in six is one of three.
    best = 3 ** (1 / 6)
    for split in ("Valid", "Test"):
        assert best < perplexities(lines, split)[-1] < 3
    assert re.fullmatch(r"Test Perplexity: \d\.\d{3}", lines[-1])


def test_the_training_text_alone_shows_progress(run_main):
    kinds = [line.split()[0 if "wps" in line else -2] for line in run_main()]
    progress = ["%.3f" % (step * 1.0 / EPOCH) for step in range(10, EPOCH, 11)]
    assert kinds == 3 * (["rate:"] + progress + ["Perplexity:"] * 2) + ["Perplexity:"]


def test_the_test_text_is_read_word_by_word_in_one_stream(run_main, tmp_path):
    """The perplexity is that of one long batch, with the last weights of the run."""
    sentences = TEXT.splitlines()
    text = "\n".join(sentences[:9]) + "\n"
    folder = write_corpus(tmp_path, TEXT, TEXT[:600], text)
    out = str(tmp_path / "out")
    lines = run_main(dict(num_layers=1, init_scale=1.0), data_path=folder, seed=1, save_path=out)

    words = reader.ptb_vocabulary(folder)
    ids = [words.index(word) for word in text.replace("\n", "<eos>").split()]
    assert len(ids) == 9 * 6
    config = make_config(
        num_layers=1, hidden_size=16, vocab_size=8, batch_size=1, num_steps=len(ids) - 1
    )
    with tf.Graph().as_default():
        model = build(config, ids, is_training=False)
        with running_session() as session:
            tf.train.Saver(tf.trainable_variables()).restore(session, "%s-%d" % (out, 3 * EPOCH))
            cost = session.run(model.cost)
    assert perplexities(lines, "Test") == [
        pytest.approx(np.exp(cost / (len(ids) - 1)), abs=0.00051)  # printed to 0.001
    ]


@pytest.mark.slow
def test_two_runs_with_one_seed_are_identical_and_another_seed_is_not(run_main):
    first, second, other = (without_speed(run_main(seed=seed)) for seed in (5, 5, 6))
    assert first == second
    assert first != other


@pytest.mark.slow
def test_the_vocabulary_follows_the_corpus(run_main, tmp_path):
    run_main(save_path=str(tmp_path / "out"))
    checkpoint = tf.train.load_checkpoint(str(tmp_path / ("out-%d" % (3 * EPOCH))))
    # a b c d x y z <eos>
    assert checkpoint.get_variable_to_shape_map()["Model/embedding"] == [8, 16]


def test_half_precision_trains(run_main, tmp_path):
    out = str(tmp_path / "out")
    lines = run_main(use_fp16=True, seed=1, save_path=out)
    train_perplexities = perplexities(lines, "Train")
    assert np.isfinite(train_perplexities).all()
    assert train_perplexities[-1] < train_perplexities[0]
    last = "%s-%d" % (out, 3 * EPOCH)
    types_ = tf.train.load_checkpoint(last).get_variable_to_dtype_map()
    assert types_["Model/embedding"] == types_["Model/softmax_w"] == tf.float16


def test_main_with_dropout(run_main):
    lines = run_main(dict(keep_prob=0.5), seed=1)
    assert np.isfinite(perplexities(lines, "Train") + perplexities(lines, "Test")).all()


# --------------------------------------------------------------------------------------------------
# --save_path
# --------------------------------------------------------------------------------------------------
def weights(path):
    checkpoint = tf.train.load_checkpoint(path)
    return {v: checkpoint.get_tensor(v) for v in checkpoint.get_variable_to_shape_map()}


def test_the_last_checkpoint_lies_beside_the_folder_and_the_supervisors_in_it(run_main, tmp_path):
    out = str(tmp_path / "out")
    lines = run_main(save_path=out)
    assert lines[-1] == "Saving model to %s." % out
    beside = [name for name in os.listdir(str(tmp_path)) if name.endswith(".index")]
    inside = [name for name in os.listdir(out) if name.endswith(".index")]
    assert beside == ["out-%d.index" % (3 * EPOCH)]
    # The Supervisor's own thread saves its first checkpoint at the start or a few batches later.
    assert len(inside) == 1 and re.match(r"model\.ckpt-\d+\.index", inside[0])
    first, last = weights(out), weights("%s-%d" % (out, 3 * EPOCH))
    assert first["Model/global_step"] < last["Model/global_step"] == 3 * EPOCH
    assert (first["Model/embedding"] != last["Model/embedding"]).any()


def test_without_save_path_nothing_is_written(run_main, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(str(here))
    lines = run_main(dict(max_max_epoch=1))
    assert not [line for line in lines if "Saving" in line]
    assert os.listdir(str(here)) == []


@pytest.mark.parametrize(
    "step, first_line",
    [
        (EPOCH - 1, "Epoch: 1 Learning rate: 1.000"),
        (EPOCH, "Epoch: 2 Learning rate: 1.000"),
        (2 * EPOCH, "Epoch: 3 Learning rate: 0.500"),
        (3 * EPOCH + 7, "Epoch: 4 Learning rate: 0.250"),
    ],
)
def test_a_run_skips_the_epochs_that_its_checkpoint_has_behind_it(
    run_main, tmp_path, step, first_line
):
    sizes = dict(num_layers=1, hidden_size=3)
    out = str(tmp_path / "out")
    put_checkpoint(out, DATA, make_config(vocab_size=8, **sizes), step)
    lines = run_main(dict(max_max_epoch=4, **sizes), save_path=out)
    assert lines[0] == first_line
    left = 4 - step // EPOCH
    assert len(perplexities(lines, "Train")) == len(perplexities(lines, "Valid")) == left
    assert lines[-1] == "Saving model to %s." % out
    assert os.path.exists("%s-%d.index" % (out, step + left * EPOCH))


def test_a_finished_run_is_tested_only(run_main, tmp_path):
    sizes = dict(num_layers=1, hidden_size=3)
    out = str(tmp_path / "out")
    put_checkpoint(out, DATA, make_config(vocab_size=8, **sizes), 3 * EPOCH)
    test_line, saving_line = run_main(sizes, save_path=out)
    assert test_line.startswith("Test Perplexity: ")
    assert saving_line == "Saving model to %s." % out


@pytest.mark.slow
def test_a_run_goes_on_as_if_it_had_never_ended(run_main, tmp_path):
    half, out = str(tmp_path / "half"), str(tmp_path / "out")
    whole = run_main(seed=1)
    run_main(dict(max_max_epoch=2), seed=1, save_path=half)
    config = make_config(hidden_size=16, vocab_size=8)
    put_checkpoint(out, DATA, config, 2 * EPOCH, weights_from="%s-%d" % (half, 2 * EPOCH))
    rest = run_main(save_path=out)
    start = whole.index("Epoch: 3 Learning rate: 0.500")
    assert without_speed(rest[:-1]) == without_speed(whole[start:])


@pytest.mark.slow
def test_no_batch_is_lost_to_a_summary(run_main, tmp_path, monkeypatch):
    """The Supervisor's clock for summaries runs out all the time, not every two minutes."""
    without = run_main(seed=5)
    hurried = functools.partial(tf.train.Supervisor, save_summaries_secs=0.01)
    monkeypatch.setattr(tf.train, "Supervisor", hurried)
    lines = run_main(seed=5, save_path=str(tmp_path / "out"))
    assert without_speed(lines[:-1]) == without_speed(without)
