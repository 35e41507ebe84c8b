"""Runs a snippet once, as a script: its sections, its doctests, results(), figure() and data()."""

import ast
import contextlib
import doctest
import functools
import inspect
import io
import json
import linecache
import socket
import sys
import time
import types
from pathlib import Path

import matplotlib.figure
import matplotlib.pyplot as plt
from drawing import figure, highlight
from pygments.lexers import PythonLexer
from text.source import Fault, Faults

from . import snippet
from .cache import picture

matplotlib.use("agg")
PythonLexer()  # compiles its patterns, once for all processes that start with this module imported

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def run(path, text, style, entry):
    """What a snippet gives; its PNG is stored beside the entry. Raises Faults."""
    start = time.process_time()
    if problems := [f"{path}:{line}: {problem}" for line, problem in snippet.violations(text)]:
        raise Faults(problems)
    plt.style.use(figure.STYLE)
    linecache.cache[path] = len(text), None, text.splitlines(keepends=True), path
    socket.socket = _refuse
    module, printed = _execute(path, text, style)
    tree = ast.parse(text)
    lines = {n.name: n.lineno for n in tree.body if isinstance(n, ast.FunctionDef)}
    results, fig = module.results(), module.figure()
    narrow = module.figure(narrow=True) if "narrow" in inspect.signature(module.figure).parameters else None
    for name, given, kind in ("results", results, dict), ("figure", fig, matplotlib.figure.Figure):
        if not isinstance(given, kind):
            raise Fault(path, lines[name], f"{name}() returns a {type(given).__name__}, not a {kind.__name__}")
    for key, kind in ((key, type(value)) for key, value in results.items()):
        if kind not in (int, float, bool):
            raise Fault(path, lines["results"], f"results()[{key!r}] is a {kind.__name__}, not int, float or bool")
    title, svg = (ast.get_docstring(tree) or path).split("\n")[0], {}
    try:
        svg |= figure.drawings(figure.to_svg(fig, path), title, path)
        if narrow:
            svg |= figure.drawings(figure.to_svg(narrow, path), title, path, "-narrow")
    except ValueError as error:
        raise Fault(path, lines["figure"], str(error)) from None
    doctests = _doctests(path, tree, module)
    figure.to_png(fig, picture(entry), title, path)
    return {
        "results": results,
        "outputs": printed,
        "doctests": doctests,
        "svg": svg,
        "csv": figure.to_csv(fig),
        "code": highlight.script(snippet.copy(text, style)),
        "js": f"Widget.data = {json.dumps(module.data())};" if hasattr(module, "data") else "",
        "seconds": time.process_time() - start,
    }


def _execute(path, text, style):
    """Runs a snippet as a script; returns its module and {section: what it printed}.

    Each section runs alone, as it does where a reader pastes it: in a namespace of its own,
    with a fresh random state. Only then what it defines joins the rest of the file.
    """
    torch = sys.modules.get("torch")
    fresh = torch.get_rng_state() if torch else None
    spans, printed = snippet.sections(text), {}
    module = alone = types.ModuleType("__main__")
    sys.modules["style"] = types.ModuleType("style")
    exec(style, sys.modules["style"].__dict__)
    for node in ast.parse(text).body:
        line = min(part.lineno for part in [node, *getattr(node, "decorator_list", [])])
        section = next((name for name, (a, b, _) in spans.items() if a <= line <= b), None)
        if section and section not in printed:
            alone, printed[section] = types.ModuleType("__main__"), ""
            if torch:
                torch.set_rng_state(fresh)
        sys.modules["__main__"] = alone if section else module
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(ast.Module([node], []), path, "exec"), sys.modules["__main__"].__dict__)
        if section:
            printed[section] += out.getvalue()
            module.__dict__.update(alone.__dict__)
        if (name := getattr(node, "name", None)) in ("results", "figure"):
            setattr(module, name, _once_in_silence(getattr(module, name), path, line))
    sys.modules["__main__"] = module
    return module, printed


def _once_in_silence(function, path, line):
    """A function that runs once for the same arguments, however often it is called, and may not print."""

    @functools.cache
    @functools.wraps(function)
    def once(**how):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            result = function(**how)
        if out.getvalue():
            raise Fault(path, line, "results() and figure() must not print")
        return result

    return once


def _doctests(path, tree, module):
    """Checks each docstring of a snippet; returns how many examples each has, by name."""
    checked, parser = {}, doctest.DocTestParser()
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            continue
        docstring, name = ast.get_docstring(node, clean=False), getattr(node, "name", Path(path).stem)
        test = parser.get_doctest(docstring or "", module.__dict__, name, path, node.body[0].lineno - 1)
        if test.examples:
            checked[name] = len(test.examples)
            if "torch" in sys.modules:
                sys.modules["torch"].manual_seed(0)
            try:
                doctest.DebugRunner(optionflags=FLAGS, verbose=False).run(test, clear_globs=False)
            except doctest.DocTestFailure as error:
                problem = doctest.OutputChecker().output_difference(error.example, error.got, FLAGS)
                raise _fault(error, problem) from None
            except doctest.UnexpectedException as error:
                raise _fault(error, f"raises {error.exc_info[1]!r}") from None
    return checked


def _fault(error, problem):
    """The Fault of an example of a doctest that gives something else."""
    told = " ".join(f"doctest {error.test.name}: {error.example.source} {problem}".split())
    return Fault(error.test.filename, error.test.lineno + error.example.lineno + 1, told)


def _refuse(*_, **__):
    raise OSError("opens a socket: a snippet needs no network")
