"""What happens inside the process of one snippet."""

import ast
import contextlib
import doctest
import faulthandler
import functools
import io
import linecache
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from pathlib import Path

import matplotlib
import matplotlib.figure
import matplotlib.pyplot as plt
from drawing import figure

from . import cache, snippet

matplotlib.use("agg")

NO_SOCKETS = "opens a socket: a snippet needs no network"
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


class Violation(Exception):
    """The snippet ran, but broke a rule at a line."""


def main(path, text, style, result, picture, log, limit, patience):
    """Runs the snippet; writes what it gives to result and picture, or why not to log."""
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    faulthandler.enable()
    _limit(limit, patience)
    if hasattr(os, "setsid"):
        os.setsid()
        threading.Thread(target=_end_with_parent, daemon=True).start()
    sockets = _forbid_sockets(path)
    entry, fig = run(path, text, style)
    if sockets:
        _violated(path, sockets[0], NO_SOCKETS)
    figure.to_png(fig, picture)
    cache.write(result, entry)


def run(path, text, style):
    """Executes a snippet once; returns what it gives, and its figure."""
    start = time.process_time()
    plt.style.use(figure.STYLE)
    linecache.cache[path] = len(text), None, text.splitlines(keepends=True), path
    module, printed = _execute(path, text, style)
    lines = {n.name: n.lineno for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}
    results, fig = module.results(), module.figure()
    if not isinstance(results, dict):
        kind = type(results).__name__
        _violated(path, lines["results"], f"results() returns a {kind}, not a dict")
    for key, value in results.items():
        if type(value) not in (int, float, bool):
            kind = type(value).__name__
            problem = f"results()[{key!r}] is a {kind}, not int, float or bool"
            _violated(path, lines["results"], problem)
    if not isinstance(fig, matplotlib.figure.Figure):
        kind = type(fig).__name__
        _violated(path, lines["figure"], f"figure() returns a {kind}, not a Figure")
    title = (ast.get_docstring(ast.parse(text)) or path).split("\n")[0]
    try:
        svg = figure.to_svg(fig, path)
    except ValueError as error:
        _violated(path, lines["figure"], str(error))
    entry = {
        "results": results,
        "outputs": printed,
        "doctests": _doctests(path, text, module),
        "svg": figure.inline(svg),
        "file": figure.file(svg, title, path),
        "csv": figure.to_csv(fig),
        "seconds": time.process_time() - start,
    }
    return entry, fig


def _execute(path, text, style):
    """Runs a snippet as a script; returns its module and {section: what it printed}.

    Each section runs alone, as it does where a reader pastes it: in a namespace of its own,
    with a fresh random state. Only then what it defines joins the rest of the file.
    """
    torch = sys.modules.get("torch")
    if torch:
        torch.set_num_threads(1)
        fresh = torch.get_rng_state()
    spans, printed = snippet.sections(text), {}
    module = alone = types.ModuleType("__main__")
    for node, file, line in _statements(path, text, style):
        section = next((name for name, (a, b, _) in spans.items() if a <= line <= b), None)
        if section and section not in printed:
            alone, printed[section] = types.ModuleType("__main__"), ""
            if torch:
                torch.set_rng_state(fresh)
        sys.modules["__main__"] = alone if section else module
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = compile(ast.Module([node], []), file, "exec")
            exec(code, sys.modules["__main__"].__dict__)
        if section:
            printed[section] += out.getvalue()
            module.__dict__.update(alone.__dict__)
        if (name := getattr(node, "name", None)) in ("results", "figure"):
            setattr(module, name, _once_in_silence(getattr(module, name), path, line))
    sys.modules["__main__"] = module
    return module, printed


def _once_in_silence(function, path, line):
    """A function that runs once, however often it is called, and may not print."""

    @functools.cache
    def once():
        with contextlib.redirect_stdout(io.StringIO()) as out:
            result = function()
        if out.getvalue():
            _violated(path, line, "results() and figure() must not print")
        return result

    return once


def _statements(path, text, style):
    """Yields each statement with its file, and its line in the snippet (0 if of style)."""
    for node in ast.parse(text, path).body:
        if isinstance(node, ast.ImportFrom) and node.module == "style":
            for definition in ast.parse(style).body:
                yield definition, "snippets/style.py", 0
        else:
            decorators = getattr(node, "decorator_list", [])
            yield node, path, min(part.lineno for part in [node, *decorators])


def _doctests(path, text, module):
    """Checks each docstring of a snippet; returns how many examples each has, by name."""
    checked = {}
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            continue
        docstring = ast.get_docstring(node, clean=False)
        if not docstring or ">>> " not in docstring:
            continue
        name, line = getattr(node, "name", Path(path).stem), node.body[0].lineno
        parser = doctest.DocTestParser()
        test = parser.get_doctest(docstring, module.__dict__, name, path, line - 1)
        if "torch" in sys.modules:
            sys.modules["torch"].manual_seed(0)
        _Doctest(path).run(test, clear_globs=False)
        checked[name] = len(test.examples)
    return checked


class _Doctest(doctest.DocTestRunner):
    """Fails at the first example that gives something else, and says at which line."""

    def __init__(self, path):
        super().__init__(optionflags=FLAGS, verbose=False)
        self.path = path

    def report_failure(self, out, test, example, got):
        told = self._checker.output_difference(example, got, FLAGS).rstrip()
        self._fail(test, example, f"doctest {test.name}: {example.source}{told}")

    def report_unexpected_exception(self, out, test, example, exc_info):
        error = f"{exc_info[0].__name__}: {exc_info[1]}"
        self._fail(test, example, f"doctest {test.name}: {example.source}raises {error}")

    def _fail(self, test, example, problem):
        line = test.lineno + example.lineno + 1
        _violated(self.path, line, " ".join(problem.split()))


def _violated(path, line, problem):
    raise Violation(f'{problem}\n  File "{path}", line {line}')


def _limit(limit, patience):
    """Ends the process with a traceback after limit s of CPU, or patience times as long."""
    faulthandler.dump_traceback_later(limit * patience)
    with contextlib.suppress(ImportError):  # Windows counts no CPU time
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 1))
        faulthandler.register(signal.SIGXCPU, chain=True)


def _forbid_sockets(path):
    """Makes any use of a socket fail; returns the list of lines that tried."""
    lines = []

    def audit(event, _):
        if event.startswith("socket."):
            frame = sys._getframe()
            while frame and frame.f_code.co_filename != path:
                frame = frame.f_back
            lines.append(frame.f_lineno if frame else 1)
            raise Violation(NO_SOCKETS)

    sys.addaudithook(audit)
    return lines


def _end_with_parent():
    multiprocessing.parent_process().join()
    os.killpg(0, signal.SIGKILL)
