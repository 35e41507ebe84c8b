"""The program `python -m engine FOLDER CACHE LIMIT`, which engine.run starts."""

import os
import sys
import threading
from contextlib import suppress

from .processes import fill


def _end_with_parent():
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    folder, cache_folder, limit = sys.argv[1:]
    with suppress(KeyboardInterrupt):
        sys.exit(min(fill(folder, cache_folder, float(limit)), 100))
    sys.exit(130)
