"""Files that are made once: their name says what is in them."""

import hashlib
from collections import Counter


def kept(folder, suffix, what, make):
    """The path of a file in a folder, which make(path) writes if it is new; what: all that it depends on."""
    path = folder / f"{hashlib.sha256(repr(what).encode()).hexdigest()}{suffix}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        make(partial)
        partial.replace(path)
    return path


def prune(used):
    """Removes, from each folder of the files that a build used, what none used lately beyond four times as many.

    With a file goes what has the same name and another end.
    """
    for path in used:
        path.touch()
    for (folder, suffix), count in Counter((path.parent, path.suffix) for path in used).items():
        by_age = sorted(folder.glob(f"*{suffix}"), key=lambda path: path.stat().st_mtime)
        for path in by_age[: -4 * count]:
            for file in folder.glob(f"{path.stem}*"):
                file.unlink()
