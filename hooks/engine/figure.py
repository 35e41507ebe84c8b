"""A matplotlib figure as an SVG that follows the page's palette, and as CSV."""

import csv
import io
import re
from pathlib import Path

import matplotlib
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

# What a snippet may draw with, and what the page's stylesheet calls it.
PALETTE = {
    "#0072b2": "var(--convolution, #0072b2)",
    "#d55e00": "var(--attention, #d55e00)",
    "#cc79a7": "var(--hybrid, #cc79a7)",
    "#000000": "currentColor",
    "#808080": "var(--gray, #808080)",
    "#d3d3d3": "var(--faint, #d3d3d3)",
}
TEXT_COLOUR = re.compile(r"var\(--(\w+),")  # text needs more contrast than a line
STYLE = Path(__file__).with_name("figure.mplstyle")
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
DEFAULTS = 'fill="currentColor" stroke-linejoin="round" font-family="sans-serif"'


def to_svg(fig, name):
    """The figure as one <svg> element: text as text, no background, palette colours.

    Raises ValueError if the figure uses a colour outside the palette.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        fig.savefig(buffer, format="svg", metadata={"Date": None})
    return restyle(buffer.getvalue())


def restyle(svg):
    """An SVG file of matplotlib as to_svg() gives it; may raise the same ValueError."""
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font: (?:(italic|oblique) )?(?:(\d+) )?([\d.]+px)[^;\"]*", _font, svg)
    svg = re.sub(r"#[0-9a-f]{6}\b(?=[;\"])", _palette_colour, svg)
    svg = re.sub(r"<text [^>]*>", lambda m: TEXT_COLOUR.sub(r"var(--\1-text,", m[0]), svg)
    svg = re.sub(r"<[^>]*>", lambda tag: LONG_NUMBER.sub(_rounded, tag[0]), svg)
    svg = _without_unused_ids(svg)
    return svg.replace("<svg", f"<svg {DEFAULTS}", 1)


def _rounded(match):
    return f"{float(match[0]):.2f}"


def _font(match):
    style, weight, size = match.groups()
    return (
        f"font-size: {size}"
        + f"; font-style: {style}" * bool(style)
        + f"; font-weight: {weight}" * bool(weight)
    )


def _palette_colour(match):
    if match[0] not in PALETTE:
        allowed = ", ".join(PALETTE)
        raise ValueError(f"the figure uses {match[0]}; the palette is {allowed}")
    return PALETTE[match[0]]


def _without_unused_ids(svg):
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", svg))
    return re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in used else "", svg)


def to_csv(fig):
    """The data of the figure's artists, a row a point; '' if it shows no data.

    Columns: panel (1, 2, ... in drawing order), series (its label), x, y, value.
    """
    rows = []
    for panel, ax in enumerate(fig.axes, 1):
        for series, points in _series(ax):
            rows += [
                [panel, series, *(f"{number:.6g}" for number in point)]
                for point in points
            ]
    if not rows:
        return ""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["panel", "series", "x", "y", "value"])
    writer.writerows(row + [""] * (5 - len(row)) for row in rows)
    return buffer.getvalue()


def _series(ax):
    """(label, points) of each artist that carries a label of its own."""
    for container in ax.containers:
        if isinstance(container, BarContainer):
            bars = [(b.get_x() + b.get_width() / 2, b.get_height()) for b in container]
            yield container.get_label(), bars
    for artist in (*ax.lines, *ax.collections, *ax.images):
        label = artist.get_label()
        if not label or label.startswith("_"):
            continue
        if isinstance(artist, Line2D):
            yield label, artist.get_xydata()
        elif isinstance(artist, PathCollection):
            yield label, artist.get_offsets()
        elif isinstance(artist, (AxesImage, QuadMesh)):
            yield label, _grid(artist.get_array())


def _grid(array):
    return [(x, y, v) for y, row in enumerate(array) for x, v in enumerate(row)]
