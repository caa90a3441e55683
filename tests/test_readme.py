"""What README.md and docs/using.md, in English and Chinese, say of files, flags and runs is so."""

import collections
import glob
import os
import re
import shlex
import sys
import types

import pytest
from absl import flags
from commands import ROOT

import reader
from lm import configs, generate, train
from study import published_numbers

pytestmark = pytest.mark.docs

PAGES = {
    "README": {"en": "README.md", "zh-CN": "README.zh-CN.md"},
    "using": {"en": "docs/using.md", "zh-CN": "docs/using.zh-CN.md"},
}

# The defaults in the table of flags that are not a value in backquotes.
WORDED_DEFAULTS = {
    "the corpus that ships": os.path.join(ROOT, "data", "sample"),
    "not saved": None,
    "every word": None,
    "2 in block mode on several cores, else 1": None,
    "none": None,
    "off": False,
    "another one each time": None,
    "`block` where the cell has it": None,
    "项目自带的语料": os.path.join(ROOT, "data", "sample"),
    "不保存": None,
    "保留所有词": None,
    "一次算一层、有多个核心时为 2，否则为 1": None,
    "无": None,
    "关": False,
    "每次都不同": None,
    "单元支持时为 `block`": None,
}

# A section: its prose (a list of lines), its blocks of code (texts) and its tables (lists of rows).
Section = collections.namedtuple("Section", "prose blocks tables")


def lines_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read().splitlines()


def read(page, language):
    """The sections of a page, the lines above the first heading of level 2 being one as well."""
    sections = [Section([], [], [])]
    fenced, block, before = False, None, ""
    for line in lines_of(PAGES[page][language]):
        here = sections[-1]
        if line.startswith("```"):
            fenced, block = not fenced, None if fenced else []
            if fenced:
                here.blocks.append(block)
        elif fenced:
            block.append(line)
        elif line.startswith("    "):
            if block is None:
                block = []
                here.blocks.append(block)
            block.append(line[4:])
        elif not line and block:
            block.append("")  # a block of its own may follow, or more of this one
        else:
            block = None
            if line.startswith("## "):
                sections.append(Section([line], [], []))
            elif line.startswith("|"):
                if not before.startswith("|"):
                    here.tables.append([])
                here.tables[-1].append([cell.strip() for cell in line[1:-1].split("|")])
            else:
                here.prose.append(line)
        before = line
    assert not fenced, "a block of code without an end"
    return [
        section._replace(
            blocks=["\n".join(lines).rstrip() for lines in section.blocks],
            tables=[[rows[0]] + rows[2:] for rows in section.tables],
        )
        for section in sections
    ]


@pytest.fixture(params=["en", "zh-CN"])
def language(request):
    return request.param


@pytest.fixture(params=PAGES)
def page(request, language):
    """The path of a page and its sections."""
    return PAGES[request.param][language], read(request.param, language)


@pytest.fixture
def readme(language):
    return read("README", language)


@pytest.fixture
def using(language):
    return read("using", language)


def prose(section):
    return "\n".join(section.prose)


def tables_and_prose(section):
    return "\n".join([prose(section)] + [cell for rows in section.tables for cell in sum(rows, [])])


def code_spans(text):
    return re.findall("`(.+?)`", text)


def links(text):
    return re.findall(r"\]\((.+?)\)", text)


def figures(text):
    return re.findall(r"\d+(?:[.,]\d+)*(?:e-\d+)?", text)


# --------------------------------------------------------------------------------------------------
# Links and files
# --------------------------------------------------------------------------------------------------
def anchors(path):
    """The anchors that GitHub gives to the headings of a document."""
    headings = [line.lstrip("#").strip() for line in lines_of(path) if re.match("#+ ", line)]
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_links_lead_to_files_and_headings(page):
    path, sections = page
    targets = [link for section in sections for link in links(tables_and_prose(section))]
    own = [target for target in targets if not target.startswith("https://")]
    assert own
    for target in own:
        linked, _, anchor = target.partition("#")
        linked = os.path.normpath(os.path.join(os.path.dirname(path), linked)) if linked else path
        assert os.path.isfile(os.path.join(ROOT, linked)), target
        assert not anchor or anchor in anchors(linked), target


def test_the_table_of_files_has_every_module_and_nothing_that_is_not_there(readme):
    (table,) = [
        rows
        for section in readme
        for rows in section.tables
        if "`ptb_word_lm.py`" in rows[1][0] and len(rows[0]) == 2
    ]
    names = [name for row in table[1:] for name in code_spans(row[0])]
    assert [name for name in names if not os.path.exists(os.path.join(ROOT, name))] == []
    modules = [os.path.basename(path) for path in glob.glob(os.path.join(ROOT, "*.py"))]
    packages = glob.glob(os.path.join(ROOT, "*", "__init__.py"))
    folders = [os.path.basename(os.path.dirname(path)) + "/" for path in packages]
    assert set(modules + folders) <= set(names)


def test_contributing_names_files_that_exist():
    spans = code_spans("\n".join(lines_of("CONTRIBUTING.md")))
    named = [span for span in spans if re.fullmatch(r"[\w./-]+\.(py|md|txt|toml)|[\w/-]+/", span)]
    assert len(named) > 15
    folders = [ROOT, os.path.join(ROOT, "lm")]
    for name in named:
        assert any(os.path.exists(os.path.join(folder, name)) for folder in folders), name


def test_the_readme_is_short(language):
    assert len(lines_of(PAGES["README"][language])) <= 140


# --------------------------------------------------------------------------------------------------
# The two languages
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", PAGES)
def test_both_languages_have_the_same_code_figures_and_links(name):
    english, chinese = read(name, "en"), read(name, "zh-CN")
    assert len(english) == len(chinese) > 5
    other = {"README.zh-CN.md": "README.md", "using.zh-CN.md": "using.md"}
    other["docs/walkthrough.zh-CN.md"] = "docs/walkthrough.md"

    def targets(section):
        found = [re.sub("#.*", "#", link) for link in links(tables_and_prose(section))]
        return {other.get(re.sub(r"using\.zh-CN", "using", link), link) for link in found}

    for one, two in zip(english, chinese):
        title = prose(one).split("\n")[0]
        assert two.blocks == one.blocks, title
        assert [len(rows) for rows in two.tables] == [len(rows) for rows in one.tables], title
        for row, translated in zip(sum(one.tables, []), sum(two.tables, [])):
            assert list(map(code_spans, translated)) == list(map(code_spans, row))
            assert list(map(figures, translated)) == list(map(figures, row))
        assert set(code_spans(prose(two))) == set(code_spans(prose(one))), title
        assert {t.replace(".zh-CN", "") for t in targets(two)} == {
            t.replace(".zh-CN", "") for t in targets(one)
        }, title
        # Figures of one digit may be words in one of the two: "January", "1 月".
        numbers = [[f for f in figures(prose(section)) if len(f) > 1] for section in (one, two)]
        assert sorted(numbers[1]) == sorted(numbers[0]), title


def test_a_chinese_paragraph_is_one_line():
    """A line break would show as a space between two Chinese characters."""
    for section in read("README", "zh-CN") + read("using", "zh-CN"):
        for line, following in zip(section.prose, section.prose[1:]):
            broken = line and following and not line.startswith("#")
            assert not broken or following.startswith("- "), (line, following)


# --------------------------------------------------------------------------------------------------
# Commands and flags
# --------------------------------------------------------------------------------------------------
def flags_of(path):
    """The names of the flags that a file defines, by absl or argparse, read off its text."""
    if path == "lm/train.py":
        return set(vars(train.parse_arguments([])))
    text = "\n".join(lines_of(path))
    names = set(re.findall(r"flags\.DEFINE_\w+\(\s*\"(\w+)\"", text))
    names.update(re.findall(r"\w\(\s*\"--(\w+)\"[,)]", text))
    names.update(re.findall(r"parser\.add_(seed|plot)\(", text))
    if "ptb_word_lm.flags.DEFINE_" in text:  # one more, beside all of the script's
        names |= flags_of("ptb_word_lm.py")
    return names


def commands(section):
    """`(path, arguments)` of what is run with Python, in blocks of code and between backquotes."""
    lines = [line for block in section.blocks for line in block.split("\n")]
    lines += code_spans(tables_and_prose(section))
    for line in lines:
        for command in line.split(" && "):
            command = re.sub(r"^\$ ", "", command)
            if re.match("python ", command):
                words = shlex.split(command)[1:]
                if words[0] == "-m":
                    words = [words[1].replace(".", "/") + ".py"] + words[2:]
                if words[0] not in ("venv.py",):
                    yield words[0], words[1:]


def test_commands_name_files_flags_and_values_that_exist(page):
    found = [command for section in page[1] for command in commands(section)]
    assert len(found) > 8
    for path, arguments in found:
        assert os.path.isfile(os.path.join(ROOT, path)), path
        given = [word[2:].partition("=") for word in arguments if word.startswith("--")]
        for flag, _, value in given:
            assert flag in flags_of(path), (path, flag)
            assert flag != "model" or value in configs.CONFIGS, (path, value)
            assert flag != "change" or value in published_numbers.CHANGES, (path, value)
        if path == "ptb_word_lm.py":
            assert flags.FLAGS([path] + arguments) == [path]  # or an error, for a wrong value
        elif path in ("lm/train.py", "lm/generate.py") and arguments:
            module = train if path == "lm/train.py" else generate
            if "--save_path" not in arguments:  # a flag that the prose names without a value
                module.parse_arguments(arguments)  # or an error, for a wrong value


def test_flags_in_the_prose_exist(page):
    paths = ["ptb_word_lm.py", "lm/train.py", "lm/generate.py"]
    for folder in ("study", "data"):
        paths += glob.glob(os.path.join(ROOT, folder, "*.py"))
    defined = set().union(*map(flags_of, paths)) | {"help", "logdir"}
    spans = [span for section in page[1] for span in code_spans(tables_and_prose(section))]
    named = [name for span in spans for name in re.findall(r"(?<!\S)--(\w+)", span)]
    assert len(named) > 5
    assert set(named) <= defined


def test_the_flags_of_training_are_in_the_page(using):
    """In a table with their defaults, and the attributes of the configuration in a sentence."""
    rows = sum((rows for section in using for rows in section.tables), [])
    rows = [row for row in rows if re.match(r"`--\w+`$", row[0])]
    defaults = vars(train.parse_arguments([]))
    names = [row[0].strip("`-") for row in rows]
    assert sorted(names + list(configs.ATTRIBUTES)) == sorted(defaults)
    text = "".join(prose(section) for section in using)
    assert all("`--%s`" % name in text for name in configs.ATTRIBUTES)
    for name, (_, default, meaning) in zip(names, rows):
        if default in WORDED_DEFAULTS:
            assert WORDED_DEFAULTS[default] == defaults[name], name
        else:
            assert default.strip("`") == defaults[name], name
        if name == "model":
            assert set(code_spans(meaning)) == set(configs.CONFIGS), name
        if name == "cell":
            assert set(code_spans(default + meaning)) == set(configs.CELLS), name


# What cmd or PowerShell take in another way than the shells of Linux and macOS: a command that goes
# on in the next line, two in one line, a pipe, a comment, single quotes, a comma outside of quotes.
OF_ONE_SHELL = re.compile(
    r"""\\$|&&|\||;|\$\(|\bgrep\b|\bcat\b|^\$ | # |'|^[^"]*(?:"[^"]*"[^"]*)*,|^[^"]*"[^"]*$"""
)
COMMAND = (
    r"(?:\$ |\w+=\S* )*(?:\.venv\S*|python3?|pip|pytest|ruff|tox|make|tar|cat|grep|tensorboard) .*"
)


def command_lines(text):
    """The lines of a document's blocks that are commands."""
    lines = re.findall(r"^ *(%s)$" % COMMAND, text, flags=re.MULTILINE)
    return [line for line in lines if not re.search(r"`|\.$", line)]


@pytest.mark.parametrize(
    "command",
    [
        'python -c "',
        "python x.py --a=1 && python y.py",
        "python x.py | grep y",
        "python x.py \\",
        "python x.py --workers=a:1,b:2",
        "python x.py  # why",
        "python x.py --prompt='a b'",
        "$ python x.py",
        "cat FILE",
    ],
)
def test_what_only_one_shell_takes_is_seen(command):
    assert command_lines("Type this:\n\n    %s\n" % command) == [command]
    assert OF_ONE_SHELL.search(command)


@pytest.mark.parametrize(
    "path",
    ["README.md", "README.zh-CN.md", "CONTRIBUTING.md"]
    + sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "docs", "*.md"))),
)
def test_every_shell_takes_the_commands(path):
    text = "\n".join(lines_of(path))
    lines = command_lines(text)
    assert [line for line in lines if OF_ONE_SHELL.search(line)] == []
    # A variable that is set for one command has its variant for Windows beside it.
    variables = re.findall(r"^(\w+)=", "\n".join(lines), flags=re.MULTILINE)
    assert [name for name in variables if "$env:%s" % name not in text] == []


def test_the_program_that_segments_chinese_writes_a_corpus(using, tmp_path, monkeypatch):
    """With a stand-in for jieba that cuts before every second character."""
    blocks = [block for section in using for block in section.blocks]
    (program,) = [block for block in blocks if "import jieba" in block]
    jieba = types.SimpleNamespace(cut=lambda line: re.findall("..?", line))
    monkeypatch.setitem(sys.modules, "jieba", jieba)
    monkeypatch.chdir(tmp_path)
    lines = ["我是学生%s" % "。" * (n % 2) for n in range(40)]
    (tmp_path / "novel.txt").write_text("\n\n".join(lines), encoding="utf-8")
    exec(compile(program, "segment.py", "exec"), {})
    texts = [(tmp_path / "novel" / ("ptb.%s.txt" % split)) for split in reader.SPLITS]
    written = [text.read_text(encoding="utf-8").splitlines() for text in texts]
    assert sum(written, []) == [" ".join(jieba.cut(line)) for line in lines if line]
    assert [len(part) for part in written] == [16, 2, 2]
    *_, vocabulary = reader.ptb_raw_data(str(tmp_path / "novel"))
    assert vocabulary == 4  # 我是, 学生, 。 and <eos>


# --------------------------------------------------------------------------------------------------
# Runs
# --------------------------------------------------------------------------------------------------
def last(log, what):
    """The last line of a log that reports this."""
    return [line for line in log if what in line][-1]


def test_the_run_on_the_corpus_that_ships_is_the_logged_one(readme):
    log = lines_of("docs/sample-small-seed1.log")
    blocks = [block for section in readme for block in section.blocks]
    (block,) = [block for block in blocks if "Epoch: 1 " in block]
    shown = block.split("\n\n")[1].split("\n")
    end = [last(log, "Train Perplexity"), last(log, "Valid Perplexity"), log[-1]]
    length = shown.index("...")
    assert length > 1
    assert shown == log[:length] + ["..."] + end


def test_the_penn_treebank_rows_are_the_ends_of_their_logs(readme):
    rows = sum((rows for section in readme for rows in section.tables), [])
    for words, name in (
        ("python ptb_word_lm.py --data_path=PTB --seed=1", "ptb-small-seed1.log"),
        ("python -m lm.train --data_path=PTB --seed=1", "ptb-small-block-seed1.log"),
        ("--use_bf16", "ptb-small-block-bf16-seed1.log"),
    ):
        (row,) = [row for row in rows if words in row[0] and len(row) == 4]
        log = lines_of(os.path.join("docs", name))
        ends = [last(log, "Train Perplexity"), last(log, "Valid Perplexity"), log[-1]]
        assert [line.split(": ")[-1] for line in ends] == row[1:]


def test_scoring_the_test_text_is_said_to_give_the_logged_perplexity(using):
    (section,) = [
        section
        for section in using
        if "`ptb.test.txt`" in prose(section) and "`--score=FILE`" in prose(section)
    ]
    assert lines_of("docs/ptb-small-block-seed1.log")[-1].split(": ")[-1] in figures(prose(section))


def test_the_results_are_those_of_their_logs():
    with open(os.path.join(ROOT, "docs", "results.md"), encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("|") and "[log](" in line]
    assert len(rows) > 10
    for row in rows:
        log = lines_of(os.path.join("docs", re.search(r"\[log\]\((.*?)\)", row).group(1)))
        ends = [last(log, what) for what in ("Train Perplexity", "Valid Perplexity")]
        ends += [line for line in log if line.startswith("Test Perplexity: ")]
        assert len(ends) == 3
        assert " | ".join(line.split(": ")[-1] for line in ends) in row, row


@pytest.mark.parametrize("folder", ["", "docs", "study", "lm"])
def test_nothing_is_left_to_be_filled_in(folder):
    for path in glob.glob(os.path.join(ROOT, folder, "*.md")) + glob.glob(
        os.path.join(ROOT, folder, "*.py")
    ):
        with open(path, encoding="utf-8") as file:
            assert not re.search(r"@[A-Z]|\b(TODO|FIXME|XXX)\b", file.read()), path
