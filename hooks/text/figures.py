"""Figures in pages: drawn in place, with their caption, their files and their code.

    ![Alt text that says what the figure shows](../figures/receptive_field/dilation.svg)
    /// caption
    The caption.
    ///
"""

import re
from difflib import get_close_matches
from html import escape

IMAGE = r"!\[(?P<alt>(?:\\.|[^\]\\])*)\]\((?P<address>[^)\s]*)\)"
FIGURE = rf"{IMAGE}(?P<rest>[^\n]*)(?P<caption>(?:\n+/// caption\n.*?\n///$)?)"
ADDRESS = re.compile(r"(?P<root>(?:\.\./)*)figures/(?P<name>.+)\.svg")
SMALL = "{ loading=lazy }"  # marks the images of the gallery


def check(text):
    """Raises Fault at the first image without alt text."""

    def image(match):
        if not match["alt"].strip():
            raise text.fault(match.start(), "an image has no alt text: say what it shows")

    text.sub_prose(IMAGE, image)


def fill(text, figures, label):
    """A Text with its figures in place.

    figures: {name: {"svg": ..., "csv": ..., "code": ...}}. label: what opens the code.
    """

    def figure(match):
        address = ADDRESS.fullmatch(match["address"])
        if not address or match["rest"] == SMALL:
            return None
        name = address["name"]
        if name not in figures:
            near = ", ".join(get_close_matches(name, figures) or sorted(figures))
            raise text.fault(match.start(), f"there is no figure '{name}'; there are: {near}")
        if match["rest"].strip() or match.string[: match.start()].rpartition("\n")[2]:
            problem = "a figure stands alone on a line, not indented, without attributes"
            raise text.fault(match.start(), problem)
        return f"{_drawing(figures[name], match['alt'])}{match['caption']}\n\n" + _source(
            figures[name], match["address"].removesuffix(".svg"), label
        )

    return text.sub_prose(FIGURE, figure)


def _drawing(figure, alt):
    alt = escape(re.sub(r"\\(.)", r"\1", alt))
    svg = re.sub(r"\s*\n\s*", " ", figure["svg"])
    svg = svg.replace("> <", "><").replace("<svg", f'<svg role="img" aria-label="{alt}"', 1)
    return f'<div class="drawing" data-search-exclude>{svg}</div>\n'


def _source(figure, address, label):
    links = [f"[{kind}]({address}.{kind.lower()}){{ download }}" for kind in kinds(figure)]
    parts = ['<div class="drawing-source" markdown data-search-exclude>', " ".join(links)]
    if figure["code"]:
        parts.append(
            f"<details markdown><summary>{label}</summary>\n\n"
            f"```python\n{figure['code'].rstrip()}\n```\n\n</details>"
        )
    return "\n\n".join([*parts, "</div>\n"])


def kinds(figure):
    """What kinds of files a figure has."""
    return ["SVG", "PNG", *["CSV"] * bool(figure["csv"])]
