"""Reading the project's documents and sources."""

import ast
import functools
import io
import os
import re
import tokenize

from commands import ROOT


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def rows(text):
    """The rows of all Markdown tables of a text, without their heads: lists of cells."""
    tables = re.findall(r"^\|.*\n\|[-| ]+\n((?:\|.*\n?)+)", text, flags=re.MULTILINE)
    lines = [line for table in tables for line in table.splitlines()]
    return [[cell.strip() for cell in line.strip().strip("|").split(" | ")] for line in lines]


def named_tests(text):
    """`(path, name)` of the tests that a text links to."""
    links = re.findall(r"\[([^\]]+)\]\(\.\./(tests/test_\w+\.py)\)", text)
    return [(path, "test_" + words.replace(" ", "_")) for words, path in links]


@functools.lru_cache(maxsize=None)
def functions_of(path):
    return {n.name for n in ast.parse(read(path)).body if isinstance(n, ast.FunctionDef)}


def find_test(path, name):
    """Whether a file of tests has a test of this name."""
    return os.path.exists(os.path.join(ROOT, path)) and name in functions_of(path)


def departures(source):
    """The texts of a file's comments `# Departure:`, each in one line."""
    comments = re.findall(r"# Departure: (.*(?:\n *# .*)*)", source)
    return [re.sub(r"\n *# ", " ", text) for text in comments]


def expected_output(study):
    """The output of a study with --seed=1."""
    return read("study", "expected", study + ".txt")


def skeleton(output):
    """What a study prints whatever its models learn: `[line]`, with a # for each figure.

    That is every line without a figure (titles, heads of tables), and of the lines with figures
    those that are neither indented nor rows of a table. What stands in brackets is masked as well.
    """
    kept = []
    for line in filter(None, output.splitlines()):
        if not re.search(r"\d", line) or not re.search(r"^ |  +-?\d", line):
            line = re.sub(r"\(.*?\)", "(#)", line)
            kept.append(re.sub(r"-?\d+(\.\d+)?( -?\d+(\.\d+)?)*", "#", line))
    return kept


def sections(text):
    """The sections of a Markdown text: `{title: what is under it}`."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def code(text):
    """The text's code in one form: single spaces, no comma before a closing bracket."""
    return re.sub(r" , (?=[)\]])", " ", " %s " % " ".join(re.findall(r'"[^"]*"|\w+|[^\s\w]', text)))


def script_code():
    tokens = tokenize.generate_tokens(io.StringIO(read("ptb_word_lm.py")).readline)
    words = [t.string for t in tokens if t.type != tokenize.COMMENT and '"""' not in t.string]
    return code(" ".join(words))
