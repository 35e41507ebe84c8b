"""MkDocs hook: a build appears in site/ whole or not at all; two builds take turns."""

import logging
import shutil
from pathlib import Path

from filelock import FileLock, Timeout
from mkdocs.plugins import event_priority, get_plugin_logger
from mkdocs.utils import CountHandler

STAGE = Path(".cache/site")
ENTRANCE = Path("theme/entrance.html")
log = get_plugin_logger("output")
lock = FileLock(STAGE.with_suffix(".lock"))
command = None
destination = None


def on_startup(command, dirty):
    globals()["command"] = command


@event_priority(-100)
def on_config(config):
    """Directs the build to a folder of its own; `mkdocs serve` has one already."""
    global destination
    if command == "serve":
        return
    STAGE.parent.mkdir(exist_ok=True)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        log.info("another build of this checkout is running; waiting for it")
        lock.acquire()
    destination = Path(config.site_dir)
    config.site_dir = str(STAGE.absolute())


@event_priority(-100)
def on_post_build(config):
    """Puts the finished build in its place, unless MkDocs is about to reject it."""
    if command == "serve" or _warnings():
        return
    shutil.rmtree(destination, ignore_errors=True)
    destination.parent.mkdir(parents=True, exist_ok=True)
    STAGE.rename(destination)
    shutil.copyfile(ENTRANCE, destination.parent / "index.html")
    lock.release()


def on_build_error(error):
    """Leaves nothing of a build that failed."""
    if lock.is_locked:
        shutil.rmtree(STAGE, ignore_errors=True)


def _warnings():
    """What a strict build counts, and fails for right after this hook."""
    handlers = logging.getLogger("mkdocs").handlers
    return [h for h in handlers if isinstance(h, CountHandler) and h.get_counts()]
