"""MkDocs hook: MkDocs says which link is broken; this adds the line it stands on."""

import logging
import os
import re
from pathlib import Path

COMPLAINT = re.compile(r"Doc file '(?P<file>[^']+)' contains .*?link '(?P<link>[^']+)'")


def on_config(config):
    logger = logging.getLogger("mkdocs.structure.pages")
    for old in [f for f in logger.filters if isinstance(f, _LineNumbers)]:
        logger.removeFilter(old)
    logger.addFilter(_LineNumbers(config.docs_dir))


class _LineNumbers(logging.Filter):
    def __init__(self, docs_dir):
        super().__init__()
        self.docs_dir = Path(docs_dir)

    def filter(self, record):
        message = record.getMessage()
        if match := COMPLAINT.match(message):
            path = self.docs_dir / match["file"]
            source = path.read_text("utf-8")
            line = source.count("\n", 0, source.find(f"({match['link']}")) + 1
            record.msg, record.args = f"{os.path.relpath(path)}:{line}: {message}", ()
        return True
