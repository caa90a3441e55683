"""Draws the measurements of each benchmarks/results/NAME.json into NAME.png beside it.

python -m benchmarks.plot
"""

import functools
import os
import statistics

import matplotlib

from benchmarks import fits, tables
from lm import command_line

matplotlib.use("Agg")
from matplotlib import pyplot, ticker

COLOURS = {"PyTorch": "C1", "PyTorch bf16": "C1", "Keras 3": "C2", "TensorFlow 1.15": "C7"}
GROUPS = ["basic", "TensorFlow 1.15", "Keras 3", "PyTorch", "block", "PyTorch bf16", "block+bf16"]


def draw_contest(axes, model, contest):
    """Draws words per second as bars, and the quartiles of the turns as whiskers."""
    names = [name for name in GROUPS if "left_out" not in contest.get(name, {"left_out": ""})]
    for place, name in enumerate(names):
        low, middle, high = statistics.quantiles(contest[name]["words_per_second"], n=4)
        error = [[middle - low], [high - middle]]
        axes.barh(place, middle, xerr=error, color=COLOURS.get(name, "C0"), capsize=3)
        axes.text(high, place, "  {:,.0f}".format(middle), va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.margins(x=0.15)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(5))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(title="%s: words per second in training" % model)


def draw_curve(axes, points, fit, text, above=True):
    """Draws a quantity over a size on logarithmic axes, and its fit as a dotted line.

    Args:
        axes: where to draw.
        points: `(x, (low, middle, high))`.
        fit: a `fits.Power`, a `fits.Line`, or None.
        text: the label of the curve.
        above: whether the label stands above the curve or below it.
    """
    xs, quartiles = zip(*points)
    lows, ys, highs = zip(*quartiles)
    error = [[y - low for y, low in zip(ys, lows)], [high - y for y, high in zip(ys, highs)]]
    colour = "C0" if above else "C3"
    axes.errorbar(xs, ys, error, fmt="o-", color=colour, capsize=3)
    if fit is not None:
        between = [xs[0] * (xs[-1] / xs[0]) ** (part / 50) for part in range(51)]
        axes.plot(between, [fit.at(x) for x in between], ":", color=colour)
    right = (ys[-1] < ys[0]) == above  # The curve leaves the right corner free.
    axes.text(
        0.96 if right else 0.04,
        0.92 if above else 0.08,
        text,
        ha="right" if right else "left",
        va="center",
        color=colour,
        transform=axes.transAxes,
    )


def logarithmic(axes, values, unit=1, **labels):
    """Sets logarithmic axes with plain numbers, and puts ticks at `values`, divided by `unit`."""
    axes.set(xscale="log", yscale="log", **labels)
    axes.set_xticks(values, ["{:,g}".format(value / unit) for value in values])
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 3, 5, 7)))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.yaxis.set_major_formatter("{x:,.0f}")


def draw_growth(axes, size, rows):
    """Draws words per second over one size of the small configuration."""
    logarithmic(axes, [row["value"] for row in rows], xlabel=size, ylabel="words per second")
    axes.margins(y=0.25)
    for name in ("basic", "block"):
        points = [
            (row["value"], statistics.quantiles(row[name]["words_per_second"], n=4))
            for row in rows
            if "left_out" not in row[name]
        ]
        fit, text = None, name
        if len(points) > 1:
            fit = fits.power([x for x, _ in points], [middle for _, (_, middle, _) in points])
            text = "%s, exponent %.2f" % (name, round(fit.exponent, 2) + 0.0)
        if points:
            draw_curve(axes, points, fit, text, above=name == "block")


def draw_corpora(axes, rows, quantity, name):
    """Draws a quantity of the start of a training over the words of the corpus."""
    points = tables.points_of(rows, quantity)
    words = [row["words"] for row in rows]
    logarithmic(axes, words, 10**6, xlabel="million words of the corpus", ylabel=name)
    if points:
        ys = [y for _, y in points]
        axes.set_ylim(min(ys) / 3, max(ys) * 3)  # 10 % more must not look like ten times as much.
        fit = fits.line(*zip(*points)) if len(points) > 1 else None
        points = [(x, (y, y, y)) for x, y in points]
        draw_curve(axes, points, fit, tables.straight_line(rows, quantity))


def panels(results):
    """Returns functions that draw into axes, one for each panel of the picture."""
    found = []
    for model, contest in results.get("contest", {}).items():
        found.append(functools.partial(draw_contest, model=model, contest=contest))
    for size, rows in results.get("growth", {}).items():
        found.append(functools.partial(draw_growth, size=size, rows=rows))
    for quantity, name in (
        ("seconds", "seconds to the first step"),
        ("peak_megabytes", "peak memory, MB"),
    ):
        if "corpora" in results:
            rows = results["corpora"]
            found.append(functools.partial(draw_corpora, rows=rows, quantity=quantity, name=name))
    return found


def draw(results):
    """Draws a results file; returns the figure."""
    found = panels(results)
    lines = (len(found) + 1) // 2
    figure, axes = pyplot.subplots(lines, 2, figsize=(11, 3.7 * lines), layout="constrained")
    for place, panel in zip(axes.flat, found):
        panel(place)
    title = tables.title(list(results["hardware"].values())[0])
    figure.suptitle(title + "; dotted: the fits", fontsize=10)
    return figure


def main():
    command_line.Parser(__doc__).parse_args()
    for path in tables.files():
        picture = os.path.splitext(path)[0] + ".png"
        draw(tables.read(path)).savefig(picture, dpi=110)
        print("Wrote %s." % picture)


if __name__ == "__main__":
    main()
