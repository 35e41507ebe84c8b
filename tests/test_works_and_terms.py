"""hooks/text/works.py and terms.py: works as pages cite them, and tooltips of terms."""

import re

import pytest
from small import DOCS, PAGE, TERMS, WORKS

CITED = """
- Euclid et al.: [*Elements of 1*](reference/bibliography.md#euclid1482) (Stoicheia). Venice 1482, \
[arXiv:1482.00001](https://arxiv.org/abs/1482.00001). Book 9, of <abbr title="A quarter of a turn.">right
  angles</abbr>, and.
- R. Descartes, F. van Schooten: [*Geometry*](reference/bibliography.md#descartes1637). In a book, by hand, 1637, \
[a scan](https://example.org/geometry).
"""
BIBTEX = """\
@inproceedings{euclid1482,
  author = {{Euclid} and others},
  title = {Elements of {GQA}},
"""


def test_two_works_of_a_year_have_letters(small):
    for key, letter in ("euclid1482", "a"), ("descartes1637", "b"):
        for path in PAGE, WORKS:
            small.edit(path, key, f"euclid1482{letter}")
    page = small.expand().texts["index.md"].text
    assert "Euclid et al. (1482a): " in page and "F. van Schooten (1637b): " in page


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


def test_capitals_of_names_stay_in_bibtex(small):
    small.edit(WORKS, "$a^2 + b^2$", "GQA")
    assert BIBTEX in small.expand().files["reference/bibliography.bib"]


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


@pytest.mark.parametrize("form", ["right angles", "k means"])
def test_the_longest_form_of_a_term_is_marked(small, form):
    small.edit(TERMS, "[right angles]", "[right, right angles, k means]")
    small.edit(PAGE, "right\n  angles", form)
    assert f">{form}</abbr>" in small.expand().texts["index.md"].text
