"""tests/passed.py: what a test depends on."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from passed import Passed

ROOT = Path(__file__).parents[1]


def item(where="tests/test_x.py", fixtures=("site",), **params):
    return SimpleNamespace(path=ROOT / where, fixturenames=fixtures, callspec=SimpleNamespace(params=params))


CHAPTER, OTHER = item(page="en/a/b.html"), item(page="en/a/c.html")
WHOLE, GALLERY = item(), item(page="en/reference/d.html")
SMALL, HOOK = item(fixtures=("project",)), item("hooks/text/x.py", fixtures=())
ALL = [CHAPTER, OTHER, WHOLE, GALLERY, SMALL, HOOK]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr("passed.ROOT", tmp_path)
    monkeypatch.setattr("passed.FILE", tmp_path / ".cache/passed.json")
    for path in "docs/en/a/b.md", "docs/zh/a/b.md", "docs/en/a/c.md", "docs/works.yml", "hooks/x.py", "snippets/a/b.py":
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("# Title\n\nText.\n")
    return tmp_path


@pytest.mark.parametrize("path, text, again", [
    ("docs/en/a/b.md", "Another text.\n", [CHAPTER, WHOLE, GALLERY]),
    ("docs/zh/a/b.md", "Another text.\n", [CHAPTER, WHOLE, GALLERY]),
    ("docs/en/a/b.md", "## A heading\n", [CHAPTER, OTHER, WHOLE, GALLERY]),
    ("docs/works.yml", "Another work.\n", [CHAPTER, OTHER, WHOLE, GALLERY]),
    ("snippets/a/b.py", "x = 1\n", [CHAPTER, OTHER, WHOLE, GALLERY]),
    ("hooks/x.py", "x = 1\n", ALL),
])
def test_a_change_runs_what_depends_on_it(project, path, text, again):
    before = [Passed().key(each) for each in ALL]
    with project.joinpath(path).open("a") as file:
        file.write(text)
    after = [Passed().key(each) for each in ALL]
    assert [each for each, old, new in zip(ALL, before, after, strict=True) if old != new] == again


def test_what_failed_or_changed_runs_again(project):
    project.joinpath(".cache").mkdir()
    passed = Passed()
    reports = [SimpleNamespace(nodeid="a", failed=False, when="call", user_properties=[("key", passed.key(SMALL))]),
               SimpleNamespace(nodeid="b", failed=True)]
    for report in reports:
        passed.pytest_runtest_logreport(report)
    passed.pytest_sessionfinish(SimpleNamespace(config=None, exitstatus=1))
    items = [SimpleNamespace(**vars(SMALL), nodeid=name, user_properties=[]) for name in ("a", "b", "c")]
    again = Passed()
    again.pytest_collection_modifyitems(None, items)
    assert [each.nodeid for each in items] == ["b", "c"] and again.spared == 1
