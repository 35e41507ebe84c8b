"""What happens inside the process of one snippet or lab."""

import contextlib
import faulthandler
import json
import multiprocessing
import os
import re
import signal
import threading
import traceback

from text.source import Faults

GIGABYTES = 8  # that a snippet or a lab may hold


def main(source, style, folder, limit, patience):
    """Runs a Source; writes what it gives to the folder, or to its file log why not."""
    log = folder / "log"
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    _limit(limit, patience)
    if hasattr(os, "setsid"):
        os.setsid()
        threading.Thread(target=_end_with_parent, daemon=True).start()
    entry = folder / source.entry.name
    try:
        if source.kind == "labs":
            from .lab import run
        else:
            from .script import run
        outcome = run(source.path, source.text, style, entry)
    except Faults as faults:
        log.write_text(str(faults), "utf-8")
    except BaseException as error:
        told = traceback.format_exc()
        lines = re.findall(rf'File "{re.escape(source.path)}", line (\d+)', told)
        why = traceback.format_exception_only(error)[-1].partition("\n")[0]
        if isinstance(error, MemoryError) or "not enough memory" in why:  # PyTorch's words
            why = f"needs more than the {GIGABYTES} GB that it may hold: {why}"
        log.write_text(f"{source.path}:{lines[-1] if lines else 1}: {why}\n{told}", "utf-8")
    else:
        entry.write_text(json.dumps(outcome), "utf-8")


def _limit(limit, patience):
    """Ends the process with a traceback after limit s of CPU, or patience times as long; limits its memory."""
    faulthandler.enable()
    faulthandler.dump_traceback_later(limit * patience)
    with contextlib.suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (GIGABYTES << 30, GIGABYTES << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 1))
        faulthandler.register(signal.SIGXCPU, chain=True)


def _end_with_parent():
    multiprocessing.parent_process().join()
    os.killpg(0, signal.SIGKILL)
