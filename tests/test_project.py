"""What holds for the project as a whole: its version, its licences, the picture of its parts."""

import re

import pytest
from making.way import PARTS
from packaging.markers import Marker
from version import NAMING, releases, renamed

from conftest import ROOT

LOCKED = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: *; *(?P<marker>[^\\\n]+?))? *\\?$", re.MULTILINE)
LISTED = re.compile(r"^\| (?P<name>[\w.-]+) +\| (?P<version>\S+) +\| (?P<licence>.+?) +\|", re.MULTILINE)


@pytest.mark.parametrize("name", NAMING)
def test_all_name_the_newest_version(name):
    """What is true of the file is so of none that names the version before it."""
    (new, old, *_), text = releases("CHANGELOG.md"), (ROOT / name).read_text("utf-8")
    assert re.search(rf"(?<![\d.]){re.escape(new[0])}(?![\d.]*\d)", text)
    assert renamed(text, old[:1], new[:1]) == text


def test_both_lists_of_changes_have_the_same_releases():
    assert releases("CHANGELOG.md") == releases("CHANGELOG.zh.md")


def test_each_locked_package_has_a_licence():
    """LICENCES.md is that of the lock; what it does not know is what it explains."""
    listed = {each["name"].lower().replace("_", "-"): each for each in LISTED.finditer(read("LICENCES.md"))}
    for lock in "requirements.txt", "requirements-test.txt", "requirements-torch.txt":
        for each in LOCKED.finditer(read(lock)):
            if not each["marker"] or Marker(each["marker"]).evaluate():
                assert listed[each["name"].lower()]["version"].partition("+")[0] == each["version"], each["name"]
    unknown = {name for name, each in listed.items() if each["licence"] == "UNKNOWN"}
    assert unknown == {"axe-playwright-python", "resvg-py"}


def read(name):
    return (ROOT / name).read_text("utf-8")


def test_the_picture_of_the_parts_is_that_of_the_folders(site):
    """Each folder of hooks/ and the adapter are in it, and ARCHITECTURE.md shows what its snippet draws."""
    folders = {path.parent.name for path in (ROOT / "hooks").glob("*/__init__.py")}
    assert folders | {"adapter", "snippets", "site"} <= set(PARTS)
    drawn = (site / "en/figures/making/way.svg").read_text("utf-8")
    assert paths(read("docs/architecture.svg")) == paths(drawn)


def paths(svg):
    """What an SVG draws, without its metadata, which names a version."""
    return re.findall(r"<(?:path|text|tspan)[^>]*>[^<]*", svg.partition("</metadata>")[2])
