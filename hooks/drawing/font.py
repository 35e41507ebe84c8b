"""The font of the formulas, STIX Two Math, cut down to the characters in use."""

import unicodedata
from pathlib import Path

from .kept import kept

# Copyright 2001-2020 The STIX Fonts Project Authors, under the SIL Open Font License 1.1.
FONT = Path(__file__).with_name("STIXTwoMath-Regular.ttf")
# What the browser draws for a lone letter <mi>x</mi>: {letter: its italic twin}.
ITALICS = 0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)
CODE = Path(__file__).read_bytes()
TWINS = {ord(unicodedata.normalize("NFKC", chr(italic))): italic for italic in ITALICS}


def subset(codepoints, folder):
    """The path of a woff2 with just these characters, made in the folder if it is new."""
    codepoints = codepoints | {TWINS[letter] for letter in TWINS.keys() & codepoints} | {ord("√")}  # of <msqrt>
    return kept(folder, ".woff2", (sorted(codepoints), CODE), lambda file: _cut(codepoints, file))


def _cut(codepoints, file):
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font = TTFont(FONT, recalcTimestamp=False)
    _mend_roots(font)
    subsetter = subset.Subsetter(subset.Options(layout_features=[], hinting=False))
    subsetter.populate(unicodes=codepoints)
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(file)


def _mend_roots(font):
    """Chromium keeps room for the widest form of √ after each root, and its bar would lie on tall letters."""
    table = font["MATH"].table
    table.MathConstants.RadicalVerticalGap.Value = 150
    table.MathConstants.RadicalDisplayStyleVerticalGap.Value = 200
    variants, root = table.MathVariants, font.getBestCmap()[ord("√")]
    forms = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(root)]
    taller = {each.VariantGlyph for each in forms.MathGlyphVariantRecord}
    width, _ = font["hmtx"][root]
    for name in taller | {each.glyph for each in forms.GlyphAssembly.PartRecords}:
        glyph = font["glyf"][name]
        glyph.coordinates.scale((width / font["hmtx"][name][0], 1))
        glyph.coordinates.toInt()
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = width, glyph.xMin
