"""A figure as a slide: 16:9, under its headline, with the line that says where it is from."""

import re
from functools import cache
from inspect import getsource
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .figure import about
from .kept import kept
from .picture import CHINESE, LATIN

SIZE, MARGIN, INK, GRAY = (1600, 900), 60, "#1d2228", "#5a6270"
CODE = Path(__file__).read_bytes(), getsource(about)
BOLD = LATIN.with_name("DejaVuSans-Bold.ttf")
WIDE = "[\u3000-\u9fff\uff00-\uffef]"  # Chinese, which has no spaces between words and needs another font


def slide(png, headline, origin, folder):
    """The file of a slide in a folder, made if it is new: the name of the PNG says what is in it."""
    what = headline, origin, png.name, CODE

    def draw(file):
        _drawn(Image.open(png), headline, origin).save(file, "png", pnginfo=about(headline, origin))

    return kept(folder, ".png", what, draw)


def _drawn(figure, headline, origin):
    sheet = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(sheet)
    chinese = re.search(WIDE, headline)
    title, small = _font(CHINESE if chinese else BOLD, 44), _font(CHINESE if chinese else LATIN, 22)
    lines, stroke = _lines(headline, title), bool(chinese)  # that font has no bold
    draw.multiline_text((MARGIN, MARGIN), "\n".join(lines), INK, title, spacing=14, stroke_width=stroke)
    draw.text((MARGIN, SIZE[1] - MARGIN), origin, GRAY, small, anchor="ls")
    top, bottom = MARGIN + 60 * len(lines) + 20, SIZE[1] - MARGIN - 40
    scale = min((SIZE[0] - 2 * MARGIN) / figure.width, (bottom - top) / figure.height)
    figure = figure.convert("RGB").resize((round(figure.width * scale), round(figure.height * scale)), Image.LANCZOS)
    sheet.paste(figure, ((SIZE[0] - figure.width) // 2, top + (bottom - top - figure.height) // 2))
    return sheet.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _lines(text, font):
    """The text as lines that are not wider than a slide."""
    lines = [""]
    for word in re.findall(rf"{WIDE}|(?:(?!{WIDE})\S)+ ?| ", text):
        longer = lines[-1] + word
        if font.getlength(longer.rstrip()) <= SIZE[0] - 2 * MARGIN or word in "，。；：、？！）”’":
            lines[-1] = longer
        else:
            lines.append(word)
    return [line.strip() for line in lines]


@cache
def _font(file, size):
    return ImageFont.truetype(file, size)
