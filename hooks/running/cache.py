"""What the snippets and labs gave: files in .cache, each written whole or not at all.

What the cache does not hold is made by a program of its own (python -m running.pool), so that the
processes it starts descend from a small program, not from MkDocs.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections import Counter
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from drawing.kept import prune
from text import labs
from text.source import Fault, Faults

from .say import say

HOOKS = Path(__file__).resolve().parents[1]
LOCK = HOOKS.parent / "requirements.txt"
# The files that shape what each kind gives, besides its text and the lock.
DRAWING = "drawing/figure.py", "drawing/metadata.xml", "drawing/palette.py", "drawing/figure.mplstyle"
OWN = {
    "snippets": ("running/script.py", "running/snippet.py", "drawing/highlight.py", *DRAWING),
    "labs": ("running/lab.py", "running/lab.md.j2", *DRAWING),
}


class Source(NamedTuple):
    """A snippet or lab (kind), and the file of the cache that is to hold what it gave."""

    kind: str
    name: str
    path: str
    text: str
    entry: Path


class Cache:
    """What the sources gave.

    folders: {kind: the folder of its sources}. limits: {kind: the seconds of CPU that each
    may take}. count, ran: {kind: how many there are, and had to run}, once loaded.
    """

    def __init__(self, folders, limits):
        self.folders, self.limits, self.kept = folders, limits, Path(".cache/runs")
        style = Path(folders["snippets"], "style.py")
        self.style = style.read_text("utf-8") if style.exists() else ""

    def sources(self):
        """Each Source, by kind."""
        versions = platform.python_version(), sys.platform, version("torch"), LOCK.read_bytes()
        for kind, folder in self.folders.items():
            own = [(HOOKS / name).read_bytes() for name in OWN[kind]]
            around = hashlib.sha256(repr((kind, versions, self.style, own)).encode())
            for path in sorted(Path(folder).rglob("*.py")):
                if path.name != "style.py":
                    text, name = path.read_text("utf-8"), path.relative_to(folder).with_suffix("")
                    key = around.copy()
                    key.update((labs.code(text) if kind == "labs" else text).encode())
                    entry = self.kept / f"{key.hexdigest()}.json"
                    yield Source(kind, name.as_posix(), path.as_posix(), text, entry)

    def load(self):
        """What each gave, {Source: entry}, run only if it must be; may raise Faults."""
        found = {source: read(source.entry) for source in self.sources()}
        missing = [source for source, entry in found.items() if not entry]
        if missing:
            command = [sys.executable, "-P", "-m", "running.pool", json.dumps([self.folders, self.limits])]
            own = {"PYTHONPATH": str(HOOKS), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error:::__main__"}
            # The end of the pipe tells the program that we are gone.
            with subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | own) as process:
                if process.wait():
                    raise Faults(["not all snippets and labs ran: see above"])
            found |= {source: read(source.entry) for source in missing}
            prune([source.entry for source in found])
        for source, entry in found.items():
            if not entry:
                raise Fault(source.path, 1, "changed while it ran: build again")
        self.count, self.ran = (Counter(source.kind for source in some) for some in (found, missing))
        return found


def picture(entry, title=""):
    """Where the PNG of a figure stands, beside its entry."""
    return entry.with_name(f"{entry.stem}-{title}.png" if title else f"{entry.stem}.png")


@lru_cache(5000)  # the name of an entry says what is in it
def _parsed(path):
    return json.loads(path.read_bytes())


def read(path):
    """The entry in a file, with the path of each PNG; None if not all is there or it is corrupt."""
    if not path.exists():
        return None
    try:
        entry = _parsed(path)
    except ValueError:
        say(f"warning: {path} is corrupt; it is made again")
        path.unlink()
        return None
    figures = entry.get("figures", {"": entry})
    for title, figure in figures.items():
        figure["png"] = picture(path, title)
    return entry if all(figure["png"].exists() for figure in figures.values()) else None
