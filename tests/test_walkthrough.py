"""What docs/walkthrough.md, in English and Chinese, says of the code is so."""

import ast
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
import sys
import textwrap
import tokenize
from unittest import mock

import numpy as np
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
from docs import examples, lines
from lm import command_line
from lm.configs import ATTRIBUTES
from study import break_it

pytestmark = pytest.mark.docs

DOCS = os.path.join(ROOT, "docs")
PATHS = dict(zip(("en", "zh-CN"), lines.PAGES))

SECTIONS = (
    ["Contents"]
    + ["Section %s" % number for number in "0 1 2 2.1 2.2 2.3 3 4 5 6 6.1 6.2".split()]
    + ["Code %s" % number for number in "0 1.1 1.2 1.3 2 3 4 5 6 7 8 A B C".split()]
    + ["Questions"]
    + ["Q%d" % number for number in range(1, 21)]
    + ["Glossary", "Answers"]
    + ["Answer %d" % number for number in range(1, 11)]
)

# The links are those above quotations: pairs of the quoted file and the line.
Section = collections.namedtuple("Section", "name prose fences links images tables")
Fence = collections.namedtuple("Fence", "language source text")


def section_name(heading):
    """The part of a heading that is the same in both languages."""
    heading = re.sub(r"第 ?([\d.]+) ?节", r"Section \1 ", heading)
    for chinese, english in (
        ("代码", "Code"),
        ("问题", "Questions"),
        ("目录", "Contents"),
        ("术语表", "Glossary"),
        ("猜一猜的答案", "Answers"),
        ("答案", "Answer"),
    ):
        heading = heading.replace(chinese, english)
    match = re.match(
        r"((Section|Code) [\dA-C](\.\d)?|Q\d+|Questions|Contents|Glossary|Answers|Answer \d+)"
        r"(?![\d\w])",
        heading,
    )
    assert match, "a heading without a number: " + heading
    return match.group(1)


def sections_of(language):
    sections = [Section("title", [], [], [], [], [])]
    fence = None
    for line in read("docs", PATHS[language]).splitlines():
        here = sections[-1]
        if line.startswith("```") and fence is None:
            fence = here, line[3:].split(), []
            if len(fence[1]) > 1 and fence[1][1] != "blog":
                here.links.append((fence[1][1], here.prose[-1]))
        elif line == "```":
            language, source = (fence[1] + [None])[:2]
            here.fences.append(Fence(language, source, textwrap.dedent("\n".join(fence[2]))))
            fence = None
        elif fence is not None:
            fence[2].append(line)
        elif line.startswith("##"):
            name = section_name(line.lstrip("# "))
            sections.append(Section(name, [line], [], [], [], []))
        else:
            here.prose.append(line)
            here.images.extend(re.findall(r"!\[.+?\]\((.*?)\)", line))
            if line.startswith("|"):
                row = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
                if not here.prose[-2].startswith("|"):
                    here.tables.append([])
                if not line.startswith("|---"):
                    here.tables[-1].append(row)
    assert fence is None, "a block of code without an end"
    return sections


def rows(section, head):
    """The rows of a section's tables with a head of three, in English or Chinese."""
    heads = {
        "tensor": (["tensor", "shape", "small"], ["张量", "形状", "small"]),
        "letter": (["letter", "name", "small"], ["字母", "名称", "small"]),
    }
    found = [table[1:] for table in section.tables if table[0] in heads[head]]
    return [tuple(cell.strip("`") for cell in row) for table in found for row in table]


@pytest.fixture(params=PATHS)
def sections(request):
    return sections_of(request.param)


# --------------------------------------------------------------------------------------------------
# The two languages
# --------------------------------------------------------------------------------------------------
def test_the_sections_stand_in_the_blogs_order(sections):
    assert [section.name for section in sections] == ["title"] + SECTIONS


def test_both_languages_have_the_same_code_figures_and_tables():
    for english, chinese in zip(sections_of("en"), sections_of("zh-CN")):
        assert chinese.name == english.name
        assert chinese.fences == english.fences
        assert chinese.images == english.images
        assert rows(chinese, "tensor") == rows(english, "tensor")
        assert rows(chinese, "letter") == rows(english, "letter")
        for one, two in zip(english.tables, chinese.tables):
            assert [code_of(row) for row in two] == [code_of(row) for row in one], english.name
        assert len(chinese.tables) == len(english.tables), english.name


def code_of(row):
    return re.findall("`(.+?)`", " ".join(row))


def test_a_chinese_paragraph_is_one_line():
    """A line break would show as a space between two Chinese characters."""
    for section in sections_of("zh-CN"):
        for line, following in zip(section.prose, section.prose[1:]):
            is_a_list = re.match(r" *- |\d\. |\|", following)
            assert not line or not following or is_a_list, (line, following)


# --------------------------------------------------------------------------------------------------
# Quotations
# --------------------------------------------------------------------------------------------------
def test_code_is_quoted_from_its_file(sections):
    quoted = [(s.name, f) for s in sections for f in s.fences if f.source not in (None, "blog")]
    assert len(quoted) > 45
    for name, fence in quoted:
        assert fence.text.strip() and len(lines.find(fence.text, fence.source)) == 1, (name, fence)


@pytest.mark.parametrize("language", PATHS)
def test_links_lead_to_the_lines_that_are_quoted(language):
    text = {"en": "[%s, line %d](../%s#L%d)", "zh-CN": "[%s，第 %d 行](../%s#L%d)"}[language]
    for section in sections_of(language):
        quoted = [fence for fence in section.fences if fence.source not in (None, "blog")]
        for fence, (source, link) in zip(quoted, section.links):
            (number,) = lines.find(fence.text, fence.source)
            assert link == text % (source, number, source, number), "run python -m docs.lines"


def test_the_command_sets_the_line_numbers_and_nothing_else(monkeypatch, tmp_path):
    pages = {name: read("docs", name) for name in lines.PAGES}
    for name, page in pages.items():
        assert lines.renumber(page) == page
        moved = re.sub(r"(, line |，第 )\d+(?=(?: 行)?\]\()", r"\g<1>7", page)
        moved = re.sub(r"#L\d+\)", "#L7)", moved)
        assert moved != page
        (tmp_path / name).write_bytes(moved.encode("utf-8"))
    monkeypatch.setattr(lines, "FOLDER", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["lines"])
    lines.main()
    for name, page in pages.items():
        assert (tmp_path / name).read_bytes().decode("utf-8") == page


def test_all_python_is_quoted_and_what_the_blog_prints_is_not_in_the_script(sections):
    fences = [(section.name, fence) for section in sections for fence in section.fences]
    for name, fence in fences:
        assert fence.language in ("python", "text", "sh", "math"), (name, fence)
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
        "docs/*.py",
        "study/*.py",
    )
    for path in glob.glob(os.path.join(ROOT, pattern))
)
MODULES = [name[:-3] for name in SOURCES if os.sep not in name] + ["contrib", "lm"]

# Words of the blog and of Python, a command, and the key of letters.
OTHERS = set("inspect.getargspec clip_norm embedding_size ys xs True False B D H N T V".split())
OTHERS |= {". .venv/bin/activate", r".venv\Scripts\activate", "python -m docs.examples NAME"}
OTHERS |= {"[num_time_steps, embedding_size]", "activation(j)", "Train", "Train/Model/Variable"}
OTHERS.add("0.067 perplexity: 298.029 speed: 7172 wps")  # in the README, too
# What a reader who knows PyTorch may look for.
OTHERS |= {"nn.LSTM", "nn.Dropout(p)", "optimizer.zero_grad()", "clip_grad_norm_(parameters, 5)"}
OTHERS |= {"hidden.detach()", "torch.no_grad()", "DataLoader", "model.state_dict()"}
OTHERS |= {"nn.Module", "nn.LSTM(dropout=p)", 'optimizer.param_groups[0]["lr"] = 0.5'}
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


def anchor(heading):
    """GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")


def headings_of(*path):
    text = re.sub(r"^```.*?^```", "", read(*path), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^##+ (.*)", text, flags=re.MULTILINE)


def test_links_and_images_lead_to_files_and_headings(sections, request):
    page = PATHS[request.node.callspec.params["sections"]]
    for section in sections:
        for target in re.findall(r"\]\((.*?)\)", "\n".join(section.prose)):
            path, _, place = target.partition("#")
            if not path.startswith("https:"):
                path = os.path.join(DOCS, path or page)
                assert os.path.isfile(path), (section.name, target)
                if place and path.endswith(".md"):
                    assert place in map(anchor, headings_of(path)), (section.name, target)


@pytest.mark.parametrize("language", PATHS)
def test_the_contents_list_all_headings(language):
    (contents,) = [section for section in sections_of(language) if section.name == "Contents"]
    listed = re.findall(r"^ *- \[(.*)\]\(#(.*)\)$", "\n".join(contents.prose), flags=re.MULTILINE)
    headings = headings_of("docs", PATHS[language])
    headings.remove(contents.prose[0].lstrip("# "))
    assert listed == [(heading, anchor(heading)) for heading in headings]


def test_a_common_mistake_is_named_and_then_put_right():
    words = r"\*\*A common mistake:\*\* to (?:think|take|expect|read)\b.+?\. [A-Z]"
    for section in sections_of("en"):
        text = " ".join(section.prose)
        mistakes = text.count("**A common mistake:**")
        assert len(re.findall(words, text)) == mistakes, section.name
        if re.match(r"Code|Section (1|2\.\d|3|4|5|6\.\d)$", section.name):
            assert mistakes, section.name


# --------------------------------------------------------------------------------------------------
# Shapes
# --------------------------------------------------------------------------------------------------
# Where the names of a section's table are looked up: in the local variables of this function, or
# else of PTBModel's.
FUNCTIONS = {
    "Section 1": contrib.rnn.rnn_step,
    "Section 2.2": contrib.rnn.lstm_step,
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
        for name, in_letters, in_numbers in rows(section, "tensor"):
            place = (section.name, name)
            in_words = parse_shape(in_letters, DIFFERENT)
            assert graph_of_different_sizes.shape(section.name, name) == in_words, place
            assert small_graph.shape(section.name, name) == parse_shape(in_numbers, {}), place
            assert parse_shape(in_letters, SMALL) == parse_shape(in_numbers, {}), place
            checked += 1
    assert checked > 20


def test_the_key_of_letters_is_the_small_configuration(sections):
    config = configs.get_config("small")
    (section,) = [section for section in sections if section.name == "Section 0"]
    assert [letter for letter, _, _ in rows(section, "letter")] == ["B", "T", "H", "V"]
    for letter, name, value in rows(section, "letter"):
        assert getattr(config, name) == int(value) == SMALL[letter]


# --------------------------------------------------------------------------------------------------
# Figures
# --------------------------------------------------------------------------------------------------
def test_perplexities_and_shares_are_those_of_the_results(sections):
    """By section, the figures that docs/results.md has too, there with more digits."""
    results = re.findall(r"\d+(?:\.\d+)?", read("docs", "results.md"))
    rounded = {"%.*f" % (digits, float(number)) for number in results for digits in (0, 1, 3)}
    for name, figures in (
        ("Section 6.1", "113 84 3.593"),
        ("Code A", "126.4 121.6 117.4 112.7"),
        ("Q11", "112.7 117.4 115.9 121.4 78.3 82.6"),
        ("Q13", "2.3"),
        ("Q15", "66 31 56 92 98"),
    ):
        (section,) = [section for section in sections if section.name == name]
        stated = re.findall(r"\d+(?:\.\d+)?", " ".join(section.prose))
        assert set(figures.split()) <= set(stated) & rounded, name


# --------------------------------------------------------------------------------------------------
# Gradients
# --------------------------------------------------------------------------------------------------
def test_along_c_the_gradient_is_multiplied_by_the_forget_gate_and_by_no_matrix():
    """Section 2.2: along C, and not by way of h, dC_t/dC_(t-1) is diag(f_t)."""
    random = np.random.RandomState(1)
    x, c, h = (tf.constant(random.randn(1, 3)) for _ in range(3))
    kernel, bias = tf.constant(random.randn(6, 12)), tf.constant(random.randn(12))
    new_c, _ = contrib.rnn.lstm_step(x, c, h, kernel, bias, 0.0, tf.tanh)
    jacobian = [tf.gradients(new_c[0, unit], c)[0][0] for unit in range(3)]
    f = tf.sigmoid((tf.matmul(tf.concat([x, h], 1), kernel) + bias)[0, 6:9])
    with tf.Session() as session:
        np.testing.assert_allclose(*session.run([jacobian, tf.diag(f)]), rtol=1e-12)


def test_the_gradient_of_the_plain_cell_meets_a_matrix_and_a_slope():
    """Section 1: dh_t/dh_(t-1) is diag(1 - h_t^2) W_hh, W_hh the transposed lower rows."""
    random = np.random.RandomState(1)
    x, h = (tf.constant(random.randn(1, 3)) for _ in range(2))
    kernel, bias = random.randn(6, 3), tf.constant(random.randn(3))
    new_h = contrib.rnn.rnn_step(x, h, tf.constant(kernel), bias, tf.tanh)
    jacobian = [tf.gradients(new_h[0, unit], h)[0][0] for unit in range(3)]
    with tf.Session() as session:
        jacobian, new_h = session.run([jacobian, new_h])
    np.testing.assert_allclose(jacobian, np.diag(1 - new_h[0] ** 2).dot(kernel[3:].T))


# --------------------------------------------------------------------------------------------------
# The order of computation
# --------------------------------------------------------------------------------------------------
def waits_for(operation):
    """The operations that have run before this one does, itself included."""
    found, waiting = set(), [operation]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [tensor.op for tensor in one.inputs] + list(one.control_inputs)
    return found


def test_no_weight_is_updated_before_everything_that_reads_weights_has_run():
    """Section 6.2: so the cost and the final state are those of the weights before the update."""
    m = build(make_config(), list(range(50)) * 2)
    operations = tf.get_default_graph().get_operations()
    updates = [op for op in operations if op.type in ("ApplyGradientDescent", "ScatterSub")]
    assert len(updates) == len(tf.trainable_variables()) > 4
    weights = [variable.op.name + "/read" for variable in tf.trainable_variables()]
    readers = {r for op in operations if op.name in weights for r in op.outputs[0].consumers()}
    state = [tensor.op for tensor in tf.nest.flatten(m.final_state)]
    asked_for = set().union(*map(waits_for, [m.cost.op, m.train_op] + state))
    for update in updates:
        before = waits_for(update)
        assert before >= (readers & asked_for) | set(state)
        assert before.isdisjoint(set(updates) - {update})


@pytest.mark.parametrize("term, waited", [(tf.nn.l2_loss, False), (tf.norm, True)])
def test_an_update_waits_for_a_term_only_if_its_gradient_needs_the_terms_value(term, waited):
    """Section 6.2: weight decay; a norm is a factor of its own gradient."""
    weights = tf.Variable([0.1, 0.2])
    cost = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=0, logits=weights)
    decay = term(weights)
    grads, _ = tf.clip_by_global_norm(tf.gradients(cost + decay, [weights]), 5)
    train_op = tf.train.GradientDescentOptimizer(1.0).apply_gradients(zip(grads, [weights]))
    (computes,) = {"L2Loss": [decay.op], "Squeeze": [decay.op.inputs[0].op]}[decay.op.type]
    before = waits_for(train_op)
    assert cost.op.inputs[0].op in before
    assert (computes in before) == waited


# --------------------------------------------------------------------------------------------------
# Scopes
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("outer", [None, True, tf.AUTO_REUSE])
@pytest.mark.parametrize("inner", [None, False, True, tf.AUTO_REUSE])
@pytest.mark.parametrize("calls", [False, True])
@pytest.mark.parametrize("exists", [False, True])
def test_a_scope_takes_over_what_the_outer_one_says_unless_it_says_otherwise(
    outer, inner, calls, exists
):
    """Section 6.2, the table of `reuse`."""
    if exists:
        tf.get_variable("outer/inner/w", [1])
    says = True if calls else inner or outer
    with tf.variable_scope("outer", reuse=outer), tf.variable_scope("inner", reuse=inner):
        if calls:
            tf.get_variable_scope().reuse_variables()
        if says == tf.AUTO_REUSE or exists == bool(says):
            assert tf.get_variable("w", [1]).op.name == "outer/inner/w"
        else:
            with pytest.raises(ValueError, match="already exists" if exists else "not exist"):
                tf.get_variable("w", [1])


def test_the_script_runs_without_the_reuse_of_its_cells(monkeypatch):
    """Section 6.2: at the second time step, and in a second model with `reuse=True`."""

    def names():
        with tf.Graph().as_default():
            for name, is_training in (("Train", True), ("Valid", False)):
                build(make_config(), [0] * 100, name, is_training, not is_training)
            return [variable.op.name for variable in tf.trainable_variables()]

    given, make_cell, before = [], contrib.rnn.BasicLSTMCell, names()

    def without_reuse(*arguments, **keywords):
        given.append(keywords.pop("reuse"))
        return make_cell(*arguments, **keywords)

    monkeypatch.setattr(contrib.rnn, "BasicLSTMCell", without_reuse)
    assert names() == before
    assert given == [False, False, True, True]


# --------------------------------------------------------------------------------------------------
# Commands
# --------------------------------------------------------------------------------------------------
def test_commands_are_for_every_shell(sections):
    for section in sections:
        for fence in section.fences:
            for command in fence.text.splitlines() if fence.language == "sh" else []:
                assert re.match(r'python [\w./= "-]+$', command), command
                assert not wrong_in_command(shlex.split(command)[1:]), command


def test_each_breakage_is_asked_for_at_its_place(sections):
    places = {
        what: section.name
        for section in sections
        for what in re.findall(
            r"`python -m study\.break_it --what=(\w+)`", "\n".join(section.prose)
        )
    }
    assert places == {what: breakage.place for what, breakage in break_it.BREAKAGES.items()}


def test_each_question_links_to_its_answer(sections):
    text = "\n".join(line for section in sections for line in section.prose)
    asked = re.findall(r"`python -m study\.break_it --what=\w+`\s*[(（]\[.+?\]\(#(.+?)\)", text)
    answers = [section.prose[0] for section in sections if section.name.startswith("Answer ")]
    assert asked == [anchor(heading.lstrip("# ")) for heading in answers]
    assert len(asked) == len(break_it.BREAKAGES)


def body(function):
    """The source of a function, less its first line and indentation."""
    text = read("docs", "examples.py").splitlines()
    (node,) = [
        node
        for node in ast.parse("\n".join(text)).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    end = next((n for n, line in enumerate(text) if n > node.lineno and line[:1].strip()), None)
    return textwrap.dedent("\n".join(text[node.lineno : end])).strip()


@pytest.mark.parametrize("example", examples.EXAMPLES, ids=lambda example: example.__name__)
def test_examples_are_quoted_whole_and_print_what_is_promised(example, call_main, monkeypatch):
    monkeypatch.chdir(ROOT)
    name = example.__name__
    command = "python -m docs.examples " + name
    fences = [fence for section in sections_of("en") for fence in section.fences]
    (place,) = [n for n, fence in enumerate(fences) if fence.text == command]
    quoted, output = fences[place - 1], fences[place + 1]
    assert quoted == Fence("python", "docs/examples.py", body(name))
    assert call_main(examples, name) == (0, output.text + "\n", "")


def test_without_a_name_the_examples_are_listed(call_main):
    status, out, err = call_main(examples)
    assert (status, err) == (0, "")
    assert out.split()[1:] == [example.__name__ for example in examples.EXAMPLES]


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
