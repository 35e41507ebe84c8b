"""Figures in pages: drawn in place, with their caption, their files and their code.

    ![Alt text that says what the figure shows](../figures/receptive_field/dilation.svg)
    /// caption
    The caption.
    ///
"""

import re
from html import escape

from .source import HEADING, prose, relative

IMAGE = r"!\[(?P<alt>(?:\\.|[^\]\\])*)\]\((?P<address>[^)\s]*)\)"
FIGURE = rf"{IMAGE}(?P<rest>[^\n]*)(?P<caption>(?:\n+/// caption\n.*?\n///$)?)"
ADDRESS = re.compile(r"((?:\.\./)*figures/(?P<name>.+))\.svg")
SMALL = "{ loading=lazy }"  # marks the images of the gallery


def fill(text, figures, label):
    """A Text with its figures, {name: what it is}, in place; label opens the code of those that have some."""

    def figure(match):
        if not match["alt"].strip():
            raise text.fault(match.start(), "an image has no alt text: say what it shows")
        address = ADDRESS.fullmatch(match["address"])
        if not address or match["rest"] == SMALL:
            return None
        figure = text.look_up(figures, address["name"], match.start(), f"figure '{address['name']}'")
        if match["rest"].strip() or match.string[: match.start()].rpartition("\n")[2]:
            raise text.fault(match.start(), "a figure stands alone on a line, unindented, without attributes")
        links = [f"[{kind.upper()}]({address[1]}.{kind}){{ download }}" for kind in files(figure) if kind != "js"]
        alt = escape(re.sub(r"\\(.)", r"\1", match["alt"]))
        svg = figure["drawing"].replace("<svg", f'<svg role="img" aria-label="{alt}"', 1)
        parts = [f'<div class="drawing" data-search-exclude>{svg}</div>\n{match["caption"]}']
        parts += ['<div class="drawing-source" markdown data-search-exclude>', " ".join(links)]
        if "code" in figure:
            file = f"{address[1].replace('figures/', 'code/', 1)}.py"
            parts += [f"<details markdown><summary>{label}</summary>", f"[{address['name']}.py]({file})", "</details>"]
        return "\n\n".join([*parts, "</div>\n"])

    return text.sub(prose(text.text, FIGURE), figure)


def files(figure):
    """The files of a figure: {their kind: their content}; js holds what a widget computes with."""
    return {kind: figure[kind] for kind in ("svg", "png", "csv", "js") if figure.get(kind)}


def gallery(_, page, pages, figures):
    """The figures of all pages, {page: Text}, each with its section, its files and its code."""
    parts = ['<div class="gallery" markdown>']
    for source, text in pages.items():
        section, items = f"[{text.title()}]({relative(source, page)})", []
        for match in prose(text.text, f"{HEADING}|{IMAGE}"):
            if match["id"]:
                section = f"[{match['title']}]({relative(source, page)}#{match['id']})"
            elif address := ADDRESS.fullmatch(match["address"]):
                name = address["name"]
                figure, file = figures[name], relative(f"figures/{name}", page)
                code = source.removesuffix(".md") if name.startswith("labs/") else f"code/{name}"
                links = [section, *(f"[{kind.upper()}]({file}.{kind})" for kind in files(figure) if kind != "js")]
                links.append(f"[code]({relative(f'{code}.py', page)})")
                raster = ' class="raster"' * ("<image" in figure["drawing"])  # no dark page inverts it
                items.append(
                    f"<figure{raster} markdown>\n![{match['alt']}]({file}.svg){SMALL}\n"
                    f"<figcaption markdown>{' '.join(links)}</figcaption>\n</figure>"
                )
        parts += [f"## {text.title()}", *items] if items else []
    return "\n\n".join([*parts, "</div>"])
