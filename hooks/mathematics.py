"""MkDocs hook: TeX becomes MathML, in a font cut down to the characters that are used."""

import hashlib
import os
import re
import shutil
from html import unescape
from importlib.util import find_spec
from pathlib import Path

from math_core import LatexError, LatexToMathML
from mkdocs.exceptions import PluginError

# What the browser draws without its standing in the MathML: the root of <msqrt>, and
# for a lone letter <mi>x</mi> its italic twin.
IMPLIED = {ord("√"), 0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)}
CACHE = Path(".cache/fonts")
FORMULA = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<tex>.*?)\\[)\]]</(?P=tag)>',
    re.DOTALL,
)
converter = LatexToMathML(annotation=True, fancy_error=False)
LINK = re.compile(r"(<a [^>]*)>(?=<math>([^<]*)</math></a>)")
PLACE = re.compile(r"<math>[^<]*</math>")
characters = set()
formulas = {}


def on_pre_build(config):
    characters.clear()


def on_page_content(html, page, config, files):
    """Puts the bare text of each formula in its place, which is what search reads."""
    found = formulas[page.file.src_uri] = []

    def place(match):
        tex = unescape(match["tex"]).strip()
        try:
            result = converter.convert_with_local_state(
                tex, displaystyle=match["tag"] == "div"
            )
        except LatexError as error:
            source = page.file.content_string
            line = source.count("\n", 0, max(0, source.find(tex.split("\n")[0]))) + 1
            path = os.path.relpath(page.file.abs_src_path)
            raise PluginError(f"{path}:{line}: {tex!r}, character {error}") from None
        found.append(result)
        text = re.sub(r"<[^>]*>", "", result.partition("<annotation")[0])
        characters.update(map(ord, unescape(text)))
        return f"<math>{text}</math>"

    html = FORMULA.sub(place, html)
    return LINK.sub(r'\1 aria-label="\2">', html)  # a formula alone does not name a link


def on_post_page(output, page, config):
    found = iter(formulas[page.file.src_uri])
    return PLACE.sub(lambda _: next(found), output)


def on_post_build(config):
    if characters:
        target = Path(config.site_dir, "assets", "math.woff2")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_font(characters | IMPLIED), target)


def _font(codepoints):
    """The path of STIX Two Math with just these characters, made if it is new."""
    name = hashlib.sha256(repr(sorted(codepoints)).encode()).hexdigest()
    path = CACHE / f"{name}.woff2"
    if not path.exists():
        from fontTools import subset
        from fontTools.ttLib import TTFont

        folder = Path(find_spec("ziamath").origin).parent
        font = TTFont(folder / "fonts" / "STIXTwoMath-Regular.ttf", recalcTimestamp=False)
        subsetter = subset.Subsetter(subset.Options(layout_features=["*"]))
        subsetter.populate(unicodes=codepoints)
        subsetter.subset(font)
        font.flavor = "woff2"
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        font.save(partial)
        partial.replace(path)
    return path
