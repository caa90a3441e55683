"""Draws the perplexity curves of one or several runs.

    python ptb_word_lm.py --save_path=out --seed=1
    python -m study.plot_run out --plot=out.png

Reads the summaries that `ptb_word_lm.py --save_path=DIR` leaves in DIR. Needs matplotlib
(requirements-dev.txt).
"""

import argparse
import glob
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import console

CURVES = {"Train Perplexity": ".--", "Valid Perplexity": ".-", "Test Perplexity": "D"}


def read_run(folder):
    """`{name: [(global step, value), ...]}` of the summaries in a folder, by ascending step.

    Of a step that was written twice, before and after a run was killed, the later number counts.
    """
    import tensorflow.compat.v1 as tf

    numbers = {}
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), "events.out.tfevents.*"))):
        try:
            for event in tf.train.summary_iterator(path):
                for value in event.summary.value:
                    numbers.setdefault(value.tag, {})[event.step] = value.simple_value
        except tf.errors.DataLossError:
            pass  # the end of a file that a killed run did not finish
    return {name: sorted(values.items()) for name, values in numbers.items()}


def by_epoch(numbers, name):
    """The epochs and the values of a curve: two lists, empty if the run did not come to it."""
    epochs = dict(numbers.get("Epoch", []))
    points = [(epochs[step], value) for step, value in numbers.get(name, []) if step in epochs]
    return [epoch for epoch, _ in points], [value for _, value in points]


def plot(folders, path):
    """Draws the perplexities over the epochs, one colour a run, into a PNG file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    for number, folder in enumerate(folders):
        numbers = read_run(folder)
        if "Epoch" not in numbers:
            console.fail("%s: no summaries there; give a --save_path of ptb_word_lm.py" % folder)
        for name, style in CURVES.items():
            epochs, values = by_epoch(numbers, name)
            if values:
                run = os.path.basename(os.path.abspath(folder))
                label = "%s, %s (%.3f)" % (run, name.split()[0].lower(), values[-1])
                axes.plot(epochs, values, style, color="C%d" % number, label=label)
    axes.set(xlabel="epoch", ylabel="perplexity", yscale="log")
    axes.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.yaxis.set_minor_formatter(ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    axes.grid(which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description="Draws the perplexity curves of runs.")
    parser.add_argument("folders", nargs="+", metavar="DIR", help="a --save_path of ptb_word_lm.py")
    parser.add_argument("--plot", default="perplexity.png", help="the PNG file to write")
    arguments = parser.parse_args()
    console.hush_tensorflow()
    try:
        plot(arguments.folders, arguments.plot)
    except (ImportError, OSError, ValueError) as error:
        console.fail("--plot=%s: %s" % (arguments.plot, error))
    print("Wrote %s." % arguments.plot)


if __name__ == "__main__":
    main()
