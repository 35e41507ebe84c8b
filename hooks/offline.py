"""Packs the built site into one file, the same bytes for the same site: python -m offline site.zip"""

import os
import sys
import time
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo


def pack(site, file):
    """Writes a folder to a zip in which that folder stands, dated by SOURCE_DATE_EPOCH."""
    date = time.gmtime(max(int(os.environ["SOURCE_DATE_EPOCH"]), 315532800))[:6]  # a zip knows no year before 1980
    with ZipFile(file, "w", ZIP_DEFLATED) as packed:
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            info = ZipInfo(path.relative_to(site.parent).as_posix(), date)
            info.external_attr = 0o644 << 16
            packed.writestr(info, path.read_bytes(), ZIP_DEFLATED)


if __name__ == "__main__":
    pack(Path("site"), Path(sys.argv[1]))
