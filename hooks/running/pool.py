"""Runs snippets in parallel, each in a process of its own, and stores what they give."""

import multiprocessing
import multiprocessing.connection
import os
import re
import shutil
import signal
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from . import snippet
from .cache import picture
from .say import report, say

PATIENCE = 5  # a snippet may wait, and share its core, this many times its limit
# Imports that cost seconds in each process that makes them, if the pool's server does not.
PRELOAD = {
    "torch": r"^import torch|^from torch",
    "torch._dynamo": r"\boptim\.|FlopCounterMode",
    "matplotlib.pyplot": r"^import matplotlib|^from matplotlib",
    "sklearn.datasets": r"^from sklearn",
}


@contextmanager
def workshop(cache):
    """A folder for unfinished work inside a cache that no other build fills now."""
    cache.cache.mkdir(parents=True, exist_ok=True)
    lock = FileLock(cache.cache / "lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        say(f"{cache.kind}: another build runs them; waiting for it")
        lock.acquire()
    for killed in cache.cache.glob("scratch-*"):
        shutil.rmtree(killed, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=cache.cache) as scratch:
        yield Path(scratch)


def fill(cache):
    """Runs what the cache does not hold; returns how many snippets failed."""
    jobs, failures = [], 0
    with workshop(cache) as scratch:
        for i, (name, text) in enumerate(cache.missing().items()):
            path = f"{cache.folder.as_posix()}/{name}.py"
            problems = list(snippet.violations(text))
            for line, problem in problems:
                report(f"{path}:{line}: {problem}")
            failures += bool(problems)
            if not problems:
                jobs.append(_Job(path, text, cache, scratch / str(i)))
        if jobs:
            say(f"snippets: {len(jobs)} to run")
            failures += _run_all(jobs)
    return failures


def _run_all(jobs):
    """Runs jobs, one a core; returns how many failed."""
    forkserver = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forkserver else "spawn")
    if forkserver:
        texts = "\n".join(job.text for job in jobs)
        used = [p for p, sign in PRELOAD.items() if re.search(sign, texts, re.MULTILINE)]
        context.set_forkserver_preload(["running.worker", *used])
    cores = cores_of_this_process()
    # The longest text tends to run longest; started last, it would leave cores idle.
    waiting = sorted(jobs, key=lambda job: len(job.text))
    running, failures, start = [], 0, time.monotonic()
    while waiting or running:
        while waiting and len(running) < cores:
            running.append(waiting.pop().start(context))
        deadline = min(job.deadline for job in running)
        multiprocessing.connection.wait(
            [job.process.sentinel for job in running],
            timeout=max(0, deadline - time.monotonic()),
        )
        for job in [job for job in running if job.ended()]:
            running.remove(job)
            failures += not job.succeeded()
            done = len(jobs) - len(waiting) - len(running)
            left = (time.monotonic() - start) / done * (len(jobs) - done)
            now = f", now {' and '.join(job.path for job in running)}" if running else ""
            say(
                f"snippets: {job.path} took {job.seconds:.1f} s; {len(jobs) - done} left, "
                f"about {left:.0f} s{now}"
            )
    return failures


def cores_of_this_process():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Job:
    """One snippet in a process of its own."""

    def __init__(self, path, text, cache, scratch):
        self.path, self.text, self.limit, self.style = path, text, cache.limit, cache.style
        self.entry = cache.path(text)
        self.result, self.drawn = scratch.with_suffix(".json"), scratch.with_suffix(".png")
        self.log = scratch.with_suffix(".log")

    def start(self, context):
        outcome = self.result, self.drawn, self.log
        arguments = self.path, self.text, self.style, *outcome, self.limit, PATIENCE
        self.process = context.Process(target=_work, args=arguments)
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
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        return True

    def succeeded(self):
        """Moves the result into the cache, or reports where and why there is none."""
        code = self.process.exitcode
        if code == 0 and self.result.exists():
            os.replace(self.drawn, picture(self.entry))
            os.replace(self.result, self.entry)
            return True
        log = self.log.read_text("utf-8") if self.log.exists() else ""
        lines = re.findall(rf'File "{re.escape(self.path)}", line (\d+)', log) or [1]
        late = time.monotonic() >= self.deadline or code == -getattr(signal, "SIGXCPU", 0)
        if code and late:
            line, why = lines[0], f"took longer than {self.limit:g} s and was killed"
        elif code < 0:
            line, why = lines[0], f"was ended by {signal.Signals(-code).name}"
        elif code == 0:
            line, why = 1, "ended itself before it gave a result"
        else:
            line, why = lines[-1], log.rstrip().rpartition("\n")[2]
        report(f"{self.path}:{line}: {why}", log)
        return False


def _work(*arguments):
    from . import worker

    worker.main(*arguments)
