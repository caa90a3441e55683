"""Tests the configurations, the cells and the corpora of the workshop."""

import json
import os

import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT
from models import write_corpus

import configs as reference_configs
import contrib
import reader
from lm import configs
from lm.cells import CELLS
from lm.configs import Config, ConfigError
from lm.corpus import SAMPLE, read_corpus

ATTRIBUTES = {name for name in vars(reference_configs.SmallConfig) if not name.startswith("_")}


# --------------------------------------------------------------------------------------------------
# Configurations
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", list(reference_configs.CONFIGS))
def test_the_references_configurations_are_here_too(name):
    config, expected = Config(name), reference_configs.get_config(name)
    assert config.model == name
    for attribute in ATTRIBUTES:
        assert getattr(config, attribute) == getattr(expected, attribute), attribute


def test_there_is_one_more_for_the_corpus_that_ships():
    assert set(configs.CONFIGS) == set(reference_configs.CONFIGS) | {"sample"}
    sample, small = Config("sample"), Config("small")
    assert all(hasattr(sample, attribute) for attribute in ATTRIBUTES)
    # The gradients reach over 35 words, and there is dropout.
    assert sample.num_steps == 35
    assert sample.keep_prob < 1
    # It is faster than small.
    assert sample.num_layers < small.num_layers
    assert sample.max_max_epoch < small.max_max_epoch


def test_small_is_the_default_with_its_lstm_in_block_mode():
    config = Config()
    assert (config.model, config.cell, config.rnn_mode) == ("small", "basic_lstm", "block")
    assert (config.use_fp16, config.use_bf16) == (False, False)


def test_every_attribute_but_the_size_of_the_vocabulary_can_be_chosen():
    assert set(configs.ATTRIBUTES) == ATTRIBUTES - {"vocab_size"}


@pytest.mark.parametrize("name", sorted(configs.ATTRIBUTES))
def test_an_attribute_replaces_the_models(name):
    value = 0.5 if configs.ATTRIBUTES[name][0] is float else 3
    config = Config("medium", **{name: value})
    assert getattr(config, name) == value
    for other in ATTRIBUTES - {name}:
        assert getattr(config, other) == getattr(reference_configs.MediumConfig, other)


def test_a_configuration_does_not_change_the_next_one():
    Config("small", batch_size=1).num_layers = 7
    assert (Config("small").batch_size, Config("small").num_layers) == (20, 2)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_block_is_the_mode_where_the_cell_has_it(cell):
    has_it = cell == "basic_lstm"
    assert Config(cell=cell).rnn_mode == ("block" if has_it else "basic")
    assert Config(cell=cell, rnn_mode="basic").rnn_mode == "basic"
    if has_it:
        assert Config(cell=cell, rnn_mode="block").rnn_mode == "block"
    else:
        assert refused(cell=cell, rnn_mode="block") == (
            "cell",
            "--rnn_mode=block works with basic_lstm only; leave one of the two flags out",
        )


def refused(*args, **values):
    """Returns the flag and the message of the error that refuses a configuration."""
    with pytest.raises(ConfigError) as error:
        Config(*args, **values)
    return error.value.flag, str(error.value)


@pytest.mark.parametrize(
    "values, message",
    [
        (dict(model="huge"), "no such model; choose one of small, medium, large, test, sample"),
        (
            dict(cell="lstm"),
            "no such cell; choose one of " + ", ".join(CELLS),
        ),
        (dict(rnn_mode="cudnn"), "no such mode; choose basic or block"),
        (
            dict(hidden=3),
            "no configuration has this attribute; choose one of " + ", ".join(configs.ATTRIBUTES),
        ),
    ],
)
def test_a_name_that_does_not_exist(values, message):
    (flag,) = values
    assert refused(**values) == (flag, message)


@pytest.mark.parametrize(
    "name, least, below",
    [
        ("init_scale", 0.0, -0.001),
        ("num_layers", 1, 0),
        ("num_steps", 1, 0),
        ("hidden_size", 1, 0),
        ("max_epoch", 0, -1),
        ("max_max_epoch", 0, -1),
        ("batch_size", 1, 0),
    ],
)
def test_the_least_value_of_an_attribute(name, least, below):
    assert getattr(Config(**{name: least}), name) == least
    expected = "must be at least %d; given %s" % (least, below)
    assert refused(**{name: below}) == (name, expected)


@pytest.mark.parametrize("name", ["learning_rate", "max_grad_norm", "lr_decay", "keep_prob"])
@pytest.mark.parametrize("value", [0, 0.0, -1.0])
def test_attributes_that_must_be_above_0(name, value):
    assert getattr(Config(**{name: 1e-6}), name) == 1e-6
    flag, message = refused(**{name: value})
    assert flag == name
    assert "above 0" in message and message.endswith("; given %s" % value)


def test_a_keep_probability_is_at_most_1():
    assert Config(keep_prob=1).keep_prob == 1
    assert refused(keep_prob=1.001) == (
        "keep_prob",
        "must be above 0 and at most 1; given 1.001",
    )


FLOATS = [name for name in sorted(configs.ATTRIBUTES) if configs.ATTRIBUTES[name][0] is float]


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e308", "3.5e38", "1e-60", "1e-38"])
def test_numbers_that_the_variables_cannot_hold(name, value):
    flag, message = refused(**{name: float(value)})
    assert flag == name
    assert message.endswith("; given %s" % float(value))
    if value[0] in "13" and not (name == "keep_prob" and float(value) > 1):
        range_of_float32 = "must be a float32, from 1.18e-38 to 3.4e+38; given %s" % float(value)
        assert message == range_of_float32


@pytest.mark.parametrize("name", [name for name in FLOATS if name != "keep_prob"])
@pytest.mark.parametrize("value", [1.2e-38, 3.4e38])
def test_numbers_that_the_variables_just_hold(name, value):
    if name != "lr_decay":  # which has another test
        assert getattr(Config(**{name: value}), name) == value


@pytest.mark.parametrize("value", [1e-37, 1e-17, 1e-9])
def test_a_keep_probability_of_0_to_a_float32(value):
    message = "must be at least 1e-07, for float32; given %s" % value
    assert refused(keep_prob=value) == ("keep_prob", message)
    assert Config(keep_prob=1e-7).keep_prob == 1e-7


@pytest.mark.parametrize(
    "name", [name for name in sorted(configs.ATTRIBUTES) if name not in FLOATS]
)
def test_what_is_counted_has_31_bits(name):
    assert getattr(Config(**{name: 2**31 - 1}), name) == 2**31 - 1
    for value in (2**31, 10**400):
        assert refused(**{name: value}) == (name, "must be at most 2147483647; given %d" % value)


@pytest.mark.parametrize(
    "values, epoch",
    [
        (dict(lr_decay=1e30, max_epoch=1, max_max_epoch=3), 3),
        (dict(lr_decay=1e30, max_epoch=0, max_max_epoch=2**31 - 1), 2),
        (dict(lr_decay=10.0, learning_rate=1e38, max_epoch=4, max_max_epoch=5), 5),
        (dict(lr_decay=2.0, max_epoch=2, max_max_epoch=130), 130),  # 2 ** 128
    ],
)
def test_a_learning_rate_that_grows_beyond_a_float32(values, epoch):
    message = (
        "makes the learning rate of epoch %d more than 3.4e+38, the most that float32 holds; give"
        " a lower one" % epoch
    )
    assert refused(**values) == ("lr_decay", message)
    Config(**dict(values, max_max_epoch=epoch - 1))


def test_a_learning_rate_may_become_0():
    assert Config(lr_decay=0.1, max_max_epoch=5000).lr_decay == 0.1


def test_a_number_is_kept_as_what_it_is():
    config = Config(num_layers=2.0, batch_size=True)
    assert (type(config.num_layers), type(config.batch_size)) == (int, int)


@pytest.mark.parametrize("name", sorted(configs.ATTRIBUTES))
@pytest.mark.parametrize("value", [None, "abc", float("nan"), float("inf")])
def test_what_is_no_number(name, value):
    assert refused(**{name: value})[0] == name


@pytest.mark.parametrize("name", ["_set", "vocab_size", "depth"])
def test_what_is_no_attribute_to_set(name):
    assert refused(**{name: 3})[0] == name


@pytest.mark.parametrize(
    "name", [name for name in sorted(configs.ATTRIBUTES) if name not in FLOATS]
)
def test_halves_of_what_is_counted(name):
    flag, message = refused(**{name: 1.5})
    assert flag == name
    assert message.endswith("; given 1.5")


# --------------------------------------------------------------------------------------------------
# Cells
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(CELLS))
def test_a_cell_is_new_each_time_and_can_be_stacked(name):
    layers = [CELLS[name](7), CELLS[name](7)]
    cell = contrib.rnn.MultiRNNCell(layers)  # would refuse one cell for two layers
    assert cell.output_size == 7
    output, state = cell(tf.zeros([3, 7]), cell.zero_state(3, tf.float32))
    assert output.shape.as_list() == [3, 7]
    assert {part.shape.as_list()[1] for part in tf.nest.flatten(state)} == {7}


@pytest.mark.parametrize(
    "name, kind, gates, vectors",
    [
        ("basic_lstm", contrib.rnn.BasicLSTMCell, 4, 0),
        ("rnn", contrib.rnn.BasicRNNCell, 1, 1),
        ("lstm_peephole", contrib.rnn.LSTMCell, 4, 3),  # three gates have peepholes
        ("lstm_coupled", contrib.rnn.CoupledInputForgetGateLSTMCell, 3, 0),  # no gate has one
        ("gru", contrib.rnn.GRUCell, 3, 1),
    ],
)
def test_the_name_of_a_cell_is_the_blogs(name, kind, gates, vectors):
    cell = CELLS[name](7)
    assert type(cell) is kind
    cell(tf.zeros([3, 7]), cell.zero_state(3, tf.float32))
    shapes = [variable.shape.as_list() for variable in tf.trainable_variables()]
    assert sum(shape[1] for shape in shapes if len(shape) == 2) == gates * 7
    assert shapes.count([7]) == vectors


@pytest.mark.parametrize("name", ["basic_lstm", "lstm_peephole", "lstm_coupled"])
def test_no_lstm_adds_to_its_forget_gate(name):
    """If all weights are zero, each gate is a half, so that half of c stays."""
    cell = CELLS[name](7)
    with tf.variable_scope("zero", initializer=tf.zeros_initializer()):
        c = tf.ones([3, 7])
        state = contrib.rnn.LSTMStateTuple(c, tf.zeros([3, 7]))
        _, state = cell(tf.zeros([3, 7]), state)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(state.c) == pytest.approx(0.5)


# --------------------------------------------------------------------------------------------------
# Corpora
# --------------------------------------------------------------------------------------------------
def test_a_corpus_is_what_the_references_reader_reads(tmp_path):
    folder = write_corpus(tmp_path, "b a \n a c \n", "a b \n", "c c \n")
    corpus = read_corpus(folder)
    train, valid, test, size = reader.ptb_raw_data(folder)
    assert [text.tolist() for text in corpus[:3]] == [train, valid, test]
    assert len(corpus.words) == size == 4
    assert [corpus.words[number] for number in corpus.train] == "b a <eos> a c <eos>".split()
    assert corpus.best is None


def test_the_best_perplexities_lie_beside_the_texts(tmp_path):
    folder = write_corpus(tmp_path, "a b \n")
    best = {"train": 1.5, "valid": 1.25, "test": 1.75}
    (tmp_path / "best_perplexity.json").write_text(json.dumps(best))
    assert read_corpus(folder).best == best


def test_the_corpus_that_ships():
    assert os.path.relpath(SAMPLE, ROOT) == os.path.join("data", "sample")
    corpus = read_corpus(SAMPLE)
    assert set(corpus.best) == {"train", "valid", "test"}
    assert all(0 <= number < len(corpus.words) for text in corpus[:3] for number in text)


@pytest.mark.parametrize("text", ["{", '{"train": 1.5}', "[]", '{"train": "x"}'])
def test_best_perplexities_that_cannot_be_read(tmp_path, text):
    folder = write_corpus(tmp_path, "a b \n")
    (tmp_path / "best_perplexity.json").write_text(text)
    with pytest.raises(reader.CorpusError, match="best_perplexity.json .*; delete it"):
        read_corpus(folder)


def test_a_corpus_that_cannot_be_read(tmp_path):
    with pytest.raises(reader.CorpusError, match="no such folder"):
        read_corpus(str(tmp_path / "none"))
