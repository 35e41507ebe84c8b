"""TeX becomes MathML, written so that Markdown leaves it as it is."""

import re
from html import escape, unescape

from math_core import LatexError, LatexToMathML

FORMULA = (
    r"\$\$(?P<display>.+?)\$\$"
    r"|\[\$(?P<named>[^$\n]+)\$\](?P<target>\([^)\n]*\))"
    r"|(?<![\\$])\$(?!\s|\$)(?P<inline>(?:\\.|(?!\n\n)[^\\$])+?)(?<!\s)\$"
)
converter = LatexToMathML(fancy_error=False)


def fill(text):
    """A Text with its formulas in place, and the code points that they show."""
    shown = set()

    def formula(match):
        tex = match["display"] or match["named"] or match["inline"]
        try:
            math = converter.convert_with_local_state(
                tex.strip(), displaystyle=bool(match["display"])
            )
        except LatexError as error:
            at = match.start("display" if match["display"] else 0)
            at += len(tex) - len(tex.lstrip())
            raise text.fault(at, f"{tex.strip()!r}, character {error}") from None
        letters = unescape(re.sub(r"<[^>]*>", "", math))
        shown.update(map(ord, letters))
        math = re.sub(r"(?<=>)[^<]+", lambda m: _inert(m[0], r"*_`\|"), math.replace("\n", ""))
        source = _inert(escape(" ".join(tex.split())), r"[]`\|")
        math = math.replace("<math", f'<math alttext="{source}"', 1)
        if match["named"]:  # a screen reader does not take the name of a link from a formula
            return f'[{math}]{match["target"]}{{ aria-label="{escape(letters)}" }}'
        if match["inline"] and not match.string[: match.start()].rpartition("\n")[2].strip():
            return f"<span>{math}</span>"  # at the start of a line <math> would be a block
        return math

    return text.sub_prose(FORMULA, formula), shown


def _inert(text, signs):
    return re.sub(f"[{re.escape(signs)}]", lambda m: f"&#{ord(m[0])};", text)
