"""Shows where the time of a training step goes: adds up TensorFlow's trace by kinds of ops.

    python -m benchmarks.profile_step --model=small --variant=block

Ops run side by side on several cores, so that the sum is more than the time of a step. A step also
takes longer while it is traced. The variants are basic, block and block+bf16.
"""

import argparse
import collections
import os
import tempfile

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf

import configs
import reader
from benchmarks import contest, ours
from lm import command_line
from lm.corpus import SAMPLE

KINDS = [
    ("products", ("MatMul",)),
    ("softmax and cross-entropy", ("Softmax", "Max", "TensorScatter", "Log", "GatherNd")),
    ("update of the weights", ("ApplyGradientDescent", "ScatterSub")),
    ("norm of the gradients", ("L2Loss", "Sqrt")),
    # Grappler replaces AddN by TemporaryVariable and AssignAdd.
    ("sums", ("Sum", "Add", "Sub", "TemporaryVariable")),
    ("gates", ("Sigmoid", "Tanh", "Mul", "Neg", "Square")),
    ("cutting and joining", ("Concat", "Split", "Pack", "Unpack", "Slice", "Transpose", "Gather")),
    ("casts", ("Cast",)),
    ("dropout", ("Random", "GreaterEqual", "Select")),
]
STEPS = 10


def kind(op):
    for name, parts in KINDS:
        if any(part in op for part in parts):
            return name
    return "the rest"


def main():
    parser = command_line.Parser(__doc__)
    parser.add_argument("--model", default="small", choices=sorted(configs.CONFIGS))
    parser.add_argument("--variant", default="basic", choices=["basic", "block", "block+bf16"])
    arguments = parser.parse_args()
    reason = contest.no_bfloat16() if arguments.variant == "block+bf16" else None
    if reason:
        parser.error("--variant=block+bf16: %s" % reason)
    sizes = argparse.Namespace(variant=arguments.variant, **contest.sizes_of(arguments.model))
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    times, numbers = collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        sizes.corpus = os.path.join(folder, "corpus.npy")
        np.save(sizes.corpus, reader.ptb_raw_data(SAMPLE)[0])
        with ours.training(sizes) as step:
            for number in range(2 * STEPS):
                metadata = tf.RunMetadata()
                step(options=options, run_metadata=metadata)
                for device in metadata.step_stats.dev_stats if number >= STEPS else []:
                    for node in device.node_stats:
                        op = node.timeline_label.split(" = ")[-1].split("(")[0]
                        times[kind(op)] += node.op_end_rel_micros - node.op_start_rel_micros
                        numbers[kind(op)] += 1
    print("%s, %s: milliseconds and ops of a step" % (arguments.model, arguments.variant))
    for name, microseconds in times.most_common():
        print("%-26s %8.1f ms %6d" % (name, microseconds / 1e3 / STEPS, numbers[name] / STEPS))
    print("%-26s %8.1f ms" % ("all", sum(times.values()) / 1e3 / STEPS))


if __name__ == "__main__":
    main()
