"""The font of the formulas, STIX Two Math, cut down to the characters in use."""

import hashlib
from pathlib import Path

# Copyright 2001-2020 The STIX Fonts Project Authors, under the SIL Open Font License 1.1.
FONT = Path(__file__).with_name("STIXTwoMath-Regular.ttf")
# What the browser draws without its standing in the MathML: the root of <msqrt>, and
# for a lone letter <mi>x</mi> its italic twin.
IMPLIED = {ord("√"), 0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)}


def subset(codepoints, folder):
    """The path of a woff2 with just these characters, made in the folder if it is new."""
    codepoints = codepoints | IMPLIED
    name = hashlib.sha256(repr(sorted(codepoints)).encode()).hexdigest()
    path = Path(folder, f"{name}.woff2")
    if not path.exists():
        from fontTools import subset
        from fontTools.ttLib import TTFont

        font = TTFont(FONT, recalcTimestamp=False)
        subsetter = subset.Subsetter(subset.Options(layout_features=["*"]))
        subsetter.populate(unicodes=codepoints)
        subsetter.subset(font)
        font.flavor = "woff2"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        font.save(partial)
        partial.replace(path)
    return path
