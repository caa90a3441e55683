"""Sets the line numbers of the links above the quotations in the walkthrough, in both languages.

    python -m docs.lines

Run it after lines of a quoted file have moved. A quotation is a block of code whose head names a
file; the line above the block links to the place, `[reader.py, line 5](../reader.py#L5)`.
"""

import os
import re
import textwrap

from lm import command_line

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(FOLDER)
# A link, the head of a block of code, the file that it names, and the quotation.
QUOTATION = r"^(\[.+\]\(.+#L\d+\))\n(```\w+ (\S+))\n((?:.*\n)*?.*)\n```$"
PAGES = ("walkthrough.md", "walkthrough.zh-CN.md")


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


def main():
    command_line.Parser(__doc__).parse_args()
    for name in PAGES:
        path = os.path.join(FOLDER, name)
        page = read(path)
        new = renumber(page)
        if new != page:
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(new)
            print("%s: line numbers set" % name)


if __name__ == "__main__":
    main()
