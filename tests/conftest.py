"""What the tests share: a small project to break, and the site itself, built once."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[1]
BUILD = [sys.executable, "-m", "mkdocs", "build"]
ENVIRONMENT = os.environ | {"SOURCE_DATE_EPOCH": "0", "NO_MKDOCS_2_WARNING": "1"}


class Project:
    """A copy of tests/project, with the hooks and the theme of the checkout."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(ROOT / "tests/project", folder, dirs_exist_ok=True)
        (folder / "checkout.yml").symlink_to(ROOT / "mkdocs.yml")
        (folder / "hooks").symlink_to(ROOT / "hooks")
        (folder / "theme").symlink_to(ROOT / "theme")

    def read(self, path):
        return (self.folder / path).read_text("utf-8")

    def write(self, path, text):
        (self.folder / path).write_text(text, "utf-8")

    def edit(self, path, old, new):
        """Replaces what stands in a file exactly once."""
        before, after = self.read(path).split(old)
        self.write(path, before + new + after)

    def line(self, path, fragment):
        """The line of a file on which a fragment first stands."""
        return self.read(path).partition(fragment)[0].count("\n") + 1

    def start(self):
        """A running build. Its output ends when the last of its descendants has ended."""
        return subprocess.Popen(
            BUILD,
            cwd=self.folder,
            env=ENVIRONMENT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def build(self):
        return Finished(self.start())

    def site(self):
        """What is published: {path: bytes}."""
        return _files(self.folder / "site")

    def cached(self):
        """The paths of what snippets gave."""
        return sorted((self.folder / ".cache/snippets").glob("*.json"))

    def leftovers(self):
        """Files below .cache that are neither a lock nor a whole result."""
        whole = re.compile(r"(site\.|snippets/)lock|snippets/\w{64}\.json|fonts/\w{64}\.woff2")
        return [path for path in _files(self.folder / ".cache") if not whole.fullmatch(path)]


class Finished:
    """A build that has ended: its exit code, what it said, and the faults it found."""

    def __init__(self, process):
        with process:
            self.said, _ = process.communicate(timeout=60)
        self.code = process.returncode
        fault = re.compile(r"^(?:ERROR|WARNING) +-  (\S+):(\d+): (.*(?:\n  .*)*)", re.MULTILINE)
        self.faults = {(path, int(line)): why for path, line, why in fault.findall(self.said)}


def _files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture(scope="session")
def site(tmp_path_factory, testrun_uid):
    """The folder of the built site; the first worker that needs it builds it."""
    built = tmp_path_factory.getbasetemp().parent / testrun_uid
    with FileLock(built.with_suffix(".lock")):
        if not built.exists():
            for config in sorted(ROOT.glob("mkdocs*.yml")):
                subprocess.run([*BUILD, "-f", config], cwd=ROOT, env=ENVIRONMENT, check=True)
            built.touch()
    return ROOT / "site"
