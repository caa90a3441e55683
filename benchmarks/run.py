"""Times a training step of this project beside its peers, all in one run, and stores the numbers.

    make bench                     # what this and plot.py need, in an environment of their own
    python benchmarks/run.py       # with torch installed

Each contestant is a process that stays alive; in each round every one takes some steps, one
contestant after the other, so that a slow minute of the machine is everybody's. The first step of a
turn is left out. What is compared is the median step of one contestant with that of another in the
same round; of these ratios it prints the median and, as their spread, the quartiles.

The corpus is the one that ships, the vocabulary always as large as the configuration says: 10,000
words, as in the Penn Treebank. Results: benchmarks/results.json.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import console

console.hush_tensorflow()

import configs
import reader

SAMPLE = os.path.join(os.path.dirname(HERE), "data", "sample")
SIZES = ("hidden_size", "num_layers", "num_steps", "batch_size", "vocab_size")
SIZES += ("keep_prob", "max_grad_norm", "learning_rate", "init_scale")

# name: (script, variant)
CONTESTANTS = {
    "basic": ("ours.py", "basic"),
    "block": ("ours.py", "block"),
    "block+bf16": ("ours.py", "block+bf16"),
    "PyTorch": ("peer_pytorch.py", "float32"),
    "PyTorch bf16": ("peer_pytorch.py", "bf16"),
    "Keras 3": ("peer_keras.py", ""),
    "TensorFlow 1.15": ("ours.py", "basic"),  # with the Python of --tf1_python
    "products": ("products.py", "float32"),
    "products bf16": ("products.py", "bfloat16"),
}
# The ratios that are printed: words per second of the first over those of the second.
RATIOS = [
    ("basic", "PyTorch"),
    ("block", "PyTorch"),
    ("block+bf16", "PyTorch bf16"),
    ("basic", "Keras 3"),
    ("block", "Keras 3"),
    ("basic", "TensorFlow 1.15"),
    ("block", "basic"),
    ("block+bf16", "block"),
    ("block", "products"),
    ("block+bf16", "products bf16"),
]
TURNS = {"small": (12, 15), "medium": (10, 5)}  # rounds; steps of a turn that count

# How the cost grows: one size after the other, the rest as in the small configuration.
GROWTH = {
    "hidden_size": [100, 200, 400, 800],
    "num_steps": [5, 10, 20, 40],
    "vocab_size": [1000, 10000, 50000],
    "batch_size": [5, 20, 80],
}


class Contestant(object):
    """A running process."""

    def __init__(self, name, sizes, corpus, log, python=sys.executable):
        script, variant = CONTESTANTS[name]
        command = [python, os.path.join(HERE, script), "--corpus=" + corpus, "--variant=" + variant]
        command += ["--%s=%s" % (size, sizes[size]) for size in SIZES]
        self.name = name
        self.turns = []  # the median seconds of a step, turn by turn
        self._words = sizes["batch_size"] * sizes["num_steps"]
        start = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=dict(os.environ, CUDA_VISIBLE_DEVICES="-1"),  # a contest of processors
        )
        self._answer()
        self.start_up = time.perf_counter() - start

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            console.fail("%s ended; benchmarks/run.log says why" % self.name)
        return json.loads(line)

    def run(self, steps):
        """Takes some steps; returns their seconds."""
        self._process.stdin.write("%d\n" % steps)
        self._process.stdin.flush()
        answer = self._answer()
        self.cost, self.memory = answer["cost"], answer["peak_megabytes"]
        return answer["seconds"]

    def turn(self, steps):
        self.turns.append(statistics.median(self.run(steps + 1)[1:]))

    def stop(self):
        self._process.stdin.close()
        self._process.wait()

    def numbers(self):
        return {
            "words_per_second": [self._words / seconds for seconds in self.turns],
            "start_up_seconds": self.start_up,
            "peak_megabytes": self.memory,
            "last_cost": self.cost,
        }


def sizes_of(model):
    config = configs.get_config(model)
    return {size: getattr(config, size) for size in SIZES}


def say(text):
    sys.stderr.write(text + "\n")


def compete(contestants, rounds, steps):
    """Lets contestants take turns, and stops them."""
    for contestant in contestants:
        contestant.run(3)  # what is only slow at first
    for number in range(rounds):
        say("  round %d of %d" % (number + 1, rounds))
        for contestant in contestants:
            contestant.turn(steps)
    for contestant in contestants:
        contestant.stop()


def ratio(numbers, first, second):
    """The quartiles of the ratios, round by round."""
    pairs = zip(numbers[first]["words_per_second"], numbers[second]["words_per_second"])
    return statistics.quantiles([a / b for a, b in pairs], n=4)


def report(model, numbers):
    print("\n%s: words per second, a median of %d turns" % (model, TURNS[model][0]))
    print("%-18s %10s %16s %12s %12s" % ("", "words/s", "quartiles", "start-up", "memory"))
    for name, n in numbers.items():
        low, middle, high = statistics.quantiles(n["words_per_second"], n=4)
        row = (name, middle, low, high, n["start_up_seconds"], n["peak_megabytes"])
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
    versions = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=json"], stdout=subprocess.PIPE, check=True
    )
    versions = {v["name"]: v["version"] for v in json.loads(versions.stdout)}
    packages = {name: versions.get(name) for name in ("tensorflow", "torch", "keras", "numpy")}
    return {"processor": processor, "cores": os.cpu_count(), "versions": packages}


def main():
    parser = argparse.ArgumentParser(description="Times a training step beside its peers.")
    parser.add_argument("--tf1_python", help="a Python with TensorFlow 1.15; left out if not given")
    parser.add_argument("--models", default="small,medium", help="of these: small, medium")
    parser.add_argument("--no_growth", action="store_true", help="leave out how the cost grows")
    parser.add_argument(
        "--to", default=os.path.join(HERE, "results.json"), help="the file to write"
    )
    arguments = parser.parse_args()
    names = [name for name in CONTESTANTS if name != "TensorFlow 1.15" or arguments.tf1_python]

    results = {"hardware": hardware(), "contest": {}, "growth": {}}
    with tempfile.TemporaryDirectory() as folder, open(os.path.join(HERE, "run.log"), "w") as log:
        corpus = os.path.join(folder, "corpus.npy")
        np.save(corpus, np.asarray(reader.ptb_raw_data(SAMPLE)[0], np.int32))
        for model in TURNS:
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
            compete([contestant for pair in pairs for contestant in pair], 6, 5)
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
