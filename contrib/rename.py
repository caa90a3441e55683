"""Renames what a TensorFlow 1.x program imports and what it uses of `tf.contrib`.

    python -m contrib.rename train.py model.py            # shows what would change
    python -m contrib.rename --write train.py model.py    # changes the files

It prints a unified diff for each file, and what is left to do by hand, with line numbers of the
file as it then is on the disk. It works on the words of the program, so that strings and comments
stay as they are and programs for Python 2 can be read too. A second run changes nothing. It needs
no TensorFlow.
"""

import argparse
import collections
import difflib
import io
import os
import re
import shutil
import sys
import tempfile
import tokenize

from .old_names import module_remark, module_today, old_module, plain_module, remark, today

# A word of a program: a comment, a string, a dotted name, a line's end or any other character.
_WORD = re.compile(
    r"""
    (?P<comment> \#[^\n]* )
  | (?P<string>  [rbuf]{0,2} (?: '''(?:\\.|[^\\])*?''' | \"\"\"(?:\\.|[^\\])*?\"\"\"
                               | '(?:\\(?:\r\n|.)|[^'\\\n])*' | "(?:\\(?:\r\n|.)|[^"\\\n])*" ) )
  | (?P<from>    from \b )
  | (?P<name>    [^\W\d]\w* (?: [\s\\]* \. [\s\\]* [^\W\d]\w* )* )
  | (?P<number>  \d[\w.]* )
  | (?P<space>   (?: [ \t\r\f] | \\\r?\n )+ )
  | (?P<newline> \n )
  | (?P<other>   . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

_DISABLE = r"tf\.(compat\.v1\.)?disable_(eager_execution|v2_behavior)$"

Word = collections.namedtuple("Word", "kind text start end")
Edit = collections.namedtuple("Edit", "start end text")
Report = collections.namedtuple("Report", "text remarks")
# An import of TensorFlow: its first word, its end, the name it gives to all of TensorFlow (None for
# none), whether it is in a function.
Import = collections.namedtuple("Import", "first end name inside")


def words_of(program):
    """The words of a program without its spaces and comments; a string is one word."""
    return [
        Word(match.lastgroup, match.group(), match.start(), match.end())
        for match in _WORD.finditer(program)
        if match.lastgroup not in ("space", "comment")
    ]


class Renaming(object):
    """Goes through a program once and collects edits and remarks."""

    def __init__(self, program):
        self.program = program
        self.words = words_of(program)
        self.edits, self.remarks = [], collections.OrderedDict()
        # Names that the program imports, and the dotted names of TensorFlow 1.x they stand for.
        self.roots = {}
        self.other_imports = set()
        self.imports = []
        self.added = collections.OrderedDict()  # (first word, end) of a statement: lines after it
        self.function = None  # the indentation of the function that the statement is in
        self.has_contrib = False  # whether the module, not only a function, imports it
        self.uses_contrib = self.is_disabled = False
        statement, depth = [], 0
        for word in self.words + [Word("newline", "\n", len(program), len(program))]:
            if word.text in ("(", "[", "{"):
                depth += 1
            elif word.text in (")", "]", "}"):
                depth = max(0, depth - 1)
            ends = word.text == ";" or word.kind == "newline" and not depth
            # A colon may stand before a statement on its line: `try: import tensorflow as tf`.
            if ends or word.text == ":" and not depth:
                self.take(statement)
                statement = []
            elif word.kind != "newline":
                statement.append(word)

    def remark(self, word, text):
        """Notes something to do by hand in the line of a word."""
        if text:
            line = self.program.count("\n", 0, word.start) + 1
            lines = self.remarks.setdefault(text, [])
            if line not in lines:
                lines.append(line)

    def replace(self, start, end, text):
        if self.program[start:end] != text:
            self.edits.append(Edit(start, end, text))

    def take(self, statement):
        """Renames in one statement, a list of words."""
        if not statement:
            return
        indent = self.indent(statement[0])
        texts = [word.text for word in statement[:2]]
        if indent is not None:
            if self.function is not None and len(indent.expandtabs()) <= self.function:
                self.function = None
            if self.function is None and "def" in (texts[0], " ".join(texts)[len("async ") :]):
                self.function = len(indent.expandtabs())
        if texts[0] == "import":
            self.take_import(statement)
        elif texts[0] == "from":
            self.take_from(statement)
        else:
            self.take_other(statement)

    def indent(self, word):
        """The spaces before a word that begins its line; None for a word that does not."""
        before = self.program[self.program.rfind("\n", 0, word.start) + 1 : word.start]
        return None if before.strip() else before

    def imports_contrib(self):
        self.has_contrib = self.has_contrib or self.function is None

    def take_import(self, statement):
        """`import a.b as c, d`"""
        position = 1
        while position < len(statement):
            module, as_name = statement[position], None
            if [word.text for word in statement[position + 1 : position + 2]] == ["as"]:
                as_name = statement[position + 2]
            given = self.standard(module.text)
            path = plain_module(given)
            name = as_name.text if as_name else path.partition(".")[0]
            old = old_module(path)
            if old is None:
                if path in ("numpy", "inspect"):
                    self.roots[name] = "np" if path == "numpy" else path
                self.other_imports.add(name)
                self.remark(module, module_remark(given))
            elif path.startswith("contrib"):
                self.roots[name] = old if as_name else "tf.contrib"
                self.remark(module, remark(old))
                if name == "contrib":
                    self.imports_contrib()
            elif not as_name or old == "tf":
                # Without `as`, `import tensorflow.contrib.rnn` gives the name tensorflow.
                self.roots[name] = "tf"
                self.note_import(statement, name)
                if given == path:
                    text = "tensorflow.compat.v1" + ("" if as_name else " as tensorflow")
                    self.replace(module.start, module.end, text)
            else:
                self.roots[name] = old
                self.note_import(statement)
                self.replace(module.start, module.end, module_today(old))
                if today(old) == name:  # import tensorflow.contrib as contrib
                    self.replace(module.end, as_name.end, "")
                    self.imports_contrib()
                self.remark(module, remark(old))
            position += 4 if as_name else 2

    def take_from(self, statement):
        """`from a.b import c as d, e`"""
        module = statement[1]
        given = self.standard(module.text)
        old = old_module(plain_module(given))
        if old is None:
            self.remark(module, module_remark(given))
            self.other_imports.update(word.text for word in statement[3:])
            return
        self.note_import(statement)
        names = [word for word in statement[3:] if word.kind == "name"]
        moved, stay = [], []
        while names:
            name = as_name = names.pop(0)
            if names and names[0].text == "as":
                as_name = names[1]
                del names[:2]
            one = "%s.%s" % (old, name.text)
            self.roots[as_name.text] = one
            self.remark(name, remark(one))
            # tf has no contrib today, tf.nn no rnn_cell, tf.layers no dense.
            moves = today(one).startswith("contrib") and not today(old).startswith("contrib")
            (moved if moves else stay).append((name, as_name))
            if moves and as_name.text == "contrib":
                self.imports_contrib()
        lines = []
        for name, as_name in moved:
            path, _, last = today("%s.%s" % (old, name.text)).rpartition(".")
            line = "from %s import %s" % (path, last) if path else "import " + last
            lines.append(line + ("" if last == as_name.text else " as " + as_name.text))
        if moved and not stay:
            self.replace(statement[0].start, statement[-1].end, lines.pop(0))
        else:
            self.replace(module.start, module.end, module_today(old))
            for name, as_name in moved:
                self.leave_out(statement, statement.index(name), statement.index(as_name))
        self.add(statement[0], statement[-1].end, lines)

    def leave_out(self, statement, first, last):
        """Leaves the words from first to last out of a list, and a comma with them."""
        if [word.text for word in statement[last + 1 : last + 2]] == [","]:
            following = statement[last + 2] if last + 2 < len(statement) else None
            end = statement[last + 1].end
            if following and self.program[end : following.start].strip(" ") == "":
                end = following.start
            self.replace(statement[first].start, end, "")
        elif statement[3].text == "(":
            self.replace(statement[first].start, statement[last].end, "")
        else:
            self.replace(statement[first - 1].start, statement[last].end, "")

    def note_import(self, statement, name=None):
        """Notes an import of TensorFlow."""
        inside = self.function is not None
        self.imports.append(Import(statement[0], statement[-1].end, name, inside))

    def take_other(self, statement):
        """Any statement that is no import."""
        texts = [word.text for word in statement]
        first = texts[0] if texts else ""
        if first in ("print", "exec") and texts[1:2] not in ([], ["("], ["="]):
            self.remark(statement[0], "%s statement: a function in Python 3" % first)
        if first in ("except", "raise") and "," in texts and "(" not in texts:
            self.remark(statement[0], "%s with a comma: not so in Python 3" % first)
        if texts[:2] == ["contrib", "="] and self.full_name(" ".join(texts[2:])) == "tf.contrib":
            self.roots["contrib"] = "tf.contrib"
            return self.replace(statement[0].start, statement[-1].end, "import contrib")
        for position, word in enumerate(statement):
            before, after = (
                texts[max(0, position - 2) : position],
                texts[position + 1 : position + 2],
            )
            path = self.standard(word.text)
            root, _, rest = path.partition(".")
            if word.text == "`":
                self.remark(word, "`...`: repr(...) in Python 3")
            if word.kind == "string" and re.match(r"[rb]?f.*\{.*\b(contrib|rnn_cell)\.", word.text):
                self.remark(word, "an f-string with contrib or rnn_cell: rename in it")
            if word.kind != "name" or after == ["="] and not rest:
                continue  # `xrange = range`, or the name of an argument
            if before[-1:] == ["."] or root not in self.roots:
                known = before[-1:] == ["."] or root in self.other_imports
                self.remark(word, remark("." + path if known else path))
                continue
            old = self.full_name(path)
            self.is_disabled = self.is_disabled or re.match(_DISABLE, old)
            self.remark(word, remark(old))
            if after == ["."]:
                self.remark(word, "a comment in a dotted name: rename what follows")
            if old == "np.searchsorted" and before == ["int", "("]:
                self.remark(word, "int(np.searchsorted(..)): of one number: int(....item())")
            following = texts[position + 1 : position + 6]
            if old.endswith(".MultiRNNCell") and following[:2] + following[3:] == list("([]*"):
                self.remark(word, "MultiRNNCell([cell] * n): a fresh cell for each layer")
            new = self.new_name(root, path[len(root) :])
            if new != path:
                self.uses_contrib = self.uses_contrib or new.partition(".")[0] == "contrib"
                self.replace(word.start, word.end, new)

    @property
    def tf(self):
        """The program's name for TensorFlow; None where it imports parts only."""
        return next((name for name, old in self.roots.items() if old == "tf"), None)

    def new_name(self, root, rest):
        """What a program writes today for `root + rest`, root being a name that it imports."""
        base, new = today(self.roots[root]), today(self.roots[root] + rest)
        if new == self.roots[root] + rest:
            return root + rest
        if (new + ".").startswith(base + "."):
            return root + new[len(base) :]
        if new.startswith("tf."):  # under a name of contrib.framework, which has nest
            nest = (root + rest).replace("nest.is_sequence", "nest.is_nested")
            return self.tf + new[len("tf") :] if self.tf else nest
        return new

    def full_name(self, path):
        """A dotted name of the program as it is called under `tf`; itself if it is another's."""
        root = path.partition(".")[0]
        return self.roots.get(root, root) + path[len(root) :]

    @staticmethod
    def standard(text):
        """A dotted name without the spaces and line ends that may stand in it."""
        return re.sub(r"[\s\\]+", "", text)

    def result(self):
        """The program with its edits, and the remarks: `{what: line numbers}`."""
        self.add_header()
        for (first, end), lines in self.added.items():
            self.add_edit(first, end, lines)
        text = self.program
        for edit in sorted(self.edits, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return Report(text, self.remarks)

    def add(self, first, end, lines):
        """Adds lines after the statement from the word `first` to `end`."""
        self.added.setdefault((first, end), []).extend(lines)

    def add_header(self):
        """Adds what has to stand after the import of TensorFlow.

        This is the first import of the module, or each import in a function if there is no other.
        """

        def places(imports):
            top = [found for found in imports if not found.inside]
            return top[:1] or imports

        if self.uses_contrib and not self.has_contrib:
            for found in places(self.imports):
                self.add(found.first, found.end, ["import contrib"])
        if (self.edits or any(self.added.values())) and not self.is_disabled:
            for found in places([found for found in self.imports if found.name]):
                line = "%s.disable_v2_behavior()" % found.name
                self.add(found.first, found.end, [line])

    def add_edit(self, first, end, lines):
        indent = self.indent(first)
        after = re.match(r"[ \t]*(#[^\r\n]*)?(\r?$)", self.program[end:], re.MULTILINE)
        if indent is None or not after:  # `try: import tensorflow as tf`
            between = "; "
        else:
            end += after.start(2)
            between = ("\r\n" if "\r\n" in self.program else "\n") + indent
        self.edits.append(Edit(end, end, "".join(between + line for line in lines)))


def rename(program):
    """Returns a `Report`: the program after the renames, and what is left to do by hand."""
    return Renaming(program).result()


def difference(path, old, new):
    """The unified diff of two texts of a file."""
    lines = difflib.unified_diff(
        old.splitlines(True), new.splitlines(True), path, path + " (renamed)"
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def overwrite(path, content):
    """Writes all of a file or leaves the file as it is. A link stays a link."""
    path = os.path.realpath(path)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
    try:
        with io.open(handle, "wb") as file:
            file.write(content)
        shutil.copymode(path, temporary)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m contrib.rename",
        description="Renames what a TensorFlow 1.x program uses of tf.contrib; shows a diff.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a Python file")
    parser.add_argument("--write", action="store_true", help="change the files")
    arguments = parser.parse_args()
    status, found = 0, []
    for path in arguments.files:
        try:
            with io.open(path, "rb") as file:
                encoding = tokenize.detect_encoding(file.readline)[0]
            with io.open(path, encoding=encoding, newline="") as file:
                program = file.read()
            report = rename(program)
            found.append(difference(path, program, report.text))
            if arguments.write and report.text != program:
                overwrite(path, report.text.encode(encoding))
                report = rename(report.text)
        except (OSError, SyntaxError, UnicodeError) as error:
            sys.stderr.write("%s: error: %s: %s\n" % (parser.prog, path, error))
            status = 2
            continue
        for text, lines in report.remarks.items():
            found.append("%s:%s: %s\n" % (path, ",".join(map(str, lines)), text))
    # After all files are written: a pipe that is closed, or a letter of a program that standard
    # output does not know, stops none of them.
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print("".join(found), end="", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


if __name__ == "__main__":
    main()
