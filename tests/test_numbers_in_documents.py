"""Every figure in the documents stands in a log, a recorded file or a test, or in a list below.

A figure is a number with a decimal point, or with commas between its thousands, of three or more
significant digits, in the prose or the tables of a document. Blocks of code, code in backquotes,
addresses and versions are left out: other tests hold the blocks.

This test does not see whether a figure stands beside the right words. `test_readme.py` and
`test_benchmarks.py` compare the rows of tables with the logs and the results one by one. Nor does
it see an invented figure that stands somewhere else by chance. Of invented figures with three
digits one in five passes, with four digits one in a hundred, and with more hardly any.
"""

import glob
import json
import math
import os
import re
import sys

import pytest
from commands import ROOT
from documents import read

if sys.version_info < (3, 8):
    pytest.skip("benchmarks/tables.py needs Python 3.8", allow_module_level=True)

import configs
from benchmarks import tables, traffic

pytestmark = pytest.mark.docs

# What others published; docs/results.md has the sources.
PUBLISHED = {
    "the original's own table": "37.99 121.39 115.91 48.45 86.16 82.07 37.87 82.62 78.29",
    "four logs of users": "36.6 36.9 121.5 122.8 116.7 116.9 13.7",
    "tensorflow/models #2276": "40.55 120.70 115.52 40.5 116.6 112.1",
    "tensorflow/models #2321": "38.109 141.901 135.217",
    "tensorflow/models #1057": "45.4 45.8 87.4 87.9 83.6 84.0",
}

# What was measured once, by a command or in some other way, for a document; no file has it. Runs of
# lm.train are those on the corpus that ships, with seed 1.
MEASURED = {
    "docs/results.md": {
        "python ptb_word_lm.py with and without --use_fp16, seeds 2, 3": "4.234 4.097 4.384 4.202",
        "five turns of 30 batches for each cell": "38,400 19,300 17,600 21,500",
        "the first line of docs/ptb-small-gru-seed1.log": "18,585",
    },
    "docs/using.md": {
        "python -m lm.train --cell=rnn --learning_rate=0.2": "4.43",
        "python -m lm.train --cell=gru --learning_rate=0.5": "4.15",
        "texts by Zipf's law": "100,800,000 1,008,000,000",
    },
    "docs/machines.md": {
        "python -m lm.train --replicas=N": (
            "15,500 4,320 20,200 1.07 17,300 1.08 4,260 15,600 3,970 11,500"
        ),
        "the counters of the loopback interface": "43.3 85.8 110.5 217.0 429.7 826.8",
    },
    "docs/performance.md": {
        "python -m benchmarks.profile_step": (
            "38.8 32.0 442.9 253.9 11.3 45.3 12.7 12.3 55.7 43.5 539.1 294.4 1.23 1.17"
        ),
        "softmax and cross-entropy of 400 x 10,000 logits": "10.6",
        "steps without and with a change": (
            "28.4 21.8 21.1 20.8 20.7 21.7 21.5 20.4 19.3 28.7 29.5 31.3 31.4 32.6 125.5 122.2 19.9"
            " 20.2 21.6 20.1 32.9 30.5 17.4 15.5"
        ),
    },
    "docs/from-tensorflow-1.md": {
        "losses of programs of other people": (
            "2.08 7.69 1.18 1.93 4.115 2.623 8.140 6.796 4.489 3.164 0.739 0.390 0.114 0.0154 1.856"
            " 0.00103 1.608 2.303 3.219 0.229 85.011 3.988 3.788 3.229 2.541 4.053 1.776 4.096"
            " 1.581 7.04 5.00 0.565"
        ),
    },
}


def parameters(config, gates, vocab_size=None, more=0):
    """The number of weights; `gates` matrices of 2H x H a layer, `more` vectors of H besides."""
    size, words = config.hidden_size, vocab_size or config.vocab_size
    layer = gates * (2 * size * size + size) + more * size
    return words * size + config.num_layers * layer + size * words + words


SMALL, MEDIUM = configs.SmallConfig, configs.MediumConfig
PTB_WORDS = 929589  # the training text, with a word for each line end
SAMPLE_WORDS = 716  # different words in the corpus that ships
PTB_TEST_WORDS = 82430
PTB_STREAM = PTB_WORDS // SMALL.batch_size

# What follows from something else: the figure, and what it is.
COMPUTED = {
    "2.30": -math.log(0.1),
    "4.61": -math.log(0.01),
    "9.21": math.log(SMALL.vocab_size),
    "184.2": SMALL.num_steps * math.log(SMALL.vocab_size),
    "1.44": 1 / math.log(2),
    "4.65": parameters(SMALL, 4) / 1e6,
    "4,170,400": parameters(SMALL, 1),
    "4,491,200": parameters(SMALL, 3),
    "19.8": parameters(MEDIUM, 4) / 1e6,
    "13.3": (parameters(MEDIUM, 4) - MEDIUM.vocab_size * MEDIUM.hidden_size) / 1e6,
    "13.5": 4 * 4 * 2 * MEDIUM.hidden_size**2 / 1e6,
    "447,516": parameters(SMALL, 1, SAMPLE_WORDS),
    "768,316": parameters(SMALL, 3, SAMPLE_WORDS),
    "928,716": parameters(SMALL, 4, SAMPLE_WORDS),
    "929,916": parameters(SMALL, 4, SAMPLE_WORDS, more=3),
    "82,429": PTB_TEST_WORDS - 1,
    "46,479": PTB_STREAM,
    "9,292": SMALL.max_epoch * ((PTB_STREAM - 1) // SMALL.num_steps),
}

DOCUMENTS = ["README.md", "README.zh-CN.md"] + sorted(
    "docs/" + os.path.basename(path) for path in glob.glob(os.path.join(ROOT, "docs", "*.md"))
)

NUMBER = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:[,_]\d{3})+|\d+)(?:\.\d+)?(?![\w,]*\d|\.\d)")
VERSION = (
    r"(?:TensorFlow|Python|NumPy|PyTorch|Keras) \d+\.\d+"
    r"(?: *(?:,|and|to|or|、|和|到|或) *\d+\.\d+)*"
)


def without_blocks(text):
    """Returns a document without its blocks of code."""
    return re.sub(r"^( *)```.*?^\1```$|^    [^\n]*$", "", text, flags=re.MULTILINE | re.DOTALL)


def prose(text):
    """Returns a document without code, addresses and versions."""
    text = re.sub(r"``.+?``|`[^`\n]+`", "", without_blocks(text))
    text = re.sub(r"\]\([^)\n]*\)|https?://\S+", "", text)
    return re.sub(VERSION, "", text)


def is_figure(number):
    digits = number.replace(",", "").lstrip("0.")
    if "." in number:
        return len(digits.replace(".", "")) > 2
    return "," in number and len(digits.rstrip("0")) > 2


def figures(text):
    return [number for number in NUMBER.findall(prose(text)) if is_figure(number)]


def numbers(text):
    return {re.sub("[,_]", "", number) for number in NUMBER.findall(text)}


def texts(*pattern):
    paths = glob.glob(os.path.join(ROOT, *pattern))
    assert paths
    return "\n".join(read(path) for path in paths if path != os.path.abspath(__file__))


def of_the_results():
    """The perplexities at the ends of epochs, those of others, and both with one decimal."""
    logs = texts("docs", "*.log").splitlines()
    exact = numbers("\n".join(line for line in logs if "Perplexity" in line))
    exact |= numbers(" ".join(PUBLISHED.values()))
    return exact | {"%.1f" % float(number) for number in exact if "." in number}


def of_the_benchmarks():
    """What `python -m benchmarks.tables` and `python -m benchmarks.traffic` print."""
    found = numbers("\n".join(tables.of_file(path) for path in tables.files()))
    (words,) = re.findall(
        r"benchmarks\.traffic --small=(\d+) --medium=(\d+)`", read("docs", "machines.md")
    )
    speeds = dict(zip(traffic.MODELS, map(int, words)))
    for model in traffic.MODELS:
        for workers in traffic.WORKERS:
            found |= numbers(" ".join(traffic.row(model, workers, speeds.get(model))))
    return found


def of_the_studies():
    """What the studies print, and the same with fewer decimals, two at least."""
    found = numbers(texts("study", "expected", "*"))
    rounded = set()
    for number in found:
        for decimals in range(2, len(number.partition(".")[2])):
            rounded.add("%.*f" % (decimals, float(number)))
    return found | rounded


def of_the_files():
    """What stands as it is in tests, data and configurations."""
    patterns = [("tests", "*.py"), ("tests", "golden", "*.md")]
    patterns += [("data", "*.py"), ("configs.py",), ("lm", "configs.py")]
    found = numbers("\n".join(texts(*pattern) for pattern in patterns))
    best = json.loads(read("data", "sample", "best_perplexity.json"))
    return found | {"%.3f" % perplexity for perplexity in best.values()}


def listed(path):
    """What the lists above allow in a document; its Chinese page has the same."""
    here = MEASURED.get(path.replace(".zh-CN", ""), {})
    return numbers(" ".join(list(here.values()) + list(COMPUTED)))


@pytest.fixture(scope="module")
def recorded():
    """What a document may say because a file has it: `recorded(path)`."""
    everywhere, speeds = of_the_results() | of_the_studies() | of_the_files(), of_the_benchmarks()
    of_speed = re.compile(r"README|docs/(using|performance|machines)")
    return lambda path: everywhere | (speeds if of_speed.match(path) else set())


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_figure_is_recorded_or_listed(path, recorded):
    known = recorded(path) | listed(path)
    missing = [f for f in figures(read(path)) if f.replace(",", "") not in known]
    assert missing == [], "not in any log, recorded file, test, or list of this test"


def test_the_lists_hold_what_the_documents_say():
    said = {path: numbers(prose(read(path))) for path in DOCUMENTS}
    everywhere = set().union(*said.values())
    assert numbers(" ".join(list(PUBLISHED.values()) + list(COMPUTED))) <= everywhere
    for path, sources in MEASURED.items():
        for source, text in sources.items():
            assert numbers(text) <= said[path], source


@pytest.mark.parametrize("figure", COMPUTED)
def test_the_computed_figures(figure):
    decimals = len(figure.partition(".")[2])
    assert figure == format(COMPUTED[figure], ",.%df" % decimals)


def accidental_items(text):
    """The lines of prose that Markdown takes for items of a list: "1. ", "64. " or "- " in front.

    A real item stands below an empty line or another item, and its number is the next one.
    """
    found, number, above = [], 0, ""
    for line in without_blocks(text).splitlines():
        item = re.match(r" *(?:(\d+)[.)]|[-+*]) ", line)
        if item and item.group(1):
            if int(item.group(1)) != number + 1 or (number == 0 and above):
                found.append(line)
            number = int(item.group(1))
        elif item:
            if above and not re.match(r" *[-+*] |  ", above):
                found.append(line)
        elif line and not line.startswith("  "):
            number = 0
        above = line
    return found


@pytest.mark.parametrize("path", DOCUMENTS + ["CONTRIBUTING.md", "SECURITY.md"])
def test_no_line_of_prose_looks_like_an_item_of_a_list(path):
    assert accidental_items(read(path)) == []


def test_an_accidental_item_is_noticed():
    lists = "Two:\n\n1. one\n   more\n2. two\n\n- a\n  - b\n- c\n\n```text\n7. x\n```\n"
    assert accidental_items(lists) == []
    for lines in ("to len(ys) -\n1. (In", "prints\n64. All", "1. one is\n   64. Two", "a\n- b"):
        assert accidental_items("\n%s the rest.\n" % lines) == [lines.split("\n")[1] + " the rest."]


def test_an_invented_figure_is_not_recorded(recorded):
    text = (
        "It ends at 117.425, not 117.424 ([log](x-1.234.log)), at 20,141 words per second, with"
        " `--x=0.123`, on TensorFlow 2.21 and 1.15; 5 x 0.05 is 0.25.\n\n    9.8765\n"
    )
    assert figures(text) == ["117.425", "117.424", "20,141"]
    known = recorded("README.md") | listed("README.md")
    assert [f for f in figures(text) if f.replace(",", "") in known] == ["117.424"]
