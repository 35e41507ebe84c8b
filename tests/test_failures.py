"""Each fault, planted in a small project, fails the build and is named with its line."""

import pytest

GOOD, BAD, PAGE = "snippets/good.py", "snippets/bad.py", "docs/en/index.md"


def fails(project, *faults):
    """Builds, and finds just these: (path, fragment of the line, of the message)."""
    build = project.build()
    assert build.code == 1, build.said
    lines = [(path, project.line(path, at)) for path, at, _ in faults]
    assert sorted(build.faults) == sorted(lines), build.said
    assert "\nTraceback" not in build.said  # a snippet's is indented; ours would be a bug
    for line, (_, _, message) in zip(lines, faults):
        assert message in build.faults[line]
    assert not project.site()
    assert not project.leftovers()
    return build


def plant(project, old, new):
    """Adds a snippet that is the good one but for one thing."""
    project.write(BAD, project.read(GOOD))
    project.edit(BAD, old, new)


# What is replaced in a good snippet, and by what; which line is named; what is said.
SNIPPETS = {
    "raises": ("return x * x", "return x / 0", "x / 0", "ZeroDivisionError"),
    "aborts": ("return fig", "__import__('os').abort()", "abort()", "SIGABRT"),
    "exits": ("return fig", "raise SystemExit", '"""', "before it gave a result"),
    "returns no figure": ("return fig", "return ax", "def figure", "Axes, not a Figure"),
    "prints in figure": ("return fig", "print(1); return fig", "def figure", "not print"),
    "draws in another colour": ("#0072B2", "#FF0000", "def figure", "uses #ff0000"),
    "gives a list as a number": ("square(3)}", "[9]}", "def results", "'square'] is a list"),
    "gives no numbers": ("return {", "return 3, {", "def results", "tuple, not a dict"),
    "has no doctest": (">>> ", ">> ", '"""', "has no doctest"),
    "imports another": ("as plt", "as plt, good", "import", "imports 'good'"),
    "leaves a section open": ("# --8<-- [end:idea]", "", "[start:idea]", "never closes"),
    "opens a socket": (
        "print(square(3))",
        "import socket\nsocket.create_connection(('127.0.0.1', 9))",
        "create_connection",
        "opens a socket",
    ),
    "hides that it opens a socket": (
        "print(square(3))",
        "import socket\ntry: socket.socket()\nexcept BaseException: pass",
        "socket.socket()",
        "opens a socket",
    ),
}


@pytest.mark.parametrize("old, new, line, message", SNIPPETS.values(), ids=SNIPPETS)
def test_a_snippet_fails_the_build_if_it(project, old, new, line, message):
    plant(project, old, new)
    fails(project, (BAD, line, message))
    assert len(project.cached()) == 1  # the good one will not run again


def test_a_snippet_past_its_limit_is_killed_with_its_children(project):
    sleep = "import subprocess; subprocess.Popen(['sleep', '600'])"
    plant(project, "print(square(3))", f"{sleep}\nwhile True: pass")
    # The child would keep the output of the build open, and fails() would time out.
    fails(project, (BAD, "while True", "took longer than 2 s"))


def test_every_failing_snippet_is_listed(project):
    plant(project, "return fig", "return 1 / 0")
    project.edit(GOOD, "#0072B2", "#FF0000")
    fails(project, (BAD, "1 / 0", "ZeroDivisionError"), (GOOD, "def figure", "#ff0000"))


# The same for a page.
PAGES = {
    "a number that there is not": (
        "good.number", "good.cube", "{{", "good has no 'cube'; it has: number, square"
    ),
    "a number of no snippet": (
        "good.number", "bad.number", "{{", "there is no snippet 'bad'; there are: claims, good"
    ),
    "a section that there is not": (
        'python\n--8<-- "good.py:idea"', 'python\n--8<-- "good.py:cube"',
        "good.py:cube", "no section 'cube'; it has: idea, silent",
    ),
    "the output of a silent section": (
        'output\n--8<-- "good.py:idea"', 'output\n--8<-- "good.py:silent"',
        "good.py:silent", "'silent' prints nothing",
    ),
    "bad TeX": ("$3^2$", r"$3^2 + \fra{1}$", r"\fra", r'character 6: Unknown command "\fra"'),
    "an image without alt text": ("A line from 1 to 9", "", "![]", "no alt text"),
    "a figure of no snippet": ("good.svg", "bad.svg", "bad.svg", "'figures/bad.svg'"),
    "a broken link": ("The square", "The [square](cube.md)", "cube.md", "'cube.md'"),
    "a broken anchor": ("The square", "The [square](#cube)", "#cube", "no such anchor"),
}


@pytest.mark.parametrize("old, new, line, message", PAGES.values(), ids=PAGES)
def test_a_page_fails_the_build_if_it_has(project, old, new, line, message):
    project.edit(PAGE, old, new)
    fails(project, (PAGE, line, message))


def test_front_matter_counts_as_lines(project):
    project.edit(PAGE, "# A page", "---\ntitle: A page\ntags:\n  - one\n---\n\n# A page")
    project.edit(PAGE, "good.number", "good.cube")
    fails(project, (PAGE, "{{", "good has no 'cube'"))
