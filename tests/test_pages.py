"""What holds for each page as it was built: its code runs, its links lead somewhere."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from urllib.parse import unquote, urldefrag, urlsplit

import fresh
import pytest
from bs4 import BeautifulSoup
from conftest import LABS, PAGES

LOADING = (
    "script, img, source, iframe, embed, object, image, use, "
    "link:not([rel~=canonical], [rel~=alternate], [rel~=prev], [rel~=next])"
)
FOREIGN = re.compile(r"(https?:)?//", re.IGNORECASE)
FOREIGN_CSS = re.compile(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", re.IGNORECASE)


@pytest.fixture
def file(site, page):
    return site / page


@pytest.fixture
def soup(file):
    return BeautifulSoup(file.read_bytes(), "html.parser")


def test_each_built_page_is_tested(site):
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert {path for path in built if not path.endswith("404.html")} == set(PAGES)


@pytest.mark.parametrize("page", [page for page in PAGES if page not in LABS])
def test_python_runs_as_copied_and_prints_what_is_shown(soup, tmp_path):
    blocks = soup.select(".language-python:has(code)")
    paths = [tmp_path / f"block{i}.py" for i in range(len(blocks))]
    for path, block in zip(paths, blocks):
        path.write_text(block.code.get_text(), "utf-8")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = list(pool.map(fresh.script, paths))
    for block, output in zip(blocks, outputs):
        below = block.find_next_sibling()
        if below and "language-output" in below.get("class", ()):
            assert output == below.get_text()


def test_python_sessions_give_what_they_show(soup):
    for block in soup.select(".language-pycon code"):
        fresh.session(block.get_text())


def test_links_and_anchors_resolve(file, soup):
    for tag in soup.select("[href], [src]"):
        path, anchor = urldefrag(unquote(tag.get("href") or tag.get("src")))
        if urlsplit(path).scheme:
            continue
        target = (file.parent / path).resolve() if path else file
        assert target.is_file(), tag
        assert not anchor or anchor in _ids(target), tag


@cache
def _ids(file):
    return {tag["id"] for tag in BeautifulSoup(file.read_bytes(), "html.parser").select("[id]")}


def test_ids_are_unique(soup):
    ids = [tag["id"] for tag in soup.select("[id]")]
    assert len(ids) == len(set(ids))


def test_images_say_what_they_show(soup):
    for image in soup.select("img"):
        assert image.get("alt", "").strip(), image
    for figure in soup.select("svg[role=img]"):
        assert figure.get("aria-label", "").strip(), str(figure)[:300]


def test_nothing_is_loaded_from_another_host(file, soup):
    for tag in soup.select(LOADING):
        for name in ("src", "srcset", "href", "xlink:href", "data"):
            assert not FOREIGN.match(tag.get(name, "")), tag
    assert not FOREIGN_CSS.search(file.read_text("utf-8"))


def test_no_stylesheet_loads_from_another_host(site):
    for path in site.rglob("*.css"):
        assert not FOREIGN_CSS.search(path.read_text("utf-8")), path


def test_pages_are_light(file, soup):
    assert file.stat().st_size <= 1_500_000
    for figure in soup.select(".drawing, .drawing-source"):
        figure.decompose()
    assert len(soup.encode()) <= 200_000  # without its figures and what drew them


def test_nothing_is_left_to_fill_in(soup):
    assert "TODO" not in soup.get_text()
    for source in soup.select(".drawing-source"):
        source.decompose()
    assert "--8<--" not in soup.get_text()
    for code in soup.select("code, annotation"):
        code.decompose()
    assert "{{" not in soup.get_text()


def test_the_gallery_has_every_figure(site):
    gallery = (site / "en/reference/figures.html").read_bytes()
    shown = [image["src"] for image in BeautifulSoup(gallery, "html.parser").select(".gallery img")]
    drawn = []
    for page in PAGES:
        soup = BeautifulSoup((site / page).read_bytes(), "html.parser")
        drawn += [link["href"] for link in soup.select(".drawing-source > a[href$='.svg']")]
    assert sorted(href.removeprefix("../") for href in drawn) == sorted(
        src.removeprefix("../") for src in shown
    )


def test_markdown_stands_beside_each_page(site, page):
    if page == "index.html":
        return  # the entrance
    markdown = (site / page).with_suffix(".md").read_text("utf-8")
    for fence in "--8<--", "```claims", "```ledger", "```sources", "```bibliography", "```glossary":
        assert fence not in markdown
    path = page.removeprefix("en/").replace(".html", ".md")
    assert f"({path})" in (site / "en/llms.txt").read_text("utf-8")
