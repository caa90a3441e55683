"""What the tests share: configurations, corpora, models, recorded weights, training steps."""

import contextlib
import json
import os
import re
import subprocess
import sys

import numpy as np
import tensorflow.compat.v1 as tf

from configs import TestConfig
from ptb_word_lm import PTBInput, PTBModel

# A text with something to learn: a counts up to d, and x to z may follow.
_random = np.random.RandomState(8)
TEXT = "".join(" a b c d %s \n" % _random.choice(["x", "y", "z"]) for _ in range(400))


GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")


def make_config(**values):
    """A small configuration without dropout, with some values replaced."""
    config = TestConfig()
    defaults = dict(
        num_layers=2, num_steps=5, hidden_size=8, max_grad_norm=5, batch_size=4, vocab_size=50
    )
    for name, value in dict(defaults, **values).items():
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
    """A model under the scopes that `main` uses, with the same initial values every time."""
    tf.set_random_seed(1)
    with tf.name_scope(name):
        input_ = PTBInput(config=config, data=data, name=name + "Input")
        initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)
        with tf.variable_scope("Model", reuse=reuse, initializer=initializer):
            return PTBModel(is_training=is_training, config=config, input_=input_)


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


def state_feed(model, state):
    """Feeds a fetched state as the initial state."""
    return {
        tensor: value
        for tensors, values in zip(model.initial_state, state)
        for tensor, value in zip(tensors, values)
    }


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


def outside_environment():
    """The environment without what the tests themselves have set."""
    return {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}


def run_script(path, *arguments):
    """Runs a script of the project in a process and a folder that are not the tests' own.

    Returns:
        `(exit status, standard output, standard error)`.
    """
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    process = subprocess.run(
        [sys.executable, os.path.join(root, path)] + list(arguments),
        env=outside_environment(),
        cwd=os.path.dirname(root),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    return process.returncode, process.stdout, process.stderr


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
