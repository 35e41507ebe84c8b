"""make mutants: changes functions in small ways, one at a time, and lists the changes that no test notices.

They are those of hooks that touch neither files nor processes, and those that pages show and test_properties.py asks.
The tests are those that start neither a build nor Chromium. A change that may stay unnoticed stands in survivors.txt,
as the line that it makes, below the reason.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOL, COPY = ROOT / ".cache/mutants/mutmut", ROOT / ".cache/mutants/copy"
SURVIVORS = ROOT / "tests/survivors.txt"
LEAST = 0.9  # of the mutants must be caught
PARTS = ["snippets", "tests", "conftest.py", "mkdocs.yml"]
MUTATED = ["src/text/*", "src/policy.py", "src/drawing/palette.py", "src/running/snippet.py", "src/shown/*"]
PURE = (
    "faults expansion claims works_and_terms figures numbers_and_formulas text_labs "
    "snippet_and_palette policy_and_search translation properties"
).split()
TESTS = [
    *(f"tests/test_{name}.py" for name in PURE),
    "tests/test_phone.py::test_a_part_of_a_formula_belongs_to_an_operation",
    "tests/test_safe.py::test_a_policy_names_what_stands_inline",
    *(f"src/{path}" for path in ("text", "drawing/palette.py", "running/snippet.py", "shown")),
    *("-k", "not __mutmut and not made_once"),  # the former have the doctests of their original; nothing is remembered
]
# Each mutant is forked from a process that has run no test. Without these plugins it collects no garbage.
SETTINGS = f"""
[tool.mutmut]
source_paths = ["src"]
only_mutate = {MUTATED}
also_copy = {PARTS}
pytest_add_cli_args_test_selection = {TESTS}
pytest_add_cli_args = ["-p", "no:unraisableexception", "-p", "no:threadexception"]
process_isolation = "forkserver"

[tool.pytest.ini_options]
pythonpath = ["src", "snippets", "tests"]
consider_namespace_packages = true
addopts = ["--doctest-modules", "--import-mode=importlib"]
doctest_optionflags = ["NORMALIZE_WHITESPACE", "ELLIPSIS"]
"""
CACHED = re.compile(r"^@(?:lru_)?cache\b.*\n", re.MULTILINE)  # what is decorated, mutmut leaves as it is
SHOWN = re.compile(r'shown\("([\w/]+)", "(\w+)"\)')
IMPORTED = """
import importlib

from hypothesis import Phase, settings

settings.register_profile("not made smaller", phases=[Phase.generate])
settings.load_profile("not made smaller")


def shown(name, section):
    return importlib.import_module(f"shown.{name.replace('/', '.')}")
"""
NOT = "# pragma: no mutate start\n", "# pragma: no mutate end\n"
RESULT = re.compile(r"^ +((\S+)\.x\S+): (.+)$", re.MULTILINE)
ADDED = re.compile(r"^\+(?!\+\+) *(.*)$", re.MULTILINE)


def main(functions):
    prepare()
    mutmut("run", *functions)
    counts, survivors = defaultdict(Counter), set()
    for name, module, status in RESULT.findall(mutmut("results", "--all", "true", stdout=subprocess.PIPE)):
        if status != "not checked":
            caught = status in ("killed", "timeout", "segfault")
            counts[module][caught] += 1
            survivors |= set() if caught else {told(name)}
    for module, count in counts.items():
        print(f"{module}: {count[True]} of {count.total()} caught")
    total = sum(counts.values(), Counter())
    share = total[True] / total.total()
    print(f"All: {total[True]} of {total.total()}, {share:.1%}; at least {LEAST:.0%}")
    listed = {line for line in SURVIVORS.read_text("utf-8").splitlines() if line and not line.startswith("# ")}
    print("Not in survivors.txt:", *sorted(survivors - listed), sep="\n  ")
    if not functions:
        print("In survivors.txt, but caught:", *sorted(listed - survivors), sep="\n  ")
    return share < LEAST or not survivors <= listed


def prepare():
    """A copy of the project, as mutmut wants it: what it changes is in src, and in snippets only what is shown."""
    shutil.rmtree(COPY, ignore_errors=True)
    copytree = partial(shutil.copytree, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    copytree(ROOT / "hooks", COPY / "src")
    for part in PARTS:
        (copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, COPY / part)
    for path in (COPY / "src").rglob("*.py"):
        path.write_text(CACHED.sub("", path.read_text("utf-8")), "utf-8")
    asked = (ROOT / "tests/test_properties.py").read_text("utf-8")
    for name in dict(SHOWN.findall(asked)):
        path = COPY / f"src/shown/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        section = "|".join(section for each, section in SHOWN.findall(asked) if each == name)
        text = re.sub(rf"# --8<-- \[start:({section})\]", NOT[1], (ROOT / f"snippets/{name}.py").read_text("utf-8"))
        path.write_text(NOT[0] + re.sub(rf"# --8<-- \[end:({section})\]", NOT[0], text) + NOT[1], "utf-8")
    with (COPY / "tests/fresh.py").open("a", encoding="utf-8") as fresh:
        fresh.write(IMPORTED)
    (COPY / "pyproject.toml").write_text(SETTINGS, "utf-8")


def mutmut(*arguments, stdout=None):
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CUDA_VISIBLE_DEVICES": ""}  # a fork of torch has no GPU
    alone["ALL"] = "1"  # a test that passed runs again, since each mutant may fail it
    environment = os.environ | {"PYTHONPATH": str(TOOL)} | alone
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=COPY, env=environment, check=True, stdout=stdout, text=True).stdout


def told(name):
    """The function that a mutant changes, and the line that it makes."""
    function = re.sub(r"\.x[_ǁ](.*)__mutmut_\d+$", r".\1", name).replace("ǁ", ".")
    return f"{function}: {' '.join(ADDED.findall(mutmut('show', name, stdout=subprocess.PIPE)))}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
