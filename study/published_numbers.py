"""Shows why published numbers differ: runs the reference with one thing changed from outside.

    python -m study.published_numbers --change=schedule --data_path=PTB --seed=1

Other versions of the original script have these changes:

    schedule           The learning rate decays with max(i - max_epoch, 0), i from 0, and not with
                       max(i + 1 - max_epoch, 0). One more epoch has the full rate.
    shared_cell        MultiRNNCell gets one BasicLSTMCell for all layers. From TensorFlow 1.2 on,
                       all layers then share one set of weights.
    state_not_carried  Each training batch begins with a state of zeros. On the other texts the
                       state is still carried.

The other flags, and the output, are those of ptb_word_lm.py. docs/results.md has the results beside
the published numbers.
"""

import console

if __name__ == "__main__":
    console.hush_tensorflow()

from unittest import mock

import tensorflow.compat.v1 as tf

import configs
import contrib
import ptb_word_lm


class ChangeError(ValueError):
    """Raised if a change would change nothing. `flag` names the flag to blame."""

    flag = "change"


class SavePathError(ValueError):
    """Raised if a folder to save in is given. `flag` names the flag to blame."""

    flag = "save_path"


def config_of_the_old_schedule(name):
    """Returns a configuration with the old schedule: i - max_epoch = i + 1 - (max_epoch + 1)."""
    config = configs.get_config(name)
    if config.max_max_epoch <= config.max_epoch:
        raise ChangeError("the learning rate of --model=%s never falls; give another model" % name)
    config.max_epoch += 1
    return config


def call_with_shared_weights(self, inputs, state):
    """Replaces `MultiRNNCell.call`: all layers have the weights of the first."""
    cells = self.cells_inside
    if len(cells) < 2:
        raise ChangeError("a model of one layer has nothing to share; give another --model")
    new_states = []
    for layer, (cell, old_state) in enumerate(zip(cells, state)):
        with tf.variable_scope("cell_0", reuse=layer > 0 or None):
            inputs, new_state = cell(inputs, old_state)  # [B, H]; the next layer reads these inputs
        new_states.append(new_state)
    return inputs, tuple(new_states)


class ForgetfulModel(ptb_word_lm.PTBModel):
    """A model to which `run_epoch` feeds no state in training, since it names no state."""

    def __init__(self, is_training, config, input_):
        super(ForgetfulModel, self).__init__(is_training, config, input_)
        if is_training:
            self._initial_state = ()


CHANGES = {
    "schedule": (ptb_word_lm, "get_config", config_of_the_old_schedule),
    "shared_cell": (contrib.rnn.MultiRNNCell, "call", call_with_shared_weights),
    "state_not_carried": (ptb_word_lm, "PTBModel", ForgetfulModel),
}


def main(argv):
    if ptb_word_lm.FLAGS.save_path is not None:
        raise SavePathError("a later run would take this one for unchanged; leave it out")
    with mock.patch.object(*CHANGES[ptb_word_lm.FLAGS.change]):
        ptb_word_lm.main(argv)


if __name__ == "__main__":
    ptb_word_lm.flags.DEFINE_enum("change", None, sorted(CHANGES), "The one thing to change.")
    ptb_word_lm.flags.mark_flag_as_required("change")
    ptb_word_lm.flags.adopt_module_key_flags(ptb_word_lm)  # for --help
    console.run(main)
