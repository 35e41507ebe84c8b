"""Files that are made once: their name says what is in them."""

import hashlib


def kept(folder, suffix, what, make):
    """The path of a file in a folder, which make(path) writes if it is new; what: all that it depends on."""
    path = folder / f"{hashlib.sha256(repr(what).encode()).hexdigest()}{suffix}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        make(partial)
        partial.replace(path)
    return path
