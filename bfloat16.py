"""--use_bf16: matrix products in bfloat16, variables, softmax and updates in float32.

A bfloat16 is the upper half of a float32: the same range, 8 bits of precision. Processors that have
instructions for it multiply such matrices faster, and still add up in 32 bits. Grappler, which
rewrites TensorFlow's graphs before they run, puts the casts around the products; what lies between
two of them (the gates and the cell state, the logits) stays in bfloat16 as well.
"""

import os

import tensorflow.compat.v1 as tf
from tensorflow.core.protobuf import rewriter_config_pb2

REWRITE = "auto_mixed_precision_onednn_bfloat16"  # Grappler's name for it
_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")  # as /proc/cpuinfo has them


class NoBfloat16Error(ValueError):
    """A machine on which bfloat16 would not help or not work."""


def _processor_flags():
    """The flags of the processor as Linux tells them; none on other systems."""
    try:
        with open("/proc/cpuinfo") as file:
            return {word for line in file if ":" in line for word in line.split(":")[1].split()}
    except OSError:
        return set()


def session_config():
    """A `tf.ConfigProto` that asks for bfloat16.

    Raises:
        NoBfloat16Error: a ValueError, when the rewrite is missing or the processor has no such
            instructions, or when a GPU would do the work, for which there is no such rewrite.
    """
    config = tf.ConfigProto()
    options = config.graph_options.rewrite_options
    if not hasattr(options, REWRITE):
        raise NoBfloat16Error("TensorFlow %s cannot do that; leave it out" % tf.__version__)
    setting = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1")
    if setting.lower() in ("0", "false"):
        raise NoBfloat16Error("oneDNN does it; take TF_ENABLE_ONEDNN_OPTS=%s back" % setting)
    if tf.config.list_physical_devices("GPU"):
        raise NoBfloat16Error("there is a GPU, and this is for processors without; leave it out")
    if not _processor_flags().intersection(_INSTRUCTIONS):
        raise NoBfloat16Error(
            "the processor has none of %s, or does not tell; leave it out"
            % ", ".join(_INSTRUCTIONS)
        )
    setattr(options, REWRITE, rewriter_config_pb2.RewriterConfig.ON)
    return config
