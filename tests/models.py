"""Gives the tests configurations, corpora, models, recorded weights and training steps."""

import collections
import contextlib
import copy
import glob
import json
import os
import re
import shutil

import numpy as np
import tensorflow.compat.v1 as tf

import ptb_word_lm
from configs import TestConfig
from lm import configs as lm_configs
from lm import training
from lm.corpus import Corpus, read_corpus
from lm.model import Input, Model
from ptb_word_lm import PTBInput, PTBModel

# A text that a model can learn: a is followed by b, c and d, and then by x, y or z.
_random = np.random.RandomState(8)
TEXT = "".join(" a b c d %s \n" % _random.choice(["x", "y", "z"]) for _ in range(200))


GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")


# A small model without dropout.
SIZES = dict(num_layers=2, num_steps=5, hidden_size=8, max_grad_norm=5, batch_size=4, vocab_size=50)


def make_config(**values):
    """Returns a small configuration of the reference, with some values replaced."""
    config = TestConfig()
    for name, value in dict(SIZES, **values).items():
        setattr(config, name, value)
    return config


def make_lm_config(cell="basic_lstm", rnn_mode=None, **values):
    """Returns the same configuration of the workshop, with some values replaced."""
    config = lm_configs.Config("test", cell, rnn_mode)
    for name, value in dict(SIZES, **values).items():
        assert hasattr(config, name), name
        setattr(config, name, value)
    return config


# The reference, and the workshop in its two modes.
HOUSES = ["reference", "basic", "block"]


def house(name, **values):
    """Returns a configuration of one of `HOUSES`."""
    return make_config(**values) if name == "reference" else make_lm_config(rnn_mode=name, **values)


def write_corpus(folder, train, valid="a b c d \n", test="a b c d \n"):
    """Writes the three files of a corpus; returns the folder as a string."""
    for split, text in (("train", train), ("valid", valid), ("test", test)):
        data = text if isinstance(text, bytes) else text.encode("utf-8")
        (folder / ("ptb.%s.txt" % split)).write_bytes(data)
    return str(folder)


# A run of three epochs, the last one at half the learning rate.
RUN = dict(max_epoch=2, max_max_epoch=3, init_scale=0.3, hidden_size=16)


def train_run(
    data_path, folder=None, seed=None, log=None, on_epoch=None, replicas=None, workers=(), **values
):
    """Trains with `lm.training.train` on the corpus in a folder, with `RUN`; returns its `Result`.

    Args:
        data_path: the folder of the corpus.
        folder, seed, log, on_epoch, replicas, workers: see `lm.training.train`.
        **values: arguments of `make_lm_config`; they replace those of `RUN`.
    """
    config, corpus = make_lm_config(**dict(RUN, **values)), read_corpus(data_path)
    return training.train(config, corpus, folder, seed, on_epoch, log, replicas, workers)


def saved_weights(folder):
    """Returns the variables of the newest checkpoint in the folder of a run, `{name: array}`."""
    saved = tf.train.load_checkpoint(tf.train.latest_checkpoint(folder))
    return {name: saved.get_tensor(name) for name in saved.get_variable_to_shape_map()}


def run_flags(**values):
    """Returns the flags of `lm.train` that make the configuration of `train_run`."""
    values = dict(dict(SIZES, **RUN), **values)
    del values["vocab_size"]  # The corpus sets it.
    return ["--model=test"] + ["--%s=%s" % item for item in sorted(values.items())]


def assert_same_run(one, other, rtol=1e-5):
    """Compares two `Result`s: the epochs, their learning rates and all perplexities."""
    assert len(one.epochs) == len(other.epochs)
    for epoch, other_epoch in zip(one.epochs, other.epochs):
        np.testing.assert_allclose(epoch, other_epoch, rtol=rtol)
    np.testing.assert_allclose(one.test_perplexity, other.test_perplexity, rtol=rtol)


SavedRun = collections.namedtuple("SavedRun", ["folder", "corpus", "test_perplexity"])


def train_saved_run(folder, **values):
    """Trains a small model on `TEXT` in a new folder.

    Args:
        folder: a `pathlib.Path`.
        **values: arguments of `make_lm_config`.

    Returns:
        A `SavedRun`: the folder of the run, the folder of its corpus, and the `Result`.
    """
    (folder / "corpus").mkdir(parents=True)
    corpus = write_corpus(folder / "corpus", TEXT, TEXT[:600], TEXT[:120])
    defaults = dict(hidden_size=16, init_scale=0.3, max_epoch=2, max_max_epoch=3)
    config = make_lm_config(**dict(defaults, **values))
    result = training.train(config, read_corpus(corpus), str(folder / "run"), seed=1)
    return SavedRun(str(folder / "run"), corpus, result.test_perplexity)


def edit_file(path, old, new):
    """Replaces a text that stands in a file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert old in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def load_golden(name):
    with open(os.path.join(GOLDEN, name), encoding="utf-8") as file:
        return json.load(file)


def build(config, data, name="Train", is_training=True, reuse=None, **more):
    """Builds a model in the scopes that `main` uses, with the same initial values every time.

    A configuration of the reference makes a model of the reference; one of `lm/` makes a model of
    the workshop. Further arguments go to the model.
    """
    make_model = Model if isinstance(config, lm_configs.Config) else PTBModel
    tf.set_random_seed(1)
    with tf.name_scope(name):
        make_input = Input if make_model is Model else PTBInput
        input_ = make_input(config=config, data=data, name=name + "Input")
        initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)
        with tf.variable_scope("Model", reuse=reuse, initializer=initializer):
            return make_model(is_training=is_training, config=config, input_=input_, **more)


def build_run(recorded, house="reference", rnn_mode=None):
    """Builds the three models of `main` for a recorded run: `(config, m, mvalid, mtest)`."""
    if house == "reference":
        config = make_config(**recorded["config"])
    else:
        config = make_lm_config(rnn_mode=rnn_mode, **recorded["config"])
    eval_config = copy.copy(config)
    eval_config.batch_size = eval_config.num_steps = 1
    m = build(config, recorded["train"])
    mvalid = build(config, recorded["valid"], "Valid", is_training=False, reuse=True)
    mtest = build(eval_config, recorded["test"], "Test", is_training=False, reuse=True)
    return config, m, mvalid, mtest


def recorded_corpus(recorded):
    """Returns the texts of a recorded run as an `lm.corpus.Corpus`, whose words are numbers."""
    words = ["w%d" % number for number in range(recorded["config"]["vocab_size"])]
    return Corpus(recorded["train"], recorded["valid"], recorded["test"], words, None)


@contextlib.contextmanager
def running_session():
    """Opens a session with initialised variables and running queues."""
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


def put_checkpoint(folder, data, config, step, weights_from=None):
    """Saves `model.ckpt` of a training model in a new folder, with the global step `step`.

    The weights are those of the checkpoint `weights_from`, or the initial ones.
    """
    with tf.Graph().as_default():
        build(config, data)
        with running_session() as session:
            if weights_from is not None:
                tf.train.Saver().restore(session, weights_from)
            tf.train.get_global_step().load(step, session)
            os.makedirs(folder)
            tf.train.Saver().save(session, os.path.join(folder, "model.ckpt"))


def state_feed(model, state):
    """Feeds a fetched state as the initial state."""
    return dict(zip(tf.nest.flatten(model.initial_state), tf.nest.flatten(state)))


def feeds(model):
    """Yields the feed dicts of a model's text without end; empty ones if a queue gives batches."""
    while True:
        yield from model.input.feeds() if isinstance(model, Model) else [{}]


def run_epoch(session, model, **more):
    """Calls the `run_epoch` of the house that the model is of."""
    house = training if isinstance(model, Model) else ptb_word_lm
    return house.run_epoch(session, model, **more)


def train(session, model, steps, learning_rate=1.0):
    """Takes training steps, carrying the state; returns the costs and the last state."""
    model.assign_lr(session, learning_rate)
    state = session.run(model.initial_state)
    costs = []
    for _, feed in zip(range(steps), feeds(model)):
        fetches = [model.cost, model.final_state, model.train_op]
        cost, state, _ = session.run(fetches, {**feed, **state_feed(model, state)})
        costs.append(cost)
    return costs, state


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_lstm(xs, c, h, kernel, bias, forget_bias):
    """Runs an LSTM over xs, one gate at a time, by the blog's 2.2; returns outputs, last state."""
    size = h.shape[1]
    weights = {g: kernel[:, n * size : (n + 1) * size] for n, g in enumerate("ijfo")}
    biases = {g: bias[n * size : (n + 1) * size] for n, g in enumerate("ijfo")}
    outputs = []
    for x in xs:
        hx = np.concatenate([x, h], axis=1)
        gate = {g: hx.dot(weights[g]) + biases[g] for g in "ijfo"}
        forget, remember = sigmoid(gate["f"] + forget_bias), sigmoid(gate["i"])
        c = forget * c + remember * np.tanh(gate["j"])
        h = sigmoid(gate["o"]) * np.tanh(c)
        outputs.append(h)
    return outputs, c, h


def assert_close(actual, expected):
    """Compares with recorded numbers: to 1e-5 of the value, or of 0.1 for smaller values."""
    expected = np.asarray(expected)
    error = np.abs(np.asarray(actual) - expected) / np.maximum(np.abs(expected), 0.1)
    assert error.shape == expected.shape
    assert np.max(error) <= 1e-5


def without_speed(lines):
    return [re.sub(r"speed: \d+", "", line) for line in lines]


def perplexities(lines, split):
    """Returns the perplexities of one split in a run's output, epoch by epoch."""
    pattern = r"(?:Epoch: \d+ )?%s Perplexity: (\S+)" % split
    return [float(match.group(1)) for match in (re.fullmatch(pattern, x) for x in lines) if match]
