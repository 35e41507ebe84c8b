"""The program `python -m running KIND FOLDER CACHE LIMIT`, which running.cache starts."""

import os
import sys
import threading
from contextlib import suppress

from .cache import Cache


def _end_with_parent():
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    kind, folder, cache, limit = sys.argv[1:]
    if kind == "labs":
        from .lab import fill
    else:
        from .pool import fill
    with suppress(KeyboardInterrupt):
        sys.exit(min(fill(Cache(kind, folder, cache, float(limit))), 100))
    sys.exit(130)
