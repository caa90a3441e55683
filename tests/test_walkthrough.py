"""What docs/walkthrough.md, in English and Chinese, says of the code is so."""

import builtins
import collections
import contextlib
import glob
import importlib
import io
import os
import pydoc
import re
import shlex
import subprocess
import sys
import textwrap
import tokenize
from unittest import mock

import pytest
import tensorflow.compat.v1 as tf
from absl import flags
from commands import ROOT
from documents import code, read, script_code
from models import build, make_config

import configs
import contrib
import ptb_word_lm
import reader
from lm import command_line
from lm.configs import ATTRIBUTES

pytestmark = pytest.mark.docs

DOCS = os.path.join(ROOT, "docs")
PATHS = {"en": "walkthrough.md", "zh-CN": "walkthrough.zh-CN.md"}

SECTIONS = (
    ["Section %s" % number for number in ("0", "1", "2", "2.3", "3", "4", "5", "6")]
    + ["Code %s" % number for number in "0 1.1 1.2 1.3 2 3 4 5 6 7 8 A B C".split()]
    + ["Questions"]
    + ["Q%d" % number for number in range(1, 21)]
)

Section = collections.namedtuple("Section", "name prose fences images rows")
Fence = collections.namedtuple("Fence", "language source text")


def section_name(heading):
    """The part of a heading that is the same in both languages."""
    heading = re.sub(r"第 ?([\d.]+) ?节", r"Section \1 ", heading)
    heading = heading.replace("代码", "Code").replace("问题", "Questions")
    match = re.match(r"((Section|Code) [\dA-C](\.\d)?|Q\d+|Questions)(?![\d\w])", heading)
    assert match, "a heading without a number: " + heading
    return match.group(1)


def sections_of(language):
    sections = [Section("title", [], [], [], [])]
    fence = None
    for line in read("docs", PATHS[language]).splitlines():
        here = sections[-1]
        if line.startswith("```") and fence is None:
            fence = here, line[3:].split(), []
        elif line == "```":
            language, source = (fence[1] + [None])[:2]
            here.fences.append(Fence(language, source, textwrap.dedent("\n".join(fence[2]))))
            fence = None
        elif fence is not None:
            fence[2].append(line)
        elif line.startswith("##"):
            sections.append(Section(section_name(line.lstrip("# ")), [line], [], [], []))
        else:
            here.prose.append(line)
            here.images.extend(re.findall(r"!\[.+?\]\((.*?)\)", line))
            if line.startswith("|---"):
                here.rows.pop()  # the head of the table
            elif line.startswith("|"):
                here.rows.append(tuple(cell.strip("` ") for cell in line.strip("|").split(" | ")))
    assert fence is None, "a block of code without an end"
    return sections


@pytest.fixture(params=PATHS)
def sections(request):
    return sections_of(request.param)


# --------------------------------------------------------------------------------------------------
# The two languages
# --------------------------------------------------------------------------------------------------
def test_the_sections_stand_in_the_blogs_order(sections):
    assert [section.name for section in sections] == ["title"] + SECTIONS


def test_both_languages_have_the_same_code_figures_and_shapes():
    for english, chinese in zip(sections_of("en"), sections_of("zh-CN")):
        assert chinese.name == english.name
        assert chinese.fences == english.fences
        assert chinese.images == english.images
        assert chinese.rows == english.rows


def test_a_chinese_paragraph_is_one_line():
    """A line break would show as a space between two Chinese characters."""
    for section in sections_of("zh-CN"):
        for line, following in zip(section.prose, section.prose[1:]):
            is_a_list = re.match(r"- |\d\. |\|", following)
            assert not line or not following or is_a_list, (line, following)


# --------------------------------------------------------------------------------------------------
# Quotations
# --------------------------------------------------------------------------------------------------
def is_quoted(text, path):
    """Whether a text is consecutive lines of a file, but for their common indentation."""
    lines = read(path).splitlines()
    length = len(text.splitlines())
    starts = range(len(lines) - length + 1)
    return any(textwrap.dedent("\n".join(lines[i : i + length])) == text for i in starts)


def test_code_is_quoted_from_its_file(sections):
    quoted = [(s.name, f) for s in sections for f in s.fences if f.source not in (None, "blog")]
    assert len(quoted) > 30
    for name, fence in quoted:
        assert fence.text.strip() and is_quoted(fence.text, fence.source), (name, fence)


def test_all_python_is_quoted_and_what_the_blog_prints_is_not_in_the_script(sections):
    fences = [(section.name, fence) for section in sections for fence in section.fences]
    for name, fence in fences:
        assert fence.language in ("python", "text", "sh"), (name, fence)
        assert fence.source or fence.language != "python", (name, fence)
        if fence.source == "blog":
            text = re.sub("#.*", "", fence.text).replace("tf.contrib.", "contrib.")
            assert code(text) not in script_code(), (name, "quote it from ptb_word_lm.py", fence)


# --------------------------------------------------------------------------------------------------
# Names
# --------------------------------------------------------------------------------------------------
SOURCES = sorted(
    os.path.relpath(path, ROOT)
    for pattern in (
        "*.py",
        "contrib/*.py",
        "contrib/rnn/*.py",
        "lm/*.py",
        "data/*.py",
        "study/*.py",
    )
    for path in glob.glob(os.path.join(ROOT, pattern))
)
MODULES = [name[:-3] for name in SOURCES if os.sep not in name] + ["contrib", "lm"]

# Words of the blog and of Python, a command, and the key of letters.
OTHERS = set("inspect.getargspec clip_norm embedding_size ys xs True False B D H N T V".split())
OTHERS.add(". .venv/bin/activate")
# What a run with --save_path=DIR leaves beside DIR; a test below compares.
SAVED = {"DIR-STEP.index", "DIR-STEP.data-00000-of-00001", "DIR-STEP.meta"}
# What may be named without the object that it belongs to.
TENSORFLOWS = (tf, tf.nn, tf.Session, tf.VariableScope, tf.train.Optimizer)


def words_of_the_code():
    """The identifiers of the project, those in short strings among them, and what it defines."""
    words, defined, flag_names = set(), set(), set(ATTRIBUTES)
    for path in SOURCES:
        text = read(path)
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME:
                words.add(token.string)
            elif token.type == tokenize.STRING and re.match(r"""["'][\w./-]+["']$""", token.string):
                words.update([token.string[1:-1]] + re.findall(r"\w+", token.string))
        defined.update(re.findall(r"^ *(?:def|class) (\w+)", text, flags=re.MULTILINE))
        flag_names.update(re.findall(r"DEFINE_\w+\(\s*\"(\w+)\"", text))
        flag_names.update(re.findall(r"\"--(\w+)\"", text))
    return words, defined, flag_names


WORDS, DEFINED, FLAG_NAMES = words_of_the_code()


def has(thing, attributes):
    for name in attributes:
        if not hasattr(thing, name):
            return False
        thing = getattr(thing, name)
    return True


def is_a_name(name, called=False):
    """Whether a name stands for something, and for something to call where it is called."""
    first, rest = name.split(".")[0], name.split(".")[1:]
    if name in OTHERS:
        return True
    if first == "tf":
        return has(tf, rest)
    if first in MODULES:
        return pydoc.locate(name) is not None
    last = (rest or [first])[-1]
    if any(hasattr(thing, last) for thing in TENSORFLOWS + (builtins,)):
        return True
    if called:
        return last in DEFINED
    if re.match("[A-Z].*[a-z]", first):
        return first in DEFINED and all(word in WORDS for word in rest)
    return all(word in WORDS for word in [first] + rest)


def is_a_file(path):
    return os.path.exists(os.path.join(ROOT, path)) or path in WORDS


class Taken(Exception):
    """Says that a program's parser takes a command line."""


def refusal(program, arguments):
    """What the parser of a program, `python -m PROGRAM`, says against its arguments; or None."""
    parse_args = command_line.Parser.parse_args

    def parse(parser, _=None):
        parse_args(parser, arguments)
        raise Taken

    with contextlib.redirect_stderr(io.StringIO()) as said:
        with mock.patch.object(command_line.Parser, "parse_args", parse):
            try:
                importlib.import_module(program).main()
            except Taken:
                return None
            except SystemExit:
                return said.getvalue()


def wrong_in_command(words):
    """What of a command, less its `python`, does not exist. Only the reference runs as a file."""
    if words[0] == "-m":
        if not os.path.isfile(os.path.join(ROOT, words[1].replace(".", os.sep) + ".py")):
            return [words[1]]
        return [line for line in [refusal(words[1], words[2:])] if line]
    if words[0] != "ptb_word_lm.py":
        return [words[0]]
    try:
        return flags.FLAGS(words)[1:]
    except flags.Error as error:
        return [str(error)]


def wrong_names(span):
    """What a piece of code in the prose names that does not exist."""
    if span in OTHERS | SAVED:
        return []
    wrong = [name for name in re.findall(r"--(\w+)", span) if name not in FLAG_NAMES]
    wrong += [value for value in re.findall(r"--\w+=([A-Za-z]\w*)", span) if value not in WORDS]
    if span.startswith("python "):
        return wrong + wrong_in_command(span.split()[1:])
    span = re.sub(r"--[\w=.]+", "", span)
    if re.match(r"[\w./-]+\.(py|md|txt|json)$|[\w/-]+/$", span):
        return wrong + ([] if is_a_file(span) else [span])
    names = re.finditer(r"(?<![\w.])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)( *\()?", span)
    return wrong + [name.group(1) for name in names if not is_a_name(*name.groups())]


def test_every_name_in_the_prose_exists(sections):
    lines = [(section.name, line) for section in sections for line in section.prose]
    assert [entry for entry in lines if entry[1].count("`") % 2] == []
    spans = [(name, span) for name, line in lines for span in re.findall("`(.+?)`", line)]
    assert len(spans) > 200
    wrong = [(name, span, wrong_names(span)) for name, span in spans]
    wrong = ["%s: `%s`: %s" % entry for entry in wrong if entry[2]]
    assert not wrong, "\n".join(wrong)


def test_names_that_do_not_exist_are_noticed():
    for span in (
        "PTBModell",
        "--batch_sizes",
        "--cell=elman",
        "study/nothing.py",
        "contrib/nothing/",
        "python nothing.py",
        "python ptb_word_lm.py --cell=gru",
        "python study/embedding_lookup.py",
        "python -m study.nothing",
        "python -m study.embedding_lookup --nothing",
        "python -m study.encoder_decoder --decoder=basic_lstm",
        "python -m study.embedding_lookup --learning_rate=0.4",
        "python -m lm.train --learning_rate=fast",
        "tf.contrib.rnn.BasicLSTMCell",
        "contrib.rnn.BasicLSTM",
        "reader.ptb_iterator",
        "lm.training.run",
        "self._new_rate",
        "run_epochs()",
        "targets()",
        "max_max_max_epoch",
    ):
        assert wrong_names(span), span


def test_links_and_images_lead_to_files(sections):
    for section in sections:
        for target in re.findall(r"\]\((.*?)\)", "\n".join(section.prose)):
            if not target.startswith("https://"):
                assert os.path.isfile(os.path.join(DOCS, target)), (section.name, target)


# --------------------------------------------------------------------------------------------------
# Shapes
# --------------------------------------------------------------------------------------------------
# Where the names of a section's table are looked up: in the local variables of this function, or
# else of PTBModel's.
FUNCTIONS = {
    "Section 1": contrib.rnn.rnn_step,
    "Section 2": contrib.rnn.lstm_step,
    "Section 3": contrib.rnn.gru_step,
    "Code 8": "main",
    "Code A": "main",
    "Code B": reader.ptb_producer,
    "Code C": "main",
}

SMALL = dict(B=20, T=20, H=200, V=10000, N=929589)
# All of them different, to tell the letters apart, which the small configuration does not.
DIFFERENT = dict(B=3, T=4, H=5, V=7, N=100)


def local_variables(functions, run):
    """Runs a function; returns, of each of some that it calls, the last call's local variables."""
    codes = {function.__code__: function for function in functions}
    found = {}

    def on_event(frame, event, _):
        if event == "return" and frame.f_code in codes:
            found.setdefault(codes[frame.f_code], {}).update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(on_event)
    try:
        run()
    finally:
        sys.setprofile(before)
    return found


class Graph(object):
    """The script's graph, and the local variables of the functions that made it."""

    def __init__(self, numbers):
        sizes = dict(
            batch_size=numbers["B"],
            num_steps=numbers["T"],
            hidden_size=numbers["H"],
            vocab_size=numbers["V"],
        )
        self.graph = tf.Graph()
        flags.FLAGS(["ptb_word_lm.py"])
        ids = [0] * numbers["N"]
        functions = [ptb_word_lm.PTBModel.__init__, contrib.rnn.lstm_step, reader.ptb_producer]
        cells = {
            contrib.rnn.rnn_step: contrib.rnn.BasicRNNCell,
            contrib.rnn.gru_step: contrib.rnn.GRUCell,
        }
        models = {}

        def make_model():
            models["m"] = models["model"] = build(make_config(**sizes), ids)

        def make_cells():
            for cell in [cell(numbers["H"]) for cell in cells.values()]:
                state = cell.zero_state(numbers["B"], tf.float32)
                cell(tf.zeros([numbers["B"], numbers["H"]]), state)

        with self.graph.as_default():
            self.variables = local_variables(functions, make_model)
            self.variables.update(local_variables(cells, make_cells))
            models["mvalid"] = build(make_config(**sizes), ids, "Valid", False, True)
            sizes.update(batch_size=1, num_steps=1)
            models["mtest"] = build(make_config(**sizes), ids[:9], "Test", False, True)
        self.variables["main"] = models

    def shape(self, section, name):
        """The shape of a tensor, as the tables have it; of a list, its length too."""
        function = FUNCTIONS.get(section, ptb_word_lm.PTBModel.__init__)
        with self.graph.as_default():
            value = eval(name, {"tf": tf}, dict(self.variables[function]))
        if isinstance(value, list):
            shapes = [tensor.shape.as_list() for tensor in value]
            assert shapes == shapes[:1] * len(shapes)
            return len(shapes), shapes[0]
        return value.shape.as_list()


def parse_shape(text, letters):
    """`[B, 2 * H]`, or `T × [B, H]` for a list, with the letters replaced."""
    match = re.match(r"(?:(\w+) × )?(\[[\w ,*/]*\])$", text)
    assert match, "not a shape: " + text
    shape = eval(match.group(2), {}, dict(letters))
    return (eval(match.group(1), {}, dict(letters)), shape) if match.group(1) else shape


@pytest.fixture(scope="module")
def small_graph():
    return Graph(SMALL)


@pytest.fixture(scope="module")
def graph_of_different_sizes():
    return Graph(DIFFERENT)


@pytest.mark.slow
def test_shapes_are_those_of_the_graph(sections, small_graph, graph_of_different_sizes):
    checked = 0
    for section in sections:
        if section.name == "Section 0":
            continue
        for name, in_letters, in_numbers in section.rows:
            place = (section.name, name)
            in_words = parse_shape(in_letters, DIFFERENT)
            assert graph_of_different_sizes.shape(section.name, name) == in_words, place
            assert small_graph.shape(section.name, name) == parse_shape(in_numbers, {}), place
            assert parse_shape(in_letters, SMALL) == parse_shape(in_numbers, {}), place
            checked += 1
    assert checked > 50


def test_the_key_of_letters_is_the_small_configuration(sections):
    config = configs.get_config("small")
    (section,) = [section for section in sections if section.name == "Section 0"]
    assert [letter for letter, _, _ in section.rows] == ["B", "T", "H", "V"]
    for letter, name, value in section.rows:
        assert getattr(config, name) == int(value) == SMALL[letter]


# --------------------------------------------------------------------------------------------------
# Commands
# --------------------------------------------------------------------------------------------------
def run_python(program):
    """What a program prints; it is run here, since a process of its own takes seconds to start."""
    if "tf." in program or "reader" in program or "PTBInput" in program:
        start = "\nimport console; console.hush_tensorflow()\n"
        assert program.startswith((start + "from ptb_word_lm import", start + "import reader"))
    if "tf." in program:  # from there, v2 behaviour is off
        assert re.search(r"^from ptb_word_lm import .*\btf\b", program, flags=re.MULTILINE)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(program, {"__name__": "__main__"})
    return output.getvalue()


@pytest.mark.parametrize("number", range(1, 21))
def test_commands_print_what_is_promised(number, monkeypatch):
    monkeypatch.chdir(ROOT)
    (section,) = [section for section in sections_of("en") if section.name == "Q%d" % number]
    assert len(" ".join(section.prose)) > 100
    assert [fence.language for fence in section.fences] in (["sh", "text"], [])
    for command, output in zip(section.fences[::2], section.fences[1::2]):
        words = shlex.split(command.text)
        if words[:2] == ["python", "-c"]:
            assert len(words) == 3
            printed = run_python(words[2])
        else:
            printed = subprocess.check_output(command.text, shell=True, cwd=ROOT).decode("utf-8")
        assert textwrap.dedent(printed.rstrip("\n")) == output.text


@pytest.mark.slow
def test_save_path_leaves_beside_the_folder_what_code_c_names(run_main, tmp_path):
    folder = tmp_path / "DIR"
    run_main(dict(max_max_epoch=1, num_layers=1), save_path=str(folder))
    names = [path.name for path in tmp_path.iterdir()]
    found = {re.sub(r"-\d+\.", "-STEP.", name) for name in names if name.startswith("DIR-")}
    assert found == SAVED
    assert list(folder.glob("model.ckpt-*.index"))  # The clock's first one.
    for language in PATHS:
        (section,) = [section for section in sections_of(language) if section.name == "Code C"]
        assert set(re.findall("`(DIR-.*?)`", "\n".join(section.prose))) == SAVED
