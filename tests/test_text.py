"""Faults in pages and in the files that they quote: named with file and line, without MkDocs."""

import json
import re
import uuid
from base64 import b64encode
from hashlib import sha256
from html import unescape
from xml.etree import ElementTree

import nbformat
import pytest
import yaml
from drawing.palette import css, dressing
from mkdocs.utils import yaml_load
from policy import guard
from running.snippet import copy, violations
from test_translation import CLAIMS as ORIGINAL
from test_translation import TOLD, filled
from text import changes, code, exercises, figures, formulas, labs, search, translation
from text.data import load
from text.expansion import Faults, Sources, expand
from text.numbers import written
from text.source import Fault, Text, prose
from text.words import Words

from conftest import ROOT

DOCS = "tests/project/docs"
PAGE, CLAIMS, WORKS, TERMS = f"{DOCS}/en/index.md", f"{DOCS}/claims.yml", f"{DOCS}/works.yml", f"{DOCS}/glossary.yml"
CHANGES = "tests/project/CHANGELOG.md"
LEDGER = f"{DOCS}/en/reference/claims.md"
PAGES = "index.md", "reference/claims.md", "reference/glossary.md", "reference/bibliography.md"
GIVEN = {
    "results": {"number": 3, "square": 9, "half": 0.5, "odd": True},
    "outputs": {"idea": "9\n", "silent": ""},
    "svg": dict.fromkeys((".svg", "-dark.svg"), '<svg width="3pt" height="1.5pt"><path/></svg>'),
    "code": 'code("");',
    "png": ROOT / "good.png",
}
SITE = yaml_load((ROOT / "mkdocs.yml").read_text("utf-8"))
LABELS = SITE["extra"]["labels"] | {"code": "The code", "origin": "From: {}"}


class Small:
    """The texts of the small project, some of them edited."""

    def __init__(self):
        paths = [*(f"{DOCS}/en/{page}" for page in PAGES), CLAIMS, WORKS, TERMS, CHANGES]
        self.texts = {path: (ROOT / path).read_text("utf-8") for path in paths}
        self.snippet = (ROOT / "tests/project/snippets/good.py").read_text("utf-8")
        self.told, self.labs = {}, {}

    def edit(self, path, old, new):
        before, after = self.texts[path].split(old)
        self.texts[path] = before + new + after

    def line(self, path, fragment):
        before, found, _ = self.texts[path].partition(fragment)
        assert found, fragment
        return before.count("\n") + 1

    def expand(self):
        pages = {p: Text.read(f"{DOCS}/en/{p}", self.texts[f"{DOCS}/en/{p}"]) for p in PAGES}
        data = [(path, self.texts[path]) for path in (CLAIMS, WORKS, TERMS, CHANGES)]
        style = (ROOT / "snippets/style.py").read_text("utf-8")
        given = {"good": GIVEN}, {"good": self.snippet}, style, self.labs
        return expand(Sources(pages, *data, self.told, *given, LABELS, "0.0.0 · 2026-01-01"))


@pytest.fixture
def small():
    return Small()


# The file, what is replaced in it, and by what; which line is named; what is said.
FAULTS = {
    "a number that there is not": (
        PAGE, "good.number", "good.cube", "{{", "no number 'cube' of good; the nearest: number, square, odd, half",
    ),
    "a number of no snippet": (PAGE, "good.number", "bad.number", "{{", "there is no snippet 'bad'"),
    "a float without a format": (PAGE, "good.number", "good.half", "{{", "say how many digits"),
    "a format that is none": (PAGE, "good.number", "good.half:2", "{{", "the format '2'"),
    "a number over its bound": (PAGE, "good.number", "good.half:<0.1", "{{", "is 0.5, not < 0.1"),
    "a truth value": (PAGE, "good.number", "good.odd", "{{", "is a truth value, not a number"),
    "a mistyped number": (PAGE, "{{ good.number }}", "{{ good number }}", "{{", "'{{ good number }} is"),
    "a section that there is not": (
        PAGE, 'python\n--8<-- "good.py:idea"', 'python\n--8<-- "good.py:cube"',
        "good.py:cube", "no section 'cube' in good.py; the nearest: idea, silent",
    ),
    "a section of no snippet": (
        PAGE, 'python\n--8<-- "good.py:idea"', 'python\n--8<-- "god.py:idea"', "god.py", "no snippet 'god'; the ne",
    ),
    "the output of a silent section": (
        PAGE, 'output\n--8<-- "good.py:idea"', 'output\n--8<-- "good.py:silent"',
        "good.py:silent", "'silent' prints nothing",
    ),
    "other quotes": (
        PAGE, 'python\n--8<-- "good.py:idea"', "python\n--8<-- 'good.py:idea'", "--8<-- '", "no directive",
    ),
    "a block with a title": (PAGE, "```python\n", '```python title="x"\n', "--8<--", "no directive"),
    "a fence with a space": (PAGE, "```claims\n", "```claims \n", "```claims", "no directive"),
    "bad TeX": (PAGE, "$3^2$", r"$3^2 + \fra{1}$", r"\fra", r'character 6: Unknown command "\fra"'),
    "an image without alt text": (PAGE, "A line from 1 to 9", "", "![]", "no alt text"),
    "a figure of no snippet": (PAGE, "good.svg", "bad.svg", "bad.svg", "no figure 'bad'"),
    "a figure in a sentence": (PAGE, "![A line", "See ![A line", "![A", "stands alone"),
    "a figure with attributes": (PAGE, "good.svg)", "good.svg){ width=300 }", "![A", "stands alone"),
    "an indented figure": (PAGE, "![A line", "    ![A line", "![A", "stands alone"),
    "a caption without a headline": (PAGE, "**It rises.**", "It rises.", "It rises.", "a caption begins with **"),
    "a figure that has no number": (
        PAGE, "Look", "[Figure](#fig-bad): look", "**It", "'index.md#fig-bad'; the nearest: index.md#fig-good"
    ),
    "no title": (PAGE, "# A page\n", "A page\n", "A page", "begins with # and its title"),
    "a claim that there is not": (PAGE, "claims\nC1", "claims\nC9\nC1", "C9", "no claim 'C9' in the ledger; the ne"),
    "a fence without claims": (PAGE, "claims\nC1\n", "claims\n", None, "no claim ''"),
    "a fence without works": (PAGE, "descartes1637\n", "descartes1637\n```\n\n```sources\n", None, "no work ''"),
    "a claim without its finding": (PAGE, "C1\n", "C1 C2\n", (CLAIMS, "- id: C2"), "no finding of 'index.md'"),
    "a group of verdicts that there is not": (LEDGER, "beyond: b", "beyon: b\nbeyond: b", "beyon: b", "no group 'bey"),
    "a group that there is not": (LEDGER, "ledger\nbeyond", "ledger\nbefore", "before", "no group 'before' in the led"),
    "a work that there is not": (
        PAGE, "euclid1482", "eclid1482", "eclid", "no work 'eclid1482'; the nearest: euclid1482"
    ),
    "a verdict that is none": (CLAIMS, "true under conditions", "so-so", "verdict", "verdict must be one of ['true'"),
    "a claim without its own words": (CLAIMS, "    zh: \"平方增长\"\n", "", "- id", "either article and zh or"),
    "a claim of nobody": (CLAIMS, "    claim: \"A square is more\"\n", "", "- id: C3", "either article and zh or"),
    "a claim of two": (CLAIMS, "about: more", "about: more\n    article: A\n    zh: A", "- id: C3", "either article"),
    "a claim of ours without a number": (
        CLAIMS, 'article: "A square is a square"\n    zh: "平方是平方"', "claim: A square is a square",
        "- id: C2", "its kind and a number that decides",
    ),
    "a claim of ours that is only touched": (
        CLAIMS, "at_least: 9", "at_least: 9\n        touches: No.", "- id: C3", "its kind and a number that decides"
    ),
    "a claim of ours without its kind": (CLAIMS, "    kind: proved\n", "", "- id: C3", "its kind and a number"),
    "a verdict for no reason": (CLAIMS, "    because: if its side grows\n", "", "- id: C1", "must say in because"),
    "a number that touches for no reason": (
        CLAIMS, "at_least: 3", "at_least: 3\n        touches: ''", "touches", "touches must be longer"
    ),
    "a claim with a foreign field": (CLAIMS, "about: more", "book: A\n    about: more", "- id: C3", "{'book'}"),
    "a claim with a number for a field": (CLAIMS, "id: C2", "id: 2", "id: 2", "[1].id must be string"),
    "a number without a range": (CLAIMS, "at_least: 3", "", "- what", "a number must have its range"),
    "a number without its value": (CLAIMS, "value: good.number", "", "- what", "must contain ['value']"),
    "a number with a foreign field": (CLAIMS, "at_least: 3", "at_least: 3\n        unit: m", "- what", "{'unit'}"),
    "a format that is a number": (CLAIMS, "at_least: 3", "at_least: 3\n        format: .1", "format", "format must"),
    "numbers that are no list": (CLAIMS, "no_number: Nothing", "numbers: Nothing", "numbers: N", "must be array"),
    "a number that is a string": (
        CLAIMS, '      - what: "the side"', '      - side\n      - what: "the side"', "- side", "[0] must be object"
    ),
    "a bound in words": (CLAIMS, "at_least: 3", "at_least: three", "at_l", "at_least must be number"),
    "a number outside of its range": (
        CLAIMS, "at_least: 3", "at_least: 5", "- what",
        "C1 does not hold: the side (good.number) is 3, must be ≥\u00a05",
    ),
    "a claim twice": (CLAIMS, "id: C2", "id: C1", "- id: C1\n    about: a square", "twice"),
    "neither number nor reason": (CLAIMS, "    no_number: Nothing to measure\n", "", "- id: C2", "either numbers"),
    "both number and reason": (CLAIMS, "about: growth", "about: growth\n    no_number: none", "- id", "either numbers"),
    "a claim that is a string": (CLAIMS, "  - id: C2", "  - C0\n\n  - id: C2", "- C0", "beyond[1] must be object"),
    "a finding of no page": (CLAIMS, "index.md: The", "nowhere.md: The", "- id: C1", "no page 'nowhere.md'"),
    "a finding that is none": (CLAIMS, "findings: {}", "findings: {a/b.md: }", "{a/b.md", "must be string"),
    "a group without claims": (CLAIMS, "beyond:", "empty:\nbeyond:", "empty", "claims.empty must be array"),
    "claims that are no YAML": (CLAIMS, "findings:\n      index.md: The side", "findings: [", None, "expected"),
    "a claim of no snippet": (CLAIMS, "value: good.number", "value: good.cube", "- what", "no number 'cube' of good"),
    "bad TeX in a claim": (CLAIMS, "The side is", r"The $\sid$ is", "- id", r'"\sid"'),
    "a work that no page cites": (
        PAGE, "descartes1637\n", "", (WORKS, "- key: desc"), "no page cites descartes1637"
    ),
    "a work without a year": (WORKS, "  year: 1637\n", "", "- key: desc", "must contain ['year']"),
    "a work without a link": (WORKS, "  arxiv: '1482.00001'\n", "", "- key: eu", "must have a doi, arxiv or url"),
    "a link without words": (WORKS, "  link: a scan\n", "", "- key: desc", "both a url and a link"),
    "words without a link": (WORKS, "  short:", "  link:", "- key: eu", "both a url and a link"),
    "a work with a foreign field": (WORKS, "short: Stoi", "name: Stoi", "- key: eu", "must not contain {'name'}"),
    "a year in words": (WORKS, "year: 1637", "year: soon", "year: soon", "works[1].year must be integer"),
    "an arXiv number without quotes": (WORKS, "'1482.00001'", "1482.00001", "arxiv", "arxiv must be string"),
    "a field twice": (WORKS, "  year: 1637\n", "  year: 1637\n  year: 1638\n", "- key: desc", "year stands here twice"),
    "a work that is a string": (WORKS, "- key: desc", "- abel1826\n\n- key: desc", "- abel", "works[1] must be object"),
    "a work twice": (WORKS, "key: descartes1637", "key: euclid1482", "- key: euclid1482\n  authors: R.", "twice"),
    "works that are no YAML": (WORKS, "'1482.00001'", "['1482.00001'", None, "expected"),
    "a term without a sentence": (TERMS, "  means: A quarter of a turn.\n", "", "- term: right", "contain ['means']"),
    "a field that is none": (TERMS, "in_text", "forms", "- term: right", "must not contain {'forms'}"),
    "a form that is no list": (TERMS, "[right angles]", "right angles", "in_text", "in_text must be array"),
    "a form that is a number": (TERMS, "[right angles]", "[90]", "in_text", "in_text[0] must be string"),
    "a form without letters": (TERMS, "[right angles]", "['']", "in_text", "in_text[0] must be longer"),
    "a term that is a number": (TERMS, "term: right angle", "term: 90", "term: 90", "terms[1].term must be string"),
    "a term that is a string": (TERMS, "- term: right", "- angle\n\n- term: right", "- angle", "[1] must be object"),
    "a term twice": (TERMS, "right angle\n", "square\n", "- term: square\n  zh: 直", "twice"),
    "a broken anchor": (TERMS, "md#claims", "md#claim", "- term: sq", "'index.md#claim'; the nearest: index.md#claims"),
    "a page that there is not": (TERMS, "index.md#s", "cube.md#s", "- term: right", "cube.md#sources"),
    "a release of another form": (CHANGES, "(2026-01-01)", "(soon)", "## 1.0", "begins with ## 0.2.0 (2026-11-29): Its"),
    "terms that are no YAML": (TERMS, "[right angles]", "[right", None, "expected"),
}


@pytest.mark.parametrize("path, old, new, fragment, message", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named(small, path, old, new, fragment, message):
    small.edit(path, old, new)
    with pytest.raises(Faults) as caught:
        small.expand()
    [fault] = caught.value.faults
    named, line, said = re.match(r"(\S+?):(\d+): (.*)", str(fault), re.DOTALL).groups()
    assert message in said
    if isinstance(fragment, tuple):
        path, fragment = fragment
    if fragment:
        assert (named, int(line)) == (path, small.line(path, fragment))


@pytest.mark.parametrize("path", [CLAIMS, WORKS, TERMS])
@pytest.mark.parametrize("text", ["", "# nothing yet\n", "word", "[]", "{}"])
def test_an_empty_file_is_named(small, path, text):
    small.texts[path] = text
    with pytest.raises(Faults, match=f"{path}:1: the file must hold"):
        small.expand()


# The fields of what the YAML files hold: those that it needs, and others.
FIELDS = {
    "claim": (CLAIMS, "id about verdict findings", "because kind article zh claim no_number"),
    "number": (CLAIMS, "what value", "format equals at_least at_most touches"),
    "work": (WORKS, "key authors title year", "at in by short doi arxiv url link"),
    "term": (TERMS, "term zh means see", "in_text"),
}
NEEDED = [(kind, path, field) for kind, (path, needed, _) in FIELDS.items() for field in needed.split()]
OTHERS = [(kind, path, field) for kind, (path, _, others) in FIELDS.items() for field in others.split()]


def said_without(small, kind, path, field, instead=None):
    """What the author is told if a field lacks in a YAML file, or something else stands there."""
    found = yaml.safe_load(small.texts[path])
    items = found["beyond"] if path == CLAIMS else found
    items = items[0]["numbers"] if kind == "number" else items
    item = next((item for item in items if field in item), items[0])
    item.pop(field, None)
    item |= {field: instead} if instead else {}
    small.texts[path] = yaml.safe_dump(found)
    with pytest.raises(Faults) as caught:
        small.expand()
    return str(caught.value)


@pytest.mark.parametrize("kind, path, field", NEEDED)
def test_a_field_that_is_missing_is_named(small, kind, path, field):
    said = said_without(small, kind, path, field)
    assert re.match(rf"{path}:\d+: .* must contain \['{field}'\]", said)


@pytest.mark.parametrize("kind, path, field", NEEDED + OTHERS)
def test_a_field_of_another_type_is_named(small, kind, path, field):
    said = said_without(small, kind, path, field, [[]])
    assert re.match(rf"{path}:\d+: .*\b{field}(\[0\])? must be ", said)


def test_front_matter_counts_as_lines(small):
    small.edit(PAGE, "# A page", "---\ntitle: A page\ntags:\n  - one\n---\n\n# A page")
    small.edit(PAGE, "good.number", "good.cube")
    with pytest.raises(Faults, match=f"{PAGE}:9: there is no number 'cube' of good"):
        small.expand()


def test_each_page_with_a_fault_is_named(small):
    small.edit(PAGE, "good.number", "good.cube")
    small.edit(f"{DOCS}/en/reference/glossary.md", "# Glossary", "# Glossary {{ good.cube }}")
    with pytest.raises(Faults) as caught:
        small.expand()
    assert len(caught.value.faults) == 2 and str(caught.value) == "\n".join(caught.value.faults)


@pytest.mark.parametrize(
    "shown",
    ["```\n![](x) {{ no number }} $\\fra$\n```", "`{{ no number }}`", "~~~\n![](x)\n~~~", r"5 \$ and 6 \$"],
)
def test_code_is_left_alone(small, shown):
    small.edit(PAGE, "## The claims", f"{shown}\n\n## The claims")
    assert shown in small.expand().texts["index.md"].text


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
    assert f"{badge} if its side grows<br><span lang=zh>" in ledger
    assert "**✓ true**{ .verdict .true .decided } proved" in ledger


def test_what_decides_stands_apart_from_what_touches(small):
    entry = small.expand().texts["reference/claims.md"].text.partition("### C3: A square is more { #c3 ")[2]
    decided, touched = entry.split('??? info "Touched, not decided, by"\n\n')
    head = "| Decided by | Number | Must be |\n|---|---|---|\n"
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
    named = 'href="#c2" title="a square" aria-label="C2: a square, true, no number"'
    assert f'<li class="verdict true number"><a {named}>✓ C2</a></li>' in ledger
    for name, value, badge, count in [
        ("verdict", "true", "✓ true", 2), ("verdict", "conditions", "◐ true under conditions", 1),
        ("verdict", "imprecise", "≈ imprecise", 0), ("evidence", "decided", "a number decides", 2),
        ("evidence", "touched", "numbers touch it", 0), ("evidence", "number", "no number", 1),
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
    assert small.expand().ledger.counts() == counts | {"decided": 0, "touched": 1}


def test_a_page_can_quote_a_claim_of_the_site(small):
    small.edit(PAGE, "claims\nC1", "claims\nC1 C3")
    page = small.expand().texts["index.md"].text
    badge = "**✓ true**{ .verdict .true .decided }"
    assert f"| [**C3**](reference/claims.md#c3) A square is more | {badge} | It is [nine](#claims) |" in page


def test_figures_have_numbers(small):
    small.edit(PAGE, "Look", "[Figure](#fig-good): look")
    site = small.expand()
    assert "**Figure 1. It rises.** [Figure 1](#fig-good): look" in site.plain["index.md"].text
    assert '<div class="drawing" id="fig-good"' in site.texts["index.md"].text
    small.edit(f"{DOCS}/en/reference/glossary.md", "# Glossary", "# Glossary\n\nSee [Figure](../index.md#fig-good).")
    assert "See [Figure 1](../index.md#fig-good)." in small.expand().texts["reference/glossary.md"].text


def test_the_changes_are_a_page_and_a_feed(small):
    small.edit(PAGE, "# A page", "# A <page>")
    small.edit(f"{DOCS}/en/reference/glossary.md", "# Glossary", "# Glossary\n\n```changes\n```")
    site = small.expand()
    page = site.texts["reference/glossary.md"].text
    assert "## 1.0 (2026-01-01): A page { #v1-0 }\n\n- It has a square.\n" in page
    feed = ElementTree.fromstring(site.files["changes.xml"])
    [entry] = feed.iter("{http://www.w3.org/2005/Atom}entry")
    assert [part.text for part in entry][:3:2] == ["1.0: A page", "2026-01-01T00:00:00Z"]
    assert entry[3].attrib == {"href": "reference/changes.html#v1-0"}
    assert feed[0].text == "A <page>"


def test_slides_are_of_figures_that_explain(small):
    caption = "![A line from 1 to 9](figures/good.svg)\n/// caption\n**It rises.**"
    small.edit(PAGE, caption, caption.replace("It rises.", "*It* [rises](#claims) in $n$."))
    site = small.expand()
    assert site.slides == {"figures/good-slide.png": (GIVEN["png"], "It rises in n.", "From: A page")}
    assert site.pictures == {"index.md": "figures/good-slide.png"}
    assert "[slide](figures/good-slide.png){ download }" in site.texts["index.md"].text
    small.edit(PAGE, "![A line", "Stop.\n{ .stop }\n\n![A line")
    site = small.expand()
    assert not site.slides and "slide" not in site.texts["index.md"].text


def test_two_works_of_a_year_have_letters(small):
    for key, letter in ("euclid1482", "a"), ("descartes1637", "b"):
        for path in PAGE, WORKS:
            small.edit(path, key, f"euclid1482{letter}")
    page = small.expand().texts["index.md"].text
    assert "Euclid et al. (1482a): " in page and "F. van Schooten (1637b): " in page


@pytest.mark.parametrize(
    "quiet",
    ["[square](index.md#claims)", "`square`", r"$\text{square}$", "squared", "chi-square"]
    + ["\n\n```\nsquare\n```\n\n", "\n\n## Square { #square }\n\n", "\n\n??? tip \"Square\"\n    \n\n"]
    + ["![A square](x.png)", "<!-- square -->", "<b title='square'>", "{ .square }", "\n\n[a]: b.md 'square'\n\n"],
)
def test_no_tooltip_in(small, quiet):
    small.edit(PAGE, "The square of", f"{quiet} The Square of")
    page = small.expand().texts["index.md"].text
    assert re.findall(r">([Ss]quares?)</abbr>", page) == ["Square"]
    assert "The <abbr" in page


def test_every_line_knows_where_it_came_from(small):
    for text in small.expand().texts.values():
        assert len(text.origins) == text.text.count("\n") + 1


FIGURE = """\
<div class="drawing" id="fig-good" data-search-exclude><picture class="light">\
<img src="figures/good.svg" width="4" height="2" alt="A line from 1 to 9" loading="lazy"></picture>\
<picture class="dark"><img src="figures/good-dark.svg" width="4" height="2" alt="A line from 1 to 9" loading="lazy">\
</picture></div>

/// caption
**Figure 1. It rises.** Look at its end.
///

<div class="drawing-source" markdown data-search-exclude>

[SVG](figures/good.svg){ download } [PNG](figures/good.png){ download } [slide](figures/good-slide.png){ download }

<details markdown><summary>The code</summary>

[good.py](code/good.py)

</details>

</div>
"""
BIBLIOGRAPHY = """
- R. Descartes, F. van Schooten: *What Is a Square?* Jan Maire, 1637, [a scan](https://example.org/geometry).  
  Cited in: [A page](../index.md#sources)
  { #descartes1637 }
- Euclid et al.: *Elements of 1* (Stoicheia). Venice 1482, [arXiv:1482.00001](https://arxiv.org/abs/1482.00001).  
  Cited in: [A page](../index.md#sources)
  { #euclid1482 }
"""
GLOSSARY = """
**right angle** <span lang=zh>直角</span> { #right-angle }
:   A quarter of a turn. [Sources](../index.md#sources)

**square** <span lang=zh>平方</span> { #square }
:   A number times itself, "x · x". [The claims](../index.md#claims)
"""
RECORD = """
<div class="record conditions decided beyond" markdown>

### C1: A square grows { #c1 data-toc-label="C1 growth" }

**◐ true under conditions**{ .verdict .conditions .decided } if its side grows<br><span lang=zh>平方增长</span>

- [A page](../index.md): The side is 3, [see there](../index.md#a-page)

| Decided by | Number | Must be |
|---|---|---|
| the side | [**3**](../code/good.py) | ≥\u00a03 |

</div>
"""
SECOND = """
### C2: A square is a square { #c2 data-toc-label="C2 a square" }

**✓ true**{ .verdict .true .number }<br><span lang=zh>平方是平方</span>



No number: Nothing to measure

</div>
"""
CITED = """
- Euclid et al.: [*Elements of 1*](reference/bibliography.md#euclid1482) (Stoicheia). Venice 1482, \
[arXiv:1482.00001](https://arxiv.org/abs/1482.00001). Book 9, of <abbr title="A quarter of a turn.">right
  angles</abbr>, and.
- R. Descartes, F. van Schooten: [*Geometry*](reference/bibliography.md#descartes1637). In a book, by hand, 1637, \
[a scan](https://example.org/geometry).
"""
FOUND = """
| The claim | Verdict | What holds |
|---|---|---|
| [**C1**](reference/claims.md#c1) A square grows | **◐ true under conditions**{ .verdict .conditions .decided } | \
The side is 3, [see there](#a-page) |
"""
VERDICTS = """
<div class="verdicts">
<fieldset>
<legend>Verdict</legend>
<label>
<label>
<label>
</fieldset>
<fieldset>
<legend>Our numbers</legend>
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
CLAIMS_TOLD = """\
C1: {about: 增长, because: 如果, findings: {index.md: "边是 {{ good.number }}"}, numbers: [{what: 边}]}
C2: {about: 平方, findings: {}, no_number: 无}
C3: {about: 更多, claim: 更多, findings: {index.md: 九}, numbers: [{what: 平方}, {what: 半边, touches: 不是}]}
"""
BIBTEX = """\
@inproceedings{euclid1482,
  author = {{Euclid} and others},
  title = {Elements of {GQA}},
"""


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


def test_a_site_in_another_language(small, monkeypatch):
    monkeypatch.setitem(GIVEN["svg"], ".svg", '<svg width="3pt" height="1.5pt"><text>side</text><text>5 %</text></svg>')
    small.told = {
        "claims": ("claims.zh.yml", CLAIMS_TOLD),
        "terms": ("terms.zh.yml", "square: {means: 自乘。, in_text: [Square]}\nright angle: {means: 四分之一圈。}\n"),
        "words": ("figures.zh.yml", "{language: zh, same: [], words: {side: 边}, figures: {}}"),
    }
    small.edit(PAGE, "right\n  angles", "直角")
    small.edit(PAGE, "The square", "The Square")
    site = small.expand()
    assert "<text>边</text><text>5\u00a0%</text>" in site.files["figures/good.svg"]
    page, ledger, glossary = (site.texts[page].text for page in PAGES[:3])
    assert '<abbr title="自乘。">Square</abbr>' in page and '<abbr title="四分之一圈。">直角</abbr>' in page
    assert "**平方** <span lang=en>square</span> { #square }\n:   自乘。[" in glossary
    assert glossary.index("平方") < glossary.index("直角")
    assert "### C1: 平方增长 { #c1 data-toc-label=\"C1 增长\" }" in ledger
    assert "{ .verdict .conditions .decided } 如果\n\n- [A page](../index.md): 边是 3\n" in ledger
    small.told["claims"] = "claims.zh.yml", CLAIMS_TOLD.replace("good.number", "good.cube")
    with pytest.raises(Faults, match="^claims.zh.yml:1: there is no number 'cube'"):
        small.expand()
    small.edit(TERMS, "index.md#claims", "index.md#claim")
    with pytest.raises(Faults, match="^terms.zh.yml:1: there is no heading"):
        small.expand()


def test_figures_and_exercises_of_all_pages_on_one(small):
    small.labs = {"l": {"figures": {"l-1": GIVEN}}}
    small.edit(PAGE, "## Sources", '**1.** Do.\n\n??? success "S"\n\n![L](figures/labs/l-1.svg)\n\n## Sources')
    figure = "![L](../figures/labs/l-1.svg)\n/// caption\n**H.**\n///"
    shown = f"# Glossary\n\n```gallery\n```\n\n```exercises\n```\n\n{figure}"
    small.edit(f"{DOCS}/en/reference/glossary.md", "# Glossary", shown)
    site = small.expand()
    page = site.texts["reference/glossary.md"].text
    links = "[SVG](../figures/labs/l-1.svg) [PNG](../figures/labs/l-1.png) [slide](../figures/labs/l-1-slide.png)"
    assert f"[The claims](../index.md#claims) {links} [code](../index.py)" in page
    assert "[With solutions](../index.md#exercises)\n\n**1.** Do.\n" in page
    assert site.slides["figures/labs/l-1-slide.png"][1:] == ("H.", "From: A page · Glossary")


@pytest.mark.parametrize("form", ["right angles", "k means"])
def test_the_longest_form_of_a_term_is_marked(small, form):
    small.edit(TERMS, "[right angles]", "[right, right angles, k means]")
    small.edit(PAGE, "right\n  angles", form)
    assert f">{form}</abbr>" in small.expand().texts["index.md"].text


def test_a_section_and_what_it_prints():
    source = "# --8<-- [start:a]\nx\nX\n\n# --8<-- [end:a]\n"
    page = '  ```python\n  --8<-- "b.py:a"\n  ```\n\n```output\n--8<-- "b.py:a"\n```'
    text = code.fill(Text.read("a.md", page), {"b": {"outputs": {"a": "  1\n2 \n"}}}, {"b": source})
    assert text.text == "  ```python\n  x\n  X\n  ```\n\n```output\n  1\n2 \n```"


def test_what_a_site_has_beside_its_pages(small, monkeypatch):
    monkeypatch.setitem(GIVEN["svg"], ".svg", '<svg width="3pt" height="1.5pt"><dc:source>a</dc:source></svg>')
    site = small.expand()
    assert {"assets/palette.css", "reference/bibliography.bib", "changes.xml", "code/good.js"} < site.files.keys()
    assert "<dc:source>a, 0.0.0 · 2026-01-01</dc:source>" in site.files["figures/good.svg"]
    assert site.characters == set(map(ord, "32ab+x"))


def test_the_anchor_of_a_figure_is_the_end_of_its_name():
    page = Text.read("a.md", "![x](../figures/c/d.svg)\n/// caption\n**H.**\n///")
    assert figures.count({"e/a.md": page}) == {"e/a.md#fig-d": 1}


def test_a_figure_in_a_page(small):
    assert FIGURE in small.expand().texts["index.md"].text


def test_entries_of_the_references(small):
    small.edit(WORKS, "$a^2 + b^2$", "1")
    texts = small.expand().texts
    assert FOUND in texts["index.md"].text
    assert BIBLIOGRAPHY in texts["reference/bibliography.md"].text
    assert GLOSSARY in texts["reference/glossary.md"].text
    assert RECORD in texts["reference/claims.md"].text and SECOND in texts["reference/claims.md"].text


def test_works_that_a_page_cites(small):
    small.edit(WORKS, "$a^2 + b^2$", "1")
    small.edit(WORKS, "What Is a Square?\n  in: Jan Maire", "Geometry\n  in: In a book\n  by: by hand")
    small.edit(PAGE, "$x^2$ and `squares`", "and")
    small.edit(f"{DOCS}/en/reference/glossary.md", "# Glossary\n", "# Glossary\n\n```sources\neuclid1482\n```\n")
    texts = small.expand().texts
    assert CITED in texts["index.md"].text
    links = "Cited in: [A page](../index.md#sources), [Glossary](glossary.md#sources)\n  { #euclid1482 }"
    assert links in texts["reference/bibliography.md"].text


def test_works_of_the_same_name_stand_by_their_year(small):
    small.edit(WORKS, "R. Descartes, F. van Schooten", "Euclid, B. Li")
    entries = small.expand().texts["reference/bibliography.md"].text
    assert entries.index("#euclid1482") < entries.index("#descartes1637")


def test_the_colours_of_both_palettes():
    assert css('ATTENTION, GRAY = "#D55E00", "#7A828B"') == (
        '[data-md-color-scheme="default"] {\n  --attention: #d55e00;\n  --attention-text: #ad4b00;\n'
        "  --gray: #7a828b;\n  --gray-text: #5c646d;\n}\n\n"
        '[data-md-color-scheme="slate"] {\n  --attention: #f5853b;\n  --attention-text: #ff9d5c;\n'
        "  --gray: #8c959f;\n  --gray-text: #a5aeb8;\n}\n"
    )


def test_capitals_of_names_stay_in_bibtex(small):
    small.edit(WORKS, "$a^2 + b^2$", "GQA")
    assert BIBTEX in small.expand().files["reference/bibliography.bib"]


def test_a_figure_may_have_a_layout_for_phones_and_numbers():
    wide, narrow = (f'<svg width="{size}pt" height="9pt"><dc:source>a</dc:source>' for size in (36, 18))
    svgs = {".svg": wide, "-dark.svg": wide, "-narrow.svg": narrow, "-narrow-dark.svg": narrow}
    figure = {"svg": svgs, "csv": "a,b", "js": "{}"}
    page = figures.fill(Text.read("a.md", r"![1 \[m\] < 2](../figures/figures/c.svg)"), {"figures/c": figure}, LABELS)
    assert (
        '<picture class="light"><source media="(max-width: 30em)" srcset="../figures/figures/c-narrow.svg" '
        'width="24" height="12"><img src="../figures/figures/c.svg" width="48" height="12" alt="1 [m] &lt; 2" '
    ) in page.text
    assert "[SVG](../figures/figures/c.svg){ download } [CSV](../figures/figures/c.csv){ download }\n" in page.text
    assert "<details" not in page.text
    files = figures.files(figure, "today")
    assert files[".csv"] == "a,b" and files[".js"] == "{}" and ".png" not in files
    assert figures.files(GIVEN, "")[".png"] == GIVEN["png"]
    assert files["-dark.svg"].endswith("<dc:source>a, today</dc:source>")
    code = figures.fill(Text.read("a.md", "![1](../figures/figures/c.svg)"), {"figures/c": figure | GIVEN}, LABELS)
    assert "[figures/c.py](../code/figures/c.py)" in code.text


GALLERY = """\
<div class="gallery" markdown>

## B

<figure markdown>
![One](../figures/c/d.svg){ .small }
<figcaption markdown>[B](../a/b.md) [SVG](../figures/c/d.svg) [CSV](../figures/c/d.csv) [code](../code/c/d.py)\
</figcaption>
</figure>

<figure markdown>
![Two](../figures/labs/e-1.svg){ .small }
<figcaption markdown>[Part](../a/b.md#part) [SVG](../figures/labs/e-1.svg) [slide](../figures/labs/e-1-slide.png) \
[code](../a/b.py)</figcaption>
</figure>

## E

<figure markdown>
![Two](../figures/labs/e-1.svg){ .small }
<figcaption markdown>[E](../labs/e.md) [SVG](../figures/labs/e-1.svg) [slide](../figures/labs/e-1-slide.png) \
[code](../labs/e.py)</figcaption>
</figure>

</div>"""


def test_the_gallery_has_each_figure_once_in_a_page():
    pages = {
        "a/b.md": "# B\n\n![One](../figures/c/d.svg)\n\n## Part { #part }\n\n![Two](../figures/labs/e-1.svg)\n\n"
        "![Again](../figures/c/d.svg){ .small } ![No figure](x.png)",
        "labs/e.md": "# E\n\n![Two](../figures/labs/e-1.svg)",
        "f.md": "# F",
    }
    drawn = {"c/d": {"svg": {}, "csv": "1"}, "labs/e-1": {"svg": {}, "slide": "1"}}
    drawn = {name: figure | {"svg": {".svg": ""}} for name, figure in drawn.items()}
    pages = {page: Text.read(page, text) for page, text in pages.items()}
    assert figures.gallery(None, "reference/figures.md", pages, drawn, LABELS) == GALLERY


def test_exercises_stand_without_their_solutions():
    text = '# B\n\n**1.** Do [it](#c),\n*now*.\n\n??? success "S"\n\n**2.** Then [that](d.md).\n\n??? success "S"\n'
    pages = {"a/b.md": Text.read("b.md", text), "e.md": Text.read("e.md", "# E\n\n**1.** None.")}
    sheet = exercises.sheet(None, "reference/x.md", pages, "Solved")
    assert sheet.text == (
        "## B\n\n[Solved](../a/b.md#exercises)\n\n"
        "**1.** Do [it](../a/b.md#c),\n*now*.\n\n**2.** Then [that](../a/d.md).\n"
    )
    assert sheet.origins == [("b.md", line) for line in (1, 1, 1, 1, 3, 4, 4, 8, 8)]


def test_changes_stand_below_each_other():
    text = "# Changes\n\nAll.\n\n## 1.10 (2026-02-01): B\n\n- Two.\n\n## 1.0 (2026-01-01): A\n\n- One.\n"
    found = changes.Changes("c.md", text)
    entries = found.entries()
    assert entries.text == (
        "## 1.10 (2026-02-01): B { #v1-10 }\n\n- Two.\n\n## 1.0 (2026-01-01): A { #v1-0 }\n\n- One.\n"
    )
    assert entries.origins == [("c.md", line) for line in range(5, 13)]
    names = re.findall(r"<id>urn:uuid:(\S+)</id>", found.feed("T"))
    assert len(set(names)) == 3 and uuid.UUID(names[0]) == uuid.uuid5(uuid.NAMESPACE_URL, "T")


X, LINE = "<math alttext=\"x\"><mi>x</mi></math>", "A line.\n"
SIGNS = r"\begin{aligned} x &= \text{a\_b*} \\ &< |x| [x] \end{aligned}"


@pytest.mark.parametrize("source, shown", [
    ("Here $x$ is.", f"Here {X} is."),
    (f"{LINE}$x$ is.", f"{LINE}<span>{X}</span> is."),
    ("Here is $x$.", f"Here is <span class=one>{X}.</span>"),
    ("$$x\nx$$", '<math alttext="x x" display="block"><mi>x</mi><mi>x</mi></math>'),
    (r"A [$x$](b)", f'A [{X}](b){{ aria-label="x" }}'),
    ("A $X$", 'A <math alttext="X"><mi>X</mi></math>'),
    (r"A $\conv{x}$", 'A <math alttext="{x}"><mrow class="convolution"><mi>x</mi></mrow></math>'),
])
def test_a_formula_is_mathml(source, shown):
    assert formulas.fill(Text.read("a.md", source))[0].text == shown


def test_signs_in_a_formula_mean_nothing_to_markdown():
    text = formulas.fill(Text.read("a.md", f"A ${SIGNS}$"))[0].text
    tex, inside = re.fullmatch('A <math alttext="(.*?)">(.*)</math>', text).groups()
    assert unescape(tex) == SIGNS and not set(tex) & set("[]`\\|")
    assert not set(inside) & set("*_`\\|\n")
    assert '<mo form="infix">=</mo>' in inside and '<mo form="infix">&lt;</mo>' in inside


def test_a_fault_in_tex_is_where_it_stands():
    with pytest.raises(Fault, match=r"a.md:3: .*character 2"):
        formulas.fill(Text.read("a.md", "`$x \\y$`\n\n$x \\y$\n\n`$x \\y$`"))


LAB = """\
# %% [markdown]
# # A lab { #lab }
#
# Text.

# %%
    x = 1  # X

# %% alt="A [line]"
plot()

# %% [markdown]
# **Figure.** It *rises*
# and falls.
#
# ![Again](a.svg){ .small }
#
# [Ü](../b.md), [v](c.md#d)
"""
LAB_PAGE = """\
# A lab { #lab }

Run it yourself: [.ipynb](a.ipynb){ download="" } [.py](a.py){ download="" } \
[Colab](https://colab.research.google.com/github/o/r/blob/gh-pages/en/labs/a.ipynb) \
[Binder](https://mybinder.org/v2/gh/o/r/gh-pages?labpath=en/labs/a.ipynb)
{ .take-away }

Text.

shown

![A \\[line\\]](../figures/labs/a-1.svg)
/// caption
It *rises*
and falls.
///

![Again](a.svg){ .small }

[Ü](../b.md), [v](c.md#d)
"""
RAN = [nbformat.v4.new_code_cell(code) for code in ("x", "plot()")]
SHOWN = {"script": LAB, "shown": ["shown", "![](../figures/labs/a-1.svg)"], "cells": RAN}


def test_the_page_of_a_lab():
    page = labs.page(SHOWN, "docs/en/labs/a.py", LABELS, "https://github.com/o/r")
    assert page.text == LAB_PAGE
    where = dict(zip(page.text.split("\n"), page.origins, strict=True))
    for line, number in ("# A lab { #lab }", 2), ("Text.", 4), ("shown", 6), ("[Ü](../b.md), [v](c.md#d)", 18):
        assert where[line] == ("docs/en/labs/a.py", number)
    assert "Colab" not in labs.page(SHOWN, "docs/en/labs/a.py", LABELS, None).text


def test_chinese_has_no_gap_after_bold_words():
    script = "# %% [markdown]\n# # A\n#\n# **甲。** 乙。**丙？** 丁。**A.** B.\n"
    page = labs.page({"script": script, "shown": []}, "a.py", LABELS, None)
    assert "**甲。**乙。**丙？**丁。**A.** B." in page.text


def test_the_notebook_of_a_lab():
    text = labs.notebook(SHOWN, "https://a.org/en/", "The book")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5) and notebook.cells[0].id == "text-1"
    assert "Ü" in text and '\n "cells": [' in text
    assert [cell.source for cell in notebook.cells] == [
        "# A lab\n\nText.", "x", "plot()",
        "**Figure.** It *rises*\nand falls.\n\n[Ü](https://a.org/en/b.html), [v](https://a.org/en/labs/c.html#d)",
        "[The book](https://a.org/en/)",
    ]


@pytest.mark.parametrize("script, line, problem", [
    ("", 1, "cell 1: the first cell must begin with the title: # %% [markdown]\n# # ..."),
    ("# %%\n# # x\n", 1, "cell 1: the first cell must begin with the title"),
    ("# %% [markdown]\n# Text.\n", 1, "cell 1: the first cell must begin with the title"),
    (LAB.replace(' alt="A [line]"', ""), 9, "cell 3: a figure without alt text: # %% alt=\"what it shows\""),
    (LAB.replace("A [line]", " "), 9, "cell 3: a figure without alt text"),
])
def test_a_fault_in_a_lab_is_named(script, line, problem):
    with pytest.raises(Fault) as error:
        labs.page(SHOWN | {"script": script}, "a.py", LABELS, "")
    assert str(error.value).startswith(f"a.py:{line}: {problem}")


def test_the_code_of_a_lab_knows_its_lines():
    assert labs.code(LAB) == str(["    x = 1  # X\n\n", "plot()\n\n"])
    cell = labs.cells(f"\n{LAB}", "a.py")[1]
    assert cell.text == "    x = 1  # X"
    assert str(cell.fault("ends its kernel", 1)) == "a.py:8: cell 2: ends its kernel"
    with pytest.raises(Fault, match="a.py:8: has code of its own"):
        labs.whole(f"\n{LAB}", "", "a.py")


def test_an_empty_line_before_all_others_counts():
    text = Text.read("a.md", "\n\nx")
    assert text.part(2, 3).origins == [("a.md", 3)] and str(text.fault(2, "is x")) == "a.md:3: is x"


def test_what_begins_a_line_gives_it_its_origin():
    page = Text.read("a.md", "x y\nx")
    new = page.sub(prose(page.text, "[xy]"), lambda match: Text.at("1\n2", match[0], 7))
    assert new.text == "1\n2 1\n2\n1\n2" and [path for path, _ in new.origins] == ["x", "x", "y", "x", "x"]


def test_at_most_nine_names_are_nearest():
    with pytest.raises(Fault, match="the nearest: (., ){8}.$"):
        Text.read("a.md", "").look_up(dict.fromkeys("abcdefghij"), "x", 0, "x")


def test_all_but_code_is_prose():
    assert [match[0] for match in prose("X `X` <!-- X --> X", "X")] == ["X", "X"]


TERMS_TOLD = "square:\n  means: 数乘以自己。\n  in_text: [方]\nangle:\n  means: 四分之一圈。\n"


def test_a_glossary_in_another_language():
    known = load("t.yml", yaml.safe_dump([
        {"term": term, "zh": zh, "means": "It.", "see": "a.md#b", "in_text": [term]}
        for term, zh in (("square", "平方"), ("angle", "角"))
    ]), "terms")
    square, angle = translation.terms("t.zh.yml", TERMS_TOLD, known)
    assert square == {"term": "square", "zh": "平方", "means": "数乘以自己。", "see": "a.md#b", "in_text": ["方"]}
    assert angle == {"term": "angle", "zh": "角", "means": "四分之一圈。", "see": "a.md#b"} and angle.line == 5
    for text, problem in ("square: {}", "terms.square must contain"), ("cube: {means: M}", "terms differ from the ori"):
        with pytest.raises(Fault, match=f"^t.zh.yml:1: .*{problem}"):
            translation.terms("t.zh.yml", text, known)


@pytest.mark.parametrize("old, new, line, problem", [
    ("  about: 甲\n", "", 2, "translated claims.O1 must contain ['about'] properties"),
    ("O1", "O2", 1, "claims differ from the original; missing: O1; unknown: O2"),
    ("  claim: 一个论断。\n", "", 2, "words of O1 differ from the original; missing: claim"),
    ("{a.md: 发现}", "{b.md: 一, c.md: 二}", 2,
     "findings of O1 differ from the original; missing: a.md; unknown: b.md, c.md"),
    ("  numbers:\n    - what: 一个数\n", "  numbers: []\n", 2, "O1 has 1 numbers, each needs its words"),
    ("一个数\n", "一个数\n      touches: 它\n", 6,
     "words of a number of O1 differ from the original; unknown: touches"),
])
def test_words_that_a_translation_lacks_are_named(old, new, line, problem):
    with pytest.raises(Fault) as error:
        translation.claims("a.zh.yml", TOLD.replace(old, new), load("a.yml", ORIGINAL, "claims"))
    assert str(error.value) == f"a.zh.yml:{line}: {problem}"


def test_a_claim_of_the_article_has_its_chinese_words_from_the_original():
    number = "{what: a side, value: a/b.c, at_least: 1, touches: It is no square}"
    fields = f"about: growth, verdict: imprecise, because: it grows, findings: {{}}, numbers: [{number}]"
    known = load("a.yml", f"g:\n  - {{id: C1, article: A square, zh: 平方, {fields}}}", "claims")
    words = "about: 增长, because: 它增长, findings: {}, numbers: [{what: 边, touches: 不是平方}]"
    [claim] = translation.claims("a.zh.yml", f"C1: {{{words}}}", known)["g"]
    assert claim == {
        "id": "C1", "about": "增长", "article": "平方", "verdict": "imprecise", "because": "它增长", "findings": {},
        "numbers": [{"what": "边", "value": "a/b.c", "at_least": 1, "touches": "不是平方"}],
    }


APART = """\
<text><tspan style="font-size: 12px; font-weight: bold; fill: #000000" x="10 33" y="5">positions</tspan>
<tspan x="25" y="7"> </tspan><tspan style="font-size: 9px" x="30.5" y="6">n</tspan></text>"""


def test_letters_that_stand_one_by_one_become_words_amid_their_place():
    style = "font-size: 12px; font-weight: bold; fill: #000000; text-anchor: middle"
    words = '位置数 <tspan font-style="oblique">n</tspan>'
    assert filled(APART) == f'<text style="{style}" x="19.50" y="6">{words}</text>'
    for same in APART.replace("positions", "k"), APART.replace("positions", "GPT-3").replace(">n<", "><"):
        assert filled(same) == same


    own = APART.replace("positions", "cat").replace(">n<", "><")
    assert ">只猫</text>" in filled(own)


PLACED = '<g data-at="{}">\n  <text style="font-size: 9px">{}</text>\n</g>'


@pytest.mark.parametrize("at, english, turned, chinese", [
    ("start 1 2 0", "two lines", "start: 0", {"-2.90": "两", "11.50": "行"}),
    ("end 1 2 0", "cat", "end: 0", {"4.30": "只猫"}),
    ("middle 1 2 -90", "cat", "middle: -90", {"4.30": "只猫"}),
    ("end 1 2 -90", "GPT-3", "end: -90", {"4.30": "GPT-3"}),
    ("end 1 2 -90", "cat", "middle: 0", {"11.00": "只", "25.40": "猫"}),
])
def test_words_take_the_place_that_they_had(at, english, turned, chinese):
    anchor, angle = turned.split(": ")
    style = f'style="font-size: 9px; text-anchor: {anchor}" transform="translate(1 2) rotate({angle})"'
    spans = "".join(f'<tspan x="0" y="{y}">{words}</tspan>' for y, words in chinese.items())
    assert filled(PLACED.format(at, english)) == f"<g>\n<text {style}>{spans}</text>\n</g>"


def test_letters_of_formulas_among_words():
    words = Words("w.yml", "{language: zh, same: [], words: {a label: '$x_i$, $k^{2}$ \"&'}, figures: {}}", "%")
    svg = words.figures({"a/b": {"svg": {".svg": "<text>a label</text>"}}})["a/b"]["svg"][".svg"]
    x, k = (f'<tspan font-style="oblique">{letter}</tspan>' for letter in "xk")
    low = '<tspan dy="3" font-size="75%">i</tspan><tspan dy="-3">\u200b</tspan>'
    high = '<tspan dy="-4" font-size="75%">2</tspan><tspan dy="4">\u200b</tspan>'
    assert svg == f'<text>{x}{low}, {k}{high} "&amp;</text>'


def test_three_words_are_nearest():
    problem = "no words for 'lone #' in figure c; the nearest: a long label, two lines, positions n"
    with pytest.raises(Faults, match=f"^figures.zh.yml:1: {problem}$"):
        filled("<text>lone 7</text>", "c")


def test_words_that_are_no_yaml_are_named():
    with pytest.raises(Fault, match="^w.yml:1: "):
        Words("w.yml", "]", "%")


def test_the_search_has_the_beginning_of_a_section_and_its_rarer_words():
    long = f"<p>Kernel {'of it ' * 60}</p>"
    rest = [f"{long}<b>kernel common rare seldom</b><pre>\nno\ncode</pre> < 1"] + ["<p>common</p>"] * 40
    chinese = "野\u200b" * 80
    script = search.script([{"title": "Ü", "text": text} for text in [*rest, f"{chinese}罕见"]])
    docs = json.loads(script.removeprefix("Search.docs = ").removesuffix(";"))
    assert docs[0]["text"] == f"Kernel {'of it ' * 48}of … rare seldom" and docs[1]["text"] == "common"
    assert docs[-1]["text"] == f"{chinese} … 罕见" and "Ü" in script
    assert "common" in search.script([{"title": "", "text": text} for text in rest[:40]]).partition("}")[0]
    assert f'"{"w" * 300}"' in search.script([{"text": "w" * 300}])


def test_a_policy_has_a_hash_of_each_style_and_script():
    charset = '<meta charset="utf-8">'
    page = guard(f"{charset}<style>\na</style><script>b\n</script><script>c</script>{charset}")
    assert page.startswith(f"{charset}<meta http-equiv") and page.count("http-equiv") == 1
    b, c, a = (f"'sha256-{b64encode(sha256(text).digest()).decode()}'" for text in (b"b\n", b"c", b"\na"))
    assert f"script-src 'self' file: {b} {c}; style-src 'self' file: {a}; " in page


def test_a_figure_has_two_dresses():
    gray = "#7a828b"
    assert dressing('GRAY = "#7A828B"', dark=False) == {gray: (gray, "#5c646d"), "#000000": ("#000000", "#000000")}


@pytest.mark.parametrize("old, new, told", [
    ("", "", []),
    ("import matplotlib", "import torch, sklearn.datasets, math\nimport matplotlib", [
        (3, "imports 'sklearn': a snippet imports torch, matplotlib and the standard library; "
            "its first line must be '# pip install torch matplotlib scikit-learn'"),
    ]),
    ('"""A snip', '# pip install torch matplotlib scikit-learn\nfrom sklearn import datasets\n"""A snip', []),
    ("    return fig", "    from style import GRAY\n    return fig", [
        (31, "imports style not as one line: from style import ..."),
    ]),
    ("def results", "def result", [(1, "defines no function results(), which returns the numbers")]),
    ("def figure", "def figures", [(1, "defines no function figure(), which returns the figure")]),
    (">>> ", "", [(1, "has no doctest")]),
    ("\n", "\0", [(1, "is not Python: source code string cannot contain null bytes")]),
    ("# --8<-- [end:idea]", "", [(19, "a section opens once, and closes before the next opens")]),
    ("# --8<-- [start:idea]", "", [(17, "a section opens once, and closes before the next opens")]),
    ("[end:idea]", "[end:silent]", [(17, "a section opens once, and closes before the next opens")]),
    ("# --8<-- [end:silent]", "", [(19, "section 'silent' never closes")]),
    ("return x * x", "return x x", [(13, "is not Python: invalid syntax")]),
])
def test_a_rule_that_a_snippet_breaks_is_named(small, old, new, told):
    assert list(violations(small.snippet.replace(old, new, 1))) == told


@pytest.mark.parametrize("value, bound", [(0.1, "<0.1"), (0.1, ">0.1"), (0.402, "<40%"), (0.398, ">40%")])
def test_a_number_is_on_its_side_of_a_bound(value, bound):
    with pytest.raises(ValueError, match=f"^is {value}, not {bound[0]} {bound[1:]}$"):
        written(value, bound)
    with pytest.raises(ValueError, match="^is a truth value"):
        written(True)


def test_a_range_of_numbers_stays_on_its_line(small):
    small.edit(PAGE, "{{ good.number }}", "{{ good.number }}–{{ good.number }}, 40%–.5, pre–1, `1–2`")
    assert " 3–\u20603, 40%–\u2060.5, pre–1, `1–2`" in small.expand().texts["index.md"].text


def test_a_mistyped_number_is_quoted(small):
    small.edit(PAGE, "{{ good.number }}", f"{{{{ {'good ' * 20}}}}}")
    with pytest.raises(Faults, match=re.escape(f"{PAGE}:3: '{{{{ {'good ' * 11}go' is no number")):
        small.expand()


def test_a_copy_has_all_of_the_style():
    style = '"""Doc."""\n\nGRAY = 1\n\n\ndef f():\n    """G."""\n'
    assert copy("from style import GRAY, f\n", style) == 'GRAY = 1\n\n\ndef f():\n    """G."""\n'
