"""What a snippet is: its rules, checked without running it, its sections, its copy."""

import ast
import re
import sys

PACKAGES = {"torch", "matplotlib"}
DIGITS = "# pip install torch matplotlib scikit-learn"
MARK = re.compile(r"# --8<-- \[(start|end):(\w+)\]\n?")
STYLE = re.compile(r"^from style import (?:\([^()]*\)|[\w, ]+)\n", re.MULTILINE)


def violations(text):
    """Yields (line, message) for each way in which the text breaks a rule.

    >>> list(violations("import numpy\\n"))[0]
    (1, "imports 'numpy': a snippet imports torch, matplotlib and the standard library")
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield error.lineno or 1, f"is not Python: {error.msg}"
        return
    allowed = PACKAGES | ({"sklearn"} if text.startswith(DIGITS) else set())
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else []:
            module = (getattr(node, "module", "") or alias.name).split(".")[0]
            if module == "style":
                one = node in tree.body and len(STYLE.findall(text)) == 1
                if not one or alias.asname:
                    yield node.lineno, "imports style not as one line: from style import ..."
            elif module not in allowed and module not in sys.stdlib_module_names:
                hint = f"; its first line must be '{DIGITS}'" * (module == "sklearn")
                what = "a snippet imports torch, matplotlib and the standard library"
                yield node.lineno, f"imports '{module}': {what}{hint}"
    functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    for name, what in (("results", "the numbers"), ("figure", "the figure")):
        if name not in functions:
            yield 1, f"defines no function {name}(), which returns {what}"
    if ">>> " not in text:
        yield 1, "has no doctest"
    try:
        for name, (first, _, body) in sections(text).items():
            if STYLE.search(body):
                yield first, f"section '{name}' imports style, which a reader who copies it does not have"
    except ValueError as error:
        yield error.args


def sections(text):
    """The named sections of a snippet: {name: (first line, last line, text)}.

    Raises ValueError(line, message) for a section that does not open and close once, or
    stands in another.

    >>> sections("# --8<-- [start:a]\\nx = 1\\n# --8<-- [end:a]\\n")
    {'a': (2, 2, 'x = 1\\n')}
    """
    found, opened, first = {}, None, 0
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if mark := MARK.fullmatch(line):
            kind, name = mark.groups()
            if kind == "start" and not opened and name not in found:
                opened, first = name, number + 1
            elif kind == "end" and name == opened:
                found[name], opened = (first, number - 1, "".join(lines[first - 1 : number - 1])), None
            else:
                raise ValueError(number, "a section opens once, and closes before the next opens")
    if opened:
        raise ValueError(first - 1, f"section '{opened}' never closes")
    return found


def copy(text, style):
    """A snippet as a reader takes it away: without marks, style in place of its import.

    >>> copy("import torch\\nfrom style import GRAY\\n# --8<-- [start:a]\\n", '\"\"\"Doc.\"\"\"\\n\\nGRAY = 1\\n')
    'import torch\\nGRAY = 1\\n'
    """
    definitions = style.split('"""', 2)[2].strip()
    return MARK.sub("", STYLE.sub(lambda _: f"{definitions}\n", text))
