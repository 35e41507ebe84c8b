"""Two languages in one site: a reader finds the own one, keeps the place, and finds by words."""

import gzip

import pytest

from conftest import PAGES, parsed

OUTSIDE = """() => {
    const box = document.querySelector("svg").getBoundingClientRect();
    return [...document.querySelectorAll("text")].filter((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        return left < box.left - 2 || right > box.right + 2 || top < box.top - 2 || bottom > box.bottom + 2;
    }).map((text) => text.textContent);
}"""
TO_FIND = {
    "注意力": "operations/self-attention.html",
    "卷积": "operations/convolution.html",
    "感受野": "differences/receptive-field.html",
    "混合网络": "together/hybrids.html",
    "复杂度": "differences/cost.html",
    "注意": "operations/self-attention.html",
    "softmax": "operations/self-attention.html",
    "位置编码": "operations/self-attention.html",
    "attention": "operations/self-attention.html",
    "receptive field": "differences/receptive-field.html",
    "缓存": "differences/cost.html",
}


@pytest.mark.parametrize("locale, language", [("zh-CN", "zh"), ("zh-TW", "zh"), ("en-GB", "en"), ("fr-FR", "en")])
def test_the_entrance_leads_by_the_language_of_the_browser(visit, server, locale, language):
    tab = visit(server, locale=locale)
    tab.wait_for_url(f"{server}{language}/index.html")
    assert not tab.evaluate("document.cookie")
    assert tab.evaluate("localStorage.length") == 0


def test_without_scripts_the_entrance_shows_both(site):
    assert [link["href"] for link in parsed(site / "index.html").select("a")] == ["en/index.html", "zh/index.html"]


@pytest.mark.parametrize("here, there", [("en", "zh"), ("zh", "en")])
def test_the_switch_stays_on_the_page_and_in_the_section(visit, server, here, there):
    tab = visit(f"{server}{here}/differences/receptive-field.html#dilation")
    tab.locator(f".language[hreflang^={there}]").click()
    tab.wait_for_url(f"{server}{there}/differences/receptive-field.html#*")
    assert tab.url.endswith("#dilation")
    assert tab.locator("html").get_attribute("lang").startswith(there)


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("zh/")])
def test_a_page_links_to_its_twin(site, page):
    twin = page.replace("zh/", "en/", 1)
    for one, other in (page, twin), (twin, page):
        [link] = parsed(site / one).select("a.language")
        assert (site / one).parent.joinpath(link["href"]).resolve() == (site / other).resolve()


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("zh/")])
def test_a_page_has_the_anchors_of_its_twin(site, page):
    zh, en = ([each["id"] for each in parsed(site / name).article.select(":is(h1, h2, h3, h4, .drawing)[id]")]
              for name in (page, page.replace("zh/", "en/", 1)))
    assert sorted(zh) == sorted(en) != []


@pytest.mark.parametrize("words", TO_FIND)
def test_search_finds_the_chapter(visit, server, words):
    tab = visit(f"{server}zh/index.html")
    tab.keyboard.press("/")
    tab.locator(".md-search__input").fill(words)
    first = tab.locator(".md-search-result__item a").first
    first.wait_for()
    assert first.get_attribute("href").split("?")[0].endswith(TO_FIND[words])


def test_the_index_of_the_search_is_light(site):
    assert len(gzip.compress((site / "zh/search/index.js").read_bytes())) <= 150_000


def test_words_stay_in_their_figure(browser, site):
    tab, outside = browser.new_page(), {}
    for file in sorted((site / "zh/figures").rglob("*.svg")):
        if not file.stem.endswith("-dark"):
            tab.goto(file.as_uri(), wait_until="commit")
            if found := tab.evaluate(OUTSIDE):
                outside[file.stem] = found
    assert not outside
