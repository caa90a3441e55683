"""What every contestant does around its training step. Runs on Python 3.7 too.

A contestant is a process. It builds its model, takes one step, and says so in a line; then, for
each number it reads, it takes that many steps and answers with their times. All lines are JSON.
"""

import argparse
import json
import sys
import time

import numpy as np


def arguments():
    """What `contest.py` tells a contestant.

    The sizes of the model, `num_steps` and so on; `corpus`, a NumPy file with the word ids; and
    `variant`, what else tells it from others of its kind.
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
    """The batches of `reader.ptb_producer` for those who do not use it: `(x, y)`, `[B, T]`."""
    corpus = np.load(sizes.corpus)
    length = len(corpus) // sizes.batch_size
    rows = corpus[: sizes.batch_size * length].reshape(sizes.batch_size, length)
    while True:
        for start in range(0, length - sizes.num_steps, sizes.num_steps):
            stop = start + sizes.num_steps
            yield rows[:, start:stop], rows[:, start + 1 : stop + 1]


def peak_megabytes(process="self"):
    """The most memory that a process has held, by its id; None where the system does not tell."""
    try:
        with open("/proc/%s/status" % process) as file:
            # Not getrusage, whose maximum begins with what the parent held.
            kilobytes = [line.split()[1] for line in file if line.startswith("VmHWM")]
        return int(kilobytes[0]) / 1024.0
    except (OSError, IndexError):
        return None


def serve(step):
    """Takes steps as they are asked for.

    Args:
        step: takes one training step and returns its cost, in nats, a mean over the batch and a sum
            over the time steps; None for a step that has no cost.
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
