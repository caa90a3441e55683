"""Contestant: this project's model, by its own classes, trained as `run_epoch` does.

Variants: basic, the reference, which runs on TensorFlow 1.15 too; block and block+bf16, the
workshop's model in block mode.
"""

import contextlib

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf
from absl import flags

import configs
import ptb_word_lm
from benchmarks import worker


def make(variant):
    """Returns `(config, class of the model, ConfigProto of the session)`."""
    if variant == "basic":
        flags.FLAGS(["ours.py"])  # The reference reads its flags; here they have their defaults.
        return configs.get_config("small"), ptb_word_lm.PTBModel, None
    # Here, since the workshop asks for a later TensorFlow than the reference.
    from lm import bfloat16
    from lm.configs import Config
    from lm.model import Model

    rnn_mode, _, bf16 = variant.partition("+")
    config = Config(rnn_mode=rnn_mode, use_bf16=bf16 == "bf16")
    return config, Model, bfloat16.session_config() if config.use_bf16 else None


@contextlib.contextmanager
def training(sizes):
    """A training step of the model in a running session: `step(**arguments of session.run)`."""
    config, make_model, session_config = make(sizes.variant)
    for name, value in vars(sizes).items():
        if hasattr(config, name):
            setattr(config, name, value)

    initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)
    with tf.name_scope("Train"):
        input_ = ptb_word_lm.PTBInput(config, np.load(sizes.corpus).tolist(), name="TrainInput")
        with tf.variable_scope("Model", initializer=initializer):
            model = make_model(True, config, input_)
    supervisor = tf.train.Supervisor(saver=None)
    with supervisor.managed_session(config=session_config) as session:
        model.assign_lr(session, sizes.learning_rate)
        state = session.run(model.initial_state)
        fetches = {"cost": model.cost, "state": model.final_state, "train": model.train_op}

        def step(**arguments):
            nonlocal state
            feed = zip(tf.nest.flatten(model.initial_state), tf.nest.flatten(state))
            results = session.run(fetches, dict(feed), **arguments)
            state = results["state"]
            return float(results["cost"])

        yield step


if __name__ == "__main__":
    with training(worker.arguments()) as step:
        worker.serve(step)
