"""Snippets: what the build found in those of the site; each planted fault is named."""

import ast
import doctest
import re

import pytest
from running.snippet import sections, violations
from small import Small

from conftest import DOCS, ROOT

SNIPPETS = {
    path.relative_to(ROOT / "snippets").with_suffix("").as_posix(): path.read_text("utf-8")
    for path in sorted((ROOT / "snippets").rglob("*.py"))
    if path.name != "style.py"
}


def documented(text):
    """The things in a snippet that have a doctest: {name: its docstring}."""
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            docstring = ast.get_docstring(node, clean=False)
            if docstring and ">>> " in docstring:
                found[getattr(node, "name", "")] = docstring
    return found


DOCTESTS = [(name, each) for name, text in SNIPPETS.items() for each in documented(text)]


@pytest.mark.parametrize("name, each", DOCTESTS, ids=[f"{n}.py::{e}" for n, e in DOCTESTS])
def test_doctest(given, name, each):
    """The build has checked it: a doctest that fails leaves no entry of its snippet."""
    docstring = documented(SNIPPETS[name])[each]
    examples = doctest.DocTestParser().get_examples(docstring)
    assert given[name]["doctests"][each or name.rpartition("/")[2]] == len(examples) > 0


def test_each_number_is_used(given):
    pages = "\n".join(path.read_text("utf-8") for path in [*DOCS.rglob("*.md"), DOCS / "claims.yml"])
    quoted = set(re.findall(r"[\w/]+\.\w+", pages))
    unused = []
    for name, entry in given.items():
        examples = "\n".join(
            example.source
            for docstring in documented(SNIPPETS[name]).values()
            for example in doctest.DocTestParser().get_examples(docstring)
        )
        for key in entry["results"]:
            if f"{name}.{key}" not in quoted and not re.search(rf"""["']{key}["']""", examples):
                unused.append(f"{name}.{key}")
    assert not unused


def test_each_section_is_on_a_page():
    pages = "\n".join(path.read_text("utf-8") for path in DOCS.rglob("*.md"))
    kept = {f"{name}.py:{section}" for name, text in SNIPPETS.items() for section in sections(text)}
    assert kept - set(re.findall(r'--8<-- "(\S+)"', pages)) == set()


# What is replaced in a good snippet, and by what; which line is named; what is said.
FAULTS = {
    "raises": ("return x * x", "return x / 0", "x / 0", "ZeroDivisionError"),
    "aborts": ("return fig", "__import__('os').abort()", "abort()", "SIGABRT"),
    "exits": ("return fig", "raise SystemExit", "raise Sys", "SystemExit"),
    "ends itself": ("return fig", "__import__('os')._exit(0)", '"""', "before it gave a result"),
    "returns no figure": ("return fig", "return ax", "def figure", "Axes, not a Figure"),
    "warns": ("return fig", "__import__('warnings').warn('soon gone'); return fig", "warn(", "soon gone"),
    "prints in figure": ("return fig", "print(1); return fig", "def figure", "not print"),
    "draws in another colour": (
        "color=CONVOLUTION", "color='#FF0000'", "def figure", "uses #ff0000; style.py has"
    ),
    "gives a list as a number": ("square(side),", "[9],", "def results", "'square'] is a list"),
    "gives a word as a number": ("square(side),", "'9',", "def results", "'square'] is a str"),
    "gives no numbers": ('return {"number"', 'return 3, {"number"', "def results", "tuple, not a dict"),
    "has a doctest that fails": (
        "    9\n", "    8\n", ">>> square(3)", "doctest square: square(3) Expected: 8 Got: 9"
    ),
    "has a doctest that raises": (
        ">>> square(3)\n    9", ">>> square()\n    9", ">>> square()", "square() raises TypeError"
    ),
    "shows what does not run alone": ("side = 3", "side = square(1) + 2", "side =", "NameError"),
    "takes too long": ("print(square(3))", "while True: pass", "while True", "longer than 2 s"),
    "fills the memory": ("return fig", "bytearray(9 << 30); return fig", "bytearray", "the 8 GB that it may hold"),
    "leaves a child behind": (
        "print(square(3))", "import subprocess; subprocess.Popen(['sleep', '600'])\nwhile True: pass",
        "while True", "longer than 2 s",
    ),
    "opens a socket": (
        "print(square(3))",
        "import socket\nsocket.create_connection(('127.0.0.1', 9))",
        "create_connection",
        "opens a socket",
    ),
    "has no doctest": (">>> ", ">> ", '"""', "has no doctest"),
    "imports another": ("as plt", "as plt, good", "import", "imports 'good'"),
    "renames a colour": ("CONVOLUTION\n\n\n", "CONVOLUTION as C\n\n\n", "from style", "not as one line"),
    "leaves a section open": ("# --8<-- [end:silent]", "", "[start:silent]", "never closes"),
    "has a section in another": ("# --8<-- [end:idea]", "", "[start:silent]", "closes before the next opens"),
}


@pytest.fixture(scope="module")
def broken(built_once):
    """A project with a good snippet and one for each fault, after a build."""

    def prepare(project):
        good = project.read("snippets/good.py")
        for i, (old, new, _, _) in enumerate(FAULTS.values()):
            assert good.count(old) == 1, old
            project.write(f"snippets/bad{i}.py", good.replace(old, new))

    return built_once("snippets", prepare)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_build_fails_if_a_snippet(broken, fault):
    project, build = broken
    _, _, fragment, message = FAULTS[fault]
    path = f"snippets/bad{list(FAULTS).index(fault)}.py"
    line, said = build.fault_of(path)
    assert message in said
    assert line == project.line(path, fragment)


def test_a_failed_build_leaves_the_good_snippet_and_nothing_else(broken):
    project, build = broken
    assert build.code == 1
    assert "\nTraceback" not in build.said  # a snippet's is indented; ours would be a bug
    assert len(project.cached()) == 1
    assert not project.site() and not project.leftovers()


def test_the_snippet_of_the_pure_tests_is_the_one_that_runs():
    assert not list(violations(Small().snippet))
