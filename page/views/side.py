"""The data of the view "Side by side": the script and the reader, and the walkthrough's notes.

The notes come from the walkthrough's parts "Code 0" to "Code C". The link above a quotation says
which lines a note stands level with. The shapes come from the shape comments of the source, from
`tf.get_variable` and the like, and from the walkthrough's tables of shapes.
"""

import ast
import html
import io
import re
import tokenize

import pygments.lexers
import pygments.token

import configs
from page import documents

SCRIPT, READER = "ptb_word_lm.py", "reader.py"
PARTS = "0 1.1 1.2 1.3 2 3 4 5 6 7 8 A B C".split()
SIZES = ("small", "medium", "large")

# Blocks of the walkthrough, by how they begin in English or in Chinese.
MISTAKE = r"\*\*(A common mistake|常见误解)"
GUESS = r"\*\*(What would you expect|猜一猜)"
NUMBERS = r"In numbers|算一算"
BLOG = r"```\w+ blog\n"
ANSWER = r" ?\n?[(（]\[(?:answer|答案)\]\(#(.*?)\)[)）]"  # the link at the end of a GUESS
SHAPE = r"\[[BTHVN0-9 */,]*\]"


# --------------------------------------------------------------------------------------------------
# The notes
# --------------------------------------------------------------------------------------------------
def blocks(markdown):
    """Cuts a Markdown text at its blank lines, except in blocks of code."""
    return re.findall(r"(?:^\[.*\n)?^```(?:.*\n)*?```$|^(?:(?!```).+\n?)+", markdown, flags=re.M)


def quotation(block, path):
    """Returns what a block quotes of a file: its link, its first line, how many lines; or None."""
    found = re.match(r"(\[.*\]\(\.\./%s#L(\d+)\))\n```.*\n" % re.escape(path), block)
    if not found:
        return None
    return found.group(1), int(found.group(2)), block.count("\n", found.end())


def pieces(markdown, path):
    """Cuts a part of the walkthrough at its quotations of a file.

    Returns:
        Triples of the line that is quoted, the number of lines, and the blocks that belong there.
        The blocks lack the quotation; its link stands at the end of what leads to it.
    """
    done, current, leading = [], [], 0
    for block in blocks(markdown):
        found = quotation(block, path)
        if not found:
            current.append(block)
            continue
        link, line, count = found
        lead = current
        if done:
            # The paragraph before the quotation leads to it, and a picture or the blog's code too.
            lead = []
            while len(current) > leading and (
                not lead or re.match(BLOG + r"|!\[", lead[0]) or re.match(BLOG, current[-1])
            ):
                lead.insert(0, current.pop())
        if lead and not re.match(BLOG + r"|!\[", lead[-1]):
            lead[-1] = lead[-1].rstrip() + ("" if lead[-1].rstrip().endswith("：") else " ") + link
        current, leading = lead, len(lead)
        done.append((line, count, current))
    return done


def kind(block, before):
    """Returns what a block of a note is; `before` is the kind of the block before it."""
    if re.match(MISTAKE, block):
        return "mistake"
    if re.match(GUESS, block):
        return "guess"
    if re.match(NUMBERS, block):
        return "numbers"
    if re.match(BLOG, block):
        return "blog"
    return "numbers" if before == "numbers" and not block.startswith("**") else "text"


def render(markdown, language):
    """Renders a part of a note."""
    path = documents.WALKTHROUGH[language]
    text = documents.render(documents.link_sections(markdown, path), path)
    if "url(#" in text:  # Another view may show the same drawing.
        text = re.sub(r'( id="|url\(#)', r"\g<1>side-", text)
    return text


def note(texts, language):
    """Renders the blocks of a note: `[{"kind": ..., "html": ...}]`.

    A guess has `"answer"` too, the walkthrough's answer in place of the link to it.
    """
    parts, before = [], None
    for block in texts:
        before = kind(block, before)
        if parts and parts[-1][0] == before:
            parts[-1][1].append(block)
        else:
            parts.append((before, [block]))
    table = []
    for name, group in parts:
        text, part = "\n\n".join(group), {"kind": name}
        if name == "guess":
            (anchor,) = re.findall(ANSWER, text)
            _, answer = documents.headings(documents.WALKTHROUGH[language])[anchor]
            text, part["answer"] = re.sub(ANSWER, "", text), render(answer, language)
        table.append(dict(part, html=render(text, language)))
    return table


def title(number, language):
    """Returns the title of a part of the walkthrough, such as "The LSTM loop" for "3"."""
    name = r"^#+ (?:Code|代码) %s(?:\. |：)(.*)$" % re.escape(number)
    return re.search(name, documents.read(documents.WALKTHROUGH[language]), flags=re.M).group(1)


def errata(language):
    """Returns the rows of the errata by part: `{"1.1": HTML of a list}`."""
    path = "docs/errata.md" if language == "en" else "docs/errata.zh-CN.md"
    lists = {}
    for row in re.findall(r"^\| (?:Code|代码) ([0-9.,、 ]+) \| (.*)$", documents.read(path), re.M):
        blog, right = row[1].split(" | ")[:2]
        for number in re.split("[,、] ?", row[0]):
            lists.setdefault(number, []).append("- %s\n\n  %s" % (blog, right))
    return {number: documents.render("\n".join(rows), path) for number, rows in lists.items()}


def first_line(number, path):
    """Returns the line at which a part begins by the script's own comments, if it has one."""
    name = title(number, "en")
    pattern = r"# (%s\.? |%s\.)|def %s\(" % ((re.escape(number),) + 2 * (re.escape(name),))
    lines = documents.read(path).splitlines()
    for index, line in enumerate(lines):
        if re.match(r"\s*(%s)" % pattern, line):
            while lines[index - 1].startswith("#"):
                index -= 1
            return index + 1
    return None


def function_above(path, line):
    """Returns the line at which the function begins that a line belongs to."""
    lines = documents.read(path).splitlines()
    while not lines[line - 1].startswith("def "):
        line -= 1
    return line


def rows():
    """Returns the notes by their lines: `{(file, line): {"part": ..., "quote": ..., "note": ...}}`.

    A note begins at its quotation. The first of a part begins where the script says that the part
    does. The head of reader.py has no note.
    """
    table = {}
    for language in documents.LANGUAGES:
        start = documents.section("0", language).splitlines()
        links = [index for index, line in enumerate(start) if line.startswith("[" + SCRIPT)]
        count = links[0] - 2  # in the paragraph before the quotation
        while start[count]:
            count -= 1
        ((line, length, texts),) = pieces("\n".join(start[count:]), SCRIPT)
        row = table.setdefault((SCRIPT, 1), {"part": None, "quote": [line, length], "note": {}})
        row["note"][language] = note(texts, language)
    quoted = {}
    for number in PARTS:
        path = READER if number == "B" else SCRIPT
        for language in documents.LANGUAGES:
            for line, length, texts in pieces(documents.section("Code " + number, language), path):
                place = quoted.setdefault(number, {}).setdefault((path, line), (length, {}))
                place[1][language] = note(texts, language)
    lines = {key for places in quoted.values() for key in places}
    for number, places in quoted.items():
        path, first = min(places)
        if path == READER:
            nothing = {language: [] for language in documents.LANGUAGES}
            table[path, 1] = {"part": number, "quote": [1, 0], "note": nothing}
            begin = function_above(path, first)
        else:
            begin = first_line(number, path) or first
        if any(file == path and begin < line < first for file, line in lines):
            begin = first
        for (path, line), (length, texts) in places.items():
            row = min(begin, first) if line == first else line
            table[path, row] = {"part": number, "quote": [line, length], "note": texts}
    return table


# --------------------------------------------------------------------------------------------------
# The tensors
# --------------------------------------------------------------------------------------------------
def letters():
    """Returns the letters of the shapes and the names they stand for, from Section 0."""
    rows = re.findall(r"^\| ([A-Z]) \| `(\w+)` \|", documents.section("0", "en"), flags=re.M)
    return dict(rows)


def sizes():
    """Returns what the letters are: `{"small": {"B": 20, ...}, ...}`."""
    words = re.search(r"(\d+,\d+) in the Penn Treebank", documents.section("0", "en"))
    table = {}
    for name in SIZES:
        config = configs.get_config(name)
        table[name] = {letter: getattr(config, full) for letter, full in letters().items()}
        table[name]["N"] = int(words.group(1).replace(",", ""))
    return table


def shape_comments(source):
    """Returns the shapes in the comments: `{line: (whether they are those of a list, shape)}`.

    The shape of a state has two lines, one for c and one for h.
    """
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            match = re.search(r"(T times |c, h of a layer: )?(%s)" % SHAPE, token.string)
            if match:
                before, shape = match.groups()
                if before and before.startswith("c, h"):
                    shape = "[i].c %s\n[i].h %s" % (shape, shape)
                found[token.start[0]] = (before == "T times ", shape)
    return found


def shape_tables():
    """Returns the shapes of the walkthrough's tables: `{name: [(how it stands there, shape)]}`."""
    table = {}
    for number in PARTS:
        text = documents.section("Code " + number, "en")
        row = r"^\| `((\w+)(?:\[\d\])?(?:\.\w+)?)` \| `(%s)` \|" % SHAPE
        for whole, name, shape in re.findall(row, text, flags=re.M):
            table.setdefault(name, []).append((whole, shape))
    return table


class Tensors(ast.NodeVisitor):
    """Finds the tensors of a script, and the shape of each where it is used.

    Attributes:
        places: `{(line, column): (key, name, shape)}`, columns counted in characters. The key is
            one for all places of a tensor.
    """

    def __init__(self, source):
        self.places = {}
        self._comments = shape_comments(source)
        self._tables = shape_tables()
        self._letters = {name: letter for letter, name in letters().items()}
        self._lines = source.splitlines()
        self._function = None
        self._shapes = {}  # of a key, as the script has it so far
        self._same = {}  # a local name that is an attribute too
        self._sizes = {}  # local names of sizes, such as size: H
        self._uses = []
        tree = ast.parse(source)
        self.visit(tree)
        for key, place, name, shape in self._uses:
            shape = self._shapes.get(key) if shape is None else shape
            if shape:
                self.places[place] = (key, name, shape)

    def _key(self, node):
        """Returns the key of a name or an attribute, or None."""
        if isinstance(node, ast.Attribute):
            return node.attr.lstrip("_")
        if isinstance(node, ast.Name):
            key = "%s.%s" % (self._function, node.id)
            return self._same.get(key, key)
        return None

    def _use(self, node):
        key = self._key(node)
        name = node.attr if isinstance(node, ast.Attribute) else node.id
        column = node.end_col_offset - len(name.encode()) if name is not None else 0
        before = self._lines[node.end_lineno - 1].encode()[:column].decode()
        self._uses.append((key, (node.end_lineno, len(before)), name, self._shapes.get(key)))

    def visit_FunctionDef(self, node):
        outer, self._function = self._function, self._function or node.name
        if outer is None and node.decorator_list:
            column = self._lines[node.lineno - 1].index(node.name)
            self._uses.append((node.name, (node.lineno, column), node.name, None))
        if outer is None:
            self._function = "%d" % node.lineno
        for statement in node.body:
            self.visit(statement)
        self._function = outer

    def visit_Name(self, node):
        self._use(node)

    def visit_Attribute(self, node):
        self._use(node)
        self.visit(node.value)

    def visit_comprehension(self, node):
        self.visit(node.iter)  # and not its target, whose name means something else outside

    def visit_For(self, node):
        self.visit(node.iter)
        if isinstance(node.iter, ast.Call) and node.iter.args:
            shape = self._shapes.get(self._key(node.iter.args[0]))
            if shape and isinstance(node.target, ast.Tuple):
                for name in ast.walk(node.target.elts[-1]):
                    if isinstance(name, ast.Name):  # c or h of a layer
                        self._shapes[self._key(name)] = re.search(SHAPE, shape).group()
        self.visit(node.target)
        for statement in node.body:
            self.visit(statement)

    def visit_Expr(self, node):
        """Takes `outputs.append(cell_output)  # T times [B, H]` for the shapes of both."""
        times, shape = self._comments.get(node.end_lineno, (False, None))
        if times and isinstance(node.value, ast.Call) and node.value.args:
            self._shapes[self._key(node.value.args[0])] = shape
            self._shapes[self._key(node.value.func.value)] = "T × " + shape
        self.generic_visit(node)

    def visit_Assign(self, node):
        self.visit(node.value)
        targets = []
        for target in node.targets:
            targets += target.elts if isinstance(target, ast.Tuple) else [target]
        if len(node.targets) > 1:  # self._cost = cost = ...: two names of one tensor
            attribute, local = node.targets[0], node.targets[-1]
            if isinstance(attribute, ast.Attribute) and isinstance(local, ast.Name):
                self._same["%s.%s" % (self._function, local.id)] = self._key(attribute)
        _, shape = self._comments.get(node.end_lineno, (False, None))
        shape = shape or self._shape_of(node.value)
        for target in targets:
            key = self._key(target)
            rows = self._tables.get(getattr(target, "id", None))
            if ast.unparse(node.value).startswith("np."):
                self._shapes[key] = ""  # an array
            elif shape:
                self._shapes[key] = shape
            elif rows and not self._shapes.get(key):
                self._shapes[key] = "\n".join(
                    s if whole == target.id else "%s %s" % (whole, s) for whole, s in rows
                )
            self._learn_size(target, node.value)
            self.visit(target)

    def _learn_size(self, target, value):
        if isinstance(target, ast.Name) and isinstance(value, ast.Attribute):
            if value.attr in self._letters:
                self._sizes[target.id] = self._letters[value.attr]

    def _shape_of(self, value):
        """Returns the shape that an expression says it has, or None."""
        if isinstance(value, (ast.Name, ast.Attribute)):
            return self._shapes.get(self._key(value))
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
            return None
        if value.func.attr == "get_variable" and len(value.args) > 1:
            names = [self._sizes[element.id] for element in value.args[1].elts]
            return "[%s]" % ", ".join(names)
        if value.func.attr in ("placeholder", "Variable", "reduce_sum"):
            return "[]"
        return None


# --------------------------------------------------------------------------------------------------
# The code
# --------------------------------------------------------------------------------------------------
def code_lines(path):
    """Returns the lines of a file as HTML, with a mark on each tensor and each shape."""
    source = documents.read(path)
    places = Tensors(source).places
    lines, line, column = [""], 1, 0
    for token, text in pygments.lexers.PythonLexer(stripnl=False).get_tokens(source):
        short = pygments.token.STANDARD_TYPES.get(token, "")
        for index, part in enumerate(text.split("\n")):
            if index:
                lines.append("")
                line, column = line + 1, 0
            if not part:
                continue
            piece = html.escape(part, quote=False)
            if token in pygments.token.Comment:
                piece = re.sub(SHAPE, r'<span class="shape">\g<0></span>', piece)
            if (line, column) in places:
                key, _, shape = places[line, column]
                data = (html.escape(key), html.escape(shape))
                piece = '<span class="t" data-t="%s" data-shape="%s">%s</span>' % (data + (piece,))
            elif short:
                piece = '<span class="%s">%s</span>' % (short, piece)
            lines[-1] += piece
            column += len(part)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def way():
    """Returns the way of a batch, the list of Section 6, as HTML: `{language: [...]}`."""
    table = {}
    for language in documents.LANGUAGES:
        items = re.findall(r"^\d\. (.*(?:\n   ?\S.*)*)", documents.section("6", language), re.M)
        table[language] = [
            {
                "html": documents.render_line(re.sub(r" ?[(（](?:Code|代码) .*[)）]$", "", item)),
                "part": (re.findall(r"(?:Code|代码) ([\d.]+)", item) or ["1.1"])[0],
            }
            for item in items
        ]
    return table


def data():
    """Returns what the page finds in `Page.data.side`."""
    notes = [dict(row, file=file, line=line) for (file, line), row in sorted(rows().items())]
    return {
        "files": [{"name": name, "lines": code_lines(name)} for name in (SCRIPT, READER)],
        "notes": notes,
        "titles": {
            language: {number: title(number, language) for number in PARTS}
            for language in documents.LANGUAGES
        },
        "errata": {language: errata(language) for language in documents.LANGUAGES},
        "letters": letters(),
        "sizes": sizes(),
        "way": way(),
    }
