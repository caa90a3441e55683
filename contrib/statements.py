"""Splits a program into words and statements, and finds the names that its functions bind.

It works on the text and not on a syntax tree, so that it can read programs for Python 2. Needs no
TensorFlow.
"""

import collections
import re

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
# What begins a statement whose colon may have another statement after it on its line.
_COMPOUND = set("async class def elif else except finally for if try while with".split())

Word = collections.namedtuple("Word", "kind text start end")
# A statement: its words; whether it is in a function; the names in it that are variables, whatever
# the module imports under them; the names that it gives to variables of the module.
Statement = collections.namedtuple("Statement", "words inside variables rebinds")
# A function or a class: its indentation, and the names that are bound in it.
_Scope = collections.namedtuple("_Scope", "indent is_function bound imported")


def words_of(program):
    """The words of a program without its spaces and comments; a string is one word."""
    return [
        Word(match.lastgroup, match.group(), match.start(), match.end())
        for match in _WORD.finditer(program)
        if match.lastgroup not in ("space", "comment")
    ]


def indent_of(program, word):
    """The spaces before a word that begins its line; None for a word that does not."""
    before = program[program.rfind("\n", 0, word.start) + 1 : word.start]
    return None if before.strip() else before


def _split(program):
    """The statements of a program, lists of words."""
    statement, depth = [], 0
    for word in words_of(program) + [Word("newline", "\n", len(program), len(program))]:
        if word.text in ("(", "[", "{"):
            depth += 1
        elif word.text in (")", "]", "}"):
            depth = max(0, depth - 1)
        ends = word.text == ";" or word.kind == "newline" and not depth
        if word.text == ":" and not depth and program[word.end : word.end + 1] != "=":
            # A statement may follow on the line: `try: import tensorflow as tf`.
            ends = statement and statement[0].text in _COMPOUND
        if ends:
            if statement:
                yield statement
            statement = []
        elif word.kind != "newline":
            statement.append(word)


def _text(statement):
    """A statement in one line, its strings empty, without spaces at its brackets and dots."""
    parts, end = [], statement[0].start
    for word in statement:
        parts.append("" if word.start == end else " ")
        parts.append("''" if word.kind == "string" else word.text)
        end = word.end
    text = re.sub(r"[\s\\]+", " ", "".join(parts))
    text = re.sub(r" ?([.,()\[\]{}]) ?", r"\1", text)
    return re.sub(r"\b(as|for|in)(?=[(\[{])", r"\1 ", text)  # no calls


def _names(targets):
    """The names that targets bind: a, b and c of `a, (b, *c)`, none of `d.e` and `f[g]`."""
    targets = re.sub(r"\.[^\W\d]\w*", ".", targets)
    return set(re.findall(r"(?<![\w.])[^\W\d]\w*(?![\w.])", targets))


def _without_brackets(text, before=""):
    """A text without what stands in brackets; `before` is what has to stand before a bracket."""
    pattern = r"(%s)[\[({][^\[\](){}]*[\])}]" % before
    while re.search(pattern, text):
        text = re.sub(pattern, r"\1.", text)
    return text


def bound_names(text):
    """The names that a statement binds where it stands."""
    if re.match(r"contrib ?= ?([\w.]+\.)?contrib$", text):
        return set()  # as good as an import
    found = re.match(r"(?:async )?(?:def|class) (\w+)", text)
    if found:
        return {found.group(1)}
    names = set(re.findall(r"(?<![\w.])([^\W\d]\w*) ?:=", text))
    text = _without_brackets(text, r"[\w.\])]")  # calls and subscripts
    if re.match(r"(?:async )?for\b", text):
        names |= _names(re.split(r"\bfor\b|\bin\b", text)[1])
    elif re.match(r"(?:async )?(?:with|except)\b", text):
        for targets in re.findall(r"\bas\b(.+?)(?=,|$)", text):
            names |= _names(targets)
    else:
        text = text.partition("lambda")[0]
        for targets in re.split(r"(?<![=<>!:+*/%&|^@-])=(?!=)", text)[:-1]:
            names |= _names(targets.partition(":")[0])
    return names


def _parameters(text):
    """The parameters of a `def`, its text given."""
    inner = _without_brackets(text[text.index("(") + 1 : text.rfind(")")])
    return set(re.findall(r"(?:^|,) ?\** ?([^\W\d]\w*)", inner))


def _imported_names(text):
    if text.startswith("from"):
        text = text.partition("import")[2].strip("() ")
    else:
        text = text.partition(" ")[2]
    return {part.split(" as ")[-1].partition(".")[0].strip() for part in text.split(",")}


def _names_of_expressions(text):
    """The names that exist within a statement only: those of a lambda and of `for` in brackets."""
    names = set()
    for targets in re.findall(r"[^\n]\bfor\b(.*?)\bin\b", text):
        names |= _names(targets)
    for parameters in re.findall(r"\blambda\b([^:]*):", text):
        names |= set(re.findall(r"(?:^|,) ?\** ?([^\W\d]\w*)", parameters))
    return names


def statements(program):
    """The `Statement`s of a program."""
    found, scopes, indent = [], (), 0
    for words in _split(program):
        spaces = indent_of(program, words[0])
        if spaces is not None:
            indent = len(spaces.expandtabs())
            scopes = tuple(scope for scope in scopes if scope.indent < indent)
        text = _text(words)
        bound, imported = bound_names(text), set()
        rebinds = bound if spaces == "" else set()
        if re.match(r"([^\W\d]\w*) ?= ?\1\.[\w.]+$", text):
            rebinds = set()  # tf = tf.compat.v1
        found.append((words, scopes, _names_of_expressions(text), rebinds))
        if words[0].text in ("import", "from"):
            imported = _imported_names(text)
        elif words[0].text in ("global", "nonlocal"):
            imported = _names(text)
        if scopes:
            scopes[-1].bound.update(bound)
            scopes[-1].imported.update(imported)
        kind = re.match(r"(?:async )?(def|class) \w+", text)
        if kind:
            is_function = kind.group(1) == "def" and "(" in text
            parameters = _parameters(text) if is_function else set()
            scopes += (_Scope(indent, is_function, parameters, set()),)
    # What a function binds is its own from the start of the function, so after the whole program.
    for words, scopes, variables, rebinds in found:
        functions = [scope for scope in scopes if scope.is_function]
        for scope in functions:
            variables = variables | (scope.bound - scope.imported)
        yield Statement(words, bool(functions), variables, rebinds)
