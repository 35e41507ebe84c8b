"""What pages are on paper."""

from io import BytesIO

import pytest
from book import book
from pypdf import PdfReader

from conftest import parsed, show_images


@pytest.fixture
def printed(visit, server):
    """What a reader prints who has the dark palette and has opened all folds."""

    def ask(page):
        tab = visit(server + page, color_scheme="dark")
        show_images(tab)
        pdf = PdfReader(BytesIO(tab.pdf(prefer_css_page_size=True)))
        assert tab.evaluate("document.body.dataset.mdColorScheme") == "slate"
        return pdf

    return ask


@pytest.mark.parametrize("page", ["en/differences/cost.html", "zh/differences/cost.html"])
def test_a_chapter_is_short_and_dark_on_white(printed, site, page):
    """Folds are shut, nothing to press is there, and a link to another site says where it leads."""
    pdf, inks = printed(page), set()

    def note(operator, colour, *_):
        if operator == b"rg":
            inks.add("#" + "".join(f"{round(255 * part):02x}" for part in map(float, colour)))

    for sheet in pdf.pages:
        sheet.extract_text(visitor_operand_before=note)
    assert len(pdf.pages) <= 14
    assert {"#000000", "#00639b"} < inks and not {"#dfe3e8", "#e4e7eb", "#6dbbec"} & inks, "the dark palette"
    text, article = " ".join(sheet.extract_text() for sheet in pdf.pages), parsed(site / page).article
    link, unseen = article.select_one("a[href^=http]")["href"], article.select_one(".drawing-source summary").get_text()
    assert link in text.replace("\n", "") and unseen not in text and "SVG" not in text
    assert article.select_one("details.success summary").get_text() in text and "blocks = ((2, 64, 224)" not in text


@pytest.mark.parametrize("page, words", [
    ("en/reference/cheat-sheet.html", ["self-attention", "one attention layer", "ResNet-50, last"]),
    ("zh/reference/cheat-sheet.html", ["ResNet-50", "softmax"]),
])
def test_the_cheat_sheet_is_one_sheet_with_three_figures(printed, site, page, words):
    [sheet] = printed(page).pages
    text = sheet.extract_text()
    assert all(word in text for word in words)
    assert len(parsed(site / page).select(".sheet-figures .light")) == 3


def test_a_book_has_contents_bookmarks_and_links_of_its_own(browser, project):
    built = project.build()
    assert not built.code, built.said
    site, front = project.folder / "site/en", "<h1>A book</h1>"
    parts = {"Start": ["index.html"], "Reference": ["reference/claims.html", "reference/glossary.html"]}
    made = BytesIO()
    book(browser.new_page(), site, parts, front, "Contents").write(made)
    pdf = PdfReader(made)
    start, [index], reference, [claims, glossary] = pdf.outline
    assert (start.title, reference.title) == ("Start", "Reference")
    places = [pdf.get_destination_page_number(each) for each in (index, claims, glossary)]
    assert places[0] == 2 and places == sorted(set(places))
    for place, each in zip(places, (index, claims, glossary), strict=True):
        assert each.title in pdf.pages[place].extract_text()
    contents = pdf.pages[1].extract_text()
    assert all(f"{place + 1}" in contents.split() for place in places)
    links = [note.get_object() for sheet in pdf.pages for note in sheet.get("/Annots", ())]
    assert sum("/Dest" in link for link in links) >= 3
    assert not [link["/A"]["/URI"] for link in links if "file:" in str(link.get("/A"))]
