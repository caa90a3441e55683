"""What the README says, in English and Chinese, of files, flags and runs is so."""

import collections
import glob
import os
import re
import shlex

import pytest
from absl import flags
from commands import ROOT

import configs
from study import published_numbers

README = {"en": "README.md", "zh-CN": "README.zh-CN.md"}

# The defaults in the table of flags that are not a value in backquotes.
WORDED_DEFAULTS = {
    "the corpus that ships": os.path.join(ROOT, "data", "sample"),
    "not saved": None,
    "the configuration's, 1.0": None,
    "off": False,
    "another one each time": None,
    "项目自带的语料": os.path.join(ROOT, "data", "sample"),
    "不保存": None,
    "配置里的值，1.0": None,
    "关": False,
    "每次都不同": None,
}

# A section: its prose (a list of lines), its blocks of code (texts) and its tables (lists of rows).
Section = collections.namedtuple("Section", "prose blocks tables")


def lines_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read().splitlines()


def read(language):
    """The sections of a README, the lines above the first heading of level 2 being one as well."""
    sections = [Section([], [], [])]
    fenced, block, before = False, None, ""
    for line in lines_of(README[language]):
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


@pytest.fixture(params=README)
def sections(request):
    return read(request.param)


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


def test_links_lead_to_files_and_headings(sections):
    targets = [link for section in sections for link in links(tables_and_prose(section))]
    own = [target for target in targets if not target.startswith("https://")]
    assert len(own) > 8
    for target in own:
        path, _, anchor = target.partition("#")
        assert os.path.isfile(os.path.join(ROOT, path)), target
        assert not anchor or anchor in anchors(path), target


def test_the_table_of_files_has_every_module_and_nothing_that_is_not_there(sections):
    (table,) = [
        rows
        for section in sections
        for rows in section.tables
        if "`ptb_word_lm.py`" in rows[1][0] and len(rows[0]) == 2
    ]
    names = [name for row in table[1:] for name in code_spans(row[0])]
    assert [name for name in names if not os.path.exists(os.path.join(ROOT, name))] == []
    modules = [os.path.basename(path) for path in glob.glob(os.path.join(ROOT, "*.py"))]
    assert set(modules) <= set(names)


# --------------------------------------------------------------------------------------------------
# The two languages
# --------------------------------------------------------------------------------------------------
def test_both_languages_have_the_same_code_figures_and_links():
    english, chinese = read("en"), read("zh-CN")
    assert len(english) == len(chinese) > 5
    other = {"README.zh-CN.md": "README.md"}
    for one, two in zip(english, chinese):
        name = prose(one).split("\n")[0]
        assert two.blocks == one.blocks, name
        assert [len(rows) for rows in two.tables] == [len(rows) for rows in one.tables], name
        for row, translated in zip(sum(one.tables, []), sum(two.tables, [])):
            assert list(map(code_spans, translated)) == list(map(code_spans, row))
            assert list(map(figures, translated)) == list(map(figures, row))
        assert set(code_spans(prose(two))) == set(code_spans(prose(one))), name
        targets = [other.get(target, target) for target in links(tables_and_prose(one))]
        assert sorted(links(tables_and_prose(two))) == sorted(targets), name
        # Figures of one digit may be words in one of the two: "January", "1 月".
        numbers = [[f for f in figures(prose(section)) if len(f) > 1] for section in (one, two)]
        assert sorted(numbers[1]) == sorted(numbers[0]), name


def test_a_chinese_paragraph_is_one_line():
    """A line break would show as a space between two Chinese characters."""
    for section in read("zh-CN"):
        for line, following in zip(section.prose, section.prose[1:]):
            broken = line and following and not line.startswith("#")
            assert not broken or following.startswith("- "), (line, following)


# --------------------------------------------------------------------------------------------------
# Commands and flags
# --------------------------------------------------------------------------------------------------
def flags_of(path):
    """The names of the flags that a file defines, by absl or argparse, read off its text."""
    text = "\n".join(lines_of(path))
    names = set(re.findall(r"flags\.DEFINE_\w+\(\s*\"(\w+)\"", text))
    names.update(re.findall(r"\w\(\s*\"--(\w+)\"[,)]", text))
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
            if re.match(r"python |[\w/]+\.py -", command):
                words = [word for word in shlex.split(command) if word != "python"]
                if words[0] == "-m":
                    words = [words[1].replace(".", "/") + ".py"] + words[2:]
                if words[0] != "venv.py":
                    yield words[0], words[1:]


def test_commands_name_files_flags_and_values_that_exist(sections):
    found = [command for section in sections for command in commands(section)]
    assert len(found) > 15
    for path, arguments in found:
        assert os.path.isfile(os.path.join(ROOT, path)), path
        given = [word[2:].partition("=") for word in arguments if word.startswith("--")]
        for flag, _, value in given:
            assert flag in flags_of(path), (path, flag)
            assert flag != "model" or value in configs.CONFIGS, (path, value)
            assert flag != "change" or value in published_numbers.CHANGES, (path, value)
        if path == "ptb_word_lm.py":
            assert flags.FLAGS([path] + arguments) == [path]  # or an error, for a wrong value


def test_flags_in_the_prose_exist(sections):
    paths = ["ptb_word_lm.py", "generate.py"] + glob.glob(os.path.join(ROOT, "study", "*.py"))
    defined = set().union(*map(flags_of, paths))
    spans = [span for section in sections for span in code_spans(tables_and_prose(section))]
    named = [name for span in spans for name in re.findall(r"(?<!\S)--(\w+)", span)]
    assert len(named) > 20
    assert set(named) <= defined


def test_the_table_of_flags_is_the_scripts(sections):
    rows = sum((rows for section in sections for rows in section.tables), [])
    rows = [row for row in rows if re.match(r"`--\w+`$", row[0])]
    names = [row[0].strip("`-") for row in rows]
    assert sorted(names) == sorted(flags_of("ptb_word_lm.py"))
    for name, (_, default, meaning) in zip(names, rows):
        flag = flags.FLAGS[name]
        if default.startswith("`"):
            assert default.strip("`") == flag.default, name
        else:
            assert WORDED_DEFAULTS[default] == flag.default, name
        if name == "learning_rate":
            (rate,) = figures(default)
            assert {float(rate)} == {make().learning_rate for make in configs.CONFIGS.values()}
        if isinstance(flag.parser, flags.EnumParser):
            assert set(code_spans(default + meaning)) == set(flag.parser.enum_values), name
        if name == "model":
            assert set(code_spans(meaning)) == set(configs.CONFIGS) | {"configs.py"}


# --------------------------------------------------------------------------------------------------
# Runs
# --------------------------------------------------------------------------------------------------
def last(log, what):
    """The last line of a log that reports this."""
    return [line for line in log if what in line][-1]


def test_the_run_on_the_corpus_that_ships_is_the_logged_one(sections):
    log = lines_of("docs/sample-small-seed1.log")
    blocks = [block for section in sections for block in section.blocks]
    (shown,) = [block.split("\n") for block in blocks if block.startswith("Epoch: 1 ")]
    end = [last(log, "Train Perplexity"), last(log, "Valid Perplexity"), "..."] + log[-2:]
    length = shown.index("...")
    assert length > 1
    assert shown == log[:length] + ["..."] + end


def test_the_penn_treebank_rows_are_the_ends_of_their_logs(sections):
    rows = sum((rows for section in sections for rows in section.tables), [])
    for flag, name in (
        ("--data_path=PTB --seed=1", "ptb-small-seed1.log"),
        ("--rnn_mode=block --use_bf16", "ptb-small-block-bf16-seed1.log"),
    ):
        (row,) = [row for row in rows if flag in row[0] and len(row) == 5]
        log = lines_of(os.path.join("docs", name))
        ends = [last(log, "Train Perplexity"), last(log, "Valid Perplexity"), log[-1]]
        assert [line.split(": ")[-1] for line in ends] == row[1:4]


def test_scoring_the_test_text_is_said_to_give_the_logged_perplexity(sections):
    (section,) = [
        section
        for section in sections
        if "`ptb.test.txt`" in prose(section) and "`generate.py`" in prose(section)
    ]
    assert lines_of("docs/ptb-small-seed1.log")[-1].split(": ")[-1] in figures(prose(section))


def test_the_results_are_those_of_their_logs():
    with open(os.path.join(ROOT, "docs", "results.md"), encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("|") and "[log](" in line]
    assert len(rows) > 10
    for row in rows:
        with open(os.path.join(ROOT, "docs", re.search(r"\[log\]\((.*?)\)", row).group(1))) as file:
            log = file.read()
        ends = [
            "Epoch: 13 Train Perplexity: ",
            "Epoch: 13 Valid Perplexity: ",
            "\nTest Perplexity: ",
        ]
        figures = [re.search(end + r"([0-9.]+)\n", log).group(1) for end in ends]
        assert " | ".join(figures) in row, row


@pytest.mark.parametrize("folder", ["", "docs", "study"])
def test_nothing_is_left_to_be_filled_in(folder):
    for path in glob.glob(os.path.join(ROOT, folder, "*.md")) + glob.glob(
        os.path.join(ROOT, folder, "*.py")
    ):
        with open(path, encoding="utf-8") as file:
            assert not re.search(r"@[A-Z]|\b(TODO|FIXME|XXX)\b", file.read()), path
