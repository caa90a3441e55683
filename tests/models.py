"""What the tests share: configurations, corpora, models, recorded weights, training steps."""

import contextlib
import glob
import json
import os
import re
import shutil

import numpy as np
import tensorflow.compat.v1 as tf

from configs import TestConfig
from lm import configs as lm_configs
from lm.corpus import Corpus
from lm.model import Model
from ptb_word_lm import PTBInput, PTBModel

# A text with something to learn: a counts up to d, and x to z may follow.
_random = np.random.RandomState(8)
TEXT = "".join(" a b c d %s \n" % _random.choice(["x", "y", "z"]) for _ in range(400))


GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")


# A small model without dropout.
SIZES = dict(num_layers=2, num_steps=5, hidden_size=8, max_grad_norm=5, batch_size=4, vocab_size=50)


def make_config(**values):
    """A small configuration of the reference, with some values replaced."""
    config = TestConfig()
    for name, value in dict(SIZES, **values).items():
        setattr(config, name, value)
    return config


def make_lm_config(cell="basic_lstm", rnn_mode=None, **values):
    """The same configuration in the workshop, with a cell, a mode, and some values replaced."""
    config = lm_configs.Config("test", cell, rnn_mode)
    for name, value in dict(SIZES, **values).items():
        assert hasattr(config, name), name
        setattr(config, name, value)
    return config


def write_corpus(folder, train, valid="a b c d \n", test="a b c d \n"):
    """Writes the three files of a corpus; returns the folder as a string."""
    for split, text in (("train", train), ("valid", valid), ("test", test)):
        data = text if isinstance(text, bytes) else text.encode("utf-8")
        (folder / ("ptb.%s.txt" % split)).write_bytes(data)
    return str(folder)


def load_golden(name):
    with open(os.path.join(GOLDEN, name), encoding="utf-8") as file:
        return json.load(file)


def build(config, data, name="Train", is_training=True, reuse=None):
    """A model under the scopes that `main` uses, with the same initial values every time.

    It is the reference's for a configuration of the reference, the workshop's for one of `lm/`.
    """
    make_model = Model if isinstance(config, lm_configs.Config) else PTBModel
    tf.set_random_seed(1)
    with tf.name_scope(name):
        input_ = PTBInput(config=config, data=data, name=name + "Input")
        initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)
        with tf.variable_scope("Model", reuse=reuse, initializer=initializer):
            return make_model(is_training=is_training, config=config, input_=input_)


def replaced(config, **values):
    """A copy of a configuration of either house with some values replaced."""
    copy = type(config).__new__(type(config))
    copy.__dict__.update(vars(config), **values)
    return copy


def build_run(recorded, house="reference", rnn_mode=None):
    """The three models of `main` for a recorded run: `(config, m, mvalid, mtest)`."""
    if house == "reference":
        config = make_config(**recorded["config"])
    else:
        config = make_lm_config(rnn_mode=rnn_mode, **recorded["config"])
    eval_config = replaced(config, batch_size=1, num_steps=1)
    m = build(config, recorded["train"])
    mvalid = build(config, recorded["valid"], "Valid", is_training=False, reuse=True)
    mtest = build(eval_config, recorded["test"], "Test", is_training=False, reuse=True)
    return config, m, mvalid, mtest


def recorded_corpus(recorded):
    """The texts of a recorded run as an `lm.corpus.Corpus`, the words being numbers."""
    words = ["w%d" % number for number in range(recorded["config"]["vocab_size"])]
    return Corpus(recorded["train"], recorded["valid"], recorded["test"], words, None)


@contextlib.contextmanager
def running_session():
    """A session with initialised variables and running queues."""
    coordinator = tf.train.Coordinator()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        threads = tf.train.start_queue_runners(session, coordinator)
        yield session
        coordinator.request_stop()
        coordinator.join(threads)


def load_recorded_weights(session, recorded):
    """Gives the variables the values that tests/golden/README.md describes."""
    random = np.random.RandomState(recorded["init_seed"])
    scale = recorded["config"]["init_scale"]
    variables = {variable.op.name: variable for variable in tf.global_variables()}
    for name, shape in recorded["variables"]:
        variables[name].load(random.uniform(-scale, scale, shape).astype(np.float32), session)


def copy_recorded_checkpoint(name, folder):
    """Copies a checkpoint of TensorFlow 1.4 into a new folder."""
    os.mkdir(folder)
    for path in glob.glob(os.path.join(GOLDEN, name + ".*")):
        shutil.copy(path, folder)


def state_feed(model, state):
    """Feeds a fetched state as the initial state."""
    return dict(zip(tf.nest.flatten(model.initial_state), tf.nest.flatten(state)))


def train(session, model, steps, learning_rate=1.0):
    """The costs of some training steps with the state carried, and the last state."""
    model.assign_lr(session, learning_rate)
    state = session.run(model.initial_state)
    costs = []
    for _ in range(steps):
        fetches = [model.cost, model.final_state, model.train_op]
        cost, state, _ = session.run(fetches, state_feed(model, state))
        costs.append(cost)
    return costs, state


def assert_close(actual, expected):
    """The recorded numbers' own measure: 1e-5 of the value, of 0.1 for smaller ones."""
    expected = np.asarray(expected)
    error = np.abs(np.asarray(actual) - expected) / np.maximum(np.abs(expected), 0.1)
    assert error.shape == expected.shape
    assert np.max(error) <= 1e-5


def without_speed(lines):
    return [re.sub(r"speed: \d+", "", line) for line in lines]


def perplexities(lines, split):
    """What a run's output says of one split, epoch by epoch."""
    pattern = r"(?:Epoch: \d+ )?%s Perplexity: (\S+)" % split
    return [float(match.group(1)) for match in (re.fullmatch(pattern, x) for x in lines) if match]


def write_country_corpus(folder):
    """Writes a corpus of sentences that end with the language of a country, near or far.

    Returns:
        The folder as a string, and the sentences of the test text, lists of words.
    """
    random = np.random.RandomState(1)
    languages = {"france": "french", "spain": "spanish", "china": "chinese", "italy": "italian"}

    def sentence():
        country = random.choice(sorted(languages))
        between = random.choice("and so then but".split(), random.choice([0, 0, 1, 1, 2, 8, 20]))
        words = ["she grew up in", country] + list(between) + ["speaks fluent", languages[country]]
        return " ".join(words)

    texts = [[sentence() for _ in range(count)] for count in (1500, 60, 300)]
    write_corpus(folder, *("".join(" %s \n" % s for s in sentences) for sentences in texts))
    return str(folder), [sentence.split() for sentence in texts[2]]
