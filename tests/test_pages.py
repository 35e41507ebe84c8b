"""What holds for each page as it was built: its code runs, its links lead somewhere."""

import os
import re
import subprocess
from functools import cache
from urllib.parse import unquote, urldefrag, urlsplit
from xml.sax.saxutils import escape

import cairosvg
import fresh
import pytest
import resvg_py
from bs4 import BeautifulSoup
from PIL import Image
from running.snippet import copy, sections

from conftest import LABS, PAGES, ROOT, code_of_figures, parsed

LOADING = (
    "script, img, source, iframe, embed, object, image, use, "
    "link:not([rel~=canonical], [rel~=alternate], [rel~=prev], [rel~=next])"
)
BESIDE = "h1, h2, h3, h4, figure, figcaption, table, pre, .highlight, details, small, math, script, .drawing-source"
FOREIGN = re.compile(r"(https?:)?//", re.IGNORECASE)
FOREIGN_CSS = re.compile(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", re.IGNORECASE)


@pytest.fixture
def file(site, page):
    return site / page


@pytest.fixture
def soup(file):
    return parsed(file)


def test_each_built_page_is_tested(site):
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert {path for path in built if not path.endswith("404.html")} == set(PAGES)


@cache
def built_blocks():
    """The code that the build has run: each section alone, and each snippet whole."""
    style = (ROOT / "snippets/style.py").read_text("utf-8")
    found = set()
    for path in (ROOT / "snippets").rglob("*.py"):
        text = path.read_text("utf-8")
        found |= {copy(text, style).strip()} | {part.strip() for *_, part in sections(text).values()}
    return found


@pytest.mark.parametrize("page", [page for page in PAGES if page not in LABS])
def test_python_runs_as_copied(soup, tmp_path):
    """A block is code that the build has run, or it runs here; what it prints stands below."""
    for i, block in enumerate(soup.select(".language-python:has(code)")):
        text = block.code.get_text()
        if text.strip() not in built_blocks():
            path = tmp_path / f"block{i}.py"
            path.write_text(text, "utf-8")
            below = block.find_next_sibling()
            shows = below and "language-output" in below.get("class", ())
            printed = fresh.script(path)
            assert not shows or printed == below.get_text()


def test_outputs_are_what_the_build_printed(given, site):
    """The output below a block is what that very block printed."""
    printed = {}
    for name, entry in given.items():
        text = (ROOT / f"snippets/{name}.py").read_text("utf-8")
        printed |= {part.strip(): entry["outputs"][s] for s, (*_, part) in sections(text).items()}
    compared = 0
    for page in PAGES:
        for output in parsed(site / page).select(".language-python + .language-output"):
            block = output.find_previous_sibling().code.get_text().strip()
            if block in printed:
                assert output.get_text().rstrip() == printed[block].rstrip()
                compared += 1
    assert compared > 50


def test_python_sessions_give_what_they_show(soup):
    for block in soup.select(".language-pycon code"):
        fresh.session(block.get_text())


def test_the_html_is_valid(site):
    validator = ROOT / "tests/node_modules/.bin/html-validate"
    if not validator.exists() and "CI" not in os.environ:
        pytest.skip("there is no npm, with which make installs html-validate")
    command = [validator, "--config", ROOT / "tests/htmlvalidate.mjs", "--formatter", "text", site]
    run = subprocess.run(command, capture_output=True, text=True)
    assert not run.returncode, run.stdout + run.stderr


def test_links_and_anchors_resolve(file, soup):
    for tag in soup.select("[href], [src]"):
        path, anchor = urldefrag(unquote(tag.get("href") or tag.get("src")))
        if urlsplit(path).scheme:
            continue
        target = (file.parent / urlsplit(path).path).resolve() if path else file
        assert target.is_file(), tag
        assert not anchor or anchor in _ids(target), tag


@cache
def _ids(file):
    return {tag["id"] for tag in parsed(file).select("[id]")}


def test_headings_are_in_order(soup):
    levels = [int(heading.name[1]) for heading in soup.select("article :is(h1, h2, h3, h4, h5, h6)")]
    assert levels.count(1) == (1 if levels else 0)
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False))


def test_ids_are_unique(soup):
    ids = [tag["id"] for tag in soup.select("[id]")]
    assert len(ids) == len(set(ids))


def test_images_say_what_they_show(soup):
    for image in soup.select("img"):
        assert image.get("alt", "").strip(), image


def test_nothing_is_loaded_from_another_host(file, soup):
    for tag in soup.select(LOADING):
        for name in ("src", "srcset", "href", "xlink:href", "data"):
            assert not FOREIGN.match(tag.get(name, "")), tag
    assert not FOREIGN_CSS.search(file.read_text("utf-8"))


def test_no_stylesheet_loads_from_another_host(site):
    for path in site.rglob("*.css"):
        assert not FOREIGN_CSS.search(path.read_text("utf-8")), path


def test_pages_are_light(file, page):
    limit = 250_000 if page.endswith("reference/figures.html") else 200_000  # the gallery names all figures
    assert file.stat().st_size <= limit


def test_nothing_is_left_to_fill_in(soup):
    text = "".join(
        part
        for part in soup.article.find_all(string=True)
        if not part.find_parent(["code", "svg", "script"])
    ) if soup.article else ""
    assert "TODO" not in text
    assert "--8<--" not in soup.get_text()
    assert "{{" not in text and "$" not in text.replace("$ ", "")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_gallery_has_every_figure(site, language):
    gallery = site / language / "reference/figures.html"
    shown = [image["src"] for image in parsed(gallery).select(".gallery img")]
    pages = [page for page in PAGES if page.startswith(language)]
    drawn = [image["src"] for page in pages for image in parsed(site / page).select(".drawing img")]
    assert sorted(src.removeprefix("../") for src in drawn) == sorted(src.removeprefix("../") for src in shown)
    assert len(shown) > 200  # each light and dark


def test_the_code_that_unfolds_is_the_one_to_take_away(site):
    shown = code_of_figures(site)
    assert len(shown) == len(FIGURES)
    for file, block in shown.items():
        assert block.get_text().strip() == file.read_text("utf-8").strip() in built_blocks()


FIGURES = sorted(path.relative_to(ROOT / "snippets").with_suffix("") for path in (ROOT / "snippets").glob("*/*.py"))


@pytest.mark.parametrize("name", FIGURES, ids=str)
def test_a_figure_can_be_taken_away(site, name):
    """Its SVG has plain colours and says what it is; two programs draw them; a PNG is beside it."""
    file = site / f"en/figures/{name}.svg"
    svg = file.read_text("utf-8")
    assert "var(" not in svg and "currentColor" not in svg
    for part in f"snippets/{name}.py", "<dc:title>", "CC BY 4.0":
        assert part in svg
    assert re.search(r", [\d.]+ · \d{4}-\d\d-\d\d.*</dc:source>", svg)
    for language in "en", "zh":
        with Image.open(site / f"{language}/figures/{name}.png") as picture:
            assert picture.width == 2000
            assert f"<dc:title>{escape(picture.text['Title'])}<" in svg and "CC BY 4.0" in picture.text["Copyright"]
            assert picture.text["Source"].startswith(f"snippets/{name}.py, of: ")
    colours = {tuple(bytes.fromhex(c)) for c in re.findall(r"(?:fill|stroke): #(\w{6})", svg)} - {(0, 0, 0)}
    for png in _drawn(svg):
        with Image.open(png) as picture:
            white = Image.new("RGBA", picture.size, "white")
            drawn = Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
            pixels = drawn.quantize(256).convert("RGB").getcolors(1 << 24)
        shades = [pixel for _, pixel in pixels]
        assert (255, 255, 255) in shades
        for colour in colours:
            assert any(_alike(colour, shade) for shade in shades), f"{colour} is not drawn"


def test_a_phone_shows_no_small_letters(site):
    """360 px wide, no letter of a figure is below 11 px, but for what is raised or lowered."""
    small = {}
    for file in (site / "en/figures").rglob("*.svg"):
        file = file.with_stem(file.stem.removesuffix("-dark"))  # the dark one has the same letters
        narrow = file.with_name(f"{file.stem}-narrow.svg")
        svg = (narrow if narrow.exists() else file).read_text("utf-8")
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
        for text in re.findall(r"<text.*?</text>", svg, re.DOTALL):
            if max(map(float, re.findall(r"font-size: ([\d.]+)px", text))) * 360 / width < 11:
                small[file.name] = text
    assert not small


def _drawn(svg):
    """A figure as CairoSVG and as resvg draw it."""
    from io import BytesIO

    yield BytesIO(cairosvg.svg2png(svg.encode(), output_width=400))
    yield BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=400, dpi=96)))


def _alike(colour, shade):
    """Whether a shade has the hue of a colour: the colour mixed with white, or nearly it."""
    rest = [255 - c for c in colour]
    found = [255 - s for s in shade]
    scale = sum(found) / sum(rest)
    return scale > 0.05 and all(abs(f - scale * r) < 40 for f, r in zip(found, rest, strict=True))


def test_markdown_stands_beside_each_page(site, page):
    if page == "index.html":
        return  # the entrance
    markdown = (site / page).with_suffix(".md").read_text("utf-8")
    for fence in "--8<--", "```claims", "```ledger", "```sources", "```bibliography", "```glossary", "<svg":
        assert fence not in markdown
    language, _, path = page.replace(".html", ".md").partition("/")
    assert f"({path})" in (site / language / "llms.txt").read_text("utf-8")


def test_a_page_says_what_it_is(soup, page):
    """The edition and the licence below it, its title and its description for who shares it."""
    if page == "index.html":
        return  # the entrance
    footer = soup.select_one(".md-copyright")
    assert re.search(r"(version|版本) [\d.]+ · \d{4}-\d\d-\d\d", footer.text) and "CC BY 4.0" in footer.text
    assert footer.select("[href$='cite.html']") and footer.select("[href$='changes.html']")
    said = {tag["property"]: tag["content"] for tag in soup.select("meta[property^=og]")}
    assert said["og:title"] in soup.title.text and len(said["og:description"]) > (40 if page < "zh" else 12)


def test_a_figure_that_explains_is_a_slide(file, soup):
    for link in soup.select("a[href$='-slide.png']"):
        with Image.open(file.parent / link["href"]) as picture:
            assert picture.size == (1600, 900)


def _count(text):
    """The words of an English text, the characters of a Chinese one."""
    if not re.search("[一-鿿]", text):
        return len(text.split())
    return len(re.findall(r"[一-鿿]|[A-Za-z0-9][\w.×%-]*", text))


def test_figures_have_headlines_and_short_captions(soup, page):
    """At most 14 words that state what there is to see, 25 that say where; small print comes after them."""
    headline_limit, text_limit = (14, 25) if page < "zh" else (32, 52)
    for caption in soup.select(":not(.gallery *) > figcaption"):
        headline, text = (part.text.replace("\u00a0", "") for part in (caption.strong, caption.p))
        assert _count(headline) - 2 <= headline_limit, headline
        assert _count(text) - _count(headline) <= text_limit, headline


def test_code_fits_its_column(soup, page):
    """A chapter's code block shows 86 characters at 1280 px, an output 85; what is longer fades at its right edge."""
    if "/labs/" in page:
        return
    for code in soup.select("article pre > code"):
        limit = 85 if code.find_parent(class_="language-output") else 86
        assert max(map(len, code.text.splitlines()), default=0) <= limit, max(code.text.splitlines(), key=len)


def test_the_main_way_is_short(soup, page):
    """At most 1,800 words up to "You can stop here", beside figures, tables, code, formulas, folds and small print."""
    if not soup.select_one(".stop"):
        return
    article = BeautifulSoup(str(soup.article), "html.parser")
    for part in article.select_one(".stop").find_all_next() + article.select(BESIDE):
        part.extract()
    limit = 1800 if page < "zh" else 3000  # characters
    if page.endswith("choosing.html"):  # a page to look up one case of several
        limit += 250
    assert _count(article.get_text(" ")) <= limit
