"""Contestant: this project's model, trained as the project trains it.

Variants: basic, the reference, which runs on TensorFlow 1.15 too; block and block+bf16, what
`python -m lm.train` does by default and with --use_bf16.
"""

import contextlib
import itertools

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf
from absl import flags

import configs
import ptb_word_lm
from benchmarks import worker


def set_sizes(config, sizes):
    for name, value in vars(sizes).items():
        if hasattr(config, name):
            setattr(config, name, value)
    return config


@contextlib.contextmanager
def reference(sizes, words):
    """A session of `ptb_word_lm.py`.

    Args:
        sizes: what `worker.arguments` returns.
        words: the word ids, an int32 array.

    Yields:
        `(session, model, feeds)`: the session; the training model; and what to feed in each step,
        dicts without end.
    """
    flags.FLAGS(["ours.py"])  # The reference reads its flags; here they have their defaults.
    config = set_sizes(configs.get_config("small"), sizes)
    initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)
    with tf.name_scope("Train"):
        input_ = ptb_word_lm.PTBInput(config, words.tolist(), name="TrainInput")
        with tf.variable_scope("Model", initializer=initializer):
            model = ptb_word_lm.PTBModel(True, config, input_)
    with tf.train.Supervisor(summary_op=None).managed_session() as session:
        yield session, model, itertools.repeat({})  # a queue of the graph hands out the batches


@contextlib.contextmanager
def workshop(sizes, words):
    """A session of `lm.train`; takes and yields what `reference` does."""
    # Here, since the workshop asks for a later TensorFlow than the reference.
    from lm import bfloat16
    from lm.configs import Config
    from lm.model import Input, Model, UniformInitializer
    from lm.replicas import Replicas

    rnn_mode, _, bf16 = sizes.variant.partition("+")
    config = set_sizes(Config(rnn_mode=rnn_mode, use_bf16=bf16 == "bf16"), sizes)
    session_config = bfloat16.session_config() if config.use_bf16 else tf.ConfigProto()
    place = Replicas(config)
    with tf.name_scope("Train"), tf.device(place.device):
        input_ = Input(config, words, name="TrainInput")
        with tf.variable_scope("Model", initializer=UniformInitializer(config.init_scale)):
            model = Model(True, config, input_, place.devices)
    feeds = itertools.chain.from_iterable(input_.feeds() for _ in itertools.count())
    with place.session(session_config) as session:
        session.run(tf.global_variables_initializer())
        yield session, model, feeds


@contextlib.contextmanager
def training(sizes):
    """A training step of the model in a running session: `step(**arguments of session.run)`."""
    run = reference if sizes.variant == "basic" else workshop
    with run(sizes, np.load(sizes.corpus, mmap_mode="r")) as (session, model, feeds):
        model.assign_lr(session, sizes.learning_rate)
        initial_state = tf.nest.flatten(model.initial_state)
        state = session.run(model.initial_state)
        fetches = {"cost": model.cost, "state": model.final_state, "train": model.train_op}

        def step(**arguments):
            nonlocal state
            feed = dict(next(feeds))
            feed.update(zip(initial_state, tf.nest.flatten(state)))
            results = session.run(fetches, feed, **arguments)
            state = results["state"]
            return float(results["cost"])

        yield step


if __name__ == "__main__":
    with training(worker.arguments()) as step:
        worker.serve(step)
