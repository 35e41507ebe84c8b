"""Runs snippets and labs, each in a process of its own, and stores what they give.

The program `python -m running.pool SETTINGS`, which running.cache starts.
"""

import json
import multiprocessing.connection
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from . import cache, worker
from .say import report, say, take_turn

PATIENCE = 5  # a source may wait, and share its core, this many times its limit
WEIGHT = {"snippets": 1, "labs": 20}  # how long each takes, about
# Imports that cost seconds in each process that makes them, if the pool's server does not.
PRELOAD = {
    "torch": r"^import torch|^from torch",
    "torch._dynamo": r"\boptim\.|FlopCounterMode",
    "matplotlib.pyplot": r"^import matplotlib|^from matplotlib",
    "sklearn.datasets": r"^from sklearn",
}


def fill(runs):
    """Runs what a Cache does not hold; returns how many sources failed."""
    runs.kept.mkdir(parents=True, exist_ok=True)
    with take_turn(runs.kept / "lock"):
        for killed in runs.kept.glob("scratch-*"):
            shutil.rmtree(killed, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=runs.kept) as scratch:
            missing = [source for source in runs.sources() if not cache.read(source.entry)]
            return _run_all([_Job(source, runs, Path(scratch, str(i))) for i, source in enumerate(missing)])


def _run_all(jobs):
    """Runs jobs, one a core; returns how many failed."""
    context = _context("\n".join(job.source.text for job in jobs if job.source.kind == "snippets"))
    # The longest text tends to run longest; started last, it would leave cores idle.
    waiting = sorted(jobs, key=lambda job: job.weight * len(job.source.text))
    running, failures, start = [], 0, time.monotonic()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    while waiting or running:
        while waiting and len(running) < cores:
            running.append(waiting.pop().start(context))
            say(f"{running[-1].source.path} runs")
        deadline = min(job.deadline for job in running)
        multiprocessing.connection.wait([job.process.sentinel for job in running], deadline - time.monotonic())
        for job in [job for job in running if job.ended()]:
            running.remove(job)
            failures += not job.collect()
            left, all_work = (sum(job.weight for job in some) for some in (waiting + running, jobs))
            seconds = (time.monotonic() - start) / (all_work - left) * left
            say(f"{job.source.path} took {job.seconds:.1f} s; {len(waiting + running)} left, about {seconds:.0f} s")
    return failures


def _context(texts):
    """How processes start: from a server that has imported what most of them need, if it can be."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    used = [module for module, sign in PRELOAD.items() if re.search(sign, texts, re.MULTILINE)]
    context.set_forkserver_preload(["running.script", *used])
    return context


class _Job:
    """One source in a process of its own, which writes its files to a folder."""

    def __init__(self, source, runs, folder):
        self.source, self.style, self.folder = source, runs.style, folder
        self.limit, self.weight = runs.limits[source.kind], WEIGHT[source.kind]

    def start(self, context):
        self.folder.mkdir()
        arguments = self.source, self.style, self.folder, self.limit, PATIENCE
        self.process = context.Process(target=worker.main, args=arguments)
        self.process.start()
        self.started = time.monotonic()
        # One second for the traceback, which the process writes at the limit.
        self.deadline = self.started + PATIENCE * self.limit + 1
        return self

    def ended(self):
        """Whether it has finished or is over its limit; no child of it is left then."""
        if self.process.is_alive() and time.monotonic() < self.deadline:
            return False
        self.seconds = time.monotonic() - self.started
        with suppress(AttributeError, ProcessLookupError):  # Windows has no groups of processes
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        return True

    def collect(self):
        """Moves what it gave into the cache, the entry last; False if it gave nothing, and why."""
        code, log = self.process.exitcode, self.folder / "log"
        said = log.read_text("utf-8") if log.exists() else ""
        if code == 0 and (self.folder / self.source.entry.name).exists():
            for file in sorted(self.folder.glob(f"{self.source.entry.stem}*"), key=lambda f: f.suffix == ".json"):
                file.replace(self.source.entry.with_name(file.name))
            return True
        if not said.startswith(f"{self.source.path}:"):
            late = time.monotonic() >= self.deadline or code == -getattr(signal, "SIGXCPU", 0)
            why = "ended itself before it gave a result"
            if code and late:
                why = f"took longer than {self.limit:g} s and was killed"
            elif code < 0:
                why = f"was ended by {signal.Signals(-code).name}"
            [line, *_] = [*re.findall(rf'File "{re.escape(self.source.path)}", line (\d+)', said), 1]
            said = f"{self.source.path}:{line}: {why}\n{said}"
        report(said)
        return False


def _end_with_parent():
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(KeyboardInterrupt):
        sys.exit(fill(cache.Cache(*json.loads(sys.argv[1]))) > 0)
    sys.exit(130)
