"""A matplotlib figure as files: SVGs for the light and the dark page, PNG, CSV."""

import base64
import csv
import io
import re
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib
import numpy
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from .palette import dressing

STYLE = Path(__file__).with_name("figure.mplstyle")
METADATA = Path(__file__).with_name("metadata.xml").read_text("utf-8").rstrip()
CHECKOUT = Path(__file__).resolve().parents[2]
LIGHT, DARK = (dressing(CHECKOUT.joinpath("snippets/style.py").read_text("utf-8"), dark) for dark in (False, True))
WIDTH = 2000  # of a PNG, in pixels
ORIGIN = "{}, of: Self-attention and convolution, side by side"
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', sans-serif"
COLOUR = re.compile(r"#[0-9a-f]{6}\b(?=[;\"])")
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
WORD = re.compile(r"[A-Za-z]{2}")
PLACED = re.compile(r'data-words="(.*?)"')
LETTERS = re.compile(r'<(?:text|tspan) [^>]*>|<g style="[^"]*" transform=[^>]*>(?=\s*<text)')  # of words, of formulas
RASTER = re.compile(r"(?<=data:image/png;base64,)[^\"]+")
# A part that the figure names step-2 (gid) comes second, 0.5 s after the first: see <play-steps>.
STEPS = "@media (prefers-reduced-motion: no-preference) {{ {} }} @keyframes come {{ from {{ opacity: 0 }} }}"
STEP = '[data-step="{0}"] {{ animation: come .2s calc({0} * .5s) backwards }}'


def to_svg(fig, name):
    """The figure as clean() gives it; raises the same ValueError.

    Words that matplotlib places letter by letter or line by line say where they stand as a whole,
    so that those of another language can take their place: see text.words.
    """
    buffer = io.StringIO()
    texts = {str(i): text for i, text in enumerate(fig.findobj(Text)) if _apart(text)}
    for gid, text in texts.items():
        text.set_gid(f"words-{gid}")
    with matplotlib.rc_context({"svg.hashsalt": name}):
        fig.savefig(buffer, format="svg", metadata={"Date": None})
    return PLACED.sub(lambda gid: f'data-at="{_place(fig, texts[gid[1]])}"', clean(buffer.getvalue()))


def _apart(text):
    """Whether a text has words that do not stand in a single piece, at their anchor."""
    turned = text.get_rotation() == 90 and text.get_rotation_mode() == "default"
    return WORD.search(text.get_text()) and (turned or {*"\n$"} & {*text.get_text()})


def _place(fig, text):
    """Where a text of a drawn figure stands: its anchor, x and y of this in the SVG, amid its height, its rotation."""
    box, up = Text.get_window_extent(text, dpi=72), text.get_rotation() == 90  # of its letters, not of its arrow
    turned = up and text.get_rotation_mode() == "default"
    along = text.get_verticalalignment() if turned else text.get_horizontalalignment()
    anchor = {"left": "start", "bottom": "start", "right": "end", "top": "end"}.get(along, "middle")
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    if up:
        y = {"start": box.y0, "end": box.y1}.get(anchor, y)
    else:
        x = {"start": box.x0, "end": box.x1}.get(anchor, x)
    return f"{anchor} {x:.2f} {fig.get_figheight() * 72 - y:.2f} {-90 if up else 0}"


def clean(svg):
    """An SVG of matplotlib as one <svg> element: text as text, no background, no ballast.

    Raises ValueError if it uses a colour outside of the palette.
    """
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"\s*<(metadata|style)\b.*?</\1>|<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"; font-family: [^;\"]*", "", svg)
    svg = re.sub(r"font: (?:(italic|oblique) )?(?:(\d+) )?([\d.]+px)[^;\"]*", _font, svg)
    svg = re.sub(r"<[^>]*>", lambda tag: LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}", tag[0]), svg)
    for colour in sorted(set(COLOUR.findall(svg)) - LIGHT.keys()):
        raise ValueError(f"the figure uses {colour}; style.py has {', '.join(sorted(LIGHT))}")
    svg = svg.replace("<svg", f'<svg stroke-linejoin="round" font-family="{FONTS}"', 1)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", svg))
    svg = re.sub(r' id="(step|words)-(\d+)"', r' data-\1="\2"', svg)
    if steps := sorted(set(re.findall(r'data-step="(\d+)"', svg)), key=int):
        svg = svg.replace(">", f">\n <style>{STEPS.format(' '.join(map(STEP.format, steps)))}</style>", 1)
    return re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", svg)


def drawings(svg, title, source, narrow=""):
    """What clean() gave as files that say what they are, {end of their name: text}, on no background."""
    metadata = METADATA.format(title=escape(title), source=escape(ORIGIN.format(source)))
    head, body = svg.split(">", 1)
    svg = f'<?xml version="1.0" encoding="utf-8"?>\n{head}>\n{metadata}{body}\n'
    return {f"{narrow}.svg": _dressed(svg, LIGHT), f"{narrow}-dark.svg": RASTER.sub(_darkened, _dressed(svg, DARK))}


def _dressed(svg, colours):
    """An SVG in other colours."""
    svg = LETTERS.sub(lambda tag: COLOUR.sub(lambda colour: colours[colour[0]][1], tag[0]), svg)
    svg = COLOUR.sub(lambda colour: colours.get(colour[0], colour)[0], svg)
    return svg.replace("<svg", f'<svg fill="{colours["#000000"][0]}"', 1)


def _darkened(png):
    """A heat map, whose opacity is its value, in the colours of the dark page; a photograph stays as it is."""
    pixels = numpy.array(Image.open(io.BytesIO(base64.b64decode(png[0]))).convert("RGBA"))
    for colour, (dark, _) in DARK.items():
        old, new = (numpy.frombuffer(bytes.fromhex(each[1:]), "uint8") for each in (colour, dark))
        if old.any():  # black is a part of photographs
            pixels[numpy.abs(pixels[..., :3].astype(int) - old).max(-1) <= 1, :3] = new
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


def about(title, source):
    """What a PNG says of itself, as its SVG does."""
    told = PngInfo()
    told.add_text("Title", title)
    told.add_text("Source", source)
    told.add_text("Copyright", "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/")
    return told


def to_png(fig, path, title, source):
    """Writes the figure, once drawn, to a file that no reader looks at yet."""
    fig.set_layout_engine("none")
    fig.savefig(path, format="png", dpi=WIDTH / fig.get_figwidth(), facecolor="white",
                pil_kwargs={"compress_level": 3, "pnginfo": about(title, ORIGIN.format(source))})


def on_white(png, path, title, source):
    """Writes a transparent PNG as to_png() would."""
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    picture = Image.alpha_composite(white, picture).convert("RGB")
    picture.resize((WIDTH, round(picture.height * WIDTH / picture.width))).save(
        path, "png", pnginfo=about(title, ORIGIN.format(source)))


def _font(match):
    style, weight, size = match.groups()
    parts = {"font-size": size, "font-style": style, "font-weight": weight}
    return "; ".join(f"{name}: {value}" for name, value in parts.items() if value)


def to_csv(fig):
    """The data of the figure's artists, a row a point; '' if it shows no data.

    Columns: panel (1, 2, ... in drawing order), series (its label), x, y, value.
    """
    rows = []
    for panel, ax in enumerate(fig.axes, 1):
        for series, points in _series(ax):
            rows += [[panel, series, *(f"{number:.6g}" for number in point)] for point in points]
    if not rows:
        return ""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["panel", "series", "x", "y", "value"])
    writer.writerows(row + [""] * (5 - len(row)) for row in rows)
    return buffer.getvalue()


def _value(bar, orientation):
    """(x, y) of a bar: its length, and where it stands."""
    if orientation == "horizontal":
        return bar.get_width(), bar.get_y() + bar.get_height() / 2
    return bar.get_x() + bar.get_width() / 2, bar.get_height()


def _series(ax):
    """(label, points) of each artist that carries a label of its own."""
    for container in ax.containers:
        if isinstance(container, BarContainer):
            yield container.get_label(), [_value(bar, container.orientation) for bar in container]
    for artist in (*ax.lines, *ax.collections, *ax.images):
        label = artist.get_label()
        if not label or label.startswith("_"):
            continue
        if isinstance(artist, Line2D):
            yield label, artist.get_xydata()
        elif isinstance(artist, PathCollection):
            yield label, artist.get_offsets()
        elif isinstance(artist, (AxesImage, QuadMesh)):
            yield label, [(x, y, v) for y, row in enumerate(artist.get_array()) for x, v in enumerate(row)]
