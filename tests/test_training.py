"""Tests training as a function, `lm.training.train`, and the model that it trains, `lm.model`."""

import contextlib
import math
import os
import re
import types

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import (
    RUN,
    TEXT,
    assert_same_run,
    build,
    feeds,
    make_config,
    make_lm_config,
    running_session,
    state_feed,
    train_run,
    without_speed,
    write_corpus,
)

import console
import contrib
import ptb_word_lm
import reader
from lm import cells, configs, decoding, language_model, model, training
from lm.corpus import Corpus, read_corpus
from lm.model import Input
from lm.training import DivergedError

DATA = np.random.RandomState(7).randint(0, 50, 400).tolist()
MODES = ["basic", "block"]
EPOCH = (1200 // 4 - 1) // 5  # steps of an epoch on the fixture's text

in_both_modes = pytest.mark.parametrize("mode", MODES)


# --------------------------------------------------------------------------------------------------
# Initial weights
# --------------------------------------------------------------------------------------------------
def initial_weights(seed, **values):
    """Returns the weights that a training starts from, `{name: array}`."""
    config = make_lm_config(**dict(dict(init_scale=0.3), **values))
    corpus = Corpus(DATA, DATA, DATA, ["w%d" % number for number in range(50)], None)
    with tf.Graph().as_default():
        training.build_models(config, corpus, seed)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return session.run({v.op.name: v for v in tf.trainable_variables()})


@pytest.mark.parametrize(
    "values",
    [
        dict(rnn_mode="block"),
        dict(rnn_mode="basic"),
        dict(batch_size=3),
        dict(num_steps=7),
        dict(keep_prob=0.5),
        dict(keep_prob=0.5, rnn_mode="basic", batch_size=1, num_steps=2, max_grad_norm=1),
    ],
)
def test_a_seed_gives_the_same_initial_weights_in_every_graph(values):
    expected, actual = initial_weights(3, rnn_mode="block"), initial_weights(3, **values)
    assert list(actual) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(actual[name], value, err_msg=name)


@pytest.mark.parametrize("one, other", [(3, 4), (0, 1), (3, None), (None, None)])
def test_other_seeds_give_other_initial_weights(one, other):
    weights, others = initial_weights(one), initial_weights(other)
    for name, value in weights.items():
        if not name.endswith("/bias"):
            assert np.mean(value == others[name]) < 0.1, name


@in_both_modes
@pytest.mark.parametrize("seed", [1, None])
def test_biases_start_at_zero_and_the_rest_within_init_scale(mode, seed):
    weights = initial_weights(seed, rnn_mode=mode, hidden_size=20)
    assert len([name for name in weights if name.endswith("/bias")]) == 2
    for name, value in weights.items():
        if name.endswith("/bias"):
            assert not value.any()
        else:
            assert np.max(np.abs(value)) <= 0.3, name
            # Among so many uniform draws, some are near each end.
            assert np.min(value) < -0.2 and np.max(value) > 0.2, name


def test_no_variable_repeats_the_numbers_of_another():
    values = [value for name, value in initial_weights(1).items() if not name.endswith("/bias")]
    starts = [value.flatten()[:20] for value in values]
    assert len(starts) == 5
    for number, start in enumerate(starts):
        for other in starts[number + 1 :]:
            assert not np.isin(start, other).any()


def test_weights_of_16_bits_start_within_init_scale_too():
    for name, value in initial_weights(1, use_fp16=True).items():
        assert value.dtype == np.float16
        assert np.max(np.abs(value)) <= np.float16(0.3), name


# --------------------------------------------------------------------------------------------------
# The model
# --------------------------------------------------------------------------------------------------
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
    model = build(make_lm_config(cell, num_layers=2, keep_prob=0.9), DATA[:24])
    scopes = ["Model/RNN/multi_rnn_cell/cell_%d/" % layer for layer in (0, 1)]
    names = [variable.op.name for variable in tf.trainable_variables()]
    assert names[1:-2] == [scope + name for scope in scopes for name in variables]
    with running_session() as session:
        model.assign_lr(session, 1.0)
        first = training.run_epoch(session, model, eval_op=model.train_op)
        for _ in range(20):
            last = training.run_epoch(session, model, eval_op=model.train_op)
    assert last < 0.8 * first


def test_the_blogs_cells_are_there():
    assert set(cells.CELLS) >= {"basic_lstm", "rnn", "lstm_peephole", "lstm_coupled", "gru"}


# --------------------------------------------------------------------------------------------------
# The input
# --------------------------------------------------------------------------------------------------
def in_a_file(ids, folder):
    np.array(ids, np.int32).tofile(str(folder / "ids"))
    return np.memmap(str(folder / "ids"), np.int32, "r")


@pytest.mark.parametrize("make", [lambda ids, _: ids, lambda ids, _: np.array(ids), in_a_file])
@pytest.mark.parametrize("words, epoch_size", [(24, 1), (47, 2), (400, 19)])
def test_the_batches_are_those_of_the_references_producer(tmp_path, make, words, epoch_size):
    config = make_lm_config()
    input_ = Input(config, make(DATA[:words], tmp_path))
    assert input_.epoch_size == epoch_size
    xy = reader.ptb_producer(DATA[:words], config.batch_size, config.num_steps)
    with running_session() as session:
        for _ in range(2):  # epochs
            steps = list(input_.feeds())
            assert len(steps) == epoch_size
            for feed in steps:
                x, y = session.run(xy)
                np.testing.assert_array_equal(feed[input_.input_data], x)
                np.testing.assert_array_equal(feed[input_.targets], y)


def test_the_corpus_is_not_in_the_graph_and_no_queue_is():
    ids = np.arange(10**6, dtype=np.int32) % 50
    corpus = Corpus(ids, ids, ids, ["w%d" % number for number in range(50)], None)
    training.build_models(make_lm_config(), corpus)
    graph = tf.get_default_graph()
    assert graph.as_graph_def().ByteSize() < ids.nbytes / 4
    assert not [op.type for op in graph.get_operations() if "Queue" in op.type]


# --------------------------------------------------------------------------------------------------
# run_epoch
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "cell, mode", [("basic_lstm", "basic"), ("basic_lstm", "block"), ("gru", "basic")]
)
def test_the_state_is_carried(cell, mode):
    """The cells have a state with c, and one without."""
    words = np.random.RandomState(7).randint(0, 50, 200).tolist()
    model = build(make_lm_config(cell, mode, init_scale=1.0), words, is_training=False)
    with running_session() as session:
        perplexity = training.run_epoch(session, model)

        cost, zero, state = 0.0, 0.0, session.run(model.initial_state)
        for _, feed in zip(range(9), feeds(model)):
            zero += session.run(model.cost, feed)
            feed.update(state_feed(model, state))
            batch_cost, state = session.run([model.cost, model.final_state], feed)
            cost += batch_cost
        carried, not_carried = np.exp(cost / (5 * 9)), np.exp(zero / (5 * 9))
    assert model.input.epoch_size == 9
    assert perplexity == pytest.approx(carried, rel=1e-6)
    assert perplexity != pytest.approx(not_carried, rel=1e-3)


class FakeSession(object):
    """A session that returns the next cost for each step, and 0.5 for the learning rate."""

    def __init__(self, *costs):
        self.costs = list(costs)

    def run(self, fetches, feed_dict=None):
        if not isinstance(fetches, dict):
            return 0.5 if fetches == "lr" else ()
        cost = self.costs.pop(0) if len(self.costs) > 1 else self.costs[0]
        return {"cost": cost, "final_state": ()}


def fake_model(epoch_size):
    input_ = types.SimpleNamespace(
        batch_size=4, num_steps=5, epoch_size=epoch_size, feeds=lambda: [{}] * epoch_size
    )
    return types.SimpleNamespace(input=input_, cost=0, initial_state=(), final_state=(), lr="lr")


def progress_steps(epoch_size):
    lines, reports = [], []
    training.run_epoch(
        FakeSession(1.0),
        fake_model(epoch_size),
        log=lines.append,
        report=lambda step, **numbers: reports.append((step, numbers)),
    )
    steps = [step for step, _ in reports]
    assert [without_speed([line]) for line in lines] == [
        ["%.3f perplexity: 1.221  wps" % (step / epoch_size)] for step in steps
    ]
    for _, numbers in reports:
        assert set(numbers) == {"Training_Loss", "Words_per_Second"}
        assert numbers["Training_Loss"] == 1.0
    return steps


@pytest.mark.parametrize("epoch_size", [110, 149, 999])
def test_progress_is_told_at_the_originals_steps(epoch_size):
    original = [step for step in range(epoch_size) if step % (epoch_size // 10) == 10]
    assert progress_steps(epoch_size) == original


@pytest.mark.parametrize("epoch_size", [1, 9, 10, 19, 50, 109])
def test_progress_is_told_on_a_corpus_of_any_size(epoch_size):
    assert min(epoch_size, 10) <= len(progress_steps(epoch_size)) <= 19


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_perplexity_is_summed_in_64_bits(dtype):
    cost = dtype(34.55)
    perplexity = training.run_epoch(FakeSession(cost), fake_model(5000))
    assert perplexity == pytest.approx(np.exp(float(cost) / 5), rel=1e-10)


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), 5 * 800.0])
def test_a_cost_that_is_no_number_or_too_large_ends_the_epoch(cost):
    session = FakeSession(1.0, 1.0, cost)
    if np.isfinite(cost):  # The mean over all words so far is too large.
        session = FakeSession(cost)
    with pytest.raises(DivergedError, match="is %s at step . of the evaluation; give a" % cost):
        training.run_epoch(session, fake_model(10))


def test_the_error_of_a_training_names_the_step_and_the_learning_rate():
    session = FakeSession(1.0, 1.0, float("nan"))
    message = "the cost is nan at training step 2, with a learning rate of 0.5 there; give a lower"
    with pytest.raises(DivergedError, match=message) as error:
        training.run_epoch(session, fake_model(10), eval_op="train")
    assert error.value.flag == "learning_rate"


def test_a_large_perplexity_is_no_error():
    perplexity = training.run_epoch(FakeSession(5 * 690.0), fake_model(10))
    assert perplexity == pytest.approx(np.exp(690.0))


# --------------------------------------------------------------------------------------------------
# train
# --------------------------------------------------------------------------------------------------
@in_both_modes
def test_a_run_learns_what_there_is_to_learn(corpus, mode):
    result = train_run(corpus, seed=1, rnn_mode=mode)
    assert [epoch.number for epoch in result.epochs] == [1, 2, 3]
    assert [epoch.learning_rate for epoch in result.epochs] == [1.0, 1.0, 0.5]
    train_perplexities = [epoch.train_perplexity for epoch in result.epochs]
    assert train_perplexities == sorted(train_perplexities, reverse=True)
    # a, b, c, d and the line end are certain. One word in six is one of three.
    best = 3 ** (1 / 6)
    assert best < result.epochs[-1].valid_perplexity < 1.5
    assert best < result.test_perplexity < 1.5


def test_the_lines_tell_the_numbers_of_the_result(corpus):
    lines = []
    result = train_run(corpus, log=lines.append)
    expected = []
    for epoch in result.epochs:
        expected.append("Epoch: %d Learning rate: %.3f" % (epoch.number, epoch.learning_rate))
        expected.append("Epoch: %d Train Perplexity: %.3f" % (epoch.number, epoch.train_perplexity))
        expected.append("Epoch: %d Valid Perplexity: %.3f" % (epoch.number, epoch.valid_perplexity))
    expected.append("Test Perplexity: %.3f" % result.test_perplexity)
    assert [line for line in lines if "wps" not in line] == expected


def test_on_epoch_gets_each_epoch_after_it_is_saved(corpus, tmp_path):
    out, told = str(tmp_path / "out"), []

    def on_epoch(epoch):
        steps = tf.train.latest_checkpoint(out).split("-")[-1]
        assert int(steps) == epoch.number * EPOCH
        told.append(epoch)

    assert train_run(corpus, out, on_epoch=on_epoch).epochs == told
    assert len(told) == 3


def test_the_function_changes_nothing_around_it(corpus, capsys):
    config = make_lm_config(**dict(RUN, vocab_size=3, max_max_epoch=1))
    before = dict(vars(config))
    training.train(config, read_corpus(corpus), seed=1)
    assert vars(config) == before
    assert not tf.get_default_graph().get_operations()
    assert capsys.readouterr() == ("", "")


def test_the_vocabulary_follows_the_corpus(corpus, tmp_path):
    train_run(corpus, str(tmp_path / "out"), vocab_size=10000, max_max_epoch=1)
    checkpoint = tf.train.load_checkpoint(str(tmp_path / "out"))
    # a b c d x y z <eos>
    assert checkpoint.get_variable_to_shape_map()["Model/embedding"] == [8, 16]


@pytest.mark.slow
@in_both_modes
@pytest.mark.parametrize("keep_prob", [1.0, 0.5])
def test_two_runs_with_one_seed_are_identical_and_another_seed_is_not(corpus, mode, keep_prob):
    values = dict(rnn_mode=mode, keep_prob=keep_prob, max_max_epoch=1)
    first, second, other = (train_run(corpus, seed=seed, **values) for seed in (5, 5, 6))
    assert_same_run(first, second)
    with pytest.raises(AssertionError):
        assert_same_run(first, other, rtol=1e-4)


@pytest.mark.slow
def test_without_a_seed_each_run_is_another(corpus):
    first, second = (train_run(corpus, max_max_epoch=1) for _ in range(2))
    with pytest.raises(AssertionError):
        assert_same_run(first, second, rtol=1e-6)


@pytest.mark.slow
def test_a_seed_gives_the_same_run_in_both_modes(corpus):
    basic, block = (train_run(corpus, seed=3, rnn_mode=mode) for mode in MODES)
    assert_same_run(block, basic, rtol=1e-3)


@in_both_modes
def test_a_run_with_dropout_learns(corpus, mode):
    result = train_run(corpus, seed=1, keep_prob=0.5, rnn_mode=mode)
    train_perplexities = [epoch.train_perplexity for epoch in result.epochs]
    assert train_perplexities[-1] < train_perplexities[0]
    # Dropout makes predictions worse only in training.
    assert result.test_perplexity < train_perplexities[-1]


@in_both_modes
def test_half_precision_trains(corpus, tmp_path, mode):
    result = train_run(corpus, str(tmp_path / "out"), seed=1, use_fp16=True, rnn_mode=mode)
    train_perplexities = [epoch.train_perplexity for epoch in result.epochs]
    assert np.isfinite(train_perplexities).all()
    assert train_perplexities[-1] < train_perplexities[0]
    types_ = tf.train.load_checkpoint(str(tmp_path / "out")).get_variable_to_dtype_map()
    assert types_["Model/embedding"] == types_["Model/softmax_w"] == tf.float16


@pytest.mark.slow
@in_both_modes
@pytest.mark.parametrize(
    "lines, steps",
    [
        (6, 35),  # 36 words, 35 to predict
        (9, 1),  # 54 words, 53 to predict: a prime above 50
        (17, 1),  # 102 words, 101 to predict: another prime
        (20, 17),  # 120 words, 119 to predict: 7 * 17
    ],
)
def test_the_test_text_is_read_in_steps_that_leave_no_rest(tmp_path, mode, lines, steps):
    """The perplexity is that of the reference, which reads word by word."""
    test = "".join(line + "\n" for line in TEXT.splitlines()[:lines])
    folder, out = write_corpus(tmp_path, TEXT, TEXT[:600], test), str(tmp_path / "out")
    told = []
    result = train_run(folder, out, log=told.append, max_max_epoch=1, rnn_mode=mode)

    texts = read_corpus(folder)
    config = make_config(**dict(RUN, vocab_size=8, batch_size=1, num_steps=1))
    with tf.Graph().as_default():
        model = build(config, texts.test, is_training=False)
        assert model.input.epoch_size == 6 * lines - 1
        with running_session() as session:
            newest = tf.train.latest_checkpoint(out)
            tf.train.Saver(tf.trainable_variables()).restore(session, newest)
            word_by_word = ptb_word_lm.run_epoch(session, model)
    assert result.test_perplexity == pytest.approx(word_by_word, rel=1e-5)

    # Each call of session.run gives a line of progress, but there are only about ten of them.
    calls = (6 * lines - 1) // steps
    start = [number for number, line in enumerate(told) if "Valid" in line][-1] + 1
    assert len(told[start:-1]) == calls if calls < 10 else len(told[start:-1]) >= 10


@pytest.mark.parametrize(
    "texts, message",
    [
        (("a b\n" * 3, TEXT, TEXT), "TrainInput: 9 known words are too few .* at least 24"),
        ((TEXT, "a b\n", TEXT), "ValidInput: 3 known words are too few .* at least 24"),
        ((TEXT, TEXT, "a"), "TestInput: 1 known words are too few .* at least 2"),
    ],
)
def test_too_small_a_corpus(tmp_path, texts, message):
    with pytest.raises(reader.CorpusError, match=message):
        train_run(write_corpus(tmp_path, *texts))


def test_a_diverged_run(corpus):
    with pytest.raises(DivergedError, match=r"with a learning rate of 1e\+30 there") as error:
        train_run(corpus, learning_rate=1e30)
    assert error.value.flag == "learning_rate"


# --------------------------------------------------------------------------------------------------
# What ends a training
# --------------------------------------------------------------------------------------------------
OUT_OF_MEMORY = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
FULL_DISK = tf.errors.ResourceExhaustedError(None, None, "f; No space left on device")


@pytest.mark.parametrize(
    "error, kind",
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (console.Stopped(15), console.Stopped),
        (console.OutputError(BrokenPipeError()), console.OutputError),
        (MemoryError("Unable to allocate 1 TiB"), MemoryError),
        (OUT_OF_MEMORY, MemoryError),
        (FULL_DISK, tf.errors.ResourceExhaustedError),
    ],
)
def test_what_ends_a_training_says_what_is_saved(corpus, monkeypatch, error, kind):
    def stop(*arguments):
        raise error

    monkeypatch.setattr(training, "_train", stop)
    with pytest.raises(kind) as caught:
        train_run(corpus)
    assert type(caught.value) is kind
    # Without a folder, an OutputError says nothing of what is saved.
    expected = "" if kind is console.OutputError else "no epoch is saved"
    assert error is FULL_DISK or str(caught.value) == expected


def test_a_lack_of_memory_may_hide_behind_another_error(corpus, monkeypatch):
    def stop(*arguments):
        try:
            raise OUT_OF_MEMORY
        finally:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(training, "_train", stop)
    with pytest.raises(MemoryError, match="^no epoch is saved$"):
        train_run(corpus)


def test_an_error_of_the_program_stays_what_it_is(corpus, monkeypatch):
    def stop(*arguments):
        raise RuntimeError("a mistake")

    monkeypatch.setattr(training, "_train", stop)
    with pytest.raises(RuntimeError, match="^a mistake$"):
        train_run(corpus)


@pytest.mark.parametrize("size, is_told", [(1e9, True), (1e8, False)])
def test_a_large_graph_is_announced(corpus, monkeypatch, size, is_told):
    monkeypatch.setattr(training, "graph_size", lambda config: size)
    monkeypatch.setattr(training, "build_models", None)
    lines = []
    with pytest.raises(TypeError):  # None cannot be called.
        train_run(corpus, log=lines.append)
    assert lines == ["Building the graph of 2 layers, which takes a while."] * is_told


@pytest.mark.parametrize(
    "flag, values",
    [
        ("hidden_size", dict(hidden_size=2 * 10**9)),
        ("hidden_size", dict(hidden_size=2 * 10**9, cell="gru", batch_size=40)),
        ("num_layers", dict(num_layers=10**6)),
        ("batch_size", dict(batch_size=10**9)),
        ("num_steps", dict(num_steps=10**9)),
        ("num_steps", dict(num_steps=10**7, rnn_mode="basic")),
    ],
)
def test_a_model_beyond_the_memory_is_refused_before_it_is_built(
    corpus, tmp_path, monkeypatch, flag, values
):
    monkeypatch.setattr(training, "build_models", None)
    monkeypatch.setattr(model, "_memory", lambda: 8e9)
    with pytest.raises(configs.ConfigError) as error:
        train_run(corpus, str(tmp_path / "out"), **values)
    assert error.value.flag == flag
    assert re.search(r"\b%d\b" % values[flag], str(error.value))
    assert re.search(
        r"takes more than [\d,]+\.\d GB of memory; there are 8.0 GB; give a lower", str(error.value)
    )
    assert os.listdir(str(tmp_path)) == ["corpus"]


def test_the_words_may_be_too_many_for_the_memory(monkeypatch):
    config = make_lm_config(vocab_size=10**7, hidden_size=100)
    monkeypatch.setattr(model, "_memory", lambda: 1e9)
    with pytest.raises(configs.ConfigError, match="and 10000000 words, in batches of 4 x 5, ") as e:
        model.check_memory(config)
    assert e.value.flag == "vocab_size"


@pytest.mark.parametrize("cell", sorted(cells.CELLS))
def test_what_a_model_takes_is_what_its_weights_and_their_gradients_take(monkeypatch, cell):
    """The sizes make the logits and the graph small beside the weights."""
    config = make_lm_config(cell, num_layers=2, hidden_size=3000, vocab_size=50, num_steps=1)
    config.batch_size = 1
    input_ = Input(config, DATA)
    with tf.variable_scope("Model"):
        model.Model(False, config, input_)
    numbers = sum(variable.shape.num_elements() for variable in tf.global_variables())
    for factor, is_refused in ((0.95, True), (1.05, False)):
        monkeypatch.setattr(model, "_memory", lambda f=factor: f * 2 * 4 * numbers)
        with pytest.raises(configs.ConfigError) if is_refused else contextlib.nullcontext():
            model.check_memory(config)


@pytest.mark.skipif(not os.path.exists("/proc/meminfo"), reason="needs Linux")
def test_the_memory_is_that_of_the_machine_or_less(monkeypatch):
    resource = pytest.importorskip("resource")
    with open("/proc/meminfo") as file:
        kilobytes = int(re.search(r"MemTotal: +(\d+) kB", file.read()).group(1))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert model._memory() == 1024 * kilobytes
    # The memory that the process has already counts too: gigabytes with TensorFlow.
    monkeypatch.setattr(resource, "getrlimit", lambda _: (10**12, resource.RLIM_INFINITY))
    assert model._memory() == min(1024 * kilobytes, 10**12)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (10**6, resource.RLIM_INFINITY))
    assert model._memory() == 0


# --------------------------------------------------------------------------------------------------
# A cell that the project does not have
# --------------------------------------------------------------------------------------------------
class FadingCell(contrib.rnn.RNNCell):
    """A cell s = tanh(x W + d * s): each unit remembers only itself, by a factor that it learns."""

    scope_name = "fading_cell"

    def __init__(self, num_units):
        super(FadingCell, self).__init__()
        self.num_units = num_units

    @property
    def state_size(self):
        return self.num_units

    @property
    def output_size(self):
        return self.num_units

    def call(self, inputs, state):
        rows = inputs.shape.as_list()[1]
        kernel = tf.get_variable("kernel", [rows, self.num_units], inputs.dtype)
        factor = tf.get_variable("factor", [self.num_units], inputs.dtype)
        state = tf.tanh(tf.matmul(inputs, kernel) + factor * state)
        return state, state


@pytest.mark.slow
def test_a_new_cell_trains_is_resumed_and_used(monkeypatch, corpus, tmp_path):
    monkeypatch.setitem(cells.CELLS, "fading", FadingCell)
    out = str(tmp_path / "out")
    values = dict(cell="fading", seed=1, num_layers=2)
    whole = train_run(corpus, max_max_epoch=3, **values)
    assert whole.epochs[-1].train_perplexity < 0.8 * whole.epochs[0].train_perplexity
    first = train_run(corpus, out, max_max_epoch=2, **values)
    rest = train_run(corpus, out, max_max_epoch=3, **values)
    assert_same_run(rest._replace(epochs=first.epochs + rest.epochs), whole)

    names = tf.train.load_checkpoint(out).get_variable_to_shape_map()
    for layer in (0, 1):
        scope = "Model/RNN/multi_rnn_cell/cell_%d/fading_cell/" % layer
        assert (names[scope + "kernel"], names[scope + "factor"]) == ([16, 16], [16])

    model = language_model.load(out)
    with open(os.path.join(corpus, "ptb.test.txt"), encoding="utf-8") as file:
        scores = list(decoding.score(model, file))
    loss = -sum(log_prob for log_prob, _, _ in scores) / sum(words for _, words, _ in scores)
    assert math.exp(loss) == pytest.approx(rest.test_perplexity, rel=1e-5)
    _, ids = decoding.read_prompt(model, "a b")
    words = decoding.continuation(model, ids, 2, 0, np.random.RandomState(1))
    assert list(words) == ["c", "d"]
