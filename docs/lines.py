"""Sets the line numbers of the links in the walkthrough and the errata, in both languages.

    python -m docs.lines

Run it after lines of a quoted file or of a test have moved. A quotation is a block of code whose
head names a file. The line above the block links to the place, as in
`[reader.py, line 5](../reader.py#L5)`. The errata link tests by their names, as in
`[mixed tabs](../tests/test_errata.py#L127)`.
"""

import os
import re
import textwrap

from lm import command_line

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(FOLDER)
# A link, the head of a block of code, the file that it names, and the quotation.
QUOTATION = r"^(\[.+\]\(.+#L\d+\))\n(```\w+ (\S+))\n((?:.*\n)*?.*)\n```$"
# A link to a test, and the file.
TEST = r"\[([\w ]+)\]\(\.\./(tests/\w+\.py)#L\d+\)"
PAGES = ("walkthrough.md", "walkthrough.zh-CN.md", "errata.md", "errata.zh-CN.md")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def find(quotation, path):
    """Returns the numbers of the lines of a file at which a quotation begins.

    The indentation that all quoted lines have in common does not count.
    """
    lines = read(os.path.join(ROOT, path)).splitlines()
    length = len(quotation.splitlines())
    return [
        start + 1
        for start in range(len(lines) - length + 1)
        if textwrap.dedent("\n".join(lines[start : start + length])) == quotation
    ]


def renumber(page):
    """Returns the text of a page with the right number in each link above a quotation.

    A quotation that does not stand in its file keeps the number that its link has.
    """

    def replace(match):
        link, head, path, quotation = match.groups()
        numbers = find(textwrap.dedent(quotation), path)
        if numbers:
            link = re.sub(r"\d+(?=\D*\]\(|\)$)", str(numbers[0]), link)
        return "%s\n%s\n%s\n```" % (link, head, quotation)

    return re.sub(QUOTATION, replace, page, flags=re.MULTILINE)


def renumber_tests(page):
    """Returns the text of a page with the right number in each link to a test.

    A link to a test that does not exist keeps its number.
    """

    def replace(match):
        words, path = match.groups()
        head = "def test_%s(" % words.replace(" ", "_")
        lines = read(os.path.join(ROOT, path)).splitlines()
        numbers = [n for n, line in enumerate(lines, 1) if line.startswith(head)]
        return "[%s](../%s#L%d)" % (words, path, numbers[0]) if numbers else match.group()

    return re.sub(TEST, replace, page)


def main():
    command_line.Parser(__doc__).parse_args()
    for name in PAGES:
        path = os.path.join(FOLDER, name)
        page = read(path)
        new = renumber_tests(renumber(page))
        if new != page:
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(new)
            print("%s: line numbers set" % name)


if __name__ == "__main__":
    main()
