"""The whole site by keyboard alone: Tab reaches all that can be used, and one sees where it is."""

import pytest

from conftest import THEMED, lay_out, near

SCREEN = {"width": 1280, "height": 720}
# The walk needs half a minute a page: one of each kind, and those whose scripts could hold the focus.
WALKED = "operations/convolution differences/receptive-field labs/long-range reference/claims reference/glossary"
# Of a group of radio buttons Tab reaches one; the arrows lead to the others.
USABLE = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.tabIndex >= 0 && !each.disabled)
    .filter((each) => each.type != "radio" || each.checked)"""
SAY = "(each) => each.outerHTML.slice(0, 120)"
WATCH = """() => {
    window.reached = new Set();
    addEventListener("focusin", ({ target }) => window.reached.add(target));
}"""
MISSED = f"({USABLE})().filter((each) => !reached.has(each)).map({SAY})"
# A field for text, in which one types, shows the focus by its caret.
UNSEEN = f"""() => ({USABLE})().filter((each) => {{
    each.focus({{ focusVisible: true, preventScroll: true }});
    return document.activeElement != each
        || each.type != "text" && getComputedStyle(each).outlineStyle == "none";
}}).map({SAY})"""


@pytest.mark.parametrize("page", THEMED)
def test_one_sees_where_the_focus_is(visit, server, page):
    tab = visit(server + page, near, viewport=SCREEN)
    lay_out(tab)
    assert not tab.evaluate(UNSEEN)


@pytest.mark.parametrize("page", ["en/index.html", "zh/index.html", *(f"en/{page}.html" for page in WALKED.split())])
def test_tab_reaches_everything(visit, server, page):
    tab = visit(server + page, viewport=SCREEN)
    tab.evaluate(WATCH)
    missed, presses = tab.evaluate(MISSED), 0
    while missed and presses < 2000:  # more comes while one goes on: buttons of code, for instance
        for _ in missed:
            tab.keyboard.down("Tab")
        presses += len(missed)
        missed = tab.evaluate(MISSED)
    assert not missed
