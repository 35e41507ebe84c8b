"""hooks/text/expansion.py, with code.py, changes.py and exercises.py: what the whole of a small site gives."""

import re
import uuid
from xml.etree import ElementTree

import pytest
from small import DOCS, GIVEN, LEDGER, PAGE, WORKS
from text import changes, code, exercises, expansion
from text.source import Text

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

**◐ true under conditions**{ .verdict .conditions .decided } proved: if its side grows<br><span lang=zh>平方增长</span>

- [A page](../index.md): The side is 3, [see there](../index.md#a-page)

| Checked by | Number | Must be |
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
FOUND = """
| The claim | Verdict | What holds |
|---|---|---|
| [**C1**](reference/claims.md#c1) A square grows | **◐ true under conditions**{ .verdict .conditions .decided } | \
The side is 3, [see there](#a-page) |
"""


@pytest.mark.parametrize(
    "shown",
    ["```\n![](x) {{ no number }} $\\fra$\n```", "`{{ no number }}`", "~~~\n![](x)\n~~~", r"5 \$ and 6 \$"],
)
def test_code_is_left_alone(small, shown):
    small.edit(PAGE, "## The claims", f"{shown}\n\n## The claims")
    assert shown in small.expand().texts["index.md"].text


def test_every_line_knows_where_it_came_from(small):
    for text in small.expand().texts.values():
        assert len(text.origins) == text.text.count("\n") + 1


def test_what_a_site_has_beside_its_pages(small, monkeypatch):
    monkeypatch.setitem(GIVEN["svg"], ".svg", '<svg width="3pt" height="1.5pt"><dc:source>a</dc:source></svg>')
    site = small.expand()
    assert {"assets/palette.css", "reference/bibliography.bib", "changes.xml", "code/good.js"} < site.files.keys()
    assert "<dc:source>a, 0.0.0 · 2026-01-01</dc:source>" in site.files["figures/good.svg"]
    assert site.characters == set(map(ord, "32ab+x"))


def test_entries_of_the_references(small):
    small.edit(WORKS, "$a^2 + b^2$", "1")
    texts = small.expand().texts
    assert FOUND in texts["index.md"].text
    assert BIBLIOGRAPHY in texts["reference/bibliography.md"].text
    assert GLOSSARY in texts["reference/glossary.md"].text
    assert RECORD in texts["reference/claims.md"].text and SECOND in texts["reference/claims.md"].text


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


@pytest.mark.parametrize(
    "path, old, new",
    [
        (PAGE, "# A page", "# Another"),
        (PAGE, "## Sources", "## Works"),
        (PAGE, "Do.", "Undo."),
        (LEDGER, "# The ledger", "# The ledger\n\n```sources\neuclid1482\n```"),
    ],
)
def test_what_stays_is_made_once_and_what_it_tells_of_others_anew(small, path, old, new):
    small.edit(PAGE, "## Sources", '**1.** Do.\n\n??? success "S"\n\n## Sources')
    small.edit(LEDGER, "```verdicts", "```exercises\n```\n\n```verdicts")
    small.expand()
    small.edit(path, old, new)
    remembered = small.expand()
    expansion._once.cache_clear()
    anew = small.expand()
    assert {page: text.text for page, text in remembered.texts.items()} == {
        page: text.text for page, text in anew.texts.items()
    }


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


def test_exercises_stand_without_their_solutions():
    text = '# B\n\n**1.** Do [it](#c),\n*now*.\n\n??? success "S"\n\n**2.** Then [that](d.md).\n\n??? success "S"\n'
    pages = {"a/b.md": Text.read("b.md", text), "e.md": Text.read("e.md", "# E\n\n**1.** None.")}
    sheet = exercises.sheet(None, "reference/x.md", pages, "Solved")
    assert sheet.text == (
        "## B { #b }\n\n[Solved](../a/b.md#exercises)\n\n"
        "**1.** Do [it](../a/b.md#c),\n*now*.\n\n**2.** Then [that](../a/d.md).\n"
    )
    assert sheet.origins == [("b.md", line) for line in (1, 1, 1, 1, 3, 4, 4, 8, 8)]


def test_a_section_and_what_it_prints():
    source = "# --8<-- [start:a]\nx\nX\n\n# --8<-- [end:a]\n"
    page = '  ```python\n  --8<-- "b.py:a"\n  ```\n\n```output\n--8<-- "b.py:a"\n```'
    text = code.fill(Text.read("a.md", page), {"b": {"outputs": {"a": "  1\n2 \n"}}}, {"b": source})
    assert text.text == "  ```python\n  x\n  X\n  ```\n\n```output\n  1\n2 \n```"
