"""How the build speaks: in lines like those of MkDocs, on the standard error stream."""

import sys

from filelock import FileLock, Timeout


def say(message):
    print(f"INFO    -  {message}", file=sys.stderr, flush=True)


def report(problem):
    """A failure: where and what on the first line, the rest indented below it."""
    print("ERROR   -  " + problem.rstrip().replace("\n", "\n           "), file=sys.stderr, flush=True)


def take_turn(path):
    """A lock on a file, for this build alone; says so if another build has it."""
    lock = FileLock(path)
    try:
        return lock.acquire(blocking=False)
    except Timeout:
        say("another build of this checkout is running; waiting for it")
        return lock.acquire()
