"""Renames in the text of one program: what it imports of TensorFlow and uses of `tf.contrib`.

It works on the words of the program, so that strings and comments stay as they are. Needs no
TensorFlow.
"""

import collections
import re

from .old_names import (
    is_as_before,
    module_remark,
    module_today,
    old_module,
    plain_module,
    remark,
    today,
)
from .statements import indent_of, statements

_DISABLE = r"tf\.(compat\.v1\.)?disable_(eager_execution|v2_behavior)$"
# An f-string with a name in it that would change.
_F_STRING = re.compile(
    r"""[rb]?f[rb]?['"].*?\{[^}]*\b(contrib|rnn_cell)\b""", re.DOTALL | re.IGNORECASE
)

Edit = collections.namedtuple("Edit", "start end text")
Report = collections.namedtuple("Report", "text remarks")
# An import of TensorFlow: its first word; its end; its name for all of TensorFlow (empty for an
# import of parts, None for one of parts of contrib); whether it is in a function; whether it is in
# any indented block.
Import = collections.namedtuple("Import", "first end name inside indented")


class Renaming(object):
    """Goes through a program once and collects edits and remarks."""

    def __init__(self, program):
        self.program = program
        self.edits, self.remarks = [], collections.OrderedDict()
        # Names that the program imports, and the dotted names of TensorFlow 1.x they stand for.
        self.roots = {}
        self.other_imports = set()
        self.imports = []
        self.added = collections.OrderedDict()  # (first word, end) of a statement: lines after it
        self.inside = self.indented = False  # of the statement
        self.has_contrib = False  # whether the module, not only a function, imports it
        self.disabled_in = set()  # True: version 2 is turned off in a function, False: elsewhere
        self.edits_to_contrib = []  # those that need the name contrib
        self.own_contrib = []  # words that bind the name contrib to something else
        self.version_2 = []  # words of imports that give the name tensorflow to version 2
        for statement in statements(program):
            self.inside, self.indented = statement.inside, statement.indented
            self.take(statement)

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
        """Renames in one statement."""
        first = statement.words[0].text
        if first not in ("import", "from"):
            self.take_other(statement)
        for name in statement.rebinds:
            self.roots.pop(name, None)
        if first == "import":
            self.take_import(statement.words)
        elif first == "from":
            self.take_from(statement.words)

    def imports_contrib(self):
        self.has_contrib = self.has_contrib or not self.inside

    def bind(self, word, name, old):
        """Notes that an import gives a name to `old`; None for what is not of TensorFlow."""
        if old:
            self.roots[name] = old
        if name == "contrib" and old != "tf.contrib":
            self.own_contrib.append(word)

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
                self.remark(module, module_remark(given))
                if path.startswith("tensorflow.") and not as_name:
                    self.version_2.append(module)
                followed = path == "inspect" or as_name and is_as_before(path)
                self.bind(module, name, "np" if path == "numpy" else path if followed else None)
                self.other_imports.add(name)
            elif path.startswith("contrib"):
                self.bind(module, name, old if as_name else "tf.contrib")
                self.remark(module, remark(old))
                if name == "contrib":
                    self.imports_contrib()
            elif not as_name or old == "tf":
                # Without `as`, `import tensorflow.contrib.rnn` gives the name tensorflow.
                self.bind(module, name, "tf")
                self.note_import(statement, name)
                if given == path:
                    text = "tensorflow.compat.v1" + ("" if as_name else " as tensorflow")
                    self.replace(module.start, module.end, text)
            else:
                self.bind(module, name, old)
                self.note_import(statement, None if today(old).startswith("contrib") else "")
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
            for name, as_name in self.imported(statement):
                self.other_imports.add(as_name.text)
                path = "%s.%s" % (given, name.text)
                self.bind(as_name, as_name.text, path if is_as_before(path) else None)
                self.remark(module, module_remark(given, name.text))
            if statement[-1].text == "*":
                self.remark(module, module_remark(given))
            return
        if statement[-1].text == "*":
            self.remark(statement[0], "import *: import by name what the program uses of it")
        moved, stay = [], []
        for name, as_name in self.imported(statement):
            one = "%s.%s" % (old, name.text)
            self.bind(as_name, as_name.text, one)
            self.remark(name, remark(one))
            # tf has no contrib today, tf.nn no rnn_cell, tf.layers no dense.
            moves = today(one).startswith("contrib") and today(one) != today(old) + "." + name.text
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
        of_contrib = today(old).startswith("contrib") or moved and not stay
        self.note_import(statement, None if of_contrib else "")
        self.add(statement[0], statement[-1].end, lines)

    @staticmethod
    def imported(statement):
        """Pairs of words of `from a import b as c, d`: what is imported, and the name it gets."""
        words = [word for word in statement[3:] if word.kind == "name"]
        pairs = []
        while words:
            name = as_name = words.pop(0)
            if words and words[0].text == "as":
                as_name = words[1]
                del words[:2]
            pairs.append((name, as_name))
        return pairs

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

    def note_import(self, statement, name):
        """Notes an import of TensorFlow."""
        first, end = statement[0], statement[-1].end
        self.imports.append(Import(first, end, name, self.inside, self.indented))

    def take_other(self, statement):
        """Any statement that is no import."""
        words = statement.words
        self.take_old_syntax(words)
        if [word.text for word in words[:2]] == ["contrib", "="]:
            path = " ".join(word.text for word in words[2:])
            if path.partition(".")[0] not in statement.variables:
                if self.full_name(path) == "tf.contrib":
                    self.roots["contrib"] = "tf.contrib"
                    return self.replace(words[0].start, words[-1].end, "import contrib")
            self.own_contrib.append(words[0])
        elif "contrib" in statement.binds:
            found = [word for word in words if word.text == "contrib"]
            self.own_contrib.append((found or words)[0])
        for position, word in enumerate(words):
            if word.kind == "string" and _F_STRING.match(word.text):
                self.remark(word, "an f-string with contrib or rnn_cell: rename in it")
            elif word.kind == "name":
                self.take_name(words, position, statement.variables)

    def take_old_syntax(self, words):
        """Notes what Python 3 does not know."""
        texts = [word.text for word in words]
        first = texts[0]
        if first in ("print", "exec") and texts[1:2] not in ([], ["("], ["="]):
            self.remark(words[0], "%s statement: a function in Python 3" % first)
        if first in ("except", "raise") and "," in texts and "(" not in texts:
            self.remark(words[0], "%s with a comma: not so in Python 3" % first)
        if "`" in texts:
            self.remark(words[texts.index("`")], "`...`: repr(...) in Python 3")

    def take_name(self, words, position, variables):
        """Renames one dotted name of a statement."""
        word = words[position]
        before = [near.text for near in words[max(0, position - 2) : position]]
        following = [near.text for near in words[position + 1 : position + 6]]
        path = self.standard(word.text)
        root, _, rest = path.partition(".")
        if following[:1] == ["="] and not rest:
            return  # `xrange = range`, or the name of an argument
        is_attribute, is_variable = before[-1:] == ["."], root in variables
        if is_attribute or is_variable or root not in self.roots:
            if is_attribute:
                path = "." + path
            elif is_variable or root in self.other_imports:
                path = path[len(root) :]  # its attributes; the name is the program's own
            is_root = root in ("tf", "tensorflow") or self.roots.get(root) == "tf"
            if is_variable and not is_attribute and is_root:
                if today("tf." + rest).startswith("contrib"):
                    self.remark(word, "%s: a variable; if it is TensorFlow, rename by hand" % root)
            return self.remark(word, remark(path))
        old = self.full_name(path)
        if re.match(_DISABLE, old):
            self.disabled_in.add(self.inside)
        self.remark(word, remark(old))
        if following[:1] == ["."]:
            self.remark(word, "a comment in a dotted name: rename what follows")
        if old == "np.searchsorted" and before == ["int", "("]:
            self.remark(word, "int(np.searchsorted(..)): of one number: int(....item())")
        if old.endswith(".MultiRNNCell") and following[:2] + following[3:] == list("([]*"):
            self.remark(word, "MultiRNNCell([cell] * n): a fresh cell for each layer")
        new = self.new_name(root, path[len(root) :])
        if new != path:
            of_contrib = new.partition(".")[0] == "contrib"
            edits = self.edits_to_contrib if of_contrib else self.edits
            edits.append(Edit(word.start, word.end, new))

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
        if self.own_contrib and self.edits_to_contrib:
            for word in self.own_contrib:
                self.remark(word, "contrib: the program's own name; rename it first")
            self.edits_to_contrib = []
        if any(found.name == "tensorflow" for found in self.imports):
            for word in self.version_2:
                self.remark(word, "rebinds tensorflow; give it an `as` name")
        self.edits += self.edits_to_contrib
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

        This is the first import of the module. If that is in an indented block, which may not run,
        the following ones count too, up to one that is in none. If all imports are in functions,
        each counts.
        """

        def places(imports):
            top = [found for found in imports if not found.inside]
            certain = [place for place, found in enumerate(top) if not found.indented]
            return top[: certain[0] + 1 if certain else None] or imports

        if self.edits_to_contrib and not self.has_contrib:
            for found in places(self.imports):
                self.add(found.first, found.end, ["import contrib"])
        whole = [found for found in self.imports if found.name]
        parts = [found for found in self.imports if found.name == ""]
        chosen = places(whole + parts)
        # What a function turns off helps only the imports in functions.
        is_disabled = self.disabled_in & {False, any(found.inside for found in chosen)}
        if (self.edits or any(self.added.values())) and not is_disabled:
            for found in chosen:
                self.add(found.first, found.end, disabling(found.name))

    def add_edit(self, first, end, lines):
        indent = indent_of(self.program, first)
        after = re.match(r"[ \t]*(#[^\r\n]*)?(\r?$)", self.program[end:], re.MULTILINE)
        if indent is None or not after:  # `try: import tensorflow as tf`
            between = "; "
        else:
            end += after.start(2)
            between = ("\r\n" if "\r\n" in self.program else "\n") + indent
        self.edits.append(Edit(end, end, "".join(between + line for line in lines)))


def disabling(name):
    """The lines that turn the behaviour of version 2 off; `name` is that of `Import`."""
    if name:
        return ["%s.disable_v2_behavior()" % name]
    return ["from tensorflow.compat.v1 import disable_v2_behavior", "disable_v2_behavior()"]


def rename(program):
    """Returns a `Report`: the program after the renames, and what is left to do by hand."""
    return Renaming(program).result()
