"""Labs: each planted fault is named, nothing runs twice, and what one takes away runs."""

import ast
import json
import re
import sys

import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import LABS
from engine import run
from nbclient import NotebookClient
from test_build import ran

LAB, PAGE, DOWNLOAD = "docs/en/labs/good.py", "en/labs/good.html", "en/labs/download/good"
INSTALLED_AS = {"sklearn": "scikit-learn"}


@pytest.fixture
def lab(project):
    """A project with one lab."""
    project.edit("mkdocs.yml", "bibliography.md]", "bibliography.md, labs/good.py]")
    (project.folder / LAB).parent.mkdir()
    (project.folder / "lab.py").rename(project.folder / LAB)
    return project


# What is replaced in a good lab, and by what; which line is named; what is said.
FAULTS = {
    "raises": ("sum(squares)", "1 / 0", "1 / 0", "cell 2: ZeroDivisionError: division by zero"),
    "raises in a function": (
        "sum(squares)", "def f():\n    return 1 / 0\nf()", "return 1 / 0", "cell 2: ZeroDiv"
    ),
    "is not Python": ("sum(squares)", "sum(squares", "sum(squares", "cell 2: SyntaxError"),
    "ends its kernel": ("sum(squares)", "import os; os._exit(1)", "# %%\n", "cell 2: ended"),
    "takes too long": ("sum(squares)", "while True: pass", "# %%\n", "cell 2: ran when the 15 s"),
    "has a figure without alt text": (
        '# %% alt="The same in orange"', "# %%", "# %%\nplt.plot", "cell 5: a figure without alt"
    ),
    "draws two figures in a cell": (
        'plt.plot(squares, color="#D55E00")', "plt.plot(squares)\nplt.show()\nplt.plot(squares)",
        '# %% alt="The same', "cell 5: draws more than one figure",
    ),
    "draws in another colour": (
        "#D55E00", "#FF0000", '# %% alt="The same', "cell 5: the figure uses #ff0000"
    ),
    "has no title": ("# # A lab", "# A lab", "# %%", "cell 1: the first cell must begin with"),
    "has a broken link": ("../index.md#a-page", "../cube.md", "cube.md", "'../cube.md'"),
    "has a broken anchor": ("#a-page", "#cube", "#cube", "no such anchor|not contain an anchor"),
    "has bad TeX": (r"\sum_{i", r"\sun_{i", r"\sun", r'Unknown command "\\sun"'),
}


@pytest.mark.parametrize("old, new, fragment, message", FAULTS.values(), ids=FAULTS)
def test_the_build_fails_if_a_lab(lab, old, new, fragment, message):
    lab.edit("mkdocs.yml", "snippet_seconds: 2", "snippet_seconds: 2\n  lab_seconds: 15")
    lab.edit(LAB, old, new)
    build = lab.build()
    assert build.code == 1, build.said
    [((path, line), said)] = build.faults.items()
    assert path == LAB or f"docs/{path}" == LAB
    assert line == lab.line(LAB, fragment)
    assert re.search(message, said)
    assert not lab.site()
    assert not lab.leftovers()


def test_each_failing_lab_is_listed_and_two_run_at_a_time(lab):
    names = [f"bad{i}" for i in range(3)]
    for name in names:
        lab.write(f"docs/en/labs/{name}.py", f"# %%\nraise ValueError('{name}')\n")
    said = lab.build().said
    assert all(f"ValueError: {name}" in said for name in names)
    running = 0
    for word in re.findall(r"labs/\w+\.py(?: (runs)|:\d+: cell| took)", said):
        running += 1 if word else -1
        assert 0 <= running <= 2


def test_a_kernel_ends_with_the_build(lab):
    lab.edit(LAB, "sum(squares)", "while True: pass")
    build = lab.start()
    for line in build.process.stdout:
        if f"{LAB} runs" in line:
            break
    build.process.kill()
    build.finish(timeout=30)  # the kernel would keep the output open


def test_only_changed_code_runs_again(lab):
    assert LAB in ran(lab.build())
    lab.edit("docs/en/index.md", "The square", "The second power")
    assert ran(lab.build()) == []
    lab.edit(LAB, "More text", "Other text")
    assert ran(lab.build()) == []
    assert b"Other text" in lab.site()[PAGE]
    lab.edit(LAB, "sum(squares)", "max(squares)")
    assert ran(lab.build()) == [LAB]


@pytest.mark.parametrize("package", run.PACKAGES)
def test_another_version_is_another_key(monkeypatch, package):
    paths = set()
    for number in "1", "2":
        monkeypatch.setattr(run, "version", lambda name: number if name == package else "0")
        run._environment.cache_clear()
        paths |= {run.entry_path(".", "", kind) for kind in run.OWN}
    run._environment.cache_clear()
    assert len(paths) == 2 * len(run.OWN)


def test_corrupt_results_are_made_again(lab):
    lab.build()
    whole = lab.site()
    for result in (lab.folder / ".cache/labs").glob("*.json"):
        result.write_bytes(result.read_bytes()[:-9])
    assert ran(lab.build()) == [LAB]
    assert lab.site() == whole


def test_two_clean_builds_give_the_same_bytes(lab, twin):
    twin.edit("mkdocs.yml", "bibliography.md]", "bibliography.md, labs/good.py]")
    (twin.folder / LAB).parent.mkdir()
    twin.write(LAB, lab.read(LAB))
    for each in lab, twin:
        assert each.build().code == 0
    assert lab.site() == twin.site()


def test_a_lab_looks_like_a_page(lab):
    assert lab.build().code == 0
    site = lab.site()
    assert len(site[PAGE]) < 60_000  # with its figures, even
    soup = BeautifulSoup(site[PAGE], "html.parser")
    first, second = soup.select("figure")
    assert first.svg["aria-label"] == "A curve that rises from 0 to 9 [a parabola]; half_way it's \"2.25\"."
    assert "var(--convolution" in str(first.svg) and "#1f77b4" not in str(first.svg)
    assert first.figcaption.math and "More text" not in first.figcaption.text
    assert second.figcaption.text.strip() == "The last square is 9."
    assert len({tag["id"] for tag in soup.select("[id]")}) == len(soup.select("[id]"))
    assert soup.select_one("#squares") and soup.select_one("math[display=block] munderover")
    assert soup.select_one(".language-python + .language-output").text == "[0, 1, 4, 9]\n14\n"
    assert soup.select_one("article a[href='../index.html#a-page']")
    assert not soup.select_one("[src*='//'], article [href*='//']")


def test_a_lab_can_be_taken_away(lab):
    urls = "site_url: https://example.org/en/\nrepo_url: https://github.com/owner/name\n"
    lab.edit("mkdocs.yml", "nav:", f"{urls}nav:")
    assert lab.build().code == 0
    site = lab.site()
    soup = BeautifulSoup(site[PAGE], "html.parser")
    assert [link["href"] for link in soup.select(".take-away a")] == [
        "download/good.ipynb",
        "download/good.py",
        f"https://colab.research.google.com/github/owner/name/blob/gh-pages/{DOWNLOAD}.ipynb",
    ]
    assert site[f"{DOWNLOAD}.py"].decode() == lab.read(LAB)
    notebook = json.loads(site[f"{DOWNLOAD}.ipynb"])
    assert "(https://example.org/en/index.html#a-page)" in str(notebook["cells"][0])
    assert "{ #squares }" not in str(notebook["cells"][0])
    assert notebook["cells"][1]["outputs"][0]["text"] == ["[0, 1, 4, 9]\n"]
    assert "image/svg+xml" in notebook["cells"][2]["outputs"][0]["data"]


@pytest.fixture(params=LABS)
def name(request):
    """Where each lab of the site is, in turn."""
    return request.param


@pytest.fixture
def taken(site, name):
    """The notebook that a reader of the site downloads."""
    path = (site / name).parent / "download" / (site / name).with_suffix(".ipynb").name
    return nbformat.read(path, as_version=4)


def test_a_page_of_a_lab_is_light(site, name):
    soup = BeautifulSoup((site / name).read_bytes(), "html.parser")
    for figure in soup.select(".drawing"):
        figure.decompose()
    assert len(soup.encode()) <= 60_000


def test_a_lab_names_the_packages_that_it_imports(taken):
    code = [cell.source for cell in taken.cells if cell.cell_type == "code"]
    named = re.match(r"# pip install (.+)", code[0])[1].split()
    imported = set()
    for node in ast.walk(ast.parse("\n".join(code))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    imported -= {*sys.stdlib_module_names, "IPython"}
    assert {INSTALLED_AS.get(each, each) for each in imported} == set(named)


def test_a_lab_runs_wherever_it_was_taken(taken, tmp_path):
    for cell in taken.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(taken, kernel_name="python3", timeout=240, resources=where).execute()
