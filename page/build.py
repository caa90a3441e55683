"""Builds the page: a folder of static files that opens from disk and needs no network.

    python -m page.build             # writes page/built/, the same bytes every time
    python -m page.build --to=DIR    # writes into another folder

A view of the page is a name in VIEWS. Its files are page/views/NAME.css, NAME.js and further
scripts NAME_*.js, and NAME.py if it needs data: the function `data()` there returns what the page
finds in `Page.data.NAME`. The words of all views stand in page/words.py. ES modules do not load
from disk, so that all scripts are plain ones, and data are scripts as well.
"""

import fnmatch
import importlib
import json
import os
import re

import console

if __name__ == "__main__":
    console.hush_tensorflow()

from lm import command_line
from page import documents, words

FOLDER = os.path.dirname(os.path.abspath(__file__))
BUILT = os.path.join(FOLDER, "built")
VIEWS = ("side", "batch", "lstm")  # in the order of the navigation; the first one opens first

# The classes of Pygments that have a colour, and the variable of page.css with that colour.
CODE_COLOURS = {
    "code-keyword": ".k .kn .kd .kr .ow .kc .kp",
    "code-string": ".s .s1 .s2 .sd .sa .se .si",
    "code-number": ".mi .mf .m .mh",
    "code-comment": ".c .c1 .cm .ch",
    "code-name": ".nf .nc .nd .bp .nb",
}


def read(*path):
    with open(os.path.join(FOLDER, *path), encoding="utf-8") as file:
        return file.read()


def script(name, value):
    """Returns a script that sets `Page.NAME` to a value that JSON can hold."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "Page.%s = %s;\n" % (name, text.replace("</", "<\\/"))


def render_words():
    """Returns the words of the interface as HTML: `{language: {key: HTML}}`."""
    table = {language: {} for language in documents.LANGUAGES}
    for key, pair in words.WORDS.items():
        for language, text in zip(documents.LANGUAGES, pair):
            table[language][key] = documents.render_line(text)
    return table


def style():
    """Returns the style of the page and of all views."""
    parts = [read("page.css")] + [read("views", name + ".css") for name in VIEWS]
    for variable, classes in CODE_COLOURS.items():
        parts.append("%s { color: var(--%s) }\n" % (classes.replace(" ", ", "), variable))
    parts.append(documents.drawing_style())
    return "\n".join(parts)


def sections(text):
    """Returns the sections of the walkthrough that links lead to: `{anchor: {"heading", "html"}}`.

    Args:
        text: what has the links. Those of the sections count as well.
    """
    found, wanted = {}, re.findall(r'data-section=\\"(.*?)\\"', text)
    while wanted:
        anchor = wanted.pop()
        if anchor not in found:
            found[anchor] = documents.linked_section(anchor)
            wanted += re.findall(r'data-section="(.*?)"', found[anchor]["html"])
    return found


def files():
    """Builds the page; returns `{path in the folder: text}`."""
    built = {
        "index.html": read("page.html"),
        "page.css": style(),
        "page.js": read("page.js") + script("views", VIEWS) + script("words", render_words()),
    }
    for name in VIEWS:
        more = sorted(fnmatch.filter(os.listdir(os.path.join(FOLDER, "views")), name + "_*.js"))
        built[name + ".js"] = "".join(read("views", file) for file in [name + ".js"] + more)
        if os.path.exists(os.path.join(FOLDER, "views", name + ".py")):
            data = importlib.import_module("page.views." + name).data()
            built[name + ".data.js"] = script("data." + name, data)
        else:
            built[name + ".data.js"] = script("data." + name, {})
    built["sections.data.js"] = script("data.sections", sections("".join(built.values())))
    return built


def write(folder):
    """Writes the page into a folder, and removes nothing there."""
    os.makedirs(folder, exist_ok=True)
    for name, text in sorted(files().items()):
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)


def main():
    parser = command_line.Parser(__doc__)
    parser.add_argument(
        "--to",
        type=command_line.path,
        default=BUILT,
        help="the folder to write to (default: page/built)",
    )
    arguments = parser.parse_args()
    with command_line.writing_to(arguments.to):
        write(arguments.to)
    print("Wrote %s." % os.path.join(arguments.to, "index.html"))


if __name__ == "__main__":
    main()
