"""The reference script: what the model does, what run_epoch prints, and main from end to end."""

import re
import types

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from models import (
    TEXT,
    build,
    make_config,
    perplexities,
    running_session,
    state_feed,
    train,
    without_speed,
    write_corpus,
)

import ptb_word_lm
import reader

DATA = np.random.RandomState(7).randint(0, 50, 400).tolist()


def test_a_uniform_models_perplexity_is_the_vocabulary_size():
    model = build(make_config(init_scale=0.0), DATA, is_training=False)
    with running_session() as session:
        assert ptb_word_lm.run_epoch(session, model) == pytest.approx(50, rel=1e-6)


def test_a_carried_state_gives_another_cost_than_a_zero_state():
    # The corpus is one batch long, so that every batch is the same.
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


def dropout_names():
    operations = tf.get_default_graph().get_operations()
    return [op.name for op in operations if op.type == "RandomUniform" and "dropout" in op.name]


def test_dropout_is_on_the_input_and_on_what_each_layer_hands_up_while_training():
    build(make_config(keep_prob=0.5, num_layers=2, num_steps=3), DATA)
    assert len(dropout_names()) == 1 + 2 * 3


def test_a_seed_gives_the_same_run_in_both_modes(run_main):
    basic, block = (run_main(seed=3, rnn_mode=mode) for mode in ("basic", "block"))
    for split in ("Train", "Valid", "Test"):
        np.testing.assert_allclose(
            perplexities(block, split), perplexities(basic, split), atol=0.002, err_msg=split
        )


def test_block_mode_reads_the_test_text_in_steps_that_leave_no_rest(run_main, tmp_path):
    folder = write_corpus(tmp_path, TEXT, TEXT[:600], TEXT[: 6 * 12])  # 36 words: 35 to predict
    basic, block = (
        run_main(seed=3, rnn_mode=mode, data_path=folder) for mode in ("basic", "block")
    )
    np.testing.assert_allclose(perplexities(block, "Test"), perplexities(basic, "Test"), atol=0.002)
    assert len(basic) - len(block) >= 10  # lines of progress: 35 steps against 1


def test_a_run_goes_on_in_the_other_mode(run_main, tmp_path):
    whole = run_main(dict(max_max_epoch=4), seed=1, save_path=None)
    out = str(tmp_path / "out")
    run_main(dict(max_max_epoch=2), seed=1, save_path=out)
    rest = run_main(dict(max_max_epoch=4), seed=1, save_path=out, rnn_mode="block")
    assert rest[0] == "Resuming after epoch 2 of 4."
    np.testing.assert_allclose(
        perplexities(rest, "Valid"), perplexities(whole, "Valid")[2:], atol=0.002
    )


@pytest.mark.parametrize("mode", ["basic", "block"])
def test_dropout_scales_what_it_keeps_and_spares_the_state(mode):
    config = make_config(keep_prob=0.25, init_scale=1.0, num_layers=1, rnn_mode=mode)
    model = build(config, DATA)
    operations = tf.get_default_graph().get_operations()
    softmax_w = next(op for op in operations if op.name.endswith("/softmax_w/read"))
    product = next(op for op in softmax_w.outputs[0].consumers() if "gradients" not in op.name)
    with running_session() as session:
        handed_up, (state,) = session.run([product.inputs[0], model.final_state])
    last = handed_up.reshape([config.batch_size, config.num_steps, -1])[:, -1]  # [B, H]
    assert state.h.all()
    kept = last != 0
    assert 0 < kept.mean() < 0.6
    np.testing.assert_allclose(last[kept], state.h[kept] / 0.25, rtol=1e-6)


@pytest.mark.parametrize("is_training, keep_prob", [(False, 0.5), (True, 1.0)])
def test_dropout_is_off_when_evaluating_and_with_keep_prob_1(is_training, keep_prob):
    build(make_config(keep_prob=keep_prob), DATA, is_training=is_training)
    assert dropout_names() == []


def test_dropout_never_touches_what_goes_from_step_to_step():
    model = build(make_config(keep_prob=0.5, hidden_size=50), DATA)
    with running_session() as session:
        state = session.run(model.final_state)
    # A dropped unit would be exactly 0.
    assert all(part.all() for layer in state for part in layer)


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


@settings(max_examples=10)
@given(st.lists(st.integers(0, 49), min_size=24, max_size=100))
def test_the_perplexity_of_any_text_is_finite(data):
    with tf.Graph().as_default():
        model = build(make_config(), data)
        with running_session() as session:
            model.assign_lr(session, 1.0)
            perplexity = ptb_word_lm.run_epoch(session, model, eval_op=model.train_op)
    assert 1 < perplexity < np.inf


def test_gradients_are_clipped_to_max_grad_norm():
    # Different words only: the norm counts every use of an embedding for itself, the update adds
    # them.
    model = build(make_config(max_grad_norm=1e-3, init_scale=1.0), list(range(24)))
    with running_session() as session:
        before = session.run(tf.trainable_variables())
        train(session, model, steps=1, learning_rate=1.0)
        after = session.run(tf.trainable_variables())
    change = np.sqrt(sum(np.sum((b - a) ** 2.0) for a, b in zip(before, after)))
    assert change == pytest.approx(1e-3, rel=1e-3)


class FakeSession:
    """Returns one cost for every step, so that run_epoch can be seen without a model."""

    def __init__(self, cost):
        self.cost = cost
        self.fetched = []

    def run(self, fetches, feed_dict=None):
        self.fetched.append(fetches)
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


@pytest.mark.parametrize("epoch_size", [1, 9, 10, 19, 50, 109])
def test_progress_is_printed_on_a_corpus_of_any_size(epoch_size, capsys):
    lines = len(progress_steps(epoch_size, capsys))
    assert min(epoch_size, 10) <= lines <= 19


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_perplexity_is_summed_in_64_bits(dtype):
    cost = dtype(34.55)
    perplexity = ptb_word_lm.run_epoch(FakeSession(cost), fake_model(5000))
    assert perplexity == pytest.approx(np.exp(float(cost) / 5), rel=1e-10)


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
    # a, b, c, d and the line end are certain, one word in six is one of three.
    best = 3 ** (1 / 6)
    for split in ("Valid", "Test"):
        assert best < perplexities(lines, split)[-1] < 3
    assert re.fullmatch(r"Test Perplexity: \d\.\d{3}", lines[-1])


def test_two_runs_with_one_seed_are_identical_and_another_seed_is_not(run_main):
    first, second, other = (without_speed(run_main(seed=seed)) for seed in (5, 5, 6))
    assert first == second
    assert first != other


def test_the_vocabulary_follows_the_corpus(run_main, tmp_path):
    run_main(save_path=str(tmp_path / "out"))
    checkpoint = tf.train.load_checkpoint(str(tmp_path / "out"))
    # a b c d x y z <eos>
    assert checkpoint.get_variable_to_shape_map()["Model/embedding"] == [8, 16]


def test_half_precision_trains(run_main, tmp_path):
    lines = run_main(use_fp16=True, seed=1, save_path=str(tmp_path))
    train_perplexities = perplexities(lines, "Train")
    assert np.isfinite(train_perplexities).all()
    assert train_perplexities[-1] < train_perplexities[0]
    types_ = tf.train.load_checkpoint(str(tmp_path)).get_variable_to_dtype_map()
    assert types_["Model/embedding"] == types_["Model/softmax_w"] == tf.float16


def test_main_with_dropout(run_main):
    lines = run_main(dict(keep_prob=0.5), seed=1)
    assert np.isfinite(perplexities(lines, "Train") + perplexities(lines, "Test")).all()


def test_main_compares_with_the_best_perplexity_where_it_is_known(run_main, monkeypatch):
    monkeypatch.setattr(reader, "best_perplexity", lambda path: {"test": 1.25})
    lines = run_main(seed=1)
    (test_perplexity,) = perplexities(lines, "Test")
    pattern = r"Best possible Test Perplexity: 1\.250, .* This run has (.*) times that\."
    ratio = float(re.fullmatch(pattern, lines[-1]).group(1))
    assert ratio == pytest.approx(test_perplexity / 1.25, abs=0.006)  # printed to 0.01


@pytest.mark.parametrize(
    "cell, variables",
    [
        ("rnn", ["basic_rnn_cell/kernel", "basic_rnn_cell/bias"]),
        (
            "lstm_peephole",
            ["lstm_cell/" + name for name in "kernel bias w_f_diag w_i_diag w_o_diag".split()],
        ),
        ("lstm_coupled", ["coupled_input_forget_gate_lstm_cell/" + name for name in ("W_0", "B")]),
        (
            "gru",
            ["gru_cell/%s/%s" % (a, b) for a in ("gates", "candidate") for b in ("kernel", "bias")],
        ),
    ],
)
def test_the_other_cells_have_tensorflows_variables_and_learn(cell, variables):
    model = build(make_config(cell=cell, num_layers=2, keep_prob=0.9), DATA[:24])
    scopes = ["Model/RNN/multi_rnn_cell/cell_%d/" % layer for layer in (0, 1)]
    names = [variable.op.name for variable in tf.trainable_variables()]
    assert names[1:-2] == [scope + name for scope in scopes for name in variables]
    with running_session() as session:
        model.assign_lr(session, 1.0)
        first = ptb_word_lm.run_epoch(session, model, eval_op=model.train_op)
        for _ in range(20):
            last = ptb_word_lm.run_epoch(session, model, eval_op=model.train_op)
    assert last < 0.8 * first


def test_block_mode_has_one_cell_only(run_main):
    with pytest.raises(ptb_word_lm.CellError, match="has basic_lstm only; leave one of them out"):
        run_main(rnn_mode="block", cell="gru")
