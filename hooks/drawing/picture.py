"""A PNG of an SVG whose words are not those that matplotlib drew."""

import io
import re
from html import unescape
from inspect import getsource
from pathlib import Path

import matplotlib
import resvg_py
from PIL import Image

from .figure import WIDTH, about
from .kept import kept

# Noto Sans CJK SC 2.004, copyright 2014-2021 Adobe, under the SIL Open Font License 1.1: Latin letters and the
# 3,755 most frequent characters of Chinese.
CHINESE = Path(__file__).with_name("NotoSansSC-Regular.otf")
LATIN = Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")
CODE = Path(__file__).read_bytes(), getsource(about)


def picture(svg, folder):
    """The file of the PNG in a folder, made if it is new: its name says what is in it."""
    fonts = {"font_files": [str(LATIN), str(CHINESE)], "sans_serif_family": "DejaVu Sans", "skip_system_fonts": True}

    def draw(file):
        png = resvg_py.svg_to_bytes(svg_string=svg, background="white", width=WIDTH, dpi=96, **fonts)
        told = dict(re.findall(r"<dc:(title|source)>(.*?)</dc:", svg))
        about_it = about(*(unescape(told[part]) for part in ("title", "source")))
        Image.open(io.BytesIO(bytes(png))).save(file, "png", pnginfo=about_it)

    return kept(folder, ".png", (svg, CODE), draw)
