"""What the snippets or labs of a folder give, from the cache as far as it holds them.

The others are run by a program of its own (python -m engine KIND FOLDER CACHE LIMIT), so
that their processes descend from a small program, not from MkDocs.
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
# What the outcome of each kind depends on, besides its text and these versions.
OWN = {
    "snippets": ("worker.py", "code.py", "contract.py", "figure.py", "figure.mplstyle"),
    "kernel": ("kernel.py", "figure.mplstyle"),
    "labs": ("kernel.py", "figure.mplstyle", "lab.py", "figure.py"),
}
PACKAGES = "torch", "numpy", "matplotlib", "scikit-learn", "mnist1d"


class RunError(Exception):
    """Some failed; the program has already said which, where and why."""


def load(folder, cache_folder, limit, kind):
    """What each file below a folder gives: {name: entry}, run only if it must be.

    Raises RunError if one breaks its contract, fails, or takes more than limit seconds.
    """
    while True:
        found = {
            name: entries.read(entry_path(cache_folder, text, kind))
            for name, text in _sources(folder).items()
        }
        if None not in found.values():
            return found
        program = [sys.executable, "-P", "-m", "engine", kind, folder, cache_folder]
        environment = os.environ | {"PYTHONPATH": str(HOOKS), "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(
            [*program, str(limit)], stdin=subprocess.PIPE, env=environment
        ) as process:
            failures = process.wait()
        if failures:
            raise RunError(f"not all {kind} in {folder}/ ran: see above")


def _sources(folder):
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path.read_text("utf-8")
        for path in sorted(Path(folder).rglob("*.py"))
    }


def missing(folder, cache_folder, kind):
    """The files whose outcome the cache does not hold: {name: text}."""
    return {
        name: text
        for name, text in _sources(folder).items()
        if entries.read(entry_path(cache_folder, text, kind)) is None
    }


def entry_path(cache_folder, text, kind):
    """Where the cache keeps what a file of this text gives."""
    key = hashlib.sha256(_environment(kind) + text.encode()).hexdigest()
    return Path(cache_folder) / f"{key}.json"


@cache
def _environment(kind):
    """All that an outcome depends on, besides the text."""
    versions = [platform.python_version(), sys.platform]
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            versions.append(f"{package} {version(package)}")
    texts = [Path(__file__).with_name(name).read_bytes() for name in OWN[kind]]
    return repr(versions).encode() + b"".join(texts)
