"""A build gives the same bytes however it comes about, and runs only what it must."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from functools import partial
from pathlib import Path

import pytest
from text import search

from conftest import BUILD, ENVIRONMENT, ROOT, sections_to_search, serving

GOOD, PAGE = "snippets/good.py", "docs/en/index.md"


def add_snippet(project, i):
    project.write(f"snippets/n{i}.py", project.read(GOOD) + f"\n\n# {i}\n")


def ran(build):
    """The snippets that a successful build ran."""
    assert build.code == 0, build.said
    return re.findall(r" (\S+) took ", build.said)


def test_only_what_changed_runs(project):
    add_snippet(project, 0)
    first = project.build()
    assert len(ran(first)) == 2
    last = first.said.rstrip().rpartition("\n")[2]
    assert "4 pages; snippets: 2 run, 0 from the cache; labs: 0 run, 0 from the cache; 2 claims hold" in last
    assert last.endswith("open site/index.html")
    project.edit(PAGE, "The square", "The second power")
    again = project.build()
    assert ran(again) == []
    assert "second power" in project.page("index.html").get_text()
    project.edit(GOOD, "side = 3", "side = 4")
    assert ran(project.build()) == [GOOD]
    assert b"of 4 is" in project.site()["en/index.html"]
    assert project.site()["en/figures/good.js"] == b'Widget.data = {"side": 4};'


def test_a_figure_may_have_a_second_layout_for_phones(project):
    project.edit(GOOD, "def figure():", "def figure(narrow=False):")
    project.edit(GOOD, "plt.subplots()", "plt.subplots(figsize=(3, 2) if narrow else (6, 2))")
    assert project.build().code == 0
    wide, narrow = (project.site()[f"en/figures/good{end}.svg"] for end in ("", "-narrow"))
    assert b'width="432pt"' in wide and b'width="216pt"' in narrow
    for picture, end in zip(project.page("index.html").select(".drawing picture"), ("", "-dark"), strict=True):
        assert picture.img["src"] == f"figures/good{end}.svg" and picture.img["width"] == "576"
        assert picture.source["srcset"] == f"figures/good-narrow{end}.svg" and picture.source["width"] == "288"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
    ],
    ids=["truncated", "empty"],
)
def test_a_corrupt_result_is_made_again(project, damage):
    project.build()
    whole = project.site()
    [result] = project.cached()
    result.write_bytes(damage(result.read_bytes()))
    again = project.build()
    assert ran(again) == [GOOD]
    assert f"warning: .cache/runs/{result.name} is corrupt" in again.said
    assert project.site() == whole


def test_the_cache_does_not_grow_for_ever(project):
    for i in range(6):
        project.edit(GOOD, "side = 3" + " " * i, "side = 3" + " " * (i + 1))
        assert ran(project.build()) == [GOOD]
    assert len(project.cached()) == 4


def test_a_failed_build_leaves_the_published_site(project):
    project.build()
    whole = project.site()
    project.edit(PAGE, "The square", "The [square](cube.md)")
    build = project.build()
    assert build.code == 1
    assert f"{PAGE}:{project.line(PAGE, 'cube.md')}: " in build.said and "'cube.md'" in build.said
    assert project.site() == whole
    project.edit(PAGE, "cube.md", "#cube")
    for _ in range(2):  # the page is not kept, though it did not change
        build = project.build()
        assert (PAGE, project.line(PAGE, "#cube")) in build.faults


def test_two_clean_builds_give_the_same_bytes_and_a_warm_one_too(project, twin):
    for each in project, twin:
        add_snippet(each, 0)
        assert len(ran(each.build())) == 2
    whole = project.site()
    assert whole == twin.site()
    assert ran(project.build()) == []
    assert whole == project.site()


def add_page(project):
    project.edit("mkdocs.yml", "bibliography.md]", "bibliography.md, sub/page.md]")
    project.write("docs/en/sub/page.md", "# Below\n\n[A page](../index.md#a-page)\n")


def remove_page(project):
    project.edit("mkdocs.yml", ", sub/page.md]", "]")
    shutil.rmtree(project.folder / "docs/en/sub")


def test_kept_pages_and_new_ones_make_the_site_of_a_clean_build(project, twin):
    changes = [
        lambda each: each.edit(PAGE, "The square", "The second power"),
        lambda each: each.edit("docs/glossary.yml", "A number times", "In short, a number times"),
        lambda each: each.edit("docs/en/reference/claims.md", "# The ledger", "# All claims"),
        add_page,
        remove_page,
    ]
    project.build()
    for change in changes:
        change(project)
        change(twin)
        assert project.build().code == 0
        shutil.rmtree(twin.folder / ".cache", ignore_errors=True)
        assert twin.build().code == 0
        assert project.site() == twin.site()


def test_two_builds_at_once_take_turns(project, twin):
    twin.build()
    first, second = project.start(), project.start()
    assert first.finish().code == second.finish().code == 0
    assert project.site() == twin.site()
    assert not project.leftovers()


def test_what_a_build_started_ends_with_it(project):
    project.edit("mkdocs.yml", "snippets: 2", "snippets: 600")
    project.edit(GOOD, "print(", "open('runs', 'w'); import time; time.sleep(3000); print(")
    build = project.start()
    while not (project.folder / "runs").exists():
        assert build.process.poll() is None
        time.sleep(0.05)
    build.process.kill()  # MkDocs alone, not the processes that it started
    build.finish()  # they hold its output open: this waits for their end


def test_a_build_that_ends_at_any_moment_leaves_nothing_behind(project, twin):
    start = time.monotonic()
    twin.build()
    duration = time.monotonic() - start
    builds = 0
    for part in range(20):
        add_snippet(project, builds)  # there is always one to run
        builds += 1
        build = project.start()
        time.sleep(duration * (part // 2 + 0.5) / 10)
        if part % 2:
            build.process.kill()
            assert build.finish().code in (0, -signal.SIGKILL)
        else:
            build.interrupt()
            built = build.finish()
            assert built.code in (0, 1, 130, -signal.SIGINT), built.said
    add_snippet(project, builds)
    assert project.build().code == 0
    assert not project.leftovers()
    for i in range(builds + 1):
        add_snippet(twin, i)
    assert twin.build().code == 0
    assert project.site() == twin.site()


@pytest.mark.parametrize("size", [1000, 20_000])
def test_a_full_disk_leaves_the_published_site(project, size):
    """No file may grow beyond a size: what Linux says then is what it says of a full disk, but for the number."""
    import resource

    project.build()
    whole = project.site()
    project.edit(PAGE, "The square", "The second power")
    full = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size))
    build = subprocess.run(BUILD, cwd=project.folder, env=ENVIRONMENT, preexec_fn=full, capture_output=True, text=True)
    assert build.returncode == 1
    assert "nothing is published: [Errno 27]" in build.stderr and "Traceback" not in build.stderr
    assert project.site() == whole and not project.leftovers()
    assert project.build().code == 0
    assert "second power" in project.page("index.html").get_text()


def test_a_clock_that_is_set_back_hides_no_change(project):
    project.build()
    tomorrow = time.time() + 86_400
    for folder in ".cache", "site":
        for path in (project.folder / folder).rglob("*"):
            os.utime(path, (tomorrow, tomorrow))
    project.edit(PAGE, "The square", "The second power")
    assert ran(project.build()) == []
    assert "second power" in project.page("index.html").get_text()


class Server:
    """MkDocs serving a project, until stopped."""

    def __init__(self, folder, port):
        self.address, self.log = f"http://127.0.0.1:{port}/", folder / "serve.log"
        command = [*BUILD[:3], "serve", "--livereload", "--dirty", "--dev-addr", f"127.0.0.1:{port}"]
        self.process = subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT, stderr=self.log.open("w")
        )

    def get(self, page):
        try:
            with urllib.request.urlopen(self.address + page, timeout=60) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def shows(self, page, text):
        """Waits until a page shows a text."""
        self.wait(lambda: text in self.get(page), text)

    def said(self, text):
        """Waits until the server has said a text."""
        self.wait(lambda: text in self.log.read_text(), text)

    def wait(self, happened, what):
        """Waits, at most some minutes, while the server must be alive."""
        for _ in range(6000):
            if happened():
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(what)

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(project):
    add_page(project)
    project.write("snippets/extra.py", project.read(GOOD))
    server = Server(project.folder, 18000 + os.getpid() % 10000)
    yield server
    server.stop()


def test_the_server_survives_what_an_author_does(project, server):
    server.shows("en/index.html", "of 3 is")
    project.edit(PAGE, "good.number", "extra.number")
    project.edit("snippets/extra.py", "side = 3", "side = 4")
    server.shows("en/index.html", "of 4 is")
    (project.folder / "snippets/extra.py").rename(project.folder / "snippets/other.py")
    server.said("there is no snippet 'extra'")
    project.edit(PAGE, "extra.number", "other.number + 0")
    server.said("is no number")
    project.edit(PAGE, "other.number + 0", "other.number")
    server.shows("en/index.html", "of 4 is")
    project.edit(PAGE, "other.number", "good.number")
    (project.folder / "snippets/other.py").unlink()
    server.shows("en/index.html", "of 3 is")
    remove_page(project)
    project.edit(PAGE, "The square of", "The 2nd power of")
    server.shows("en/index.html", "2nd power")
    claims = project.read("docs/claims.yml")
    project.edit("docs/claims.yml", "at_least: 3", "at_least: 30")
    server.said("C1 does not hold")
    project.write("docs/claims.yml", claims.replace("at_least: 3", "at_least: 2"))
    server.shows("en/reference/claims.html", "<td>≥\u00a02</td>")
    project.edit("docs/claims.yml", "id: C2", "id: C4")
    server.shows("en/reference/claims.html", "C4: A square is a square")
    claims = project.read("docs/claims.yml")
    third = claims.index("  - id: C3")
    project.write("docs/claims.yml", claims[:third])
    server.shows("en/reference/claims.html", "C4: A square is a square")
    server.wait(lambda: "C3: A square is more" not in server.get("en/reference/claims.html"), "C3 is gone")
    project.write("docs/claims.yml", claims)
    server.shows("en/reference/claims.html", "C3: A square is more")
    builds = server.log.read_text().count("Building")
    time.sleep(1)
    assert server.log.read_text().count("Building") == builds  # it waits for a change


def test_each_language_is_served_and_built_for_itself(project):
    project.write("mkdocs.zh.yml", "INHERIT: mkdocs.yml\ndocs_dir: docs/zh\nsite_dir: site/zh\n")
    shutil.copytree(project.folder / "docs/en", project.folder / "docs/zh")
    project.build()
    second = subprocess.run([*BUILD, "-f", "mkdocs.zh.yml"], cwd=project.folder, capture_output=True, text=True)
    assert "snippets: 0 run, 1 from the cache" in second.stderr
    server = Server(project.folder, 18000 + os.getpid() % 10000)
    try:
        server.shows("zh/index.html", "of 3 is")
        for language, other in ("zh", "en"), ("en", "zh"):
            builds = server.log.read_text().count("Building")
            project.edit(f"docs/{language}/index.md", "The square of", "The 2nd power of")
            server.shows(f"{language}/index.html", "2nd power")
            server.said("Reloading browsers")
            assert server.log.read_text().count("Building") == builds + 1, other
    finally:
        server.stop()


def test_bare_mkdocs_builds_the_same_site_from_the_expansion(project, visit):
    assert project.build().code == 0
    ours = project.page("index.html").article
    out = project.folder / "expanded"
    expand = ["make", "-f", ROOT / "Makefile", "expanded", "BIN=" + str(Path(sys.executable).parent)]
    subprocess.run(expand, cwd=project.folder, env=ENVIRONMENT, check=True)
    subprocess.run([*BUILD[:4], "--strict"], cwd=out, env=ENVIRONMENT, check=True)
    (project.folder / "site").rename(project.folder / "ours")
    (out / "site").rename(project.folder / "site")
    theirs = project.page("index.html").article
    for part in ".drawing img", "math", "abbr", "table", ".drawing-source a":
        assert ours.select(part) == theirs.select(part) != [], part
    assert ours.get_text() == theirs.get_text()
    with serving(project.folder / "site/en") as address:
        tab = visit(f"{address}index.html")
        tab.keyboard.press("/")
        tab.keyboard.type("square")
        tab.locator(".md-search-result__item a").first.wait_for()
    theirs = json.loads((project.folder / "site/en/search/search_index.json").read_text())["docs"]
    (project.folder / "site/en/search/index.js").write_text(search.script(theirs))
    found = [sections_to_search(project.folder / folder) for folder in ("ours", "site")]
    by_place = [sorted(docs, key=lambda doc: doc["location"]) for docs in found]
    assert by_place[0] == by_place[1]
    assert "The square of 3 is 32." in str(found) and "font-size" not in str(found)
