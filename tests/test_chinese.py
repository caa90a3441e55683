"""The Chinese pages say what the English ones say, as far as a program can compare them.

docs/errata, docs/results and docs/walkthrough are compared here, section by section and cell by
cell. test_readme.py compares README and docs/using, test_from_tensorflow_1.py compares its page.
What all Chinese pages have in common is checked here: links, lines, punctuation and terms.
"""

import collections
import glob
import os
import re

import pytest
from commands import ROOT
from documents import read

pytestmark = pytest.mark.docs

CHINESE = sorted(
    os.path.relpath(path, ROOT).replace(os.sep, "/")
    for folder in ("", "docs")
    for path in glob.glob(os.path.join(ROOT, folder, "*.zh-CN.md"))
)

# A section: the level of its heading, its prose (lines, the heading is the first), its blocks of
# code and the rows of its tables (lists of cells).
Section = collections.namedtuple("Section", "level prose blocks rows")


def english(path):
    return path.replace(".zh-CN", "")


def split(text):
    """The sections of a page; what is above the first heading is one as well."""
    sections, fenced = [Section(0, [], [], [])], False
    for line in text.splitlines():
        here = sections[-1]
        if line.startswith("```"):
            fenced = not fenced
        if fenced or line.startswith(("```", "    ")):
            here.blocks.append(line)
        elif re.match("#+ ", line):
            sections.append(Section(line.index(" "), [line], [], []))
        elif line.startswith("|"):
            here.rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        else:
            here.prose.append(line)
    assert not fenced, "a block of code without an end"
    return sections


def code_spans(text):
    """What stands in backticks, double ones too."""
    return {a or b for a, b in re.findall(r"`` (.+?) ``|`([^`]+)`", text)}


def links(text):
    """The targets, those in Chinese as their counterparts, headings as #."""
    return [english(re.sub("#.*", "#", link)) for link in re.findall(r"\]\((.+?)\)", text)]


def figures(text):
    """The figures of more than one digit; Chinese writes months and small numbers in digits."""
    text = re.sub(r"\d+ 月", "", re.sub(r"`` .+? ``|`[^`]+`|\]\(.+?\)", "", text))
    text = re.sub(r"(\d)\.(\d\d) million", r"\1\2 万", text)
    found = re.findall(r"\d+(?:[.,]\d+)*(?:e-\d+)?", text)
    return collections.Counter(figure for figure in found if len(figure) > 1)


# --------------------------------------------------------------------------------------------------
# Errata, results and walkthrough against their counterparts
# --------------------------------------------------------------------------------------------------
@pytest.fixture(params=["errata", "results", "walkthrough"])
def page(request):
    """The text of an English page, and its sections, each with its Chinese counterpart."""
    text = read("docs", request.param + ".md")
    one, two = split(text), split(read("docs", request.param + ".zh-CN.md"))
    assert [section.level for section in two] == [section.level for section in one]
    assert len(one) > 3
    return text, list(zip(one, two))


def unknown(spans, text):
    return [span for span in spans if span not in text]


def test_the_sections_have_the_same_code_figures_and_links(page):
    whole, pairs = page
    for one, two in pairs:
        assert two.blocks == one.blocks, two.prose[0]
        text, translated = "\n".join(one.prose), "\n".join(two.prose)
        # One of the two may name a thing where the other has a pronoun.
        assert code_spans(text) <= code_spans(translated), two.prose[0]
        assert unknown(code_spans(translated), whole) == [], two.prose[0]
        assert set(figures(translated)) == set(figures(text)), two.prose[0]
        assert sorted(links(translated)) == sorted(links(text)), two.prose[0]


def test_the_tables_have_the_same_rows(page):
    whole, pairs = page
    assert sum(len(two.rows) for _, two in pairs) > 40
    for one, two in pairs:
        assert len(two.rows) == len(one.rows), two.prose[0]
        for row, translated in zip(one.rows, two.rows):
            assert list(map(figures, translated)) == list(map(figures, row)), translated
            assert list(map(links, translated)) == list(map(links, row)), translated
            if "](../tests/" in row[-1]:  # the errata, in sentences
                spans = code_spans(" | ".join(translated))
                assert code_spans(" | ".join(row)) <= spans, translated
                outside = code_spans(re.sub("「.+?」", "", " | ".join(translated)))
                assert unknown(outside, whole) == [], translated
            else:
                assert list(map(code_spans, translated)) == list(map(code_spans, row)), translated


def test_the_errata_have_the_same_places_quotations_and_checks():
    pages = [read("docs", name) for name in ("errata.md", "errata.zh-CN.md")]
    one, two = [[row for section in split(page) for row in section.rows] for page in pages]
    assert len(two) == len(one) > 40
    for (where, blog, _, checked), (place, quoted, _, how) in zip(one, two):
        if where not in ("where", "---"):
            place = place.replace("代码开头", "Code, start").replace("代码", "Code")
            assert place.replace("、", ", ") == where
            assert set(re.findall("「(.+?)」", blog)) <= set(re.findall("「(.+?)」", quoted)), (
                quoted
            )
            assert ("未运行" in how) == ("not run" in checked), how
    tests = [re.findall(r"\[[\w ]+\]\(\.\./tests/\w+\.py#L\d+\)", page) for page in pages]
    assert tests[0] == tests[1]


# --------------------------------------------------------------------------------------------------
# All Chinese pages
# --------------------------------------------------------------------------------------------------
@pytest.fixture(params=CHINESE)
def path(request):
    return request.param


def without_code(text):
    """The text, with an x in place of code, addresses and quotations of the blog."""
    text = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^    .*", "", text, flags=re.MULTILINE)
    return re.sub(r"`` .+? ``|`[^`\n]+`|「.+?」|(?<=\])\(.+?\)", "x", text)


def test_what_a_reader_of_the_blog_needs_is_in_chinese():
    names = "errata from-tensorflow-1 results using walkthrough".split()
    assert CHINESE == ["README.zh-CN.md"] + ["docs/%s.zh-CN.md" % name for name in names]


def test_each_language_leads_to_the_other_at_the_top(path):
    name = os.path.basename(path)
    assert "[English](%s)" % english(name) in "".join(read(path).splitlines()[:3])
    assert "[中文](%s)" % name in "".join(read(english(path)).splitlines()[:3])


def anchors(path):
    """The anchors that GitHub gives to the headings of a page."""
    headings = [re.sub("^#+ ", "", line) for line in read(path).splitlines() if line[:1] == "#"]
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_links_lead_to_headings_and_to_chinese_pages(path):
    text = re.sub(r"\[English\]\(.+?\)", "", read(path))
    targets = [t for t in re.findall(r"\]\((.+?)\)", text) if not t.startswith("https://")]
    for target in targets:
        linked, _, anchor = target.partition("#")
        linked = os.path.normpath(os.path.join(os.path.dirname(path), linked)) if linked else path
        linked = linked.replace(os.sep, "/")
        assert os.path.isfile(os.path.join(ROOT, linked)), target
        assert linked.replace(".md", ".zh-CN.md") not in CHINESE, target
        if linked.endswith(".md"):
            assert not anchor or anchor in anchors(linked), target


def test_a_paragraph_is_one_line(path):
    """A line break would show as a space between two Chinese characters."""
    text = re.sub(r"^ *```.*?^ *```", "", read(path), flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in text.splitlines() if not line.startswith("    ")]
    for line, following in zip(lines, lines[1:]):
        item = re.match(r" *(- |\d+\. |\|)", following)
        assert not line or not following or item, (line, following)


HAN = "[\u4e00-\u9fff]"
MARKS = "，。：；！？、（）“”「」"


def test_punctuation_beside_chinese_is_chinese(path):
    for line in without_code(read(path)).splitlines():
        assert not re.search(r"%s[.,;:?!(]|[,;:?!)]%s" % (HAN, HAN), line), line
        unquoted = re.sub("“.+?”", "", line)  # a segmented text, for one
        assert not re.search("%s +%s" % (HAN, HAN), unquoted), line


def test_bold_text_ends_where_it_should(path):
    """Markdown does not end it between a mark of punctuation and a character."""
    text = without_code(read(path))
    assert not re.search(r"\*\*[^*\n]+[%s]\*\*(?=[^\s%s])" % (MARKS, MARKS), text)


# One word for one thing: what the pages do not say, and what they say instead.
TERMS = {
    "代价": "总损失（cost）",
    "语法": "文法",
    "今天的": "新版",
    "构图|构建计算图": "建图",
    "学习者": "初学者",
    "词向量": "词嵌入",
    "命令行参数": "选项",
    "沿时间反向传播|按时间反向传播": "随时间反向传播",
    "细胞状态|记忆单元": "单元状态",
    "说出": "生成，预测",
    "去要": "取",
    "批次": "批",
    "拷": "复制",
}


def test_one_word_stands_for_one_thing(path):
    text = without_code(read(path))
    for pattern, term in TERMS.items():
        assert not re.search(pattern, text), "%s: write %s" % (pattern, term)
