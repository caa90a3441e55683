"""The configurations of the workshop: the reference's, one more, and what else can be chosen."""

import configs
from lm.cells import CELLS


class SampleConfig(configs.SmallConfig):
    """Learns the corpus that ships, long dependencies included.

    An epoch of that corpus has few batches, and the long dependencies come late. So the learning
    rate stays high for eight epochs; with the small configuration's four, the far languages are
    learnt in part only. One layer is enough.
    """

    num_layers = 1
    num_steps = 35
    keep_prob = 0.8
    max_epoch = 8
    max_max_epoch = 12


CONFIGS = dict(configs.CONFIGS, sample=SampleConfig)

_FLOAT32_MAX = 3.4e38


def _above_0(value):
    return 0 < value <= _FLOAT32_MAX


def _at_least_1(value):
    return 1 <= value < 2**31


# The attributes that a user can set: type, condition, the condition in words.
ATTRIBUTES = {
    "init_scale": (float, lambda v: 0 <= v <= _FLOAT32_MAX, "at least 0"),
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
    """A value that a configuration cannot have. `flag` names the attribute."""

    def __init__(self, flag, message):
        super(ConfigError, self).__init__(message)
        self.flag = flag


class Config(object):
    """A configuration of the workshop.

    Attributes:
        init_scale ... vocab_size: see `configs.py`. `vocab_size` follows the corpus.
        model: the name of the configuration that this one began as.
        cell: a key of `lm.cells.CELLS`.
        rnn_mode: "basic" computes one time step after the other, as the blog does; "block" computes
            the same LSTM a layer at a time, faster.
        use_fp16: whether variables and computations have 16 bits.
        use_bf16: whether matrix products are taken in bfloat16, with 32-bit variables.
    """

    def __init__(self, model="small", cell="basic_lstm", rnn_mode=None, **values):
        """Starts from a named configuration and sets some of its attributes.

        Args:
            model: a key of `CONFIGS`.
            cell: the recurrent cell.
            rnn_mode: "basic" or "block"; if not given, "block" where the cell has it.
            **values: other attributes.

        Raises:
            ConfigError: for a name or a value that is not possible.
        """
        if model not in CONFIGS:
            raise ConfigError("model", "no such model; choose one of %s" % ", ".join(CONFIGS))
        if cell not in CELLS:
            raise ConfigError("cell", "no such cell; choose one of %s" % ", ".join(CELLS))
        if rnn_mode not in RNN_MODES + (None,):
            raise ConfigError("rnn_mode", "no such mode; choose basic or block")
        if rnn_mode == "block" and cell != "basic_lstm":
            raise ConfigError(
                "cell", "--rnn_mode=block has basic_lstm only; leave one of the two out"
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
            raise ConfigError("use_bf16", "--use_fp16 leaves no 32-bit floats; give one of the two")

    def _set(self, name, value):
        if name in ATTRIBUTES:
            kind, is_possible, wanted = ATTRIBUTES[name]
            try:
                fits = kind(value) == value and is_possible(value)
            except (TypeError, ValueError, OverflowError):
                fits = False
            if not fits:
                raise ConfigError(name, "must be %s; given %s" % (wanted, value))
        elif name not in ("use_fp16", "use_bf16"):
            raise ConfigError(
                name, "no configuration has that; choose of %s" % ", ".join(ATTRIBUTES)
            )
        setattr(self, name, value)
