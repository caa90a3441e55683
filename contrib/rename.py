"""Renames what a TensorFlow 1.x program imports and what it uses of `tf.contrib`.

    python -m contrib.rename train.py model.py            # shows what would change
    python -m contrib.rename --write train.py model.py    # changes the files

It prints a unified diff for each file, and what is left to do by hand, with line numbers of the
file as it then is on the disk. It works on the words of the program, so that strings and comments
stay as they are and programs for Python 2 can be read too. A second run changes nothing. It needs
no TensorFlow.
"""

import argparse
import ast
import collections
import difflib
import io
import os
import re
import tokenize

from .missing import advice

# A word of a program: a comment, a string, a dotted name, a line's end or any other character.
_WORD = re.compile(
    r"""
    (?P<comment> \#[^\n]* )
  | (?P<string>  [rbuf]{0,2} (?: '''(?:\\.|[^\\])*?''' | \"\"\"(?:\\.|[^\\])*?\"\"\"
                               | '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*" ) )
  | (?P<name>    [^\W\d]\w* (?: [\s\\]* \. [\s\\]* [^\W\d]\w* )* )
  | (?P<number>  \d[\w.]* )
  | (?P<space>   (?: [ \t\r\f] | \\\r?\n )+ )
  | (?P<newline> \n )
  | (?P<other>   . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

# What a dotted name under TensorFlow becomes, the longest that fits first. Other names stay.
_NAMES = {
    "tf.contrib.framework.nest.is_sequence": "tf.nest.is_nested",
    "tf.contrib.framework.nest": "tf.nest",
    "tf.contrib": "contrib",
    "tf.nn.rnn_cell": "contrib.rnn",
    "tf.layers.dense": "contrib.layers.dense",
    "tf.nest.is_sequence": "tf.nest.is_nested",
}

# What is left to do by hand, for a dotted name and what is under it.
_BY_HAND = {
    "cPickle": "Python 3: pickle",
    "distutils": "gone from Python 3.12",
    "inspect.getargspec": "gone from Python 3.11: inspect.getfullargspec",
    "np.Inf": "gone from NumPy 2: np.inf",
    "np.NaN": "gone from NumPy 2: np.nan",
    "np.asscalar": "gone from NumPy: .item()",
    "np.bool": "gone from NumPy: bool",
    "np.float": "gone from NumPy: float",
    "np.int": "gone from NumPy: int",
    "np.object": "gone from NumPy: object",
    "np.str": "gone from NumPy: str",
    "raw_input": "Python 3: input",
    "tensorflow.examples": "not part of TensorFlow 2: read the data another way",
    "tensorflow.models": "never part of TensorFlow's package: copy the file",
    "tensorflow.python": "private names of TensorFlow, which may have moved",
    "tf.batch_matmul": "TensorFlow 0.x: tf.matmul",
    "tf.estimator": "gone from TensorFlow 2.16: write the loop over steps with a tf.Session",
    "tf.examples": "not part of TensorFlow 2: read the data another way",
    "tf.histogram_summary": "TensorFlow 0.x: tf.summary.histogram(name, values)",
    "tf.keras": "Keras 3 from TensorFlow 2.16 on; tf_keras with TF_USE_LEGACY_KERAS=1 is Keras 2",
    "tf.layers": None,
    "tf.merge_all_summaries": "TensorFlow 0.x: tf.summary.merge_all",
    "tf.models": "never part of TensorFlow's package: copy the file",
    "tf.mul": "TensorFlow 0.x: tf.multiply",
    "tf.neg": "TensorFlow 0.x: tf.negative",
    "tf.nn.rnn": "TensorFlow 0.x: tf.nn.static_rnn",
    "tf.nn.bidirectional_rnn": "TensorFlow 0.x: tf.nn.static_bidirectional_rnn",
    "tf.nn.seq2seq": "TensorFlow 0.x: contrib.legacy_seq2seq",
    "tf.pack": "TensorFlow 0.x: tf.stack",
    "tf.python": "private names of TensorFlow, which may have moved",
    "tf.scalar_summary": "TensorFlow 0.x: tf.summary.scalar(name, value)",
    "tf.sub": "TensorFlow 0.x: tf.subtract",
    "tf.train.SummaryWriter": "TensorFlow 0.x: tf.summary.FileWriter",
    "tf.unpack": "TensorFlow 0.x: tf.unstack",
    "unicode": "Python 3: str",
    "xrange": "Python 3: range",
}
# The same for the last part of a dotted name, whatever it is under.
_ENDINGS = {
    "_parse_flags": "tf.flags.FLAGS(sys.argv), or tf.app.run(), which does it",
    "has_key": "Python 3: key in dictionary",
    "is_sequence": "tf.nest.is_nested, if it is of nest",
    "iteritems": "Python 3: items",
    "itervalues": "Python 3: values",
}

Word = collections.namedtuple("Word", "kind text start end")
Edit = collections.namedtuple("Edit", "start end text")
Report = collections.namedtuple("Report", "text remarks")


def words_of(program):
    """The words of a program without its spaces and comments; a string is one word."""
    return [
        Word(match.lastgroup, match.group(), match.start(), match.end())
        for match in _WORD.finditer(program)
        if match.lastgroup not in ("space", "comment")
    ]


def public_names(part):
    """The public names of a part of this folder, read off its source."""
    folder = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(folder, part, "__init__.py")
    if not os.path.exists(path):
        path = os.path.join(folder, part + ".py")
    with io.open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    names = set()
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            names.update(alias.asname or alias.name for alias in statement.names)
        elif isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            names.add(statement.name)
        elif isinstance(statement, ast.Assign):
            names.update(target.id for target in statement.targets if hasattr(target, "id"))
    return names - {"tf", "reporter"}


_PARTS = ("framework", "layers", "legacy_seq2seq", "rnn", "seq2seq")
_PUBLIC = {part: public_names(part) for part in _PARTS}


def prefix_in(path, table):
    """The longest part of a dotted name, from its start, that is in a table; None for none."""
    while path and path not in table:
        path = path.rpartition(".")[0]
    return path or None


def today(path):
    """What a dotted name of TensorFlow 1.x is called today."""
    old = prefix_in(path, _NAMES)
    return _NAMES[old] + path[len(old) :] if old else path


def remark(path):
    """What is left to do by hand about a dotted name of TensorFlow 1.x; None for nothing."""
    new = today(path)
    if new.startswith("contrib."):
        part, _, name = new[len("contrib.") :].partition(".")
        name = name.partition(".")[0]
        if part == "rename" or part in _PUBLIC and (not name or name in _PUBLIC[part]):
            return None
        return "%s is not there: %s" % (".".join(new.split(".")[:3]), advice(new))
    found = prefix_in(new, _BY_HAND)
    if found:
        return "%s: %s" % (found, _BY_HAND[found] or advice(new))
    ending = new.rpartition(".")[2]
    return "%s: %s" % (ending, _ENDINGS[ending]) if ending in _ENDINGS else None


class Renaming(object):
    """Goes through a program once and collects edits and remarks."""

    def __init__(self, program):
        self.program = program
        self.words = words_of(program)
        self.edits, self.remarks = [], collections.OrderedDict()
        # Names that the program imports, and the dotted names of TensorFlow 1.x they stand for.
        self.roots = {}
        self.other_imports = set()
        self.header = None  # the first word and the end of the import of TensorFlow
        self.uses_contrib = False
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
        first = statement[0].text if statement else ""
        if first == "import":
            self.take_import(statement)
        elif first == "from":
            self.take_from(statement)
        else:
            self.take_other(statement)

    def take_import(self, statement):
        """`import a.b as c, d`"""
        position = 1
        while position < len(statement):
            module, as_name = statement[position], None
            if [word.text for word in statement[position + 1 : position + 2]] == ["as"]:
                as_name = statement[position + 2]
            path = self.standard(module.text)
            name = as_name.text if as_name else path.partition(".")[0]
            is_root = path in ("tensorflow", "tensorflow.compat.v1")
            if is_root or path.startswith("tensorflow.contrib") and not as_name:
                # Without `as`, `import tensorflow.contrib.rnn` gives the name tensorflow.
                self.roots[name] = "tf"
                self.header = self.header or (statement[0], statement[-1].end)
                if path != "tensorflow.compat.v1":
                    text = "tensorflow.compat.v1" + ("" if as_name else " as tensorflow")
                    self.replace(module.start, module.end, text)
            elif path == "contrib" or path.startswith("contrib."):
                self.roots[name] = "tf." + path if as_name else "tf.contrib"
                self.remark(module, remark("tf." + path))
            elif path.startswith("tensorflow.contrib"):
                old = "tf" + path[len("tensorflow") :]
                self.roots[name] = old
                self.replace(module.start, module.end, today(old))
                if today(old) == name:  # import tensorflow.contrib as contrib
                    self.replace(module.end, as_name.end, "")
                self.remark(module, remark(old))
            else:
                if path in ("numpy", "inspect"):
                    self.roots[name] = "np" if path == "numpy" else path
                self.other_imports.add(name)
                self.remark(module, remark(path))
            position += 4 if as_name else 2

    def take_from(self, statement):
        """`from a.b import c as d, e`"""
        module = statement[1]
        path = self.standard(module.text)
        if path in ("tensorflow", "tensorflow.compat.v1"):
            old = "tf"
        elif path.startswith("tensorflow.contrib"):
            old = "tf" + path[len("tensorflow") :]
        elif path == "contrib" or path.startswith("contrib."):
            old = "tf." + path
        else:
            self.remark(module, remark(path))
            self.other_imports.update(word.text for word in statement[3:])
            return
        names = [word for word in statement[3:] if word.kind == "name"]
        while names:
            name = names.pop(0)
            as_name = name
            if names and names[0].text == "as":
                as_name = names[1]
                del names[:2]
            self.roots[as_name.text] = "%s.%s" % (old, name.text)
            self.remark(name, remark("%s.%s" % (old, name.text)))
        imported = [word.text for word in statement[3:]]
        if old == "tf" and imported == ["contrib"]:  # from tensorflow import contrib
            self.replace(statement[0].start, statement[-1].end, "import contrib")
        elif old == "tf":
            self.replace(module.start, module.end, "tensorflow.compat.v1")
        else:
            self.replace(module.start, module.end, today(old))

    def take_other(self, statement):
        """Any statement that is no import."""
        texts = [word.text for word in statement]
        first = texts[0] if texts else ""
        if first in ("print", "exec") and texts[1:2] not in ([], ["("], ["="]):
            self.remark(statement[0], "%s statement: a function in Python 3" % first)
        if first in ("except", "raise") and "," in texts and "(" not in texts:
            self.remark(statement[0], "%s with a comma: not so in Python 3" % first)
        for position, word in enumerate(statement):
            before, after = (
                texts[max(0, position - 2) : position],
                texts[position + 1 : position + 2],
            )
            path = self.standard(word.text)
            root, _, rest = path.partition(".")
            if word.text == "`":
                self.remark(word, "`...`: repr(...) in Python 3")
            if word.kind != "name" or after == ["="] and not rest:
                continue  # `xrange = range`, or the name of an argument
            if before[-1:] == ["."] or root not in self.roots:
                known = before[-1:] == ["."] or root in self.other_imports
                self.remark(word, remark("." + path if known else path))
                continue
            old = self.roots[root] + path[len(root) :]
            self.remark(word, remark(old))
            if old == "np.searchsorted" and before == ["int", "("]:
                self.remark(word, "int(np.searchsorted(..)): of one number: int(....item())")
            following = texts[position + 1 : position + 6]
            if old.endswith(".MultiRNNCell") and following[:2] + following[3:] == list("([]*"):
                self.remark(word, "MultiRNNCell([cell] * n): a fresh cell for each layer")
            new = self.new_name(root, path[len(root) :])
            if new != path:
                self.uses_contrib = self.uses_contrib or new.startswith("contrib.")
                self.replace(word.start, word.end, new)

    @property
    def tf(self):
        """The program's name for TensorFlow; None where it imports parts only."""
        return next((name for name, old in self.roots.items() if old == "tf"), None)

    def new_name(self, root, rest):
        """What a program writes today for `root + rest`, root being a name that it imports."""
        old = self.roots[root] + rest
        new = today(old)
        if new in (old, today(self.roots[root]) + rest):
            return root + rest
        if new.startswith("tf."):
            tf = root if self.roots[root] == "tf" else self.tf
            return tf + new[len("tf") :] if tf else root + rest
        return new

    @staticmethod
    def standard(text):
        """A dotted name without the spaces and line ends that may stand in it."""
        return re.sub(r"[\s\\]+", "", text)

    def result(self):
        """The program with its edits, and the remarks: `{what: line numbers}`."""
        if self.header:
            self.add_header()
        text = self.program
        for edit in sorted(self.edits, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return Report(text, self.remarks)

    def add_header(self):
        """Adds what has to stand after the import of TensorFlow."""
        first, end = self.header
        names = {self.standard(word.text) for word in self.words if word.kind == "name"}
        lines = []
        if self.uses_contrib and self.roots.get("contrib") != "tf.contrib":
            lines.append("import contrib")
        if self.edits and not any("disable_" in name for name in names):
            lines.append("%s.disable_v2_behavior()" % self.tf)
        before = self.program[self.program.rfind("\n", 0, first.start) + 1 : first.start]
        after = re.match(r"[ \t]*(#[^\r\n]*)?(\r?$)", self.program[end:], re.MULTILINE)
        if before.strip() or not after:  # `try: import tensorflow as tf`
            between = "; "
        else:
            end += after.start(2)
            between = ("\r\n" if "\r\n" in self.program else "\n") + before
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


def main():
    parser = argparse.ArgumentParser(
        prog="python -m contrib.rename",
        description="Renames what a TensorFlow 1.x program uses of tf.contrib; shows a diff.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a Python file")
    parser.add_argument("--write", action="store_true", help="change the files")
    arguments = parser.parse_args()
    for path in arguments.files:
        try:
            with io.open(path, "rb") as file:
                encoding = tokenize.detect_encoding(file.readline)[0]
            with io.open(path, encoding=encoding, newline="") as file:
                program = file.read()
            report = rename(program)
            print(difference(path, program, report.text), end="")
            if arguments.write and report.text != program:
                with io.open(path, "w", encoding=encoding, newline="") as file:
                    file.write(report.text)
                report = rename(report.text)
        except (OSError, SyntaxError, UnicodeError) as error:
            parser.error("%s: %s" % (path, error))
        for text, lines in report.remarks.items():
            print("%s:%s: %s" % (path, ",".join(map(str, lines)), text))


if __name__ == "__main__":
    main()
