"""A PNG of an SVG whose words are not those that matplotlib drew."""

import hashlib
import re
from pathlib import Path

import matplotlib
import resvg_py

from .figure import WIDTH

# Noto Sans CJK SC 2.004, copyright 2014-2021 Adobe, under the SIL Open Font License 1.1: Latin letters and the
# 3,755 most frequent characters of Chinese.
CHINESE = Path(__file__).with_name("NotoSansSC-Regular.otf")
LATIN = Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")
CODE = Path(__file__).read_bytes()


def picture(svg, folder):
    """The file of the PNG in a folder, made if it is new: its name says what is in it, but for the metadata."""
    svg = re.sub("<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    file = folder / f"{hashlib.sha256(svg.encode() + CODE).hexdigest()}.png"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial, fonts = file.with_suffix(".partial"), [str(LATIN), str(CHINESE)]
        look = {"background": "white", "width": WIDTH, "font_files": fonts, "sans_serif_family": "DejaVu Sans"}
        partial.write_bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, dpi=96, **look))
        partial.replace(file)
    return file
