"""Connects the training step of a contestant to `contest.py`. Runs on Python 3.7 too.

A contestant is a process. It builds its model, takes one step, and reports it in a line. Then it
reads numbers. For each number it takes that many steps, and answers with their times. All answers
are lines of JSON.
"""

import argparse
import json
import sys
import time

import numpy as np


def arguments():
    """Parses the command line of a contestant, which `contest.py` writes.

    Returns an object with the sizes of the model as attributes, with `corpus`, the path of a NumPy
    file with the word ids, and with `variant`, which a module with several variants reads.
    """
    parser = argparse.ArgumentParser()
    for name in ("hidden_size", "num_layers", "num_steps", "batch_size", "vocab_size"):
        parser.add_argument("--" + name, type=int, required=True)
    for name in ("keep_prob", "max_grad_norm", "learning_rate", "init_scale"):
        parser.add_argument("--" + name, type=float, required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--variant", default="")
    return parser.parse_args()


def batches(sizes):
    """Yields the batches of `reader.ptb_producer` without TensorFlow: `(x, y)`, `[B, T]` both."""
    corpus = np.load(sizes.corpus)
    length = len(corpus) // sizes.batch_size
    rows = corpus[: sizes.batch_size * length].reshape(sizes.batch_size, length)
    while True:
        for start in range(0, length - sizes.num_steps, sizes.num_steps):
            stop = start + sizes.num_steps
            yield rows[:, start:stop], rows[:, start + 1 : stop + 1]


def peak_megabytes(process="self"):
    """Returns the most memory that a process has held; None if the system does not say."""
    try:
        with open("/proc/%s/status" % process) as file:
            # The maximum of getrusage would include the memory of the parent.
            kilobytes = [line.split()[1] for line in file if line.startswith("VmHWM")]
        return int(kilobytes[0]) / 1024.0
    except (OSError, IndexError):
        return None


def serve(step):
    """Takes as many steps as standard input asks for.

    Args:
        step: a function that takes one training step and returns its cost in nats, a mean over the
            batch and a sum over the time steps; None if the step has no cost.
    """

    def answer(**values):
        sys.stdout.write(json.dumps(values) + "\n")
        sys.stdout.flush()

    answer(cost=step())
    for line in sys.stdin:
        seconds, costs = [], []
        for _ in range(int(line)):
            start = time.perf_counter()
            costs.append(step())
            seconds.append(time.perf_counter() - start)
        answer(seconds=seconds, cost=costs[-1], peak_megabytes=peak_megabytes())
