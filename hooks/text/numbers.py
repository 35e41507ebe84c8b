"""Numbers of the snippets, in sentences: {{ chapter/idea.key:format }}; written() shows each format."""

import re

from .source import prose

NUMBER = (
    r"\{\{ *(?P<name>[\w/-]+)\.(?P<key>\w+)(?::(?P<format>[^{}\n]*?))? *\}\}"
    r"|\{\{[^\n]*"  # a mistyped one
)
RANGE = r"–(?<=\d–)(?=[\d.])"
FORMAT = re.compile(r"(\+?)(\.\d+[fe%])(?: ([kMGT]B))?")
BOUND = re.compile(r"([<>])([\d.e-]+)(%?)")
UNITS = {None: 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
PERCENT = "\u00a0%"  # after a number, in the language of the original
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def fill(text, snippets):
    """A Text with its numbers in place, each range on one line; snippets: {name: what it gave}."""

    def number(match):
        if not match["name"]:
            raise text.fault(match.start(), f"{match[0][:60]!r} is no number like {{{{ chapter/idea.key }}}}")
        where = f"{match['name']}.{match['key']}"
        try:
            return written(find(where, snippets, text, match.start()), match["format"] or "")
        except ValueError as error:
            raise text.fault(match.start(), f"{where} {error}") from None

    text = text.sub(prose(text.text, NUMBER), number)
    return text.sub(prose(text.text, RANGE), lambda _: "–\u2060")


def find(where, snippets, text, offset):
    """The number chapter/idea.key (where). Raises Fault at a place in a text if there is none."""
    name, _, key = where.rpartition(".")
    results = text.look_up(snippets, name, offset, f"snippet '{name}'")["results"]
    return text.look_up(results, key, offset, f"number '{key}' of {name}")


def written(value, format=""):
    """A number as a page shows it. Raises ValueError for a format that does not fit it.

    Of <1e-12 and >40% the page shows the bound, and it is an error if the number is on its other side.

    >>> written(262144), written(-1024), written(0.874, ".2f"), written(-0.001, ".1f")
    ('262,144', '−1,024', '0.87', '0.0')
    >>> written(8.94e-15, ".1e"), written(52.4e9, ".1f GB"), written(3e-13, "<1e-12")
    ('8.9 × 10⁻¹⁵', '52.4\\xa0GB', '10⁻¹²')
    >>> written(1.2, "+.1f"), written(0.87, ".0%"), written(0.42, ">40%")
    ('+1.2', '87\\xa0%', '40\\xa0%')
    >>> written(0.5)
    Traceback (most recent call last):
    ValueError: is 0.5: say how many digits to show, as in :.2f
    """
    if isinstance(value, bool):
        raise ValueError("is a truth value, not a number")
    if not format:
        if not isinstance(value, int):
            raise ValueError(f"is {value}: say how many digits to show, as in :.2f")
        return typeset(f"{value:,}")
    if match := BOUND.fullmatch(format):
        side, bound, percent = match.groups()
        limit = float(bound) / (100 if percent else 1)
        if not (value < limit if side == "<" else value > limit):
            raise ValueError(f"is {value}, not {side} {bound}{percent}")
        return typeset(bound + percent)
    if match := FORMAT.fullmatch(format):
        sign, digits, unit = match.groups()
        text = typeset(f"{value / UNITS[unit]:{sign}z,{digits}}")
        return f"{text}\u00a0{unit}" if unit else text
    raise ValueError(f"has the format {format!r}; there are :.2f :+.1f :.0% :.1e :.1f MB :<1e-12")


def typeset(text):
    """What Python's format makes of a number, as in print."""
    mantissa, power, exponent = text.partition("e")
    if power:
        text = f"{mantissa} × 10{str(int(exponent)).translate(RAISED)}".removeprefix("1 × ")
    return text.replace("-", "−").replace("%", PERCENT)
