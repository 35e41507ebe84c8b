"""Figures in pages: in the colours of the page, with their caption, their files and their code.

    ![Alt text that says what the figure shows](../figures/receptive_field/dilation.svg)
    /// caption
    **A sentence that states what the figure shows.** Where to look.
    ///

A figure with a caption has a number in its page, by which [Figure](#fig-dilation) refers to it.
"""

import re
from html import escape, unescape
from urllib.parse import urljoin

from .source import HEADING, heading, prose, relative, relocate

IMAGE = r"!\[(?P<alt>(?:\\.|[^\]\\])*)\]\((?P<address>[^)\s]*)\)"
FIGURE = rf"{IMAGE}(?P<rest>[^\n]*)(?P<caption>(?:\n+/// caption\n.*?\n///$)?)"
ADDRESS = re.compile(r"((?:\.\./)*figures/(?P<name>.+))\.svg")
SIZE = re.compile(r'<svg [^>]*?\bwidth="([\d.]+)pt" height="([\d.]+)pt"')
STOP = "{ .stop }"  # ends the main way
SMALL = "{ .small }"  # marks the images of the gallery, and others that repeat a figure
HEADLINE = r"(?:\n+/// caption\n(?P<headline>\*\*.+?\*\*))?"
CAPTIONED = rf"{IMAGE}\n+/// caption\n(?P<headline>\*\*)?"
LINK = r"\[(?P<number>%s)\]\((?P<page>[^)#\s]*)(?P<anchor>#fig-[^)\s]+)\)"


def count(pages):
    """The figures that have a number, {page#anchor: its number}, in pages {page: Text}."""
    numbers = {}
    for page, text in pages.items():
        drawn = enumerate(prose(text.text, CAPTIONED), 1)
        numbers |= {f"{page}{_anchor(match)}": number for number, match in drawn}
    return numbers


def number(text, page, numbers, labels):
    """A Text with the number of each figure before its headline, and in the links to it; labels has the word for it."""
    label = labels["figure"]

    def named(match):
        if match["number"]:
            place = urljoin(page, match["page"]) + match["anchor"]
            figure = text.look_up(numbers, place, match.start(), f"figure '{place}'")
            return f"[{label} {figure}]({match['page']}{match['anchor']})"
        if not match["headline"]:
            raise text.fault(match.end(), "a caption begins with **a sentence that states what the figure shows**")
        return f"{match[0]}{label} {numbers[page + _anchor(match)]}{labels['stop']}"

    return text.sub(prose(text.text, f"{CAPTIONED}|{LINK % label}"), named)


def headlines(text, figures, label):
    """What the numbered figures of a Text state, {name: (headline, whether it explains)}: those before { .stop } do."""
    stated, counted, main_way = {}, re.compile(rf"^{label} \d+\W+"), len(text.text.partition(STOP)[0])
    for match in prose(text.text, rf"{IMAGE}\n+/// caption\n\*\*(?P<headline>.+?)\*\*"):
        words = re.sub(r"[*$]|<[^>]*>|\]\([^)]*\)|\[", "", counted.sub("", match["headline"]))
        address = ADDRESS.fullmatch(match["address"])
        if address and address["name"] in figures:
            stated.setdefault(address["name"], (unescape(" ".join(words.split())), match.start() < main_way))
    return stated


def _anchor(match):
    """The anchor of a figure: fig- and the end of its name."""
    return f"#fig-{match['address'].rpartition('/')[2].removesuffix('.svg')}"


def fill(text, figures, labels):
    """A Text with its figures, {name: what it is}, in place, and what the labels name beside each."""

    def figure(match):
        if not match["alt"].strip():
            raise text.fault(match.start(), "an image has no alt text: say what it shows")
        address = ADDRESS.fullmatch(match["address"])
        if not address:
            return None
        figure = text.look_up(figures, address["name"], match.start(), f"figure '{address['name']}'")
        pictures = _pictures(figure["svg"], address[1], re.sub(r"\\(.)", r"\1", match["alt"]))
        if match["rest"] == SMALL:
            return pictures
        if match["rest"].strip() or match.string[: match.start()].rpartition("\n")[2]:
            raise text.fault(match.start(), "a figure stands alone on a line, unindented, without attributes")
        links = [f"[{kind}]({address[1]}{end}){{ download }}" for kind, end in _offered(figure, labels)]
        opening = f'<div class="drawing" id="{_anchor(match)[1:]}" data-search-exclude>'
        parts = [f"{opening}{pictures}</div>\n{match['caption']}"]
        parts += ['<div class="drawing-source" markdown data-search-exclude>', " ".join(links)]
        if "code" in figure:
            file = f"{address[1].replace('figures/', 'code/', 1)}.py"
            summary = f"<summary>{labels['code']}</summary>"
            parts += [f"<details markdown>{summary}", f"[{address['name']}.py]({file})", "</details>"]
        return "\n\n".join([*parts, "</div>\n"])

    return text.sub(prose(text.text, FIGURE), figure)


def _pictures(svgs, address, alt):
    """A figure for the light page and one for the dark, each with its second layout if it has one for phones."""
    pictures = []
    for palette, end in ("light", ".svg"), ("dark", "-dark.svg"):
        image = f'<img src="{address}{end}" {_size(svgs[end])} alt="{escape(alt)}" loading="lazy">'
        if narrow := svgs.get(f"-narrow{end}"):
            image = f'<source media="(max-width: 30em)" srcset="{address}-narrow{end}" {_size(narrow)}>{image}'
        pictures.append(f'<picture class="{palette}">{image}</picture>')
    return "".join(pictures)


def _size(svg):
    """The width and height of an SVG in pixels, so that its place is kept while it loads."""
    width, height = SIZE.search(svg).groups()
    return f'width="{float(width) / 0.75:.0f}" height="{float(height) / 0.75:.0f}"'


def files(figure, made, headline):
    """The files of a figure, {end of their name: content}; .js is data of a widget.

    Each SVG tells when it was made, and is titled by its headline, if there is one.
    """
    svgs = {end: svg.replace("</dc:source>", f", {made}</dc:source>", 1) for end, svg in figure["svg"].items()}
    if headline:
        title = f"<title>{escape(headline)}</title>"
        svgs = {end: re.sub("<title>.*?</title>", lambda _: title, svg, count=1) for end, svg in svgs.items()}
    return svgs | {f".{kind}": figure[kind] for kind in ("png", "csv", "js") if figure.get(kind)}


def _offered(figure, labels):
    """What a reader may take away: (the name of its kind, the end of its address)."""
    offered = [(kind.upper(), f".{kind}") for kind in ("svg", "png", "csv") if figure.get(kind)]
    return offered + [(labels["slide"], "-slide.png")] * ("slide" in figure)


def gallery(_, page, pages, figures, labels):
    """The figures of all pages, {page: Text}, each with its section, its files and its code."""
    parts = ['<div class="gallery" markdown>']
    for source, text in pages.items():
        section, items = f"[{text.title()}]({relative(source, page)})", []
        for match in prose(text.text, f"{HEADING}|{IMAGE}(?!{re.escape(SMALL)}){HEADLINE}"):
            if match["id"]:
                section = f"[{match['title']}]({relative(source, page)}#{match['id']})"
            elif address := ADDRESS.fullmatch(match["address"]):
                name = address["name"]
                file = relative(f"figures/{name}", page)
                code = source.removesuffix(".md") if name.startswith("labs/") else f"code/{name}"
                headline = relocate(match["headline"] or "", source, page)
                links = [headline, section] if headline else [section]
                links += [f"[{kind}]({file}{end})" for kind, end in _offered(figures[name], labels)]
                links.append(f"[{labels['program']}]({relative(f'{code}.py', page)})")
                items.append(
                    f"<figure markdown>\n![{match['alt']}]({file}.svg){SMALL}\n"
                    f"<figcaption markdown>{' '.join(links)}</figcaption>\n</figure>"
                )
        parts += [heading(source, text), *items] if items else []
    return "\n\n".join([*parts, "</div>"])
