"""TeX becomes MathML, written so that Markdown leaves it as it is."""

import re
from functools import lru_cache
from html import escape, unescape

from math_core import LatexError, LatexToMathML

from .source import inert, prose

FORMULA = (
    r"\$\$(?P<display>.+?)\$\$"
    r"|\[\$(?P<named>[^$\n]+)\$\](?P<target>\([^)\n]*\))"
    r"|\$(?<![\\$]\$)(?!\s|\$)(?P<inline>(?:\\.|(?!\n\n)[^\\$])+?)(?<!\s)\$"
)
converter = LatexToMathML(fancy_error=False)


def fill(text):
    """A Text with its formulas in place, and the code points that they show."""
    shown = set()

    def formula(match):
        tex = match["display"] or match["named"] or match["inline"]
        try:
            math, letters = _typeset(tex, bool(match["display"]))
        except LatexError as error:
            at = text.text.index(tex.strip(), match.start())
            raise text.fault(at, f"{tex.strip()!r}, character {error}") from None
        shown.update(map(ord, letters))
        if match["named"]:  # a screen reader does not take the name of a link from a formula
            return f'[{math}]{match["target"]}{{ aria-label="{escape(letters)}" }}'
        if match["inline"] and not match.string[: match.start()].rpartition("\n")[2].strip():
            return f"<span>{math}</span>"  # at the start of a line <math> would be a block
        return math

    return text.sub(prose(text.text, FORMULA), formula), shown


@lru_cache(5000)
def _typeset(tex, display):
    """The MathML of a formula, and the letters that it shows."""
    math = converter.convert_with_local_state(tex.strip(), displaystyle=display)
    letters = unescape(re.sub(r"<[^>]*>", "", math))
    math = re.sub(r"(?<=>)[^<]+", lambda m: inert(m[0], r"*_`\|"), math.replace("\n", ""))
    source = inert(escape(" ".join(tex.split())), r"[]`\|")
    return math.replace("<math", f'<math alttext="{source}"', 1), letters
