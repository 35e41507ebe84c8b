"""Bibliography and glossary: what pages say, their own pages collect; faults are named."""

import pytest
from bs4 import BeautifulSoup

PAGE, WORKS, TERMS = "docs/en/index.md", "docs/references.bib", "docs/glossary.yml"
EUCLID = "Euclid et al.: Elements of a2+b2 (Stoicheia). Venice 1482, arXiv:1482.00001."
DESCARTES = "R. Descartes, F. van Schooten: What Is a Square? Jan Maire, 1637, a scan."

# The file, what is replaced in it, and by what; which line is named; what is said.
FAULTS = {
    "a work that there is not": (
        PAGE, "euclid1482", "eclid1482", "eclid", "'eclid1482'; there is: euclid1482"
    ),
    "a work unlike any other": (
        PAGE, "descartes1637", "abel", "abel", "there is: descartes1637, euclid1482"
    ),
    "a work that no page cites": (
        PAGE, "descartes1637\n", "", "@book", "no page cites descartes1637"
    ),
    "a work without a year": (WORKS, "  year = {1637},\n", "", "@book", "descartes1637 has no year"),
    "a work without a title": (
        WORKS, "  title = {What Is a Square?},\n", "", "@book", "has no title"
    ),
    "a work without an author": (
        WORKS, "  author = {Euclid and others},\n", "", "@inp", "euclid1482 has no author"
    ),
    "a work without a link": (
        WORKS, "  eprint = {1482.00001},\n", "", "@inp", "has none of doi, eprint, url"
    ),
    "a link without words": (WORKS, "  urltext = {a scan},\n", "", "@book", "has a url and no urltext"),
    "a work twice": (WORKS, "@book{descartes1637", "@book{euclid1482", "@book", "stands here twice"),
    "what is not BibTeX": (WORKS, "{1637},", "{1637}", "url =", "'}' expected"),
    "a work that never ends": (WORKS, "{1482.00001},", "{1482.00001,", "@book", "end of file"),
    "a field twice": (WORKS, "publisher", "title", "@book", "duplicate title"),
    "a term without a sentence": (TERMS, "  means: A quarter of a turn.\n", "", "- term: right", "no means"),
    "a field that is none": (TERMS, "in_text", "forms", "- term: right", "no term has: forms"),
    "a term twice": (TERMS, "right angle\n", "square\n", "- term: square\n  zh: 直", "twice"),
    "a broken anchor": (TERMS, "md#claims", "md#claim", "- term: sq", "index.md#claim"),
    "a page that there is not": (TERMS, "index.md#s", "cube.md#s", "- term: right", "cube.md#sources"),
    "what is not YAML": (TERMS, "[right angles]", "[right", "", "expected"),
}


@pytest.mark.parametrize("path, old, new, fragment, message", FAULTS.values(), ids=FAULTS)
def test_the_build_fails_for(project, path, old, new, fragment, message):
    project.edit(path, old, new)
    build = project.build()
    assert build.code == 1, build.said
    assert "\nTraceback" not in build.said
    [((named, line), said)] = build.faults.items()
    assert message in said
    if fragment:
        where = WORKS if fragment.startswith("@") else path
        assert (named, line) == (where, project.line(where, fragment))


@pytest.fixture
def soup(project):
    """Reads a page of the small project, built."""

    def read(path):
        return BeautifulSoup(site[f"en/{path}"], "html.parser").article

    build = project.build()
    assert build.code == 0, build.said
    site = project.site()
    return read


def text(tag):
    for annotation in tag.select("annotation"):
        annotation.decompose()
    return " ".join(tag.get_text().split())


def test_a_page_shows_its_sources(soup):
    [items] = soup("index.html").select("#sources + ul")
    euclid, descartes, other = items.select("li")
    assert text(euclid) == f"{EUCLID} Book 9, of right angles, x2 and squares."
    assert text(descartes) == DESCARTES
    assert text(other) == "Another square: a square of no work."
    links = [link["href"] for link in items.select("a")]
    assert links == [
        "reference/bibliography.html#euclid1482",
        "https://arxiv.org/abs/1482.00001",
        "reference/bibliography.html#descartes1637",
        "https://example.org/geometry",
        "https://example.org",
    ]


def test_the_bibliography_shows_all_works_by_author(soup):
    descartes, euclid = soup("reference/bibliography.html").select("li[id]")
    assert text(descartes) == f"{DESCARTES} Cited in: A page"
    assert text(euclid) == f"{EUCLID} Cited in: A page"
    assert euclid["id"] == "euclid1482"
    assert euclid.select("a")[-1]["href"] == "../index.html#sources"


def test_two_works_of_a_year_have_letters(project):
    for key, letter in ("euclid1482", "a"), ("descartes1637", "b"):
        for path in PAGE, WORKS:
            project.edit(path, key, f"euclid1482{letter}")
    assert project.build().code == 0
    page = project.site()["en/index.html"].decode()
    assert "Euclid et al. (1482a): " in page and "F. van Schooten (1637b): " in page


def test_the_first_of_each_term_has_a_tooltip(project, soup):
    page = soup("index.html")
    square, angles = page.select("abbr")
    assert (text(square), square["title"]) == ("square", 'A number times itself, "x · x".')
    assert text(square.parent).startswith("The square of 3 is")
    assert (text(angles), angles["title"]) == ("right angles", "A quarter of a turn.")
    assert not soup("reference/bibliography.html").select("abbr")


@pytest.mark.parametrize(
    "quiet",
    ["[square](index.md#claims)", "`square`", r"$\text{square}$", "squared", "chi-square"]
    + ["\n\n```\nsquare\n```\n\n", "\n\n## Square { #square }\n\n", "\n\n??? tip \"Square\"\n    \n\n"]
    + ["![A square](figures/good.svg)", "<!-- square -->"],
)
def test_no_tooltip_in(project, quiet):
    project.edit(PAGE, "The square of", f"{quiet} The Square of")
    build = project.build()
    assert build.code == 0, build.said
    page = BeautifulSoup(project.site()["en/index.html"], "html.parser")
    first, _ = page.article.select("abbr")
    assert first.get_text() == "Square"
    assert first.previous_sibling.strip().endswith("The")


def test_the_glossary_shows_all_terms(soup):
    page = soup("reference/glossary.html")
    assert [tag["id"] for tag in page.select("dt")] == ["right-angle", "square"]
    angle = page.select_one("#right-angle")
    assert text(angle) == "right angle 直角"
    assert text(angle.find_next("dd")) == "A quarter of a turn. Sources"
    assert angle.find_next("a")["href"] == "../index.html#sources"
    assert page.select_one("[lang=zh]")


def test_tooltips_weigh_little(site):
    for path in (site / "en").rglob("*.html"):
        page = BeautifulSoup(path.read_bytes(), "html.parser")
        assert sum(len(str(abbr)) for abbr in page.select("abbr")) < 5_000
