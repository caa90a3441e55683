"""Asks TensorFlow for matrix products in bfloat16 (--use_bf16), if the machine can do them.

A bfloat16 is the upper half of a float32. It has the same range and 8 bits of precision. Some
processors have instructions that multiply such matrices faster and still add up in 32 bits.
Grappler, the part of TensorFlow that rewrites graphs before they run, puts casts around the
products. Values between two products (the gates, the cell state, the logits) stay in bfloat16 as
well. Variables, softmax and updates stay in float32.
"""

import os

import tensorflow.compat.v1 as tf
from tensorflow.core.protobuf import rewriter_config_pb2

REWRITE = "auto_mixed_precision_onednn_bfloat16"  # Grappler's name for this rewrite
_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")  # their names in /proc/cpuinfo


class NoBfloat16Error(ValueError):
    """Raised if bfloat16 would not help or not work here. `flag` names the flag to blame."""

    flag = "use_bf16"


def _processor_flags():
    """Returns the flags of the processor as Linux lists them; an empty set on other systems."""
    try:
        with open("/proc/cpuinfo") as file:
            return {word for line in file if ":" in line for word in line.split(":")[1].split()}
    except OSError:
        return set()


def session_config():
    """Returns a `tf.ConfigProto` that asks for bfloat16.

    Raises:
        NoBfloat16Error: if this TensorFlow lacks the rewrite or oneDNN is switched off, if the
            processor lacks the instructions, or if there is a GPU: the rewrite is for processors.
    """
    config = tf.ConfigProto()
    options = config.graph_options.rewrite_options
    if not hasattr(options, REWRITE):
        raise NoBfloat16Error(
            "TensorFlow %s has no bfloat16 for processors; leave it out" % tf.__version__
        )
    setting = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1")
    if setting.lower() in ("0", "false"):
        raise NoBfloat16Error(
            "bfloat16 needs oneDNN; unset TF_ENABLE_ONEDNN_OPTS (now %s)" % setting
        )
    if tf.config.list_physical_devices("GPU"):
        raise NoBfloat16Error("there is a GPU, and this bfloat16 is for processors; leave it out")
    if not _processor_flags().intersection(_INSTRUCTIONS):
        raise NoBfloat16Error(
            "the processor reports none of %s; leave it out" % ", ".join(_INSTRUCTIONS)
        )
    setattr(options, REWRITE, rewriter_config_pb2.RewriterConfig.ON)
    return config
