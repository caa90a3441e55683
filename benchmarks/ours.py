"""A contestant: this project's model, trained as the project trains it.

The variant basic is the reference, which also runs on TensorFlow 1.15. The variants block and
block+bf16 are `python -m lm.train` by default and with --use_bf16.
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
    """Opens a session of `ptb_word_lm.py`.

    Args:
        sizes: the arguments, from `worker.arguments`.
        words: the word ids, an int32 array.

    Yields:
        `(session, model, feeds)`: the session; the training model; and an endless iterator over the
        feed dicts of the steps.
    """
    flags.FLAGS(["ours.py"])  # gives the reference's flags their defaults
    config = set_sizes(configs.get_config("small"), sizes)
    initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)
    with tf.name_scope("Train"):
        input_ = ptb_word_lm.PTBInput(config, words.tolist(), name="TrainInput")
        with tf.variable_scope("Model", initializer=initializer):
            model = ptb_word_lm.PTBModel(True, config, input_)
    with tf.train.Supervisor(summary_op=None).managed_session() as session:
        yield session, model, itertools.repeat({})  # The batches come from a queue of the graph.


@contextlib.contextmanager
def workshop(sizes, words):
    """Opens a session of `lm.train`; takes and yields what `reference` does."""
    # Imported late, since the workshop needs a later TensorFlow than the reference.
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
    """Yields a function that takes one training step: `step(**arguments of session.run)`."""
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
