"""The configurations of the workshop: those of the reference and "sample", with more choices."""

import numpy as np

import configs
from lm.cells import CELLS


class SampleConfig(configs.SmallConfig):
    """The configuration that learns the corpus that ships, long dependencies included.

    An epoch of that corpus has few batches, and the model learns the long dependencies late. So the
    learning rate stays high for eight epochs. With the four of the small configuration, the model
    learns only some of the far languages. One layer is enough.
    """

    num_layers = 1
    num_steps = 35
    keep_prob = 0.8
    max_epoch = 8
    max_max_epoch = 12


CONFIGS = dict(configs.CONFIGS, sample=SampleConfig)

# The range of variables and their updates: float32 without the smallest numbers, which TensorFlow
# takes for 0.
_LEAST, _MOST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
_MOST_COUNTED = 2**31 - 1


def _above_0(value):
    return value > 0


def _at_least_1(value):
    return value >= 1


# The attributes that you can set: `{name: (type, condition, the condition in words)}`.
ATTRIBUTES = {
    "init_scale": (float, lambda v: v >= 0, "at least 0"),
    "learning_rate": (float, _above_0, "a number above 0"),
    "max_grad_norm": (float, _above_0, "a number above 0"),
    "num_layers": (int, _at_least_1, "at least 1"),
    "num_steps": (int, _at_least_1, "at least 1"),
    "hidden_size": (int, _at_least_1, "at least 1"),
    "max_epoch": (int, lambda v: v >= 0, "at least 0"),
    "max_max_epoch": (int, lambda v: v >= 0, "at least 0"),
    "keep_prob": (float, lambda v: 0 < v <= 1, "above 0 and at most 1"),
    "lr_decay": (float, _above_0, "a number above 0"),
    "batch_size": (int, _at_least_1, "at least 1"),
}
RNN_MODES = ("basic", "block")


class ConfigError(ValueError):
    """Raised if a configuration cannot have a value. `flag` names the attribute."""

    def __init__(self, flag, message):
        super(ConfigError, self).__init__(message)
        self.flag = flag


class Config(object):
    """A configuration of the workshop.

    Attributes:
        init_scale ... vocab_size: see `configs.py`. The corpus sets `vocab_size`.
        model: the name of the configuration that this one started from.
        cell: a key of `lm.cells.CELLS`.
        rnn_mode: "basic" computes one time step after the other, as the blog does. "block" computes
            the same LSTM one layer at a time, which is faster.
        use_fp16: whether variables and computations have 16 bits.
        use_bf16: whether matrices are multiplied in bfloat16; the variables keep 32 bits.
    """

    def __init__(self, model="small", cell="basic_lstm", rnn_mode=None, **values):
        """Starts from a named configuration and sets some of its attributes.

        Args:
            model: a key of `CONFIGS`.
            cell: a key of `lm.cells.CELLS`.
            rnn_mode: "basic" or "block"; None means "block" if the cell has it.
            **values: other attributes.

        Raises:
            ConfigError: if a name or a value is not possible.
        """
        if model not in CONFIGS:
            raise ConfigError("model", "no such model; choose one of %s" % ", ".join(CONFIGS))
        if cell not in CELLS:
            raise ConfigError("cell", "no such cell; choose one of %s" % ", ".join(CELLS))
        if rnn_mode not in RNN_MODES + (None,):
            raise ConfigError("rnn_mode", "no such mode; choose basic or block")
        if rnn_mode == "block" and cell != "basic_lstm":
            raise ConfigError(
                "cell",
                "--rnn_mode=block works with basic_lstm only; leave one of the two flags out",
            )
        for name, value in vars(configs.SmallConfig).items():
            if not name.startswith("_"):
                setattr(self, name, getattr(CONFIGS[model], name, value))
        self.model = model
        self.cell = cell
        self.rnn_mode = rnn_mode or ("block" if cell == "basic_lstm" else "basic")
        self.use_fp16 = self.use_bf16 = False
        for name, value in values.items():
            self._set(name, value)
        if self.use_bf16 and self.use_fp16:
            raise ConfigError(
                "use_bf16", "does not go together with --use_fp16; give one of the two flags"
            )
        self._check_learning_rates()

    def _set(self, name, value):
        if name in ATTRIBUTES:
            kind, is_possible, wanted = ATTRIBUTES[name]
            try:
                fits = kind(value) == value and is_possible(value)
            except (TypeError, ValueError, OverflowError):
                fits = False
            if fits and kind is int and value > _MOST_COUNTED:
                fits, wanted = False, "at most %d" % _MOST_COUNTED
            elif fits and kind is float and value != 0 and not _LEAST <= value <= _MOST:
                fits, wanted = False, "a float32, from %.3g to %.3g" % (_LEAST, _MOST)
            elif fits and name == "keep_prob" and np.float32(1 - value) == 1:
                fits, wanted = False, "at least 1e-07, for float32"
            if not fits:
                raise ConfigError(name, "must be %s; given %s" % (wanted, value))
            value = kind(value)
        elif name not in ("use_fp16", "use_bf16"):
            raise ConfigError(
                name,
                "no configuration has this attribute; choose one of %s" % ", ".join(ATTRIBUTES),
            )
        setattr(self, name, value)

    def _check_learning_rates(self):
        """Raises ConfigError if the learning rate of an epoch is more than a float32 can hold.

        The learning rate may become 0. The model then learns nothing more, but nothing fails.
        """
        epochs = self.max_max_epoch - self.max_epoch  # Each has a factor lr_decay.
        if epochs > 0 and self.lr_decay > 1:
            most = (np.log(_MOST) - np.log(self.learning_rate)) / np.log(self.lr_decay)
            if epochs > most:
                raise ConfigError(
                    "lr_decay",
                    "makes the learning rate of epoch %d more than %.3g, the most that float32"
                    " holds; give a lower one" % (self.max_epoch + int(most) + 1, _MOST),
                )
