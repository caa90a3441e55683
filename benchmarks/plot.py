"""Draws what run.py has measured: benchmarks/results.json -> benchmarks/results.png.

python -m benchmarks.plot
"""

import json
import os
import statistics

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot, ticker

HERE = os.path.dirname(os.path.abspath(__file__))
COLOURS = {"PyTorch": "C1", "PyTorch bf16": "C1", "Keras 3": "C2", "TensorFlow 1.15": "C7"}
GROUPS = ["basic", "TensorFlow 1.15", "Keras 3", "PyTorch", "block", "PyTorch bf16", "block+bf16"]


def draw_contest(axes, model, numbers):
    """Words per second as bars, the quartiles of the turns as whiskers."""
    names = [name for name in GROUPS if name in numbers]
    for place, name in enumerate(names):
        low, middle, high = statistics.quantiles(numbers[name]["words_per_second"], n=4)
        error = [[middle - low], [high - middle]]
        axes.barh(place, middle, xerr=error, color=COLOURS.get(name, "C0"), capsize=3)
        axes.text(high, place, "  %.0f" % middle, va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.margins(x=0.15)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(5))
    axes.set(title="%s: words per second in training" % model)


def draw_growth(axes, size, rows):
    """Words per second, with quartiles, and memory over one size, in the small configuration."""
    values = [row["value"] for row in rows]
    memory = axes.twinx()
    for name, style in (("basic", "o--"), ("block", "o-")):
        quartiles = [statistics.quantiles(row[name]["words_per_second"], n=4) for row in rows]
        low, middle, high = zip(*quartiles)
        error = [[m - q for m, q in zip(middle, low)], [q - m for m, q in zip(middle, high)]]
        axes.errorbar(values, middle, error, fmt=style, color="C0", capsize=3, label=name)
        megabytes = [row[name]["peak_megabytes"] for row in rows]
        memory.plot(values, megabytes, style, color="C3", alpha=0.5)
    axes.set(xscale="log", xlabel=size, ylim=(0, axes.get_ylim()[1] * 1.3))
    axes.set_xticks(values, [str(value) for value in values])
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.set_ylabel("words per second", color="C0")
    memory.set_ylim(0, memory.get_ylim()[1] * 1.3)
    memory.set_ylabel("peak memory, MB", color="C3")
    axes.legend(loc="upper center", ncols=2)


def main():
    with open(os.path.join(HERE, "results.json"), encoding="utf-8") as file:
        results = json.load(file)
    figure, axes = pyplot.subplots(3, 2, figsize=(11, 11), layout="constrained")
    for place, (model, numbers) in zip(axes[0], sorted(results["contest"].items(), reverse=True)):
        draw_contest(place, model, numbers)
    for place, (size, rows) in zip(axes[1:].flat, sorted(results["growth"].items())):
        draw_growth(place, size, rows)
    hardware = results["hardware"]
    title = "%(cores)d cores of %(processor)s" % hardware
    figure.suptitle(title, fontsize=10)
    path = os.path.join(HERE, "results.png")
    figure.savefig(path, dpi=110)
    print("Wrote %s." % path)


if __name__ == "__main__":
    main()
