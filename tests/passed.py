"""A test that passed is not run again while nothing changed that it depends on; CI and make test ALL=1 run all.

What a test depends on is taken too wide rather than too narrow: all of the project, but for a test of the small
project without what authors write, and for a test of one chapter without the text of the other pages.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / ".cache/passed.json"
CODE = "*.*", "Makefile", "hooks/**/*", "theme/**/*", "tests/**/*", "snippets/style.py", ".github/**/*"
TEXTS = "docs/**/*.md", "docs/**/*.py"
DATA = "docs/*.yml", "snippets/**/*.py"
SITE, SMALL = {"site", "given", "server"}, {"project", "small", "built_once"}
CHAPTER = re.compile(r"(en|zh)/((?!reference/|index).+)\.html")
HEADING = re.compile(rb"^(?:# )?#+ .*|.*\{ #.*", re.MULTILINE)
CHROMIUM = shutil.which("chromium")
TOOLS = sys.version, CHROMIUM and Path(CHROMIUM).stat().st_mtime, shutil.which("node")


class Passed:
    """Deselects the tests that passed, and keeps which do."""

    def __init__(self):
        self.before = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
        self.now, self.spared = {}, 0
        self.texts = {path: path.read_bytes() for path in found(*TEXTS)}
        self.code = digest(TOOLS, contents(*CODE))
        self.shared = digest(self.code, contents(*DATA), [HEADING.findall(text) for text in self.texts.values()])
        self.all = digest(self.shared, self.texts)

    def key(self, item):
        """What a test depends on, as a hash."""
        fixtures = set(getattr(item, "fixturenames", ()))
        if not fixtures & SITE and (fixtures & SMALL or "hooks" in item.path.parts):
            return self.code
        chapter = CHAPTER.fullmatch(str(getattr(item, "callspec", None) and item.callspec.params.get("page")))
        if not chapter:
            return self.all
        own = [text for path, text in self.texts.items() if path.as_posix().partition(f"/{chapter[2]}.")[1]]
        return digest(self.shared, own)

    def pytest_collection_modifyitems(self, config, items):
        left = []
        for item in items:
            key = self.key(item)
            item.user_properties.append(("key", key))
            if self.before.get(item.nodeid) != key:
                left.append(item)
        self.spared, items[:] = len(items) - len(left), left

    def pytest_sessionfinish(self, session):
        """A worker tells how many it left out; whoever leads keeps what passed."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["spared"] = self.spared
            return
        partial = FILE.with_suffix(".partial")
        partial.write_text(json.dumps(self.before | self.now), "utf-8")
        partial.replace(FILE)
        if self.spared and session.exitstatus == 5:  # nothing was left to run
            session.exitstatus = 0

    def pytest_testnodedown(self, node):
        self.spared = getattr(node, "workeroutput", {}).get("spared", self.spared)  # one that crashed tells nothing

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.now[report.nodeid] = None
        elif report.when == "call":
            self.now[report.nodeid] = dict(report.user_properties)["key"]

    def pytest_terminal_summary(self, terminalreporter):
        if self.spared:
            terminalreporter.write_line(f"{self.spared} tests passed before, and nothing changed that they depend on")


def found(*patterns):
    """The files that patterns name, in an order of their own."""
    paths = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(path for path in paths if not {"node_modules", "__pycache__"} & {*path.parts})


def contents(*patterns):
    return {path.as_posix(): path.read_bytes() for path in found(*patterns)}


def digest(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def pytest_configure(config):
    if not os.environ.get("CI") and not os.environ.get("ALL"):
        config.pluginmanager.register(Passed(), "passed")
