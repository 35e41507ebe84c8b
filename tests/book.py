"""make pdf: chapters, labs and what a reader looks up as one book in each language, site/book.pdf, site/book.zh.pdf.

The pages of the built site become one document, so that the links between them lead from page to
page of the book. It is printed twice: its contents learn the numbers from the first time.
"""

from io import BytesIO
from pathlib import Path
from urllib.parse import urldefrag, urljoin

from bs4 import BeautifulSoup
from mkdocs.config import load_config
from mkdocs.utils import get_build_datetime
from pypdf import PdfReader, PdfWriter

from conftest import ROOT, chromium

LOOKED_UP = "cheat-sheet", "claims", "glossary", "bibliography"


def main():
    with chromium() as browser:
        for path in sorted(ROOT.glob("mkdocs*.yml")):
            config = load_config(str(path))
            site, labels = Path(config.site_dir), config.extra["labels"]
            front = [
                f"<h1>{config.site_name}</h1>",
                f"<p>{labels['version'].capitalize()} {config.extra['edition']} · {get_build_datetime():%Y-%m-%d}</p>",
                f"<p>{config.copyright}</p>",
            ]
            pdf = book(browser.new_page(), site, chosen(config.nav), "\n".join(front), labels["contents"])
            pdf.add_metadata({"/Title": config.site_name})
            pdf.write(site.with_name(f"{path.stem.replace('mkdocs', 'book')}.pdf"))


def chosen(nav):
    """The parts of the book, {title: [page]}: those of the navigation, of the reference what a reader looks up.

    >>> chosen([{"Home": "index.md"}, {"1 Labs": [{"A": "labs/a.md"}]},
    ...         {"Reference": [{"B": "reference/glossary.md"}, {"C": "reference/cite.md"}]}])
    {'1 Labs': ['labs/a.html'], 'Reference': ['reference/glossary.html']}
    """
    parts = {}
    for title, items in (pair for item in nav for pair in item.items() if isinstance(pair[1], list)):
        pages = [Path(page) for item in items for page in item.values()]
        parts[title] = [
            page.with_suffix(".html").as_posix()
            for page in pages
            if page.parent.name != "reference" or page.stem in LOOKED_UP
        ]
    return parts


def book(tab, site, parts, front, heading):
    """The pages of a site, in parts {title: [page]}, as a PDF with bookmarks.

    front: its title page; heading: that of its contents.
    """
    pages = {page: article(site, page, sum(parts.values(), [])) for page in sum(parts.values(), [])}
    titles = {page: each.h1.get_text().removesuffix("¶") for page, each in pages.items()}
    first = next(iter(pages))
    soup = BeautifulSoup((site / first).read_bytes(), "html.parser")
    links = [urljoin(first, each["href"]) for each in soup.select("link[rel=stylesheet]")]
    styles = [f'<link rel="stylesheet" href="{link}">' for link in links]
    body, numbers, made = "\n".join(map(str, pages.values())), dict.fromkeys(pages, 0), site / "book.html"
    for _ in range(2):
        opening = f'<article class="md-typeset title">{front}</article>{contents(heading, parts, titles, numbers)}'
        made.write_text(
            f'<!doctype html><html lang="{soup.html["lang"]}"><meta charset="utf-8">{"".join(styles)}'
            f'<body data-md-color-scheme="default">{opening}{body}',
            "utf-8",
        )
        tab.goto(made.as_uri(), timeout=300_000)
        pdf = PdfReader(BytesIO(tab.pdf(prefer_css_page_size=True, tagged=True)))
        places = {page: pdf.get_destination_page_number(pdf.named_destinations[f"/{name(page)}"]) for page in pages}
        numbers = {page: place + 1 for page, place in places.items()}
    made.unlink()
    writer = PdfWriter(clone_from=pdf)
    for title, chapters in parts.items():
        part = writer.add_outline_item(title=title, page_number=places[chapters[0]])
        for page in chapters:
            writer.add_outline_item(title=titles[page], page_number=places[page], parent=part)
    return writer


def article(site, page, within):
    """The article of a page, its addresses as seen from the root of the site, its ids and links as in the book."""
    found = BeautifulSoup((site / page).read_bytes(), "html.parser").article
    for unseen in found.select(".dark, .drawing-source, .headerlink, script"):
        unseen.decompose()
    for image in found.select("[src]"):
        image["src"] = urljoin(page, image["src"])
        del image["loading"]
    for each in found.select("[id]"):
        each["id"] = name(page, each["id"])
    for link in found.select("a[href]"):
        target, anchor = urldefrag(urljoin(page, link["href"]))
        if target in within:
            link["href"] = f"#{name(target, anchor)}"
        elif "://" not in target:
            link.unwrap()
    found["id"] = name(page)
    return found


def name(page, anchor=""):
    """The id in the book of a page, or of an anchor in it.

    >>> name("labs/a.html"), name("labs/a.html", "why")
    ('labs-a', 'labs-a-why')
    """
    return "-".join([*Path(page).with_suffix("").parts, anchor]).removesuffix("-")


def contents(heading, parts, titles, numbers):
    """The table of contents, with the number of the sheet on which each page begins."""
    rows = []
    for title, pages in parts.items():
        rows.append(f"<h2>{title}</h2>")
        rows += [f'<p><a href="#{name(page)}">{titles[page]}</a> <span>{numbers[page]}</span></p>' for page in pages]
    return f'<article class="md-typeset contents"><h1>{heading}</h1>{"".join(rows)}</article>'


if __name__ == "__main__":
    main()
