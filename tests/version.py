"""make version: what names a version gets that of CHANGELOG.md, with its date."""

import re
import sys

import sync

from conftest import ROOT

RELEASE = re.compile(r"^## (?P<version>\d+\.\d+\.\d+) \((?P<date>(?P<year>\d{4})-\d\d-\d\d)\): ", re.MULTILINE)
NAMING = (
    "pyproject.toml", "mkdocs.yml", "CITATION.cff", "README.md", "README.zh.md",
    *(f"docs/{language}/reference/{page}.md" for language in ("en", "zh") for page in ("cite", "cheat-sheet")),
)


def releases(name):
    """The (version, date, year) of each release that a list of changes names, the last first."""
    return RELEASE.findall((ROOT / name).read_text("utf-8"))


def renamed(text, old, new):
    """A text that names one release, naming another: its version, its date, and its year if it names the version.

    >>> renamed("2026, version 0.2.0; 10.2.0", ("0.2.0", "2026-11-29", "2026"), ("0.3.0", "2027-01-31", "2027"))
    '2027, version 0.3.0; 10.2.0'
    """
    for before, after in zip(old, new, strict=True):
        text = re.sub(rf"(?<![\d.-]){re.escape(before)}(?![\d.-]\d)", after, text)
    return text


def main():
    new, old, *_ = releases("CHANGELOG.md")
    if releases("CHANGELOG.zh.md")[0] != new:
        return f"CHANGELOG.zh.md:1: has not {new[0]} ({new[1]}) as its first, which CHANGELOG.md has: tell of it, too"
    in_step = [pair for pair in sync.twins() if not sync.changed(*pair)]
    for name in NAMING:
        path = ROOT / name
        path.write_text(renamed(path.read_text("utf-8"), old, new), "utf-8")
    for english, chinese in in_step:
        if chinese.relative_to(ROOT).as_posix() in NAMING:
            sync.record(english, chinese)
    print(f"All that names a version names {new[0]}. Test, commit, and tag the commit v{new[0]}; then: make release")


if __name__ == "__main__":
    sys.exit(main())
