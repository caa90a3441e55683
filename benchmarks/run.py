"""Measures training on this machine and stores the numbers.

    make bench                               # all, in an environment of its own
    python -m benchmarks.run                 # all, with the packages that are installed
    python -m benchmarks.run --part=corpora  # one part

The parts are contest (contest.py: this project beside its peers), growth (growth.py: the sizes of
the model) and corpora (growth.py: the words of the corpus). Each kind of processor has a file in
benchmarks/results/. A part replaces its own numbers in the file and leaves the others as they are.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile

import console
from lm import command_line

if __name__ == "__main__":
    # The contest is one of processors, also for the processes that this one starts.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    console.hush_tensorflow()

import numpy as np

import reader
from benchmarks import contest, growth, tables
from lm.corpus import SAMPLE

PARTS = ("contest", "growth", "corpora")


def cpu_info():
    """Returns what Linux says about the first processor; an empty dict on other systems."""
    try:
        with open("/proc/cpuinfo") as file:
            first = file.read().split("\n\n")[0]
    except OSError:
        return {}
    pairs = [line.split(":", 1) for line in first.splitlines() if ":" in line]
    return {key.strip(): value.strip() for key, value in pairs}


def hardware():
    """Describes the machine and the versions that the numbers belong to."""
    info = cpu_info()
    processor = info.get("model name") or platform.processor() or platform.machine()
    if sys.platform == "darwin":
        words = ["sysctl", "-n", "machdep.cpu.brand_string"]
        processor = subprocess.check_output(words, text=True).strip()
    packages = ("tensorflow", "torch", "keras", "numpy")
    return {
        "processor": processor,
        "family": info.get("cpu family"),
        "bfloat16": contest.no_bfloat16() is None,
        "cores": os.cpu_count(),
        "versions": {p: contest.version(p) for p in packages if contest.version(p)},
    }


def results_path(machine):
    """Returns the path of the results file for a kind of processor."""
    words = re.sub(r"\(.*?\)|@.*", " ", machine["processor"]).lower()
    if machine["family"]:
        words += " family " + machine["family"]
    if machine["bfloat16"]:
        words += " bf16"
    name = "-".join(re.findall(r"\w+", words))
    return os.path.join(tables.FOLDER, name + ".json")


def measure(part, tf1_python):
    """Measures a part; returns its numbers."""
    if part == "corpora":
        return growth.measure_corpora()
    with tempfile.TemporaryDirectory() as folder:
        corpus = os.path.join(folder, "corpus.npy")
        np.save(corpus, np.asarray(reader.ptb_raw_data(SAMPLE)[0], np.int32))
        if part == "growth":
            return growth.measure_sizes(corpus)
        return contest.measure(corpus, tf1_python)


def main():
    parser = command_line.Parser(__doc__)
    parser.add_argument("--part", choices=PARTS, help="what to measure (default: all)")
    parser.add_argument(
        "--tf1_python",
        type=command_line.path,
        metavar="PYTHON",
        help="a Python with TensorFlow 1.15 (default: TensorFlow 1.15 is left out)",
    )
    parser.add_argument(
        "--to",
        type=command_line.path,
        metavar="FILE",
        help="the file to write (default: the file of this processor in benchmarks/results/)",
    )
    arguments = parser.parse_args()
    open(contest.LOG, "w").close()
    machine = hardware()
    path = arguments.to or results_path(machine)
    results = tables.read(path) if os.path.exists(path) else {"hardware": {}}
    for part in [arguments.part] if arguments.part else PARTS:
        results[part] = measure(part, arguments.tf1_python)
        results["hardware"][part] = machine
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
            file.write("\n")
        print("\n" + tables.of_part(part, results))
        contest.say("Wrote %s." % path)


if __name__ == "__main__":
    main()
