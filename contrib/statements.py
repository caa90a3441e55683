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
# A parameter in a list of them.
_PARAMETER = re.compile(r"(?:^|,) ?\** ?([^\W\d]\w*)")
# The modules that `Renaming` follows: in a function their names are no variables.
_FOLLOWED = re.compile(r"(?:tensorflow|contrib|numpy|inspect)\b")

Word = collections.namedtuple("Word", "kind text start end")
# A statement: its words; whether it is in a function; whether it is in an indented block or behind
# the colon of one; the names in it that are variables, whatever the module imports under them; the
# names of the module that mean something else after it; all names that it binds, but for imports.
Statement = collections.namedtuple("Statement", "words inside indented variables rebinds binds")
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
    return set(_PARAMETER.findall(inner))


def _imported_names(text):
    """Pairs of a module and the name that an import gives to it or to a part of it."""
    found = re.match(r"(?:from(.*?))?\bimport\b(.*)", text)
    for part in found.group(2).strip("() ").split(",") if found else ():
        path, _, as_name = part.strip().partition(" as ")
        yield (found.group(1) or path).strip(), as_name.strip() or path.partition(".")[0]


def _names_of_expressions(text):
    """The names that exist within a statement only: those of a lambda and of `for` in brackets."""
    names = set()
    for targets in re.findall(r"[^\n]\bfor\b(.*?)\bin\b", text):
        names |= _names(targets)
    for parameters in re.findall(r"\blambda\b([^:]*):", text):
        names |= set(_PARAMETER.findall(parameters))
    return names


def statements(program):
    """The `Statement`s of a program."""
    found, scopes, indent, indented = [], (), 0, False
    for words in _split(program):
        spaces = indent_of(program, words[0])
        if spaces is not None:
            indent = len(spaces.expandtabs())
            scopes = tuple(scope for scope in scopes if scope.indent < indent)
            indented = indent > 0
        text = _text(words)
        bound, imported, variables = bound_names(text), set(), _names_of_expressions(text)
        binds, rebinds = bound | variables, bound
        if words[0].text in ("import", "from"):
            pairs = list(_imported_names(text))
            imported = {name for module, name in pairs if _FOLLOWED.match(module)}
            bound = {name for _, name in pairs} - imported
            rebinds = {name for _, name in pairs}
            if words[0].text == "import":
                rebinds.discard("tensorflow")  # import tensorflow.python.x: the same package
        elif words[0].text in ("global", "nonlocal"):
            imported = _names(text)
        elif re.match(r"([^\W\d]\w*) ?= ?\1\.[\w.]+$", text):
            rebinds = set()  # tf = tf.compat.v1
        if scopes:
            scopes[-1].bound.update(bound)
            scopes[-1].imported.update(imported)
        kind, parameters = re.match(r"(?:async )?(def|class) \w+", text), set()
        if kind:
            is_function = kind.group(1) == "def" and "(" in text
            parameters = _parameters(text) if is_function else set()
        found.append(
            (words, scopes, indented, variables, set() if indented else rebinds, binds | parameters)
        )
        if kind:
            scopes += (_Scope(indent, is_function, parameters, set()),)
        indented = indented or words[0].text in _COMPOUND
    # What a function binds is its own from the start of the function, so after the whole program.
    for words, scopes, indented, variables, rebinds, binds in found:
        functions = [scope for scope in scopes if scope.is_function]
        for scope in functions:
            variables = variables | (scope.bound - scope.imported)
        yield Statement(words, bool(functions), indented, variables, rebinds, binds)
