"""hooks/text/expansion.py, source.py and data.py: each fault of an author is named, with its file and line."""

import re

import pytest
import yaml
from small import CHANGES, CLAIMS, DOCS, LEDGER, PAGE, TERMS, WORKS
from text.source import Fault, Faults, Text, prose

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
    "a block of another name": (PAGE, "/// caption", "/// captoin", "/// cap", "'/// captoin' is no block that the"),
    "a block that does not close": (PAGE, "its end.\n///", "its end.", "![A", "'/// caption' does not close"),
    "a block of another name behind others": (
        PAGE, "## Sources", "/// quote\nx\n///\n\n## Sources", "/// quo", "'/// quote' is no block"
    ),
    "a block within another": (
        PAGE, "## Sources", "/// html | p\n\n/// html | p\nx\n///\n\n## Sources", "/// html", "does not close"
    ),
    "an end of no block": (PAGE, "its end.\n///", "its end.\n////", "////", "//// closes no block"),
    "a formula that does not end": (PAGE, "$3^2$", "$3^2", "$3", "a $ alone"),
    "a formula with a space inside": (PAGE, "$3^2$", "$ 3^2$", "$ 3", "a $ alone"),
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
    "a claim of ours without its kind": (
        CLAIMS, "    kind: proved\n    findings:\n      index.md: It", "    findings:\n      index.md: It",
        "- id: C3", "its kind and a number",
    ),
    "a claim that a number decides without its kind": (
        CLAIMS, "grows\n    kind: proved\n", "grows\n", "- id: C1", "must say its kind if a number decides it"
    ),
    "a kind without a number that decides": (
        CLAIMS, "about: a square", "about: a square\n    kind: counted", "- id: C2",
        "must say its kind if a number decides it",
    ),
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
    "a release of another form": (
        CHANGES, "(2026-01-01)", "(soon)", "## 1.0", "begins with ## 0.2.0 (2026-11-29): Its"
    ),
    "terms that are no YAML": (TERMS, "[right angles]", "[right", None, "expected"),
    "a field of a page twice": (PAGE, "# A page", "---\nhide: [toc]\nhide: []\n---\n\n# A page", "hide", "here twice"),
    "a field of a page that is none": (PAGE, "# A page", "---\nhidden: [toc]\n---\n\n# A page", "hidden", "{'hidden'}"),
    "a page without what it hides": (PAGE, "# A page", "---\nhide: [menu]\n---\n\n# A page", "hide", "must be one of"),
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
    small.edit(PAGE, "# A page", "---\ndescription: A page\nhide:\n  - toc\n---\n\n# A page")
    small.edit(PAGE, "good.number", "good.cube")
    with pytest.raises(Faults, match=f"{PAGE}:9: there is no number 'cube' of good"):
        small.expand()


def test_each_page_with_a_fault_is_named(small):
    small.edit(PAGE, "good.number", "good.cube")
    small.edit(f"{DOCS}/en/reference/glossary.md", "# Glossary", "# Glossary {{ good.cube }}")
    with pytest.raises(Faults) as caught:
        small.expand()
    assert len(caught.value.faults) == 2 and str(caught.value) == "\n".join(caught.value.faults)


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
