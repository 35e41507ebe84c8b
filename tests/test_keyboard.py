"""The whole site by keyboard alone: Tab reaches all that can be used, and one sees where it is."""

import pytest

from conftest import THEMED

SCREEN = {"width": 1280, "height": 720}
# Of a group of radio buttons Tab reaches one; the arrows lead to the others.
USABLE = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.tabIndex >= 0 && !each.disabled)
    .filter((each) => each.type != "radio" || each.checked)"""
# The palette's button shows the focus on its label, a field for text in which one types by its caret.
WATCH = """() => {
    window.reached = new Map();
    addEventListener("focusin", ({ target }) => {
        const shown = [target, target.matches(".md-option") && target.nextElementSibling].filter(Boolean);
        const seen = shown.some((each) => getComputedStyle(each).outlineStyle != "none");
        window.reached.set(target, seen || target.type == "text");
    });
}"""
SAY = "(each) => each.outerHTML.slice(0, 120)"
MISSED = f"({USABLE})().filter((each) => !reached.has(each)).map({SAY})"


@pytest.mark.parametrize("page", THEMED)
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
    assert not tab.evaluate(f"[...reached].filter(([, seen]) => !seen).map(([each]) => each).map({SAY})")
