"""What the snippets of a folder give, from the cache as far as it holds them.

The others are run by a program of its own (python -m engine FOLDER CACHE LIMIT), so
that the processes of the snippets descend from a small program, not from MkDocs.
"""

import hashlib
import os
import platform
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from . import entries

HOOKS = Path(__file__).parents[1]


class SnippetError(Exception):
    """Some snippets failed; the program has already said which, where and why."""


def load(folder, cache_folder, limit):
    """What each snippet below a folder gives: {name: entry}, run only if it must be.

    Raises SnippetError if a snippet breaks its contract, fails, or takes more than
    limit seconds.
    """
    while True:
        found = {
            name: entries.read(entry_path(cache_folder, text))
            for name, text in _sources(folder).items()
        }
        if None not in found.values():
            return found
        program = [sys.executable, "-P", "-m", "engine", folder, cache_folder]
        environment = os.environ | {"PYTHONPATH": str(HOOKS), "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(
            [*program, str(limit)], stdin=subprocess.PIPE, env=environment
        ) as process:
            failures = process.wait()
        if failures:
            raise SnippetError(f"not every snippet in {folder}/ ran: see above")


def _sources(folder):
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path.read_text("utf-8")
        for path in sorted(Path(folder).rglob("*.py"))
    }


def missing(folder, cache_folder):
    """The snippets that the cache does not hold: {name: text}."""
    return {
        name: text
        for name, text in _sources(folder).items()
        if entries.read(entry_path(cache_folder, text)) is None
    }


def entry_path(cache_folder, text):
    """Where the cache keeps what a snippet of this text gives."""
    key = hashlib.sha256(_environment() + text.encode()).hexdigest()
    return Path(cache_folder) / f"{key}.json"


@cache
def _environment():
    """All that a snippet's outcome depends on, besides its text."""
    versions = [platform.python_version(), sys.platform]
    for package in ("torch", "numpy", "matplotlib", "scikit-learn"):
        with suppress(PackageNotFoundError):
            versions.append(f"{package} {version(package)}")
    own = ("worker.py", "figure.py", "figure.mplstyle", "contract.py")
    texts = [Path(__file__).with_name(name).read_bytes() for name in own]
    return repr(versions).encode() + b"".join(texts)
