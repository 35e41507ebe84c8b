"""The program `python -m running SETTINGS`, which running.cache starts."""

import json
import os
import sys
import threading
from contextlib import suppress

from .cache import Cache
from .pool import fill


def _end_with_parent():
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(KeyboardInterrupt):
        sys.exit(fill(Cache(*json.loads(sys.argv[1]))) > 0)
    sys.exit(130)
