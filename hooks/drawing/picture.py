"""A PNG of an SVG whose words are not those that matplotlib drew."""

import re
from pathlib import Path

import matplotlib
import resvg_py

from .figure import WIDTH
from .kept import kept

# Noto Sans CJK SC 2.004, copyright 2014-2021 Adobe, under the SIL Open Font License 1.1: Latin letters and the
# 3,755 most frequent characters of Chinese.
CHINESE = Path(__file__).with_name("NotoSansSC-Regular.otf")
LATIN = Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")
CODE = Path(__file__).read_bytes()


def picture(svg, folder):
    """The file of the PNG in a folder, made if it is new: its name says what is in it, but for the metadata."""
    svg = re.sub("<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    fonts = {"font_files": [str(LATIN), str(CHINESE)], "sans_serif_family": "DejaVu Sans", "skip_system_fonts": True}

    def draw(file):
        file.write_bytes(resvg_py.svg_to_bytes(svg_string=svg, background="white", width=WIDTH, dpi=96, **fonts))

    return kept(folder, ".png", (svg, CODE), draw)
