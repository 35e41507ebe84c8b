"""What does not fit a phone says so and can be reached; colours mean the two operations, in formulas and tables too."""

from base64 import b64encode

import pytest
from bs4 import BeautifulSoup
from text import formulas
from text.source import Text
from weight import PHONE

from conftest import lay_out, near, no_violation, wait_until

SMALL = {"width": 320, "height": 740}
WIDE = "article :is(.md-typeset__scrollwrap, math[display=block], pre > code)"
# What is cut at the edge of the screen without a shadow, or out of the reach of the keyboard.
UNANNOUNCED = f"""() => [...document.querySelectorAll("{WIDE}")]
    .filter((box) => box.scrollWidth > box.clientWidth)
    .filter((box) => box.tabIndex || !getComputedStyle(box).backgroundAttachment.includes("local")
        || box.matches("div") && !(box.role == "region" && box.ariaLabel))
    .map((box) => box.textContent.slice(0, 80))"""
ANNOUNCED = f"({UNANNOUNCED})().length == 0"  # soon: scripts learn of a new width when it has been drawn
# Figures that reach beyond what is painted while far from the screen they may be left out.
CUT = """() => [...document.querySelectorAll("article figure:has(.drawing)")].filter((figure) => {
    const [outer, inner] = [figure, figure.querySelector(".drawing")].map((each) => each.getBoundingClientRect());
    const { contentVisibility, overflowClipMargin } = getComputedStyle(figure);
    return contentVisibility == "auto" && outer.left - inner.left > parseFloat(overflowClipMargin.match(/[\\d.]+px/));
}).length"""
# The right edges of the heads of columns that stand for one of the operations.
HEADS = """() => [...document.querySelectorAll("th:is(.convolution, .attention)")]
    .map((head) => head.getBoundingClientRect().right)"""
# What has a colour and belongs to none of the operations, and is no verdict of the ledger.
COLOURED = """() => {
    const ink = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const coloured = (colour) => {
        for (ink.fillStyle of ["white", colour]) ink.fillRect(0, 0, 1, 1);
        const [red, green, blue] = ink.getImageData(0, 0, 1, 1).data;
        return Math.max(red, green, blue) - Math.min(red, green, blue) > 24;
    };
    return [...document.querySelectorAll("body *")]
        .filter((each) => !each.closest(".convolution, .attention, .hybrid, .verdict, .widget, picture"))
        .filter((each) => each.checkVisibility())
        .flatMap((each) => [null, "::before", "::after"].map((part) => [each, part, getComputedStyle(each, part)]))
        .filter(([, part, style]) => style.display != "none" && !(part && style.content == "none"))
        .filter(([, , style]) => coloured(style.color) || coloured(style.backgroundColor)
            || parseFloat(style.borderLeftWidth) && coloured(style.borderLeftColor)
            || style.outlineStyle != "none" && coloured(style.outlineColor))
        .map(([each, part]) => `${each.outerHTML.slice(0, 80)} ${part || ""}`);
}"""


def test_a_page_fits_a_phone(visit, server, page):
    tab = visit(server + page, near, viewport=PHONE)
    assert not tab.evaluate(CUT)
    lay_out(tab)
    wait_until(tab, ANNOUNCED)
    no_violation(tab, "article", runOnly=["landmark-unique", "scrollable-region-focusable"])
    assert max(tab.evaluate(HEADS), default=0) <= 360
    tab.set_viewport_size(SMALL)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    wait_until(tab, ANNOUNCED)


def test_a_wide_table_scrolls_by_keyboard_beside_its_first_column(visit, server):
    tab = visit(f"{server}en/together/choosing.html", near, viewport=PHONE)
    lay_out(tab)
    box = tab.get_by_role("region", name="for one second of sound")
    box.focus()
    tab.keyboard.press("ArrowRight")
    wait_until(tab, "document.activeElement.scrollLeft > 0")
    assert box.locator("td").first.evaluate("cell => cell.getBoundingClientRect().left") >= 0
    tab.set_viewport_size({"width": 1280, "height": 740})
    wait_until(tab, "!document.querySelector('.md-typeset__scrollwrap[tabindex]')")


def test_a_cut_edge_has_a_shadow(visit, server):
    """At both ends of a table: light where it ends, darker where it goes on."""
    tab = visit(f"{server}en/together/choosing.html", near, viewport=PHONE, color_scheme="light")
    lay_out(tab)
    box = tab.get_by_role("region", name="for one second of sound")
    assert _right_edge(tab, box) < 220
    box.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    assert _right_edge(tab, box) > 250


def _right_edge(tab, box):
    """The lightness of the last column of pixels, in the lower padding of the box."""
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    clip = {"x": place["x"] + place["width"] - 1, "y": place["y"] + place["height"] - 4, "width": 1, "height": 1}
    script = """async (data) => {
        const image = new Image();
        image.src = `data:image/png;base64,${data}`;
        await image.decode();
        const ink = document.createElement("canvas").getContext("2d");
        ink.drawImage(image, 0, 0);
        return ink.getImageData(0, 0, 1, 1).data[0];
    }"""
    return tab.evaluate(script, b64encode(tab.screenshot(clip=clip)).decode())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_only_the_operations_have_a_colour(visit, server, scheme):
    tab = visit(f"{server}en/differences/cost.html", color_scheme=scheme, viewport={"width": 1280, "height": 740})
    assert tab.evaluate(COLOURED) == []
    tab.locator("article h2").first.scroll_into_view_if_needed()
    tab.locator("article p a").first.hover()
    assert tab.evaluate(COLOURED) == []
    tab.keyboard.press("Tab")
    assert tab.evaluate(COLOURED) == []
    tab.keyboard.press("/")
    tab.keyboard.type("attention", delay=20)
    tab.locator(".md-search-result__item mark").first.wait_for()
    assert tab.evaluate(COLOURED) == []


def test_a_part_of_a_formula_belongs_to_an_operation():
    source = Text.read("a.md", r"It is $\conv{k\,d} < \att{4 d^{2}}$.")
    [math] = BeautifulSoup(formulas.fill(source)[0].text, "html.parser").select("math")
    assert math["alttext"] == r"{k\,d} < {4 d^{2}}"
    assert math.select_one("mrow.convolution").text == "kd"
    assert math.select_one("mrow.attention").text == "4d2"
    assert "style" not in str(math)
    assert formulas.plain(source).text == r"It is ${k\,d} < {4 d^{2}}$."


def test_readers_of_text_get_no_macro_of_the_site(site):
    pages = [file.read_text("utf-8") for file in (site / "en").rglob("*.md")]
    assert pages and not any(rf"\{macro}" in page for page in pages for macro in formulas.MACROS)
