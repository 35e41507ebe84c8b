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

from . import contract
from .run import entry_path, missing
from .say import report, say

GRACE = 1  # seconds between the traceback at the limit and the kill


@contextmanager
def workshop(cache_folder, kind):
    """A folder for unfinished work inside a cache that no other build fills now."""
    Path(cache_folder).mkdir(parents=True, exist_ok=True)
    lock = FileLock(Path(cache_folder) / "lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        say(f"{kind}: another build runs them; waiting for it")
        lock.acquire()
    for killed in Path(cache_folder).glob("scratch-*"):
        shutil.rmtree(killed, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=cache_folder) as scratch:
        yield Path(scratch)


def fill(folder, cache_folder, limit):
    """Runs what the cache does not hold; returns how many snippets failed."""
    jobs, failures = [], 0
    with workshop(cache_folder, "snippets") as scratch:
        for name, text in missing(folder, cache_folder, "snippets").items():
            path = f"{folder}/{name}.py"
            problems = list(contract.violations(text))
            for line, problem in problems:
                report(f"{path}:{line}: {problem}")
            if problems:
                failures += 1
            else:
                jobs.append((path, text, entry_path(cache_folder, text, "snippets")))
        if jobs:
            say(f"snippets: {len(jobs)} to run")
            failures += _run_all(jobs, scratch, limit)
    return failures


def _run_all(jobs, scratch, limit):
    """Runs (path, text, entry) jobs, one a core; returns how many failed."""
    forkserver = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forkserver else "spawn")
    if forkserver:
        imports = "\n".join(text for _, text, _ in jobs)
        used = {p for p in contract.PACKAGES if re.search(rf"^import {p}", imports, re.M)}
        context.set_forkserver_preload(["engine.worker", *sorted(used)])
    # The longest text tends to run longest; started last, it would leave cores idle.
    jobs = sorted(jobs, key=lambda job: len(job[1]))
    waiting = [_Job(*job, scratch / str(i), limit) for i, job in enumerate(jobs)]
    running, failures = [], 0
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            running.append(waiting.pop().start(context))
        deadline = min(job.deadline for job in running)
        multiprocessing.connection.wait(
            [job.process.sentinel for job in running],
            timeout=max(0, deadline - time.monotonic()),
        )
        for job in [job for job in running if job.ended()]:
            running.remove(job)
            failures += not job.succeeded()
            left = len(waiting) + len(running)
            now = f", now {' and '.join(job.path for job in running)}" if running else ""
            say(f"snippets: {job.path} took {job.seconds:.1f} s; {left} left{now}")
    return failures


class _Job:
    """One snippet in a process of its own."""

    def __init__(self, path, text, entry, scratch, limit):
        self.path, self.text, self.entry, self.limit = path, text, entry, limit
        self.result = scratch.with_suffix(".json")
        self.log = scratch.with_suffix(".log")

    def start(self, context):
        arguments = self.path, self.text, self.result, self.log, self.limit
        self.process = context.Process(target=_work, args=arguments)
        self.process.start()
        self.started = time.monotonic()
        self.deadline = self.started + self.limit + GRACE
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
        if self.process.exitcode == 0 and self.result.exists():
            os.replace(self.result, self.entry)
            return True
        log = self.log.read_text("utf-8") if self.log.exists() else ""
        lines = re.findall(rf'File "{re.escape(self.path)}", line (\d+)', log) or [1]
        if self.seconds >= self.limit:
            line, why = lines[0], f"took longer than {self.limit:g} s and was killed"
        elif self.process.exitcode < 0:
            name = signal.Signals(-self.process.exitcode).name
            line, why = lines[0], f"was ended by {name}"
        elif self.process.exitcode == 0:
            line, why = 1, "ended itself before it gave a result"
        else:
            line, why = lines[-1], log.rstrip().rpartition("\n")[2]
        report(f"{self.path}:{line}: {why}", log)
        return False


def _work(*arguments):
    from . import worker

    worker.main(*arguments)
