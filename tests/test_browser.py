"""What a reader meets in a browser: on a server and from the disk, light and dark."""

import re
from pathlib import Path

import pytest
from weight import PHONE, elsewhere, weigh

from conftest import LAY_OUT, THEMED, lay_out, near, no_violation, parsed, show_images, wait_until

SCREEN = {"width": 1280, "height": 720}
CLIPBOARD = ["clipboard-read", "clipboard-write"]
SLATE = 'document.body.dataset.mdColorScheme == "slate"'
DARKEN = """async () => {
    document.body.dataset.mdColorScheme = "slate";
    await Promise.allSettled(document.getAnimations().map((each) => each.finished));
}"""
# Of texts within the same tags and classes, which the same rules colour, three stay.
FEW = """() => {
    const name = (each) => each && `${name(each.parentElement)} ${each.localName} ${each.className} ${each.style}`;
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (const seen = {}; texts.nextNode();) {
        const path = name(texts.currentNode.parentElement);
        if ((seen[path] = (seen[path] || 0) + 1) > 3) texts.currentNode.data = "";
    }
}"""
SHOWN = """() => [...document.querySelectorAll("article picture img")].filter((image) => image.checkVisibility())
    .map((image) => image.currentSrc.split("/").at(-1))"""

SCROLL = """async () => {
    for (let y = 0; y < document.documentElement.scrollHeight; y += 400) {
        scrollTo(0, y);
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    }
}"""

# What is wrong with a page's copy buttons: each code that a click does not copy.
COPY = """async () => {
    const wrong = [];
    let copied;
    document.addEventListener("copy", () => copied = document.activeElement.value);
    for (const code of document.querySelectorAll(".language-python code")) {
        copied = undefined;
        code.parentElement.querySelector("[data-md-type=copy]")?.click();
        for (let i = 0; i < 100 && copied === undefined; i++)
            await new Promise((done) => setTimeout(done, 5));
        if (copied?.trimEnd() !== code.textContent.trimEnd())
            wrong.push([code.textContent, copied]);
    }
    return wrong;
}"""


@pytest.fixture(params=["http", "file"])
def root(request, site):
    """Where the site is: on a server, and on the disk."""
    if request.param == "http":
        return request.getfixturevalue("server")
    return f"{site.as_uri()}/"


@pytest.mark.parametrize("page", THEMED)
def test_a_page(visit, root, page):
    """One visit of a page: nothing fails, nothing foreign is asked for. On the server: it fits a phone, axe
    finds nothing, light or dark; from the disk: each copy button copies its code."""
    faults, own = [], (root, "data:", "blob:")

    def watch(tab):
        near(tab)
        tab.on("console", lambda m: m.type == "error" and faults.append((m.text, m.location)))
        tab.on("pageerror", lambda error: faults.append(error.message))
        tab.on("request", lambda r: r.url.startswith(own) or faults.append(r.url))
        tab.on("requestfailed", lambda r: faults.append(r.url))
        tab.on("response", lambda r: r.status < 400 or faults.append(r.url))

    tab = visit(root + page, watch, color_scheme="light", viewport=SCREEN)
    lay_out(tab)
    assert not faults
    if root.startswith("file"):
        assert tab.evaluate(COPY) == []
        return
    tab.set_viewport_size(PHONE)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.set_viewport_size(SCREEN)
    no_violation(tab, "html", rules={"color-contrast": {"enabled": False}})
    tab.evaluate(FEW)
    no_violation(tab, "html", runOnly=["color-contrast"])
    tab.evaluate(DARKEN)
    no_violation(tab, "html", runOnly=["color-contrast"])


@pytest.fixture(scope="session")
def shared(browser, server):
    return elsewhere(browser, server)


def test_a_page_loads_little(browser, server, site, shared, page):
    """Compressed, on a phone: at most 160 kB on a first visit, 60 kB after another page, pictures of two besides."""
    first, later = weigh(browser, server, site, page, shared)
    pictures = {"figures": 140_000, "teach": 260_000}.get(Path(page).stem, 0)
    assert first <= 160_000 + pictures
    assert later <= 60_000 + pictures


@pytest.mark.parametrize("page", ["en/differences/receptive-field.html", "en/reference/claims.html"])
def test_what_is_far_from_the_screen_is_not_laid_out(visit, server, page):
    tab = visit(server + page, viewport=PHONE)
    drawn = """[...document.querySelectorAll("article *")].map(
        (each) => each.checkVisibility({ contentVisibilityAuto: true }))"""
    assert sum(tab.evaluate(drawn)) < len(tab.evaluate(drawn)) / 3


@pytest.mark.parametrize("width", [360, 1280])
def test_that_changes_nothing_to_be_seen(visit, server, width):
    """A page is as high as it would be if all of it were laid out, once all was seen; an anchor leads to its place."""
    page = f"{server}en/differences/receptive-field.html"
    tab = visit(page, viewport={"width": width, "height": 800})
    tab.evaluate(SCROLL)
    high = tab.evaluate("document.documentElement.scrollHeight")
    tab.evaluate(LAY_OUT)
    assert abs(high - tab.evaluate("document.documentElement.scrollHeight")) <= 1
    tab = visit(f"{page}#dispersion", viewport={"width": width, "height": 800})
    assert 0 < tab.evaluate("document.getElementById('dispersion').getBoundingClientRect().top") < 150


def test_the_palette_toggle_recolours_the_figures(visit, server):
    tab = visit(f"{server}en/operations/convolution.html", color_scheme="light")
    show_images(tab)
    light = tab.evaluate(SHOWN)
    tab.locator(".palette:visible").click()
    wait_until(tab, SLATE)
    dark = tab.evaluate(SHOWN)
    assert light and not any("-dark" in name for name in light)
    assert dark == [name.replace(".svg", "-dark.svg") for name in light]
    tab.emulate_media(media="print")
    assert tab.evaluate(SHOWN) == light


def test_a_term_tells_its_sentence_to_a_mouse_and_the_keyboard(visit, server):
    tab = visit(f"{server}en/operations/convolution.html", viewport=SCREEN)
    term, note = tab.locator("article abbr").first, tab.get_by_role("tooltip")
    sentence = term.get_attribute("title")
    term.hover()
    assert note.inner_text() == sentence and not term.get_attribute("title")
    note.hover()
    assert note.inner_text() == sentence
    tab.locator("h1").hover()
    assert note.count() == 0 and term.get_attribute("title") == sentence
    term.focus()
    assert note.inner_text() == sentence and term.get_attribute("aria-describedby") == note.get_attribute("id")
    tab.keyboard.press("Escape")
    assert note.count() == 0 and term.get_attribute("title") == sentence


def test_a_finger_opens_each_term_within_the_screen(visit, server):
    tab = visit(f"{server}en/operations/convolution.html", has_touch=True, viewport={"width": 320, "height": 640})
    terms = tab.locator("article abbr:visible").all()
    for term in terms:
        tab.keyboard.press("Escape")  # the sentence of one may lie over the next
        term.tap()
        box, at = tab.get_by_role("tooltip").bounding_box(), term.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 320
        assert box["y"] >= 0 and box["y"] + box["height"] <= 640
        assert box["y"] >= at["y"] + at["height"] - 1 or box["y"] + box["height"] <= at["y"] + 1
    tab.locator("h1").tap()
    assert terms and tab.get_by_role("tooltip").count() == 0


def test_the_copy_button_leaves_out_prompts_and_results(visit, project):
    session = "\n```pycon\n>>> for n in 1, 2:\n...     print(n)\n1\n2\n>>> n\n2\n```\n"
    project.write("docs/en/index.md", project.read("docs/en/index.md") + session)
    assert project.build().code == 0
    page = project.folder / "site/en/index.html"
    tab = visit(page.as_uri(), permissions=CLIPBOARD)
    code = _copied(tab, tab.locator(".language-pycon"))
    assert code.split("\n") == ["for n in 1, 2:", "    print(n)", "", "", "n"]


def _copied(tab, block):
    """What the copy button of a block puts on the clipboard."""
    tab.evaluate("navigator.clipboard.writeText('')")
    block.hover()
    block.locator("[data-md-type=copy]").click()
    wait_until(tab, "navigator.clipboard.readText()")
    return tab.evaluate("navigator.clipboard.readText()")


def test_search_finds_the_receptive_field(visit, root):
    asked = []
    tab = visit(f"{root}en/index.html", lambda tab: tab.on("request", lambda request: asked.append(request.url)))
    assert not [url for url in asked if "/workers/" in url or url.endswith("search/index.js")]
    tab.keyboard.press("/")
    tab.keyboard.type("receptive field", delay=20)
    first = tab.locator(".md-search-result__item").first
    first.wait_for()
    assert "receptive field" in first.inner_text().lower()


def test_the_cheat_sheet_shows_both_operations_on_a_phone(visit, server):
    tab = visit(server + "en/reference/cheat-sheet.html")
    tab.set_viewport_size(PHONE)
    edges = tab.evaluate("[...document.querySelectorAll('td')].map(cell => cell.getBoundingClientRect().right)")
    assert len(edges) > 50 and max(edges) <= 360


def test_the_ledger_shows_what_is_ticked(visit, root):
    tab = visit(f"{root}en/reference/claims.html")
    total = len(shown_claims(tab))
    assert tab.get_by_role("status").inner_text() == f"{total} of {total} claims are shown"
    tab.locator("[value=imprecise]").check()
    tab.locator("[value=differences]").check()
    few = shown_claims(tab)
    assert few and few == tab.locator(".verdicts li a:visible").evaluate_all(MARKED)
    assert tab.get_by_role("status").inner_text() == f"{len(few)} of {total} claims are shown"
    assert "o16" not in few
    tab.evaluate("location.hash = 'o16'")
    assert sorted(shown_claims(tab)) == sorted([*few, "o16"])
    tab.emulate_media(media="print")
    assert len(shown_claims(tab)) == total


def test_the_ledger_finds_words(visit, root):
    tab = visit(f"{root}en/reference/claims.html")
    tab.get_by_label("With the words").fill("Photograph shuffled")
    few = shown_claims(tab)
    assert "s1b" in few and len(few) < 15
    assert few == tab.locator(".verdicts li a:visible").evaluate_all(MARKED)


def test_the_ledger_can_be_filtered_without_scripts(visit, root):
    """Only what needs a script is not there."""
    tab = visit(f"{root}en/reference/claims.html", java_script_enabled=False)
    tab.locator("[value=touched]").check()
    assert tab.locator(".record:visible").count() == tab.locator(".record.touched").count() > 1
    assert not tab.locator("find-claims").is_visible()


def test_each_choice_of_the_ledger_is_one_that_the_style_knows(site):
    page = parsed(site / "en/reference/claims.html")
    style = (site / "en/assets/site.css").read_text("utf-8")
    boxes = page.select(".verdicts input")
    assert len(boxes) == 10
    for box in boxes:
        kind, value = box["name"], box["value"]
        rule = f'article:has([name="{kind}"]:checked):not(:has([value="{value}"]:checked)) '
        assert re.search(rf"{re.escape(rule)}(:is\()?\.{value}\b", style)
        assert page.select(f".record.{value}") and page.select(f".verdicts :is(li, ul).{value}")


MARKED = "marks => marks.map(each => each.hash.slice(1))"


def shown_claims(tab):
    """The ids of the entries that are shown."""
    return tab.locator(".record:visible h3").evaluate_all("all => all.map(each => each.id)")
