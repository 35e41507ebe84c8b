"""Numbers of the snippets, in sentences: {{ chapter/idea.key }}, {{ chapter/idea.key:format }}.

    format      a page shows
    none        12  262,144  −3          a whole number
    .2f         0.87  −1.50  52,400.00   so many decimals
    +.1f        +0.4  −1.2               always with its sign
    .0%         87 %                     of a share
    .1e         8.9 × 10⁻¹⁵              a power of ten
    .1f MB      52.4 MB                  bytes, in kB, MB, GB or TB
    <1e-12      10⁻¹²                    the bound; a fault if the number is not below it
    >0.9        0.9                      the bound; a fault if the number is not above it
"""

import operator
import re

NUMBER = (
    r"\{\{ *(?P<name>[\w/-]+)\.(?P<key>\w+)(?::(?P<format>[^{}\n]*?))? *\}\}"
)
FORMAT = re.compile(r"(?P<sign>\+?)(?P<digits>\.\d+)(?P<kind>[fe%])(?: (?P<unit>[kMGT]B))?")
BOUND = re.compile(r"(?P<side>[<>])(?P<bound>[\d.e-]+)(?P<percent>%?)")
UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
SIDES = {"<": operator.lt, ">": operator.gt}
RAISED = str.maketrans("−0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def fill(text, snippets):
    """A Text with its numbers in place; snippets: {name: what it gave}."""

    def number(match):
        name, key = match["name"], match["key"]
        if name not in snippets:
            known = ", ".join(sorted(snippets))
            raise text.fault(match.start(), f"there is no snippet '{name}'; there are: {known}")
        results = snippets[name]["results"]
        if key not in results:
            known = ", ".join(sorted(results))
            raise text.fault(match.start(), f"{name} has no '{key}'; it has: {known}")
        try:
            return written(results[key], match["format"] or "")
        except ValueError as error:
            raise text.fault(match.start(), f"{name}.{key} {error}") from None

    return text.sub_prose(NUMBER, number)


def written(value, format=""):
    """A number as a page shows it. Raises ValueError for a format that does not fit it.

    >>> written(262144), written(-3), written(0.874, ".2f"), written(-0.001, ".1f")
    ('262,144', '−3', '0.87', '0.0')
    >>> written(8.94e-15, ".1e"), written(52.4e9, ".1f GB"), written(3e-13, "<1e-12")
    ('8.9 × 10⁻¹⁵', '52.4\\xa0GB', '10⁻¹²')
    >>> written(0.5)
    Traceback (most recent call last):
    ValueError: is 0.5: say how many digits to show, as in :.2f
    """
    if isinstance(value, bool):
        raise ValueError("is a truth value: let a claim compare it")
    if not format:
        if not isinstance(value, int):
            raise ValueError(f"is {value}: say how many digits to show, as in :.2f")
        return _plain(value, "d")
    if match := BOUND.fullmatch(format):
        bound = float(match["bound"]) / (100 if match["percent"] else 1)
        if not SIDES[match["side"]](value, bound):
            raise ValueError(f"is {value}, not {match['side']} {match['bound']}{match['percent']}")
        text = match["bound"]
        return f"{text}\u00a0%" if match["percent"] else _power(text) if "e" in text else text
    match = FORMAT.fullmatch(format)
    if not match:
        raise ValueError(f"has the format {format!r}; there are :.2f :+.1f :.0% :.1e :.1f MB :<1e-12")
    sign, digits = match["sign"], match["digits"]
    if match["kind"] == "e":
        return _power(f"{value:{sign}{digits}e}")
    if match["kind"] == "%":
        return _plain(100 * value, f"{sign}z{digits}f") + "\u00a0%"
    if match["unit"]:
        return _plain(value / UNITS[match["unit"]], f"{sign}z{digits}f") + f"\u00a0{match['unit']}"
    return _plain(value, f"{sign}z{digits}f")


def _plain(value, spec):
    if abs(value) >= 9_999.5:
        spec = spec.replace("d", ",d").replace(".", ",.")
    return format(value, spec).replace("-", "−")


def _power(text):
    mantissa, _, exponent = text.replace("-", "−").partition("e")
    exponent = exponent.replace("+", "").replace("−0", "−").lstrip("0") or "0"
    power = f"10{exponent.translate(RAISED)}"
    return power if mantissa == "1" else f"{mantissa} × {power}"
