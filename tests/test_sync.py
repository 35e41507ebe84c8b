"""The Chinese edition is in step with the English one."""

import pytest
import sync


@pytest.mark.parametrize("path, chinese", list(sync.twins()), ids=lambda path: path.relative_to(sync.ROOT).as_posix())
def test_in_step(path, chinese):
    assert chinese.exists(), f"write {chinese}"
    assert not list(sync.differences(sync.told(path), sync.told(chinese)))
    assert not sync.changed(path, chinese), "bring the Chinese in step, then: make sync PAGE=..."


def test_nothing_is_only_chinese():
    told = {chinese for _, chinese in sync.twins()}
    assert {path for path in (sync.ROOT / "docs/zh").rglob("*.*")} <= told


def test_what_changed_is_named(tmp_path, monkeypatch):
    """Of an English page that changed, the section and the lines."""
    page, chinese = tmp_path / "a.md", tmp_path / "b.md"
    old = "# A { #a }\n\nOne.\n\n## B { #b }\n\nTwo.\n"
    page.write_text(old.replace("Two", "Three"), "utf-8")
    chinese.write_text(f"---\nenglish: {sync.mark(old)}\n---\n\n# 甲 {{ #a }}\n", "utf-8")
    monkeypatch.setattr(sync, "_version", lambda *_: old)
    assert sync.changed(page, chinese) == ["in ## B { #b }", "-Two.", "+Three."]
    sync.record(page, chinese)
    assert not sync.changed(page, chinese)


@pytest.mark.parametrize("chinese, what", [
    ("# 甲 { #a }\n\n见[乙](d.md)，$x$，{{ e/f.g }}。", "links"),
    ("# 甲 { #a }\n\n见[乙](c.md)，$y$，{{ e/f.g }}。", "formulas"),
    ("# 甲 { #b }\n\n见[乙](c.md)，$x$，{{ e/f.g }}。", "headings"),
    ("# 甲 { #a }\n\n见[乙](c.md)，$x$，{{ e/f.g:.1f }}。", "numbers"),
])
def test_what_differs_is_named(chinese, what):
    [told] = sync.differences("# A { #a }\n\nSee [b](c.md), $x$, {{ e/f.g }}.", chinese)
    assert told.startswith(f"{what}: ")
