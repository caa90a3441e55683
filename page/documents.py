"""Turns parts of the walkthrough into HTML, with equations in MathML and highlighted code.

The page shows the walkthrough's own text and the source's own code. Nothing is written twice.
"""

import functools
import html
import os
import re
import urllib.parse

import latex2mathml.converter
import markdown_it
import pygments
import pygments.formatters
import pygments.lexers

from docs import figures

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LANGUAGES = ("en", "zh")
WALKTHROUGH = {"en": "docs/walkthrough.md", "zh": "docs/walkthrough.zh-CN.md"}
# Where the page's links to files of the project lead.
REPOSITORY = "../../"
# Files that the page shows itself, and where it has their lines.
LINES = {"ptb_word_lm.py": "#side/L", "reader.py": "#side/reader.py/L"}


@functools.lru_cache(maxsize=None)
def read(path):
    """Returns the text of a file of the project; `path` is relative to its folder."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def section(number, language):
    """Returns the Markdown of a section of the walkthrough, without its heading.

    Args:
        number: as the headings have it, such as "2.2", "0", "Code 1.1", "Code A" or "Q12".
        language: "en" or "zh".

    Raises:
        KeyError: if the walkthrough has no such section.
    """
    name = r"(?:Section |第 )%s\b" % re.escape(number)
    if number.startswith("Code "):
        name = r"(?:Code |代码 )%s\b" % re.escape(number[len("Code ") :])
    elif number.startswith("Q"):
        name = r"(?:问题 )?%s\b" % re.escape(number)
    text = re.sub(r"^```.*?^```$", _hide_headings, read(WALKTHROUGH[language]), flags=re.M | re.S)
    found = re.search(r"^#+ %s(?!\.\d).*\n((?:(?!#).*\n?)*)" % name, text, flags=re.M)
    if not found:
        raise KeyError("no section %s in %s" % (number, WALKTHROUGH[language]))
    return found.group(1).replace(_HIDDEN, "#").strip()


_HIDDEN = "\ue000"  # stands for the "#" of comments in code, which are not headings


def _hide_headings(match):
    return re.sub("^#", _HIDDEN, match.group(0), flags=re.M)


@functools.lru_cache(maxsize=None)
def headings(path):
    """Returns the sections of a document: `{GitHub's anchor: (heading, Markdown without it)}`."""
    text = re.sub(r"^```.*?^```$", _hide_headings, read(path), flags=re.M | re.S)
    table = {}
    for heading, body in re.findall(r"^#+ (.*)\n((?:(?!#).*\n?)*)", text, flags=re.M):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        table[anchor] = (heading, body.replace(_HIDDEN, "#").strip())
    return table


def link_sections(markdown, path):
    """Makes links of the document's own sections that a text names, as in "(Section 6.2)"."""

    def link(match):
        begins = (match.group() + ". ", match.group() + "：")  # of the heading
        for anchor, (heading, _) in headings(path).items():
            if heading.startswith(begins):
                return "[%s](#%s)" % (match.group(), anchor)
        return match.group()

    return re.sub(r"(?<!\[)(?<!博客)(?:Section \d(?:\.\d)?|第 \d(?:\.\d)? 节)", link, markdown)


def linked_section(anchor):
    """Returns a section of the walkthrough for the page's dialog: `{"heading": ..., "html": ...}`.

    Raises:
        KeyError: if the walkthrough has no such anchor, in neither language.
    """
    for path in WALKTHROUGH.values():
        if anchor in headings(path):
            heading, body = headings(path)[anchor]
            return {"heading": render_line(heading, path), "html": render(body, path)}
    raise KeyError("no anchor #%s in the walkthrough" % anchor)


def equations(markdown):
    """Returns the LaTeX of the blocks of equations in a Markdown text, in their order."""
    return [block.strip() for block in re.findall(r"^```math\n(.*?)^```$", markdown, re.M | re.S)]


def mathml(latex, display=True):
    """Turns an equation in LaTeX into MathML."""
    return latex2mathml.converter.convert(latex, display="block" if display else "inline")


def code(text, language):
    """Turns source code into highlighted HTML; `language` is a name that Pygments knows."""
    lexer = pygments.lexers.get_lexer_by_name(language, stripnl=False)
    formatter = pygments.formatters.HtmlFormatter(nowrap=True)
    return "<pre><code>%s</code></pre>\n" % pygments.highlight(text, lexer, formatter).rstrip("\n")


def _fence(tokens, index, options, environment):
    """Renders a block of code; the words after ``` are its language and its file."""
    language = (tokens[index].info.split() or ["text"])[0]
    if language == "math":
        return '<div class="equation">%s</div>\n' % mathml(tokens[index].content.strip())
    return code(tokens[index].content, language)


def _link_open(tokens, index, options, environment):
    """Renders a link. Links of the walkthrough are relative to docs/, the page's to page/built/.

    What the page shows itself opens there: lines of LINES, parts of the script, and in a dialog
    (`data-section`) all other sections of the walkthrough.
    """
    address = tokens[index].attrs["href"]
    if "://" in address:
        return '<a href="%s">' % html.escape(address)
    if address.startswith("#"):
        address = REPOSITORY + environment["path"] + address
    else:
        folder = os.path.dirname(environment["path"])
        address = REPOSITORY + os.path.normpath(os.path.join(folder, address)).replace("\\", "/")
    path, _, place = address[len(REPOSITORY) :].partition("#")
    place = urllib.parse.unquote(place)
    if path in LINES and place.startswith("L"):
        address = LINES[path] + place[1:]
    elif path in WALKTHROUGH.values() and place:
        part = re.match(r"(?:Code |代码 )([A-C]|\d(?:\.\d)?)", headings(path)[place][0])
        if not part:
            return '<a href="%s" data-section="%s">' % (html.escape(address), html.escape(place))
        address = "#side/" + part.group(1)
    return '<a href="%s">' % html.escape(address)


def _code_inline(tokens, index, options, environment):
    """Renders code in a line of text, and keeps each flag in it on one line."""
    text = html.escape(tokens[index].content, quote=False)
    text = re.sub(r"(?<!\S)--\S{1,30}(?!\S)", r'<span class="whole">\g<0></span>', text)
    return "<code>%s</code>" % text


def _image(tokens, index, options, environment):
    """Renders a drawing as part of the page, so that it follows the page's light and dark."""
    token = tokens[index]
    folder = os.path.dirname(environment["path"])
    drawing = read(os.path.normpath(os.path.join(folder, token.attrs["src"])))
    drawing = re.sub(r"<style>.*?</style>\n|<(title|desc) .*?</\1>\n", "", drawing, flags=re.S)
    drawing = re.sub(' role="img"| aria-labelledby="[^"]*"', "", drawing)
    return '<span class="drawing" role="img" aria-label="%s">%s</span>' % (
        html.escape(token.content),
        re.sub(' id="[^"]*"', "", drawing) if "url(#" not in drawing else drawing,
    )


def drawing_style():
    """Returns the style of the drawings, with the colours of docs/figures.py."""
    lines = [".drawing text { fill: currentColor }"]
    for mode, first in (("", 0), ('[data-theme="dark"] ', 1)):
        for name, colours in figures.INKS.items():
            lines.append("%s.drawing .%s { color: %s }" % (mode, name, colours[first]))
        for name, colours in figures.BOXES.items():
            fill, edge = colours[2 * first : 2 * first + 2]
            lines.append("%s.drawing .%s { fill: %s; stroke: %s }" % (mode, name, fill, edge))
    return "\n".join(lines) + "\n"


def _table_open(tokens, index, options, environment):
    return '<div class="table"><table>\n'


def _table_close(tokens, index, options, environment):
    return "</table></div>\n"


@functools.lru_cache(maxsize=None)
def _markdown():
    parser = markdown_it.MarkdownIt("commonmark").enable("table")
    for rule in (_fence, _link_open, _code_inline, _image, _table_open, _table_close):
        parser.renderer.rules[rule.__name__[1:]] = rule
    return parser


def render(markdown, path="docs/walkthrough.md"):
    """Turns Markdown into HTML.

    Args:
        markdown: the text.
        path: the file that it comes from, relative to the project; its links start there.
    """
    return _markdown().render(markdown, {"path": path})


def render_line(markdown, path="page/words.py"):
    """Turns one line of Markdown into HTML without a paragraph around it."""
    return _markdown().renderInline(markdown, {"path": path})
