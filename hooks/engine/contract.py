"""What a snippet must be, checked without running it."""

import ast
import re
import sys

PACKAGES = {"torch", "matplotlib"}
DIGITS = "# pip install torch matplotlib scikit-learn"


def violations(text):
    """Yields (line, message) for each way in which the text breaks the contract.

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
        for module in _imported(node):
            if module not in allowed and module not in sys.stdlib_module_names:
                hint = f"; its first line must be '{DIGITS}'" * (module == "sklearn")
                yield node.lineno, (
                    f"imports '{module}': a snippet imports torch, matplotlib "
                    f"and the standard library{hint}"
                )
    functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    for name, what in (("results", "the numbers"), ("figure", "the figure")):
        if name not in functions:
            yield 1, f"defines no function {name}(), which returns {what}"
    if ">>> " not in text:
        yield 1, "has no doctest"
    try:
        sections(text)
    except ValueError as error:
        yield error.args


def _imported(node):
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").split(".")[0] if not node.level else "."]
    return []


def sections(text):
    """The named sections of a snippet: {name: (first line, last line, text)}.

    Raises ValueError(line, message) for a section that does not open and close once.

    >>> sections("# --8<-- [start:a]\\nx = 1\\n# --8<-- [end:a]\\n")
    {'a': (2, 2, 'x = 1\\n')}
    """
    found, opened = {}, {}
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        mark = re.fullmatch(r"# --8<-- \[(start|end):(\w+)\]\n?", line)
        if not mark:
            continue
        kind, name = mark.groups()
        if kind == "start":
            if name in opened or name in found:
                raise ValueError(number, f"section '{name}' opens a second time")
            opened[name] = number + 1
        elif name not in opened:
            raise ValueError(number, f"section '{name}' closes but is not open")
        else:
            first = opened.pop(name)
            found[name] = first, number - 1, "".join(lines[first - 1 : number - 1])
    for name, first in opened.items():
        raise ValueError(first - 1, f"section '{name}' never closes")
    return found
