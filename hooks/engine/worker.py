"""What happens inside the process of one snippet."""

import ast
import contextlib
import faulthandler
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
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from . import entries, figure
from .code import calm
from .contract import sections

matplotlib.use("agg")
calm()

NO_SOCKETS = "opens a socket: a snippet needs no network"


class Violation(Exception):
    """The snippet ran, but broke its contract at a line."""


def main(path, text, result, log, limit):
    """Runs the snippet and writes what it gives to result, or why not to log."""
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT), 2)
    faulthandler.enable()
    faulthandler.dump_traceback_later(limit)
    if hasattr(os, "setsid"):
        os.setsid()
        threading.Thread(target=_end_with_parent, daemon=True).start()
    sockets = _forbid_sockets(path)
    entry = run(path, text)
    if sockets:
        _violated(path, sockets[0], NO_SOCKETS)
    entries.write(result, entry)


def run(path, text):
    """Executes the snippet once; returns its results, outputs, figure and code."""
    start = time.process_time()
    plt.style.use(figure.STYLE)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    linecache.cache[path] = len(text), None, text.splitlines(keepends=True), path
    module = sys.modules[Path(path).stem] = types.ModuleType(Path(path).stem)
    namespace = module.__dict__
    tree = ast.parse(text, path)
    printed = []
    for node in tree.body:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(ast.Module([node], []), path, "exec"), namespace)
        printed.append((node.lineno, out.getvalue()))
    lines = {n.name: n.lineno for n in tree.body if isinstance(n, ast.FunctionDef)}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        results = namespace["results"]()
        fig = namespace["figure"]()
    if out.getvalue():
        _violated(path, lines["figure"], "results() and figure() must not print")
    if not isinstance(results, dict):
        kind = type(results).__name__
        _violated(path, lines["results"], f"results() returns a {kind}, not a dict")
    for key, value in results.items():
        if type(value) not in (int, float, str, bool):
            kind = type(value).__name__
            problem = f"results()[{key!r}] is a {kind}, not int, float, str or bool"
            _violated(path, lines["results"], problem)
    if not isinstance(fig, matplotlib.figure.Figure):
        kind = type(fig).__name__
        _violated(path, lines["figure"], f"figure() returns a {kind}, not a Figure")
    try:
        svg = figure.to_svg(fig, path)
    except ValueError as error:
        _violated(path, lines["figure"], str(error))
    return {
        "results": results,
        "outputs": {
            name: "".join(out for line, out in printed if first <= line <= last)
            for name, (first, last, _) in sections(text).items()
        },
        "svg": svg,
        "csv": figure.to_csv(fig),
        "code": highlight(text, PythonLexer(), HtmlFormatter(nowrap=True)),
        "seconds": time.process_time() - start,
    }


def _violated(path, line, problem):
    raise Violation(f'{problem}\n  File "{path}", line {line}')


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
