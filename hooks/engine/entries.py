"""The cache of what snippets and labs gave: files written whole or not at all."""

import hashlib
import json
from functools import cache
from pathlib import Path

from .say import say


def write(path, entry):
    """Writes an entry to a file that no reader looks at yet."""
    body = json.dumps(entry)
    Path(path).write_text(f"{_checksum(body)}\n{body}", "utf-8")


def read(path):
    """The entry in a file, or None if there is none; a corrupt file is removed."""
    try:
        return _read(Path(path))
    except FileNotFoundError:
        return None
    except ValueError:
        say(f"warning: {path} is corrupt; it is made again")
        Path(path).unlink(missing_ok=True)
        return None


@cache
def _read(path):
    checksum, _, body = path.read_text("utf-8").partition("\n")
    if checksum != _checksum(body):
        raise ValueError("checksum")
    return json.loads(body)


def _checksum(body):
    return hashlib.sha256(body.encode()).hexdigest()
