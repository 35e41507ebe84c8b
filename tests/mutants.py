"""make mutants: changes the code in small ways, one at a time, and lists the changes that no test notices.

mutmut changes functions: those of hooks that touch neither files nor processes, and those that pages show and
tests/test_properties.py asks. It runs the tests that start neither a build nor Chromium, and is not part of the
project's environment. What may survive stands in tests/survivors.txt, with its reason.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

from conftest import ROOT

MUTMUT = "mutmut==3.8.1"
CACHE = ROOT / ".cache/mutants"
TOOL, COPY = CACHE / "tool", CACHE / "copy"
LEAST = 0.9  # of the mutants must be caught
PARTS = "docs", "snippets", "tests", "conftest.py", "mkdocs.yml", "CHANGELOG.md", "CHANGELOG.zh.md"
SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {mutated}
also_copy = {parts}
timeout_multiplier = 3.0
pytest_add_cli_args_test_selection = {tests}
[tool.pytest.ini_options]
pythonpath = ["src", "snippets", "tests"]
consider_namespace_packages = true
addopts = ["--doctest-modules", "--import-mode=importlib"]
doctest_optionflags = ["NORMALIZE_WHITESPACE", "ELLIPSIS"]
"""
MUTATED = ["text/*", "policy.py", "drawing/palette.py", "running/snippet.py"]
