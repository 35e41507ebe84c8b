"""What the snippets and labs gave: files in .cache, each written whole or not at all.

What the cache does not hold is made by a program of its own (python -m running KIND FOLDER
CACHE LIMIT), so that the processes it starts descend from a small program, not from MkDocs.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

from .say import say

HOOKS = Path(__file__).resolve().parents[1]
LOCK = HOOKS.parent / "requirements.txt"
# The files that shape what each kind gives, besides its text and the lock.
OWN = {
    "snippets": (
        "running/worker.py",
        "running/snippet.py",
        "drawing/figure.py",
        "drawing/palette.py",
        "drawing/figure.mplstyle",
    ),
    "kernel": ("running/kernel.py", "drawing/figure.mplstyle"),
    "labs": (
        "running/kernel.py",
        "running/lab.py",
        "running/lab.md.j2",
        "drawing/figure.py",
        "drawing/palette.py",
        "drawing/figure.mplstyle",
    ),
}


class RunError(Exception):
    """Some failed; the program has already said which, where and why."""


class Cache:
    """What the snippets or labs (kind) of a folder gave.

    folder: where their sources are. cache: where what they gave is kept. limit: seconds of
    CPU that each may take. ran: how many had to run.
    """

    def __init__(self, kind, folder, cache, limit):
        self.kind, self.folder, self.cache = kind, Path(folder), Path(cache)
        self.limit, self.ran = limit, 0
        style = self.folder / "style.py"
        self.style = style.read_text("utf-8") if style.exists() else ""

    def load(self):
        """What each gives, {name: entry}, run only if it must be; may raise RunError."""
        sources = self.sources()
        found = {name: self._read(text) for name, text in sources.items()}
        if missing := [name for name, entry in found.items() if entry is None]:
            self._run()
            self.ran = len(missing)
            found |= {name: self._read(sources[name]) for name in missing}
        for name in missing:
            if found[name] is None:
                raise RunError(f"{self.folder}/{name}.py changed while it ran: build again")
        used = {self.path(text) for text in sources.values()}
        used |= {self.cache / entry["run"] for entry in found.values() if "run" in entry}
        prune(self.cache, used, ".json")
        return found

    def _run(self):
        command = [sys.executable, "-P", "-m", "running", self.kind]
        with subprocess.Popen(
            [*command, str(self.folder), str(self.cache), str(self.limit)],
            stdin=subprocess.PIPE,  # its end tells the program that we are gone
            env=os.environ | {"PYTHONPATH": str(HOOKS), "OMP_NUM_THREADS": "1"},
        ) as process:
            failures = process.wait()
        if failures:
            raise RunError(f"not all {self.kind} in {self.folder}/ ran: see above")

    def sources(self):
        """The text of each source: {name: text}."""
        return {
            path.relative_to(self.folder).with_suffix("").as_posix(): path.read_text("utf-8")
            for path in sorted(self.folder.rglob("*.py"))
            if path.name != "style.py"
        }

    def missing(self):
        """The sources whose outcome the cache does not hold: {name: text}."""
        return {n: text for n, text in self.sources().items() if self._read(text) is None}

    def _read(self, text):
        """What a source of this text gave, with the path of each PNG; None if not all is there."""
        path = self.path(text)
        if entry := read(path):
            figures = entry.get("figures", {"": entry})
            for title, figure in figures.items():
                figure["png"] = picture(path, title)
            if all(figure["png"].exists() for figure in figures.values()):
                return entry

    def path(self, text, kind=None):
        """Where the cache keeps what a source of this text gives."""
        key = hashlib.sha256(_surroundings(kind or self.kind))
        key.update(repr((self.style, text)).encode())
        return self.cache / f"{key.hexdigest()}.json"



def picture(entry, title=""):
    """Where the PNG of a figure stands, beside its entry."""
    return entry.with_name(f"{entry.stem}-{title}.png" if title else f"{entry.stem}.png")


def prune(folder, used, kind):
    """Removes entries that no build used lately; as many stay as this one used."""
    for path in used:
        path.touch()
    by_age = sorted(folder.glob(f"*{kind}"), key=lambda path: path.stat().st_mtime)
    for path in by_age[: -2 * len(used) or None]:
        for file in folder.glob(f"{path.stem}*"):
            file.unlink(missing_ok=True)


@cache
def _surroundings(kind):
    """All that an outcome depends on, besides the text."""
    versions = platform.python_version(), sys.platform, version("torch")
    own = [(HOOKS / name).read_bytes() for name in OWN[kind]]
    return repr((versions, own, LOCK.read_bytes())).encode()


def write(path, entry):
    """Writes an entry to a file that no reader looks at yet."""
    body = json.dumps(entry)
    Path(path).write_text(f"{_checksum(body)}\n{body}", "utf-8")


def read(path):
    """The entry in a file, or None if there is none; a corrupt file is removed."""
    try:
        checksum, _, body = Path(path).read_text("utf-8").partition("\n")
        if checksum == _checksum(body):
            return json.loads(body)
    except FileNotFoundError:
        return None
    except ValueError:
        pass
    say(f"warning: {path} is corrupt; it is made again")
    Path(path).unlink(missing_ok=True)
    return None


def _checksum(body):
    return hashlib.sha256(body.encode()).hexdigest()
