"""The ledger: each number lies in its range, and each range can be left."""

import pytest
from conftest import ROOT
from engine import ledger, run

GROUPS = ledger.read((ROOT / "docs/claims.yml").read_text("utf-8"))
NUMBERS = [
    pytest.param(number, id=f"{claim['id']}-{number['value']}")
    for claim in sum(GROUPS.values(), [])
    for number in claim.get("numbers", [])
]


@pytest.fixture
def value(site, number, monkeypatch):
    """What the build of the site computed for a number of the ledger."""
    monkeypatch.chdir(ROOT)
    name, _, key = number["value"].rpartition(".")
    return run.load("snippets", ".cache/snippets", 60, "snippets")[name]["results"][key]


@pytest.mark.parametrize("number", NUMBERS)
def test_number_lies_in_its_range(number, value):
    assert ledger.holds(number, value)


@pytest.mark.parametrize("number", NUMBERS)
def test_number_outside_of_its_range_is_caught(number):
    outside = []
    if "equals" in number:
        right = number["equals"]
        outside = [f"not {right}"] if isinstance(right, str) else [right + 1, right - 1]
    if "at_least" in number:
        outside.append(number["at_least"] - 1e-6)
    if "at_most" in number:
        outside.append(number["at_most"] + 1e-6)
    assert outside
    assert not any(ledger.holds(number, each) for each in outside)


# What is replaced in the ledger of a small project, and by what; where; what is said.
FAULTS = {
    "a verdict that is none": ("true under conditions", "so-so", "- id", "so-so"),
    "a field that is none": ("zh: \"平方增长\"", "cn: A", "- id", "C1 has no zh"),
    "a number without a range": ("at_least: 3", "", "- what", "without what, value or"),
    "a claim twice": ("id: C2", "id: C1", "- id: C1\n    article: \"A square is", "twice"),
    "neither number nor reason": ("no_number: Nothing", "source: Nothing", "- id: C2", "C2 must"),
    "what is not YAML": ("findings:\n      index.md: The side", "findings: [", "", "expected"),
    "a number of no snippet": (
        "value: good.number", "value: good.cube", "- id", "good has no 'cube'"
    ),
}


@pytest.mark.parametrize("old, new, fragment, message", FAULTS.values(), ids=FAULTS)
def test_the_build_fails_for(project, old, new, fragment, message):
    project.edit("docs/claims.yml", old, new)
    build = project.build()
    assert build.code == 1, build.said
    [((path, line), said)] = build.faults.items()
    assert path == "docs/claims.yml"
    assert message in said
    if fragment:
        assert line == project.line("docs/claims.yml", fragment)


@pytest.mark.parametrize(
    "old, new, message",
    [("claims\nC1", "claims\nC3", "no 'C3'"), ("C1\n", "C1 C2\n", "C2 has no finding")],
)
def test_a_page_quotes_what_the_ledger_has(project, old, new, message):
    project.edit("docs/en/index.md", old, new)
    build = project.build()
    assert build.code == 1
    assert message in build.said


def test_page_and_ledger_show_the_same(project):
    assert project.build().code == 0
    site = project.site()
    page, ledger_page = site["en/index.html"].decode(), site["en/reference/claims.html"].decode()
    for text in "A square grows", "true under conditions", "The side is 3":
        assert text in page and text in ledger_page
    assert 'href="reference/claims.html#c1"' in page
    assert 'href="../index.html#a-page"' in ledger_page
    assert "must be ≥ 3" in ledger_page
