"""How the build speaks: in lines like those of MkDocs, on the standard error stream."""

import sys


def say(message):
    print(f"INFO    -  {message}", file=sys.stderr, flush=True)


def report(problem, details=""):
    """A failure: where and what on one line, the rest indented below it."""
    indented = "".join(f"\n           {line}" for line in details.splitlines())
    print(f"ERROR   -  {problem}{indented}", file=sys.stderr, flush=True)
