"""The four configurations of the PTB script, and what their names mean (the blog's parameters).

| name | meaning |
|---|---|
| `init_scale` | variables start uniform in [-init_scale, init_scale]; LSTM biases start at 0 |
| `learning_rate` | learning rate of plain gradient descent in the first `max_epoch` epochs |
| `max_grad_norm` | largest global norm of the gradients; larger gradients are scaled down to it |
| `num_layers` | LSTM layers, one above the other |
| `num_steps` | time steps that the network is unrolled for; gradients reach back no further |
| `hidden_size` | units of each LSTM layer; also the size of the word embedding |
| `max_epoch` | epochs at the full learning rate |
| `max_max_epoch` | epochs in all |
| `keep_prob` | probability that dropout keeps a unit; 1.0 is no dropout |
| `lr_decay` | factor of the learning rate for every epoch after `max_epoch` |
| `batch_size` | streams of text that are read side by side |
| `vocab_size` | different words; `ptb_word_lm.py` sets it to the size of the corpus's vocabulary |

The learning rate of epoch i, counted from 1, is
`learning_rate * lr_decay ** max(i - max_epoch, 0)`.

The values are the original example's. Medium and large are those of Zaremba et al. 2014
(https://arxiv.org/abs/1409.2329), section 4.1, with one exception. After the sixth epoch of medium,
the paper divides the learning rate by 1.2 for each epoch; the example multiplies it by 0.8.
"""


class SmallConfig(object):
    """The configuration that the blog prints; it has no dropout."""

    init_scale = 0.1
    learning_rate = 1.0
    max_grad_norm = 5
    num_layers = 2
    num_steps = 20
    hidden_size = 200
    max_epoch = 4
    max_max_epoch = 13
    keep_prob = 1.0
    lr_decay = 0.5
    batch_size = 20
    vocab_size = 10000


class MediumConfig(object):
    """The configuration with a dropout of one half."""

    init_scale = 0.05
    learning_rate = 1.0
    max_grad_norm = 5
    num_layers = 2
    num_steps = 35
    hidden_size = 650
    max_epoch = 6
    max_max_epoch = 39
    keep_prob = 0.5
    lr_decay = 0.8
    batch_size = 20
    vocab_size = 10000


class LargeConfig(object):
    """The configuration with a dropout of 65 %; it wants a GPU and a day."""

    init_scale = 0.04
    learning_rate = 1.0
    max_grad_norm = 10
    num_layers = 2
    num_steps = 35
    hidden_size = 1500
    max_epoch = 14
    max_max_epoch = 55
    keep_prob = 0.35
    lr_decay = 1 / 1.15
    batch_size = 20
    vocab_size = 10000


class TestConfig(object):
    """A tiny configuration that shows the whole script run; it learns next to nothing."""

    init_scale = 0.1
    learning_rate = 1.0
    max_grad_norm = 1
    num_layers = 1
    num_steps = 2
    hidden_size = 2
    max_epoch = 1
    max_max_epoch = 1
    keep_prob = 1.0
    lr_decay = 0.5
    batch_size = 20
    vocab_size = 10000


CONFIGS = {
    "small": SmallConfig,
    "medium": MediumConfig,
    "large": LargeConfig,
    "test": TestConfig,
}


class UnknownModelError(ValueError):
    """Raised if no configuration has a name. `flag` names the flag to blame."""

    flag = "model"


def get_config(name):
    """Returns a new configuration. You may change its attributes.

    Args:
        name: "small", "medium", "large" or "test".

    Raises:
        UnknownModelError: a ValueError, for any other name.
    """
    if name not in CONFIGS:
        raise UnknownModelError("no such model; choose one of %s" % ", ".join(CONFIGS))
    return CONFIGS[name]()
