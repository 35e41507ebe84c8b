"""Runs Python as a reader does who pastes it into a fresh interpreter."""

import contextlib
import doctest
import io
import multiprocessing
import runpy
import traceback
import types
from functools import cache
from pathlib import Path

from running import snippet

ROOT = Path(__file__).parents[1]
SECONDS = 300  # a busy machine is no fault of a block
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
context = multiprocessing.get_context(method)
if method == "forkserver":
    context.set_forkserver_preload(["torch._dynamo", "matplotlib.pyplot"])


def script(path):
    """Runs a file in a process of its own; returns what it prints."""
    return _in_process(runpy.run_path, str(path), run_name="__main__")


@cache
def shown(name, section):
    """What a section of a snippet defines, run as a reader does who copies it."""
    module = types.ModuleType(section)
    code = snippet.sections((ROOT / f"snippets/{name}.py").read_text("utf-8"))[section][2]
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, module.__dict__)
    return module


def session(text):
    """Checks each result that an interactive session shows, in a process of its own."""
    return _in_process(_session, text)


def _session(text):
    test = doctest.DocTestParser().get_doctest(text, {}, "session", None, 0)
    assert test.examples, "there is no prompt"
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    complaints = []
    runner.run(test, out=complaints.append)
    assert not complaints, "".join(complaints)


def _in_process(function, *args, **kwargs):
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sender, function, args, kwargs))
    process.start()
    sender.close()
    try:
        assert receiver.poll(SECONDS), f"still running after {SECONDS} s: {args[0]}"
        printed, error = receiver.recv()
    except EOFError:
        raise AssertionError(f"the process died: {args[0]}") from None
    finally:
        process.kill()
        process.join()
    assert error is None, error
    return printed


def _work(sender, function, args, kwargs):
    error = None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            function(*args, **kwargs)
        except BaseException:
            error = traceback.format_exc()
    sender.send((printed.getvalue(), error))
