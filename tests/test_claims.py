"""hooks/text/claims.py: the ledger, with its marks and its counts, and what pages show of it."""

import re

import pytest
from small import CLAIMS, LEDGER, PAGE

VERDICTS = """
<div class="verdicts">
<fieldset>
<legend>Verdict</legend>
<label>
<label>
<label>
</fieldset>
<fieldset>
<legend>Our evidence</legend>
<label>
<label>
<label>
</fieldset>
<fieldset>
<legend>Claims</legend>
<label>
<ul class="beyond">
<li>
<li>
</ul>
<label>
<ul class="other">
<li>
</ul>
</fieldset>
<find-claims></find-claims>
</div>
"""


def test_page_and_ledger_show_the_same(small):
    site = small.expand()
    page, ledger = site.texts["index.md"].text, site.texts["reference/claims.md"].text
    for text in "A square grows", "true under conditions", "The side is 3":
        assert text in page and text in ledger
    assert "(reference/claims.md#c1)" in page
    assert "(../index.md#a-page)" in ledger
    badge = "**◐ true under conditions**{ .verdict .conditions .decided }"
    assert badge in page
    assert "| the side | [**3**](../code/good.py) | ≥\u00a03 |" in ledger
    assert f"{badge} proved: if its side grows<br><span lang=zh>" in ledger
    assert "**✓ true**{ .verdict .true .decided } proved" in ledger


def test_a_number_checks_what_is_proved_and_decides_what_is_counted(small):
    row = " | Number | Must be |\n|---|---|---|\n| the side"
    assert f"| Checked by{row}" in small.expand().texts["reference/claims.md"].text
    small.edit(CLAIMS, "grows\n    kind: proved", "grows\n    kind: counted")
    assert f"| Decided by{row}" in small.expand().texts["reference/claims.md"].text


def test_what_decides_stands_apart_from_what_touches(small):
    entry = small.expand().texts["reference/claims.md"].text.partition("### C3: A square is more { #c3 ")[2]
    decided, touched = entry.split('??? info "Touched, not decided, by"\n\n')
    head = "| Checked by | Number | Must be |\n|---|---|---|\n"
    assert f"{head}| the square | [**9**](../code/good.py) | ≥\u00a09 |" in decided
    assert "half a side" not in decided
    assert "    | half a side<br><small>It is no square.</small> | [**0.5**](../code/good.py) | ≤\u00a01 |" in touched


@pytest.mark.parametrize("form, number, must", [
    (".0%", "[**50 %", "≤\u00a060 %"),
    ("<60%", "[**&lt;&nbsp;60 %", "as shown"),
    (">40%", "[**>&nbsp;40 %", "as shown"),
])
def test_a_range_is_shown_as_its_number_is_and_a_bound_once(small, form, number, must):
    small.edit(CLAIMS, '".1f"\n        at_most: 1', f'"{form}"\n        at_most: 0.6')
    shown = f"{number}**](../code/good.py) | {must} |".replace(" %", "\u00a0%")
    assert shown in small.expand().texts["reference/claims.md"].text


def test_each_claim_has_a_mark_that_says_its_verdict(small):
    ledger = small.expand().texts["reference/claims.md"].text
    assert 'value="beyond"> beyond it 3</label>\n<ul class="beyond">\n<li class="verdict conditions decided">' in ledger
    named = 'href="#c2" title="a square" aria-label="C2: a square, true, nothing of ours"'
    assert f'<li class="verdict true number"><a {named}>✓ C2</a></li>' in ledger
    for name, value, badge, count in [
        ("verdict", "true", "✓ true", 2), ("verdict", "conditions", "◐ true under conditions", 1),
        ("verdict", "imprecise", "≈ imprecise", 0), ("evidence", "decided", "our evidence decides", 2),
        ("evidence", "touched", "our numbers touch it", 0), ("evidence", "number", "nothing of ours", 1),
    ]:
        box = f'<input type="checkbox" name="{name}" value="{value}"> <b class="verdict {value}">{badge}</b> {count}<'
        assert box in ledger


def test_the_entry_is_a_record_with_the_classes_of_its_mark(small):
    ledger = small.expand().texts["reference/claims.md"].text
    heading = '### C2: A square is a square { #c2 data-toc-label="C2 a square" }'
    assert f'<div class="record true number beyond" markdown>\n\n{heading}' in ledger


def test_claims_are_counted_by_what_decides(small):
    article = {"total": 2, "true": 1, "true_under_conditions": 1, "decided": 1, "touched": 0, "without_number": 1}
    own = {"own_total": 1, "own_true": 1, "own_decided": 1, "own_touched": 0, "own_without_number": 0}
    counts = small.expand().ledger.counts()
    assert counts.items() >= (article | own).items()
    assert "1 of 2, and 1 of our own" in small.expand().texts["reference/claims.md"].text
    small.edit(CLAIMS, "at_least: 3", "at_least: 3\n        touches: A side is no square.")
    small.edit(CLAIMS, "grows\n    kind: proved\n", "grows\n")
    assert small.expand().ledger.counts() == counts | {"decided": 0, "touched": 1}


def test_a_page_can_quote_a_claim_of_the_site(small):
    small.edit(PAGE, "claims\nC1", "claims\nC1 C3")
    page = small.expand().texts["index.md"].text
    badge = "**✓ true**{ .verdict .true .decided }"
    assert f"| [**C3**](reference/claims.md#c3) A square is more | {badge} | It is [nine](#claims) |" in page


def test_claims_of_two_groups_and_findings_of_two_pages(small):
    small.edit(CLAIMS, "  - id: C3", "other:\n  - id: C3")
    small.edit(CLAIMS, "index.md: It is [nine](#claims)", "index.md: It is.\n      reference/claims.md: And so.")
    small.edit(LEDGER, "beyond: beyond it", "beyond: beyond it\nother: one: more")
    small.edit(LEDGER, "ledger\nbeyond", "ledger\nother")
    ledger = small.expand().texts["reference/claims.md"].text
    assert VERDICTS in re.sub("<(label|li).*</.*>", r"<\1>", ledger)
    for part in 'name="group" value="other"> one: more 1</label>', "✓ true</b> 2</label>", ">◐ C1</a></li>":
        assert part in ledger
    assert "\n\n- [A page](../index.md): It is.\n- [The ledger](claims.md): And so.\n\n" in ledger
