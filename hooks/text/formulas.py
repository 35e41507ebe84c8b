"""TeX becomes MathML, written so that Markdown leaves it as it is."""

import re
from functools import lru_cache
from html import escape, unescape

from math_core import LatexError, LatexToMathML

from .source import inert, prose

FORMULA = (
    r"\$\$(?P<display>.+?)\$\$"
    r"|\[\$(?P<named>[^$\n]+)\$\](?P<target>\([^)\n]*\))"
    r"|\$(?<![\\$]\$)(?!\s|\$)(?P<inline>(?:\\.|(?!\n\n)[^\\$])+?)(?<!\s)\$(?P<after>[.,;:!?)’”，。；：！？）、]*)"
)
ALONE = r"(?P<alone>\$)(?<!\\\$)"
ROW = re.compile(r"(<mtr><mtd[^>]*>|</mtd><mtd[^>]*>)<mo>([=+−≤≥≈<>]|&[lg]t;)")  # a row that goes on with a sign
# The parts that belong to one operation. math-core can only colour them, which here becomes a class.
MACROS = {"conv": r"\textcolor{blue}{#1}", "att": r"\textcolor{orange}{#1}"}
CLASSES = {'style="color:#0000FF;"': 'class="convolution"', 'style="color:#FF8001;"': 'class="attention"'}
MACRO = r"\\(?:conv|att)(?=\{)"
converter = LatexToMathML(fancy_error=False, macros=MACROS)


def fill(text):
    """A Text with its formulas in place, and the code points that they show."""
    shown = set()

    def formula(match):
        if match["alone"]:
            raise text.fault(match.start(), "a $ alone: a formula has one at each end, and no space beside it within")
        tex = match["display"] or match["named"] or match["inline"]
        try:
            math, letters = _typeset(tex, bool(match["display"]))
        except LatexError as error:
            at = text.text.index(tex.strip(), match.start())
            raise text.fault(at, f"{tex.strip()!r}, character {error}") from None
        shown.update(map(ord, letters))
        if match["named"]:  # a screen reader does not take the name of a link from a formula
            return f'[{math}]{match["target"]}{{ aria-label="{escape(letters)}" }}'
        if match["after"]:
            return f"<span class=one>{math}{match['after']}</span>"  # or a line might begin with a full stop
        if match["inline"] and not match.string[: match.start()].rpartition("\n")[2].strip():
            return f"<span>{math}</span>"  # at the start of a line <math> would be a block
        return math

    return text.sub(prose(text.text, f"{FORMULA}|{ALONE}"), formula), shown


def plain(text):
    """A Text whose formulas are TeX that everyone knows."""
    return text.sub(prose(text.text, MACRO), lambda _: "")


@lru_cache(20000)
def _typeset(tex, display):
    """The MathML of a formula, and the letters that it shows."""
    math = converter.convert_with_local_state(tex.strip(), displaystyle=display)
    for style, name in CLASSES.items():
        math = math.replace(style, name)
    math = ROW.sub(r'\1<mo form="infix">\2', math)
    letters = unescape(re.sub(r"<[^>]*>", "", math))
    math = re.sub(r"(?<=>)[^<]+", lambda m: inert(m[0], r"*_`\|"), math)
    source = inert(escape(" ".join(re.sub(MACRO, "", tex).split())), r"[]`\|")
    return math.replace("<math", f'<math alttext="{source}"', 1), letters
