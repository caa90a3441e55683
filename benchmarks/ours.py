"""Contestant: this project's model, by its own classes, trained as `run_epoch` does.

Variants: basic, block, block+bf16. Runs on TensorFlow 1.15 too.
"""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import console

console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf
import worker
from absl import flags

import bfloat16
import configs
import ptb_word_lm


@contextlib.contextmanager
def training(sizes):
    """A training step of the model in a running session: `step(**arguments of session.run)`."""
    flags.FLAGS(["ours.py"])
    config = configs.get_config("small")
    for name, value in vars(sizes).items():
        if hasattr(config, name):
            setattr(config, name, value)
    config.rnn_mode, _, bf16 = sizes.variant.partition("+")

    initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)
    with tf.name_scope("Train"):
        input_ = ptb_word_lm.PTBInput(config, np.load(sizes.corpus).tolist(), name="TrainInput")
        with tf.variable_scope("Model", initializer=initializer):
            model = ptb_word_lm.PTBModel(True, config, input_)
    session_config = bfloat16.session_config() if bf16 else None
    supervisor = tf.train.Supervisor(saver=None)
    with supervisor.managed_session(config=session_config) as session:
        model.assign_lr(session, sizes.learning_rate)
        state = session.run(model.initial_state)
        fetches = {"cost": model.cost, "state": model.final_state, "train": model.train_op}

        def step(**arguments):
            nonlocal state
            feed = {}
            for (c, h), values in zip(model.initial_state, state):
                feed[c], feed[h] = values
            results = session.run(fetches, feed, **arguments)
            state = results["state"]
            return float(results["cost"])

        yield step


if __name__ == "__main__":
    with training(worker.arguments()) as step:
        worker.serve(step)
