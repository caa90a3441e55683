"""Draws the perplexity curves of one or several runs.

    python -m lm.train --model=sample --save_path=out --seed=1
    python -m study.plot_run out --plot=out.png

Each DIR is the `--save_path` of a run of `lm.train`, which leaves its summaries there. Needs
matplotlib (requirements-dev.txt).
"""

import glob
import json
import os

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import tensorflow.compat.v1 as tf
from google.protobuf.message import DecodeError

from lm import command_line, word_ids
from lm.corpus import SAMPLE, read_corpus

CURVES = {"Train Perplexity": "^--", "Valid Perplexity": "o-", "Test Perplexity": "D"}
WIDE = 12  # above this ratio of the axis ends, the ticks are 1, 2, 3, 5, 10 ..., not equal steps


def read_events(path):
    """Yields the `tf.Event`s of a file of summaries, up to where a killed run cut the file off.

    Does not compare checksums. TensorFlow's own `summary_iterator` crashes on a damaged file whose
    records claim to be huge.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        while True:
            head = file.read(12)  # the length of the record, and a checksum of it
            length = int.from_bytes(head[:8], "little")
            if len(head) < 12 or length > size - file.tell() - 4:
                return
            try:
                yield tf.Event.FromString(file.read(length))
            except DecodeError:
                return
            file.read(4)  # a checksum of the record


def read_run(folder):
    """Reads the summaries in a folder: `{name: [(global step, value), ...]}`, by ascending step.

    A run that was killed and resumed may have written a step twice. The later value counts.
    """
    numbers = {}
    paths = glob.glob(os.path.join(glob.escape(folder), "events.out.tfevents.*"))
    for path in filter(os.path.isfile, sorted(paths)):
        for event in read_events(path):
            for value in event.summary.value:
                numbers.setdefault(value.tag, {})[event.step] = value.simple_value
    return {name: sorted(values.items()) for name, values in numbers.items()}


def by_epoch(numbers, name):
    """Returns the epochs and the values of a curve; two empty lists if the run has none."""
    epochs = dict(numbers.get("Epoch", []))
    points = [(epochs[step], value) for step, value in numbers.get(name, []) if step in epochs]
    return [epoch for epoch, _ in points], [value for _, value in points]


def best_perplexity(folder):
    """Returns the best possible test perplexity if a run is of the corpus that ships, else None."""
    try:
        text = word_ids.read_text(os.path.join(folder, "config.json"), megabytes=1)
        digest = json.loads(text)["corpus_sha256"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    corpus = read_corpus(SAMPLE, log=None)
    progress = word_ids.Progress(None)
    is_sample = digest == word_ids.corpus_sha256(corpus.words, corpus.train, progress)
    return corpus.best["test"] if is_sample else None


def draw(folders):
    """Draws the perplexities over the epochs, one colour a run; returns the figure."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    bests, last = set(), 1
    for number, folder in enumerate(folders):
        numbers = read_run(folder)
        curves = {name: by_epoch(numbers, name) for name in CURVES}
        shown = [v for _, values in curves.values() for v in values if 0 < v < float("inf")]
        if not shown:
            console.fail("%s: no summaries there; give a --save_path of lm.train" % folder)
        for name, style in CURVES.items():
            epochs, values = curves[name]
            if values:
                run = os.path.basename(os.path.abspath(folder))
                label = "%s, %s (%.3f)" % (run, name.split()[0].lower(), values[-1])
                # A mark alone has no line that shows it, and others may lie on it.
                mark = dict(ms=4) if len(values) > 1 else dict(ms=8, fillstyle="none")
                axes.plot(epochs, values, style, color="C%d" % number, label=label, **mark)
                last = max(last, *epochs)
        bests.add(best_perplexity(folder))
    for best in bests - {None}:
        axes.axhline(best, color="grey", linestyle=":", label="best possible (%.3f)" % best)
    axes.set(xlabel="epoch", ylabel="perplexity", yscale="log", xlim=(0.5, last + 0.5))
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(
        ticker.LogLocator(subs=(1, 2, 3, 5)) if high / low > WIDE else ticker.MaxNLocator(8)
    )
    axes.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def plot(folders, path):
    """Writes what `draw` draws into a file."""
    command_line.save_picture(draw(folders), path)


def main():
    parser = command_line.Parser(__doc__)
    parser.add_argument("folders", nargs="+", metavar="DIR", help="a --save_path of lm.train")
    parser.add_argument(
        "--plot",
        type=command_line.picture,
        default="perplexity.png",
        metavar="FILE.png",
        help="the picture to draw (default: perplexity.png)",
    )
    arguments = parser.parse_args()
    plot(arguments.folders, arguments.plot)
    print("Wrote %s." % arguments.plot)


if __name__ == "__main__":
    with console.errors_in_one_line({}):
        main()
