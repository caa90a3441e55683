"""Measures how the cost of training grows with the sizes of the model and with the corpus.

The values of one size compete as the contestants of `contest.py` do; all other sizes are those of
the small configuration. The corpora are synthetic texts of 1 to 100 million words. For each corpus,
`python -m lm.train` is started, and stopped after its first line of progress.
"""

import os
import subprocess
import sys
import tempfile
import time

import numpy as np

import reader
from benchmarks import contest, worker
from benchmarks.contest import say

SIZES = {
    "vocab_size": [1000, 3000, 10000, 30000, 100000],
    "hidden_size": [100, 200, 400, 800],
    "num_steps": [5, 10, 20, 40],
    "batch_size": [5, 20, 80],
}
MODES = ("basic", "block")

MILLION = 10**6
CORPORA = [1 * MILLION, 3 * MILLION, 10 * MILLION, 30 * MILLION, 100 * MILLION]  # words
TRAIN = ("--model=small", "--vocab_size=10000", "--seed=1")
VOCABULARY = 300000  # different words, about as many as WikiText-103 has (100 million words)
LINE = 20  # words of a line, including <eos>


def measure_sizes(corpus):
    """Times the steps of the reference and of block mode for all values of each size.

    Args:
        corpus: the path of a NumPy file with the word ids.

    Returns:
        `{size: [{"value": value, "basic": numbers, "block": numbers}, ...]}`.
    """
    results = {}
    for size, values in SIZES.items():
        say("%s:" % size)
        rows = []
        for value in values:
            sizes = dict(contest.sizes_of("small"), **{size: value})
            rows.append([contest.Contestant(name, sizes, corpus) for name in MODES])
        contest.compete([one for row in rows for one in row], *contest.TURNS["growth"])
        results[size] = [
            dict({"value": value}, **{name: c.numbers() for name, c in zip(MODES, row)})
            for value, row in zip(values, rows)
        ]
    return results


def write_words(file, number, random):
    """Adds words to a text, `LINE` words to a line; `<eos>` counts as a word.

    The word of rank r, counted from 1, has the probability log(1 + 1/r) / log(V + 1), where V is
    `VOCABULARY`. This is nearly proportional to 1/r, as Zipf's law says.

    Args:
        file: a binary file.
        number: the number of words, a multiple of `LINE`.
        random: a `np.random.RandomState`.
    """
    spelling = np.array([b"%05x " % rank for rank in range(1, VOCABULARY + 1)])
    for start in range(0, number, MILLION):
        lines = min(MILLION, number - start) // LINE
        drawn = random.random_sample(lines * (LINE - 1))
        ranks = np.exp(drawn * np.log(VOCABULARY + 1)).astype(np.int64)  # 1 to VOCABULARY
        text = spelling[ranks - 1].view(np.uint8).reshape(lines, -1)
        text[:, -1] = ord("\n")  # in place of the last space
        file.write(text.tobytes())


def start_of_training(folder):
    """Starts `python -m lm.train` on a corpus, and stops it after its first line of progress.

    Returns:
        `{"seconds": float, "peak_megabytes": float}`: the time from the start of the process to its
        first training step, and the most memory that it held (None if the system does not say);
        `{"left_out": reason}` if the process ended before.
    """
    command = [sys.executable, "-m", "lm.train", "--data_path=" + folder] + list(TRAIN)
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, cwd=contest.ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        with process:
            try:
                for line in process.stdout:
                    if line.startswith("Epoch: 1 "):
                        seconds = time.perf_counter() - start
                    elif " perplexity: " in line:
                        megabytes = worker.peak_megabytes(process.pid)
                        return {"seconds": seconds, "peak_megabytes": megabytes}
                return {"left_out": contest.last_words(process, errors)}
            finally:
                process.kill()


def measure_corpora():
    """Starts the training on one corpus after the other.

    Returns:
        `[{"words": words, "seconds": float, "peak_megabytes": float}, ...]`. `left_out`, with the
        reason, stands in place of numbers that could not be measured.
    """
    say("corpora:")
    random = np.random.RandomState(1)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        train, *others = [os.path.join(folder, "ptb.%s.txt" % split) for split in reader.SPLITS]
        for path in others:
            with open(path, "wb") as file:
                write_words(file, 1000 * LINE, random)
        written = 0
        for words in CORPORA:
            say("  %g million words: writing, then training" % (words / MILLION))
            with open(train, "ab") as file:
                write_words(file, words - written, random)
            written = words
            rows.append(dict({"words": words}, **start_of_training(folder)))
            if "left_out" in rows[-1]:
                say("  left out: %s" % rows[-1]["left_out"])
    return rows
