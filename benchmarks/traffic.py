"""Counts the bytes that a training step exchanges when workers on other machines share it.

    python -m benchmarks.traffic --small=20140 --medium=4673

One process holds the variables, as in `python -m lm.train --workers=...`. Each of N workers takes
B/N rows of the batch. In each step a worker gets the weights, and sends back gradients of the same
size. Words are looked up where the embedding lives. So a worker gets only the rows of its words,
and sends back the gradients of these rows. All bytes pass through the network of the one process,
first one way, then the other: the times of the two directions add up.

The last column is the time of a step on one machine, from its words per second, divided by N. Add
the time of the network to it. Several machines are faster than one if the sum is less than the last
column of N = 1.

Letters: B batch_size, T num_steps, H hidden_size, V vocab_size, L num_layers, N workers.
"""

import collections

import configs
from benchmarks import tables
from lm import command_line

MODELS = ("small", "medium", "large")
WORKERS = (1, 2, 4, 10)
GIGABITS = (1, 10)  # speeds of the network, in gigabits per second

# The bytes of one step, for all workers together.
Traffic = collections.namedtuple("Traffic", ["weights", "gradients", "embedding", "ids", "state"])


def traffic(config, workers):
    """Returns the `Traffic` of a step.

    weights, gradients: `kernel` and `bias` of each layer, `softmax_w` and `softmax_b`, for each
        worker.
    embedding: a row for each word, and the gradient of that row.
    ids: the words and the targets, and the ids that come back with the gradients of the rows.
    state: c and h of each layer, to the workers and back.
    """
    size, words = config.hidden_size, config.batch_size * config.num_steps
    layer = 2 * size * 4 * size + 4 * size  # [2H, 4H], [4H]
    softmax = size * config.vocab_size + config.vocab_size  # [H, V], [V]
    weights = workers * (config.num_layers * layer + softmax)
    embedding = 2 * words * size
    state = 2 * config.num_layers * 2 * config.batch_size * size
    # Floats and ids have 4 bytes each.
    return Traffic(*(4 * number for number in (weights, weights, embedding, 3 * words, state)))


def row(model, workers, words_per_second=None):
    """Returns the cells of a row of the table.

    Args:
        model: one of `MODELS`.
        workers: N.
        words_per_second: the speed of training on one machine, or None.
    """
    config = configs.get_config(model)
    parts = traffic(config, workers)
    cells = [model, "%d" % workers]
    for number in (parts.weights, parts.gradients, parts.embedding, parts.ids + parts.state):
        cells.append("%.2f MB" % (number / 1e6))
    cells.append("%.1f MB" % (sum(parts) / 1e6))
    cells += ["%.3f s" % (8 * sum(parts) / (gigabits * 1e9)) for gigabits in GIGABITS]
    if words_per_second is None:
        return cells + ["-"]
    return cells + ["%.3f s" % (config.batch_size * config.num_steps / words_per_second / workers)]


def main():
    parser = command_line.Parser(__doc__)
    for model in MODELS:
        parser.add_argument(
            "--" + model,
            type=command_line.number(float, 1),
            metavar="X",
            help="words per second of this configuration on one machine",
        )
    arguments = vars(parser.parse_args())
    head = ["", "workers", "weights", "gradients", "embedding", "ids, state", "all"]
    head += ["at %d Gbit/s" % gigabits for gigabits in GIGABITS] + ["computing"]
    rows = [row(model, workers, arguments[model]) for model in MODELS for workers in WORKERS]
    print(tables.table(head, rows))


if __name__ == "__main__":
    main()
