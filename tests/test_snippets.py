"""What holds for each snippet of the site; pytest collects their doctests itself."""

import fresh
import pytest
from conftest import ROOT
from engine import contract

SNIPPETS = {
    path.relative_to(ROOT / "snippets").as_posix(): path.read_text("utf-8")
    for path in sorted((ROOT / "snippets").rglob("*.py"))
}


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_a_snippet_keeps_the_contract(text):
    assert not list(contract.violations(text))


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_each_section_runs_alone(text, tmp_path):
    for name, (_, _, section) in contract.sections(text).items():
        path = tmp_path / f"{name}.py"
        path.write_text(section, "utf-8")
        fresh.script(path)
