"""Prints the tables of docs/performance.md, in Markdown, from benchmarks/results/*.json.

python -m benchmarks.tables
"""

import glob
import json
import os
import statistics

from benchmarks import fits
from lm import command_line

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "results")
# The ratios to print: words per second of the first, divided by those of the second.
RATIOS = [
    ("basic", "PyTorch"),
    ("block", "PyTorch"),
    ("block+bf16", "PyTorch bf16"),
    ("basic", "Keras 3"),
    ("block", "Keras 3"),
    ("basic", "TensorFlow 1.15"),
    ("block", "basic"),
    ("block+bf16", "block"),
    ("basic", "products"),
    ("block", "products"),
    ("block+bf16", "products bf16"),
]
# The text of the straight line of a quantity over the words of a corpus, for the start and the
# slope; and the number that the slope is multiplied by.
LINES = {
    "seconds": ("%.1f s + %.2f s a million words", 10**6),
    "peak_megabytes": ("%.0f MB + %.1f bytes a word", 2**20),
}


def files():
    """Returns the paths of all results files."""
    return sorted(glob.glob(os.path.join(FOLDER, "*.json")))


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def title(machine):
    """Returns the title of the results of a kind of processor."""
    words = "%d cores of %s" % (machine["cores"], machine["processor"])
    if machine["family"]:
        words += ", family %s" % machine["family"]
    return words + (", with bfloat16" if machine["bfloat16"] else ", without bfloat16")


def table(head, rows):
    lines = ["| %s |" % " | ".join(cells) for cells in [head] + rows]
    lines.insert(1, "|---" * len(head) + "|")
    return "\n".join(lines).replace("|  |", "| |")


def quartiles(values, form):
    """Formats the median of some numbers, with the quartiles in brackets."""
    low, middle, high = (format(value, form) for value in statistics.quantiles(values, n=4))
    return "%s (%s - %s)" % (middle, low, high)


def speed(numbers):
    """Formats words per second, or the reason why there are none."""
    if "left_out" in numbers:
        return "left out: " + numbers["left_out"].replace("|", "/")
    return quartiles(numbers["words_per_second"], ",.0f")


def memory(numbers):
    megabytes = numbers.get("peak_megabytes")
    return "-" if megabytes is None else "%.0f MB" % megabytes


def start_up(numbers):
    seconds = numbers.get("start_up_seconds")
    return "-" if seconds is None else "%.1f s" % statistics.median(seconds)


def exponent(points):
    """Formats the exponent of a growth; "-" for fewer than two points (x, y)."""
    if len(points) < 2:
        return "-"
    # + 0.0 turns -0.0 into 0.0.
    return "%.2f (%.2f to %.2f)" % tuple(round(x, 2) + 0.0 for x in fits.power(*zip(*points))[1:])


def ratio(numbers, first, second):
    """Formats the ratio of words per second, round by round; "-" if one of the two is left out."""
    pair = [numbers.get(name, {}).get("words_per_second") for name in (first, second)]
    return "-" if None in pair else quartiles([a / b for a, b in zip(*pair)], ".2f")


def of_contest(models):
    """Returns the tables of the contest from `{model: {name: numbers}}`."""
    head, rows = [""], {}
    for model, contest in models.items():
        head += [model + ": words/s", "start-up", "memory"]
        for name, numbers in contest.items():
            row = rows.setdefault(name, [name])
            first = speed(numbers)
            if first.startswith("left out") and first in row:  # The reason is already there.
                first = "-"
            row += [first, start_up(numbers), memory(numbers)]
    ratios = [["%s / %s" % pair] + [ratio(n, *pair) for n in models.values()] for pair in RATIOS]
    ratios = [row for row in ratios if set(row[1:]) != {"-"}]
    return [
        table(head, list(rows.values())),
        table(["ratio of words per second"] + list(models), ratios),
    ]


def of_growth(sizes):
    """Returns a table for each size of the model from `{size: rows}`."""
    tables = []
    for size, rows in sizes.items():
        names = [name for name in rows[0] if name != "value"]
        head, last = [size], ["exponent"]
        for name in names:
            head += [name + ": words/s", "memory"]
            points = [
                (row["value"], statistics.median(row[name]["words_per_second"]))
                for row in rows
                if "left_out" not in row[name]
            ]
            last += [exponent(points), ""]
        cells = [
            [format(row["value"], ",")]
            + [cell for name in names for cell in (speed(row[name]), memory(row[name]))]
            for row in rows
        ]
        tables.append(table(head, cells + [last]))
    return tables


def points_of(rows, quantity):
    """Returns the points (words, quantity) of the corpora that have the quantity."""
    return [(row["words"], row[quantity]) for row in rows if row.get(quantity) is not None]


def straight_line(rows, quantity):
    """Formats the line through the points of the corpora; "-" for fewer than two points."""
    points = points_of(rows, quantity)
    if len(points) < 2:
        return "-"
    start, slope = fits.line(*zip(*points))
    form, unit = LINES[quantity]
    return (form % (start, slope * unit)).replace("-0.0 ", "0.0 ")


def of_corpora(rows):
    """Returns the table of the corpora."""
    cells = []
    for row in rows:
        words = format(row["words"], ",")
        if "left_out" in row:
            cells.append([words, "left out: " + row["left_out"].replace("|", "/"), "-"])
        else:
            cells.append([words, "%.1f s" % row["seconds"], memory(row)])
    cells.append(["exponent"] + [exponent(points_of(rows, quantity)) for quantity in LINES])
    cells.append(["straight line"] + [straight_line(rows, quantity) for quantity in LINES])
    return [table(["words of the corpus", "to the first step", "memory"], cells)]


PARTS = {
    "contest": ("The contest", of_contest),
    "growth": ("How words per second grow with the sizes of the small configuration", of_growth),
    "corpora": ("How the start of `python -m lm.train` grows with the corpus", of_corpora),
}


def of_part(part, results):
    """Returns the tables of a part of a results file, as Markdown."""
    meaning, make = PARTS[part]
    versions = results["hardware"][part]["versions"]
    versions = ", ".join("%s %s" % item for item in sorted(versions.items()))
    return "\n\n".join(["%s (%s):" % (meaning, versions)] + make(results[part]))


def of_file(path):
    """Returns the tables and the picture of a results file, as Markdown."""
    results = read(path)
    name = os.path.splitext(os.path.basename(path))[0]
    parts = [part for part in PARTS if part in results]
    texts = ["### " + title(results["hardware"][parts[0]])]
    texts += [of_part(part, results) for part in parts]
    texts.append("![The numbers of these tables](../benchmarks/results/%s.png)" % name)
    return "\n\n".join(texts)


def main():
    command_line.Parser(__doc__).parse_args()
    print("\n\n".join(of_file(path) for path in files()))


if __name__ == "__main__":
    main()
