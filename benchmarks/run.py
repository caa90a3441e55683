"""Times a training step of this project beside its peers, all in one run, and stores the numbers.

    make bench                     # this and plot.py, in environments of their own
    python -m benchmarks.run       # this, with the packages that are installed

Each contestant is a process. In a round every one takes some steps, one contestant after the other,
so that a slow minute of the machine is everybody's; each round begins with another one. The first
step of a turn is left out. All processes are started anew a few times, since two of the same kind
can differ. What is compared is the median step of one contestant with that of another in the same
round; of these ratios it prints the median and, as their spread, the quartiles. A contestant
that cannot run here is left out, and a line on standard error says why.

The corpus is the one that ships, the vocabulary always as large as the configuration says: 10,000
rows, as for the Penn Treebank. Results: benchmarks/results.json.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import console

if __name__ == "__main__":
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # a contest of processors, for the contestants too
    console.hush_tensorflow()

import numpy as np

import configs
import reader
from lm import bfloat16
from lm.corpus import SAMPLE

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SIZES = ("hidden_size", "num_layers", "num_steps", "batch_size", "vocab_size")
SIZES += ("keep_prob", "max_grad_norm", "learning_rate", "init_scale")

# name: (module, variant)
CONTESTANTS = {
    "basic": ("ours", "basic"),
    "block": ("ours", "block"),
    "block+bf16": ("ours", "block+bf16"),
    "PyTorch": ("peer_pytorch", "float32"),
    "PyTorch bf16": ("peer_pytorch", "bf16"),
    "Keras 3": ("peer_keras", ""),
    "TensorFlow 1.15": ("ours", "basic"),  # with the Python of --tf1_python
    "products": ("products", "float32"),
    "products bf16": ("products", "bfloat16"),
}
PACKAGES = {"peer_pytorch": "torch", "peer_keras": "keras"}  # what a module needs of its own
# The ratios that are printed: words per second of the first over those of the second. A ratio with
# a contestant that is left out is not printed.
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
# Times that all are started; rounds after each; steps of a turn that count.
TURNS = {"small": (2, 6, 15), "medium": (2, 6, 4), "growth": (1, 6, 5)}

# How the cost grows: one size after the other, the rest as in the small configuration.
GROWTH = {
    "hidden_size": [100, 200, 400, 800],
    "num_steps": [5, 10, 20, 40],
    "vocab_size": [1000, 10000, 50000],
    "batch_size": [5, 20, 80],
}


def command(name, sizes, corpus, python=sys.executable):
    """Returns the command that starts a contestant in the folder of the project.

    Args:
        name: a key of `CONTESTANTS`.
        sizes: a value for each of `SIZES`.
        corpus: the path of a NumPy file with the word ids.
        python: the Python to start.
    """
    module, variant = CONTESTANTS[name]
    words = [python, "-m", "benchmarks." + module, "--corpus=" + corpus, "--variant=" + variant]
    return words + ["--%s=%s" % (size, sizes[size]) for size in SIZES]


class Contestant(object):
    """A kind of process, and what was measured of it.

    Attributes:
        seconds: the median seconds of a step, turn by turn.
        start_ups: seconds from the start of a process to the end of its first step.
        peak_megabytes: the most memory that a process of it held.
        last_cost: the cost of the last step, in nats.
    """

    def __init__(self, name, sizes, corpus, log, python=sys.executable):
        self._command = command(name, sizes, corpus, python)
        self._log = log
        self.name = name
        self.words = sizes["batch_size"] * sizes["num_steps"]
        self.seconds, self.start_ups = [], []
        self.peak_megabytes = self.last_cost = None

    def start(self):
        start = time.perf_counter()
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._answer()
        self.start_ups.append(time.perf_counter() - start)

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            console.fail("%s ended; benchmarks/run.log says why" % self.name)
        return json.loads(line)

    def steps(self, number):
        """Takes some steps; returns the seconds of each."""
        try:
            self._process.stdin.write("%d\n" % number)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # _answer says it
        answer = self._answer()
        self.last_cost, self.peak_megabytes = answer["cost"], answer["peak_megabytes"]
        return answer["seconds"]

    def turn(self, number):
        self.seconds.append(statistics.median(self.steps(number + 1)[1:]))

    def stop(self):
        self._process.stdin.close()
        self._process.wait()

    def numbers(self):
        return {
            "words_per_second": [self.words / seconds for seconds in self.seconds],
            "start_up_seconds": self.start_ups,
            "peak_megabytes": self.peak_megabytes,
            "last_cost": self.last_cost,
        }


def sizes_of(model):
    config = configs.get_config(model)
    return {size: getattr(config, size) for size in SIZES}


def say(text):
    sys.stderr.write(text + "\n")


def is_installed(package):
    """Returns whether this Python finds a package."""
    return importlib.util.find_spec(package) is not None


def no_bfloat16():
    """Returns why there is no bfloat16 here; None if there is."""
    try:
        bfloat16.session_config()
    except bfloat16.NoBfloat16Error as error:
        return str(error)
    return None


def left_out(tf1_python=None):
    """Returns the contestants that cannot run here, and why: `{name: reason}`.

    Args:
        tf1_python: a Python with TensorFlow 1.15, or None.
    """
    reasons = {}
    without_bfloat16 = no_bfloat16()
    for name, (module, variant) in CONTESTANTS.items():
        package = PACKAGES.get(module)
        if package and not is_installed(package):
            reasons[name] = "the package %s is not installed" % package
        elif name == "TensorFlow 1.15" and not tf1_python:
            reasons[name] = "--tf1_python names no Python for it"
        elif without_bfloat16 and variant.endswith(("bf16", "bfloat16")):
            reasons[name] = without_bfloat16.replace("; leave it out", "")
    return reasons


def compete(contestants, starts, rounds, steps):
    """Lets contestants take turns."""
    for start in range(starts):
        for contestant in contestants:
            contestant.start()
        for contestant in contestants:
            contestant.steps(2 * steps)  # what is slow at first
        for number in range(rounds):
            say("  start %d of %d, round %d of %d" % (start + 1, starts, number + 1, rounds))
            first = (start * rounds + number) % len(contestants)
            for contestant in contestants[first:] + contestants[:first]:
                contestant.turn(steps)
        for contestant in contestants:
            contestant.stop()


def ratio(numbers, first, second):
    """The quartiles of the ratios, round by round."""
    pairs = zip(numbers[first]["words_per_second"], numbers[second]["words_per_second"])
    return statistics.quantiles([a / b for a, b in pairs], n=4)


def report(model, numbers):
    turns = TURNS[model][0] * TURNS[model][1]
    print("\n%s: medians of %d turns; start-up: medians of %d" % (model, turns, TURNS[model][0]))
    print("%-18s %10s %16s %12s %12s" % ("", "words/s", "quartiles", "start-up", "memory"))
    for name, n in numbers.items():
        low, middle, high = statistics.quantiles(n["words_per_second"], n=4)
        start_up = statistics.median(n["start_up_seconds"])
        row = (name, middle, low, high, start_up, n["peak_megabytes"] or float("nan"))
        print("%-18s %10.0f %7.0f - %6.0f %10.1f s %9.0f MB" % row)
    print("%-32s %8s %16s" % ("ratio, round by round", "median", "quartiles"))
    for first, second in RATIOS:
        if first in numbers and second in numbers:
            low, middle, high = ratio(numbers, first, second)
            print("%-32s %8.2f %7.2f - %6.2f" % (first + " / " + second, middle, low, high))


def hardware():
    """What the numbers belong to."""
    processor = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            found = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        processor = found[0] if found else processor
    packages = ("tensorflow", "torch", "keras", "numpy")
    versions = {p: importlib.metadata.version(p) for p in packages if is_installed(p)}
    return {"processor": processor, "cores": os.cpu_count(), "versions": versions}


def main():
    parser = console.Parser(__doc__)
    parser.add_argument(
        "--tf1_python",
        type=console.path,
        metavar="PYTHON",
        help="a Python with TensorFlow 1.15 (default: it is left out)",
    )
    parser.add_argument(
        "--to",
        type=console.path,
        default=os.path.join(HERE, "results.json"),
        metavar="FILE",
        help="the file to write (default: benchmarks/results.json)",
    )
    arguments = parser.parse_args()
    reasons = left_out(arguments.tf1_python)
    for name, reason in reasons.items():
        say("%s is left out: %s" % (name, reason))
    names = [name for name in CONTESTANTS if name not in reasons]

    results = {"hardware": hardware(), "contest": {}, "growth": {}}
    with tempfile.TemporaryDirectory() as folder, open(os.path.join(HERE, "run.log"), "w") as log:
        corpus = os.path.join(folder, "corpus.npy")
        np.save(corpus, np.asarray(reader.ptb_raw_data(SAMPLE)[0], np.int32))
        for model in ("small", "medium"):
            say("%s:" % model)
            contestants = []
            for name in names:
                python = arguments.tf1_python if name == "TensorFlow 1.15" else sys.executable
                contestants.append(Contestant(name, sizes_of(model), corpus, log, python))
            compete(contestants, *TURNS[model])
            numbers = {contestant.name: contestant.numbers() for contestant in contestants}
            results["contest"][model] = numbers
            report(model, numbers)
        for size, values in GROWTH.items():
            say("%s:" % size)
            pairs = []
            for value in values:
                sizes = dict(sizes_of("small"), **{size: value})
                pairs.append([Contestant(n, sizes, corpus, log) for n in ("basic", "block")])
            compete([contestant for pair in pairs for contestant in pair], *TURNS["growth"])
            results["growth"][size] = [
                {"value": value, "basic": basic.numbers(), "block": block.numbers()}
                for value, (basic, block) in zip(values, pairs)
            ]
    with open(arguments.to, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1, sort_keys=True)
        file.write("\n")
    print("\nWrote %s." % arguments.to)


if __name__ == "__main__":
    main()
