"""The program `python -m engine KIND FOLDER CACHE LIMIT`, which engine.run starts."""

import os
import sys
import threading
from contextlib import suppress


def _end_with_parent():
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    kind, folder, cache_folder, limit = sys.argv[1:]
    if kind == "labs":
        from .lab import fill
    else:
        from .processes import fill
    with suppress(KeyboardInterrupt):
        sys.exit(min(fill(folder, cache_folder, float(limit)), 100))
    sys.exit(130)
