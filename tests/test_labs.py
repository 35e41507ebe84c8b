"""Labs: each planted fault is named, nothing runs twice, and what one takes away runs."""

import ast
import json
import os
import re
import shutil
import sys

import jupytext
import nbformat
import pytest
from PIL import Image
from running.cache import Cache
from test_build import Server, ran
from text import labs

from conftest import DOCS, LABS

LAB, PAGE = "docs/en/labs/good.py", "en/labs/good.html"
INSTALLED_AS = {"sklearn": "scikit-learn"}


def with_lab(project):
    """A project with one lab."""
    project.edit("mkdocs.yml", "bibliography.md]", "bibliography.md, labs/good.md]")
    project.write(LAB, project.read("lab.py"))
    return project


@pytest.fixture
def lab(built_once, project):
    """A project with one lab, and what its code gives."""
    built, build = built_once("lab", with_lab)
    assert build.code == 0, build.said
    shutil.copytree(built.folder / ".cache/runs", project.folder / ".cache/runs")
    return with_lab(project)


# What is replaced in a good lab, and by what; which line is named; what is said.
FAULTS = {
    "raises": ("sum(squares)", "1 / 0", "1 / 0", "cell 2: ZeroDivisionError: division by zero"),
    "raises in a function": (
        "sum(squares)", "def f():\n    return 1 / 0\nf()", "return 1 / 0", "cell 2: ZeroDiv"
    ),
    "imports of the project": ("sum(squares)", "import text.source", "import text", "No module named 'text'"),
    "reads of the project": ("sum(squares)", "open('mkdocs.yml')", "open(", "No such file or directory"),
    "is not Python": ("sum(squares)", "sum(squares", "sum(squares", "cell 2: SyntaxError"),
    "ends its kernel": ("sum(squares)", "import os; os._exit(1)", "# %%\n", "cell 2: ended its kernel"),
    "takes too long": ("sum(squares)", "while True: pass", "# %%\n", "cell 2: ended its kernel, or took"),
    "draws two figures in a cell": (
        'plt.plot(squares, color="#D55E00")', "plt.plot(squares)\nplt.show()\nplt.plot(squares)",
        '# %% alt="The same', "cell 5: draws more than one figure",
    ),
    "draws in another colour": (
        "#D55E00", "#FF0000", '# %% alt="The same', "cell 5: the figure uses #ff0000"
    ),
}
# These are found once the lab has run.
IN_TEXT = {
    "has no title": ("# # A lab", "# A lab", "# %%", "cell 1: the first cell must begin with"),
    "has a figure without alt text": (
        '# %% alt="The same in orange"', "# %%", "# %%\nplt.plot", "cell 5: a figure without alt"
    ),
    "has a broken link": ("../index.md#a-page", "../cube.md", "cube.md", "'../cube.md'"),
    "has a broken anchor": ("#a-page", "#cube", "#cube", "no such anchor|not contain an anchor"),
    "has bad TeX": (r"\sum_{i", r"\sun_{i", r"\sun", r'Unknown command "\\sun"'),
    "has a mistyped number": ("More text.", "More {{ text }}.", "More", "is no number"),
}


@pytest.fixture(scope="module")
def broken(built_once):
    """A project with a lab for each fault, after a build."""

    def prepare(project):
        good = with_lab(project).read(LAB)
        for i, (old, new, _, _) in enumerate(FAULTS.values()):
            project.write(f"docs/en/labs/bad{i}.py", good.replace(old, new))

    return built_once("labs", prepare)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_build_fails_if_a_lab(broken, fault):
    project, build = broken
    _, _, fragment, message = FAULTS[fault]
    path = f"docs/en/labs/bad{list(FAULTS).index(fault)}.py"
    line, said = build.fault_of(path)
    assert re.search(message, said)
    assert line == project.line(path, fragment)


def test_failing_labs_leave_nothing_and_each_core_runs_one(broken):
    project, build = broken
    assert build.code == 1
    assert not project.site() and not project.leftovers()
    running = set()
    for path, word in re.findall(r" (\S+\.py) (runs|took)", build.said):
        (running.add if word == "runs" else running.remove)(path)
        assert len(running) <= os.cpu_count()
    assert not running


@pytest.mark.parametrize("old, new, fragment, message", IN_TEXT.values(), ids=IN_TEXT)
def test_the_text_of_a_lab_is_checked(lab, old, new, fragment, message):
    lab.edit(LAB, old, new)
    build = lab.build()
    assert build.code == 1, build.said
    [((path, line), said)] = build.faults.items()
    assert (path, line) == (LAB, lab.line(LAB, fragment))
    assert re.search(message, said)


def test_a_kernel_ends_with_the_build(lab):
    lab.edit("mkdocs.yml", "labs: 15", "labs: 6000")  # no limit ends it in time
    lab.edit(LAB, "sum(squares)", "while True: pass")
    build = lab.start()
    for line in build.process.stdout:
        if f"{LAB} runs" in line:
            break
    build.process.kill()
    build.finish()  # the kernel would keep the output open


def test_only_a_lab_whose_code_changed_runs_again(lab):
    lab.edit("docs/en/index.md", "The square", "The second power")
    lab.edit(LAB, "More text.", "More of it.")
    lab.edit(LAB, "The same in orange", "The same in another colour")
    assert ran(lab.build()) == []
    page = lab.page("labs/good.html")
    assert "More of it." in page.text and page.select("[alt='The same in another colour']")
    lab.edit(LAB, "sum(squares)", "max(squares)")
    assert ran(lab.build()) == [LAB]


def test_corrupt_results_are_made_again(lab):
    lab.build()
    whole = lab.site()
    for result in lab.cached():
        result.write_bytes(result.read_bytes()[:-9])
    assert set(ran(lab.build())) == {LAB, "snippets/good.py"}
    assert lab.site() == whole


def test_another_lock_is_another_key(monkeypatch, tmp_path):
    (tmp_path / "lock").write_text("torch==0\n")
    (tmp_path / "idea.py").write_text("")
    cache = Cache({"snippets": tmp_path, "labs": tmp_path}, {})
    before = {source.entry for source in cache.sources()}
    monkeypatch.setattr("running.cache.LOCK", tmp_path / "lock")
    assert len(before | {source.entry for source in cache.sources()}) == 4


def test_the_server_survives_what_an_author_does_to_a_lab(lab):
    server = Server(lab.folder, 18000 + os.getpid() % 10000)
    try:
        server.shows(PAGE, "More text.")
        lab.edit(LAB, "More text.", "Other text.")
        server.shows(PAGE, "Other text.")
        lab.edit(LAB, "sum(squares)", "1 / 0")
        server.said("ZeroDivisionError")
        lab.edit(LAB, "1 / 0", "sum(squares)")
        (lab.folder / LAB).rename(lab.folder / "docs/en/labs/better.py")
        lab.edit("mkdocs.yml", "labs/good.md", "labs/better.md")
        server.shows("en/labs/better.html", "Other text.")
        (lab.folder / "docs/en/labs/better.py").unlink()
        lab.edit("mkdocs.yml", ", labs/better.md", "")
        server.wait(lambda: not server.get("en/labs/better.html"), "the lab is gone")
        lab.edit("docs/en/index.md", "The square of", "The 2nd power of")
        server.shows("en/index.html", "2nd power")
    finally:
        server.stop()


def test_two_clean_builds_give_the_same_bytes(lab, twin):
    assert lab.build().code == with_lab(twin).build().code == 0
    assert lab.site() == twin.site()


def test_a_lab_looks_like_a_page(lab):
    assert lab.build().code == 0
    soup = lab.page("labs/good.html")
    assert len(str(soup)) < 60_000  # with its figures, even
    first, second = soup.select(".drawing")
    assert first.img["alt"] == "A curve that rises from 0 to 9 [a parabola]; half_way it's \"2.25\"."
    captions = soup.select("figcaption")
    assert captions[0].math and "More text" not in captions[0].text
    assert captions[1].text.strip() == "Figure 2. The last square is 9."
    assert len({tag["id"] for tag in soup.select("[id]")}) == len(soup.select("[id]"))
    assert soup.select_one("#squares") and soup.select_one("math munderover")
    assert soup.select_one(".language-python + .language-output").text == "[0, 1, 4, 9]\n14\n"
    assert "print(squares)\n\n\nsum" in soup.select_one(".language-python code").text
    assert soup.select_one("article a[href='../index.html#a-page']")
    assert not soup.select_one("[src*='//'], article [href*='//']")


def test_a_lab_can_be_taken_away(lab):
    addresses = "site_url: https://example.org/\nrepo_url: https://github.com/a/b\nnav:"
    lab.edit("mkdocs.yml", "nav:", addresses)
    assert lab.build().code == 0
    soup = lab.page("labs/good.html")
    files, services = ["good.ipynb", "good.py"], ["a/b/blob/gh-pages/en/labs/good", "a/b/gh-pages?labpath=en/labs/good"]
    links = [link["href"] for link in soup.select(".take-away a")]
    assert links[:2] == files and all(part in link for part, link in zip(services, links[2:], strict=True))
    assert not soup.select("[data-md-component=source]")  # which asks another host
    site = lab.site()
    assert site["en/labs/good.py"].decode() == lab.read(LAB)
    notebook = json.loads(site["en/labs/good.ipynb"])
    assert "(https://example.org/en/index.html#a-page)" in str(notebook["cells"][0])
    title, *made, licences = notebook["cells"][-1]["source"].split(" · ")
    assert title == "[Self-attention and convolution, side by side](https://example.org/en/)"
    assert f"side by side, {' · '.join(made)}</dc:source>" in site["en/figures/labs/good-1.svg"].decode()
    assert licences == 'Text and figures <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>, code MIT'
    assert not re.search(r"\{ #squares|\.small|!\[", str(notebook["cells"]))
    assert notebook["cells"][1]["outputs"][0]["text"] == ["[0, 1, 4, 9]\n"]
    [drawn] = [output["data"] for output in notebook["cells"][2]["outputs"] if "data" in output]
    assert list(drawn) == ["image/svg+xml", "text/plain"]
    prolog = '<?xml version="1.0" encoding="utf-8"?>\n'
    assert prolog + "".join(drawn["image/svg+xml"]) == site["en/figures/labs/good-1.svg"].decode()


def test_a_figure_of_a_lab_can_be_taken_away(lab):
    assert lab.build().code == 0
    with Image.open(lab.folder / "site/en/figures/labs/good-1.png") as picture:
        assert picture.width == 2000 and picture.getpixel((0, 0)) == (255, 255, 255)
        assert picture.text["Title"] == "Good 1 in its lab"
    for end, colour, other in ("", "#0072b2", "#4ba6e0"), ("-dark", "#4ba6e0", "#0072b2"):
        svg = lab.site()[f"en/figures/labs/good-1{end}.svg"].decode()
        assert "docs/en/labs/good.py" in svg and colour in svg and other not in svg


@pytest.fixture(params=LABS)
def name(request):
    """Where each lab of the site is, in turn."""
    return request.param


@pytest.fixture
def taken(site, name):
    """The notebook that a reader of the site downloads."""
    return nbformat.read((site / name).with_suffix(".ipynb"), as_version=4)


def test_a_lab_names_the_packages_that_it_imports(taken, site):
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
    assert set(named) <= set((site / "requirements.txt").read_text("utf-8").split()), "for Binder"


def test_what_one_takes_away_is_what_ran(taken, site, name):
    """The build ran it in an empty folder, where nothing of the project can be imported."""
    nbformat.validate(taken)
    script = (site / name).with_suffix(".py").read_text("utf-8")
    told, original = ((DOCS / each).with_suffix(".py").read_text("utf-8") for each in (name, f"en/{name[3:]}"))
    assert script == labs.whole(told, original, name)
    cells = [cell.source for cell in taken.cells if cell.cell_type == "code"]
    assert cells == [cell.source for cell in jupytext.reads(script, "py:percent").cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in taken.cells if cell.cell_type == "code")
