"""The words inside figures, in another language, from a YAML text.

    language: zh-Hans
    words: {the words of a figure: the same in the other language}
    figures: {chapter/idea: {words of this figure alone: ...}}
    same: [what stays as it is, such as names]

Numbers may be # on both sides, and then fit any. Lines of one text are joined by a space; those of
the other language are parted by a line break, and may hold letters as in $n$, $x_i$, $k^2$.
"""

import re
from difflib import get_close_matches
from html import escape, unescape

from .data import load
from .source import Fault, Faults

TEXT = re.compile(
    r'^(?P<in> *)<g data-at="(?P<at>[^"]*)">\n(?P<before>.*?)^ *(?P<placed><(?:g [^>]*transform|text).*?)^(?P=in)</g>'
    r"|<text(?P<style>[^>]*)>(?P<single>[^<]+)</text>|<text>(?P<letters>\s*<tspan.*?)</text>",
    re.MULTILINE | re.DOTALL,
)
LINE = re.compile(r"<text[^>]*>(.*?)</text>", re.DOTALL)
LETTERS = re.compile(r"[A-Za-z]{2}")
NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")
KEPT = re.compile(r"(font-size|font-weight|fill): ([^;\"]+)")
MATHS = re.compile(r"\$(\w)(?:([_^])\{?([^{}$]+)\}?)?\$")
LEADING = 14.4  # between two lines, as matplotlib sets letters of 12


class Words:
    """The words of a YAML text; percent: how the other language writes it after a number."""

    def __init__(self, path, text, percent):
        self.path, self.percent = path, percent
        told = load(path, text, "words")
        self.language, self.words, self.own = told["language"], told["words"], told["figures"]
        self.same, self.missing = set(told["same"]), []

    def figures(self, drawn):
        """The figures {name: what it is} with their words. Raises Faults with all that are missing."""
        made = {
            name: figure | {"svg": {end: self._fill(name, svg) for end, svg in figure["svg"].items()}}
            for name, figure in drawn.items()
        }
        if self.missing:
            raise Faults(self.missing)
        return made

    def _fill(self, name, svg):
        def text(match):
            if match["at"]:
                plain = " ".join(_letters(line) or line for line in LINE.findall(match["placed"]))
                return self._placed(match, self._find(name, unescape(plain)))
            if match["letters"]:
                return self._apart(match, self._find(name, unescape(_letters(match["letters"]))))
            words = self._find(name, unescape(match["single"]))
            return f"<text{match['style']}>{_typeset(words)}</text>"

        return TEXT.sub(text, svg).replace("<svg", f'<svg xml:lang="{self.language}"', 1)

    def _find(self, name, words):
        """What the other language says for words of a figure; what it misses is noted."""
        words = " ".join(words.split())
        if not LETTERS.search(words) or words in self.same:
            return re.sub(r"(?<=\d)\s%", self.percent, words)
        numbers = NUMBER.findall(words)
        pattern = NUMBER.sub("#", words)
        if pattern in self.same:
            return words
        own = self.own.get(name, {})
        for known in own, self.words:
            for key in words, pattern:
                if key in known:
                    return re.sub("#", lambda _: numbers.pop(0), known[key]) if key == pattern else known[key]
        near = get_close_matches(pattern, {*own, *self.words}, n=3, cutoff=0)
        problem = f"no words for {pattern!r} in figure {name}; the nearest: {', '.join(near)}"
        self.missing += Fault(self.path, 1, problem).faults
        return words

    def _placed(self, match, words):
        anchor, x, y, angle = match["at"].split()
        lines = words.split("\n")
        first = 4.3 - LEADING * (len(lines) - 1) / 2  # the middle of a letter lies so far above its foot
        if (anchor, angle) == ("end", "-90") and not LETTERS.search(words):  # a name below an axis, in Chinese
            anchor, angle, lines, first = "middle", 0, list(words), 11
        style = _style(match["placed"], anchor)
        spans = (f'<tspan x="0" y="{first + LEADING * i:.2f}">{_typeset(line)}</tspan>' for i, line in enumerate(lines))
        text = f'<text style="{style}" transform="translate({x} {y}) rotate({angle})">{"".join(spans)}</text>'
        return f"{match['in']}<g>\n{match['before']}{text}\n{match['in']}</g>"

    def _apart(self, match, words):
        """Instead of letters that stand one by one, unless they are a formula that stays: words amid their place."""
        letters = " ".join(unescape(_letters(match["letters"])).split())
        if words == letters or not LETTERS.search(letters):
            return match[0]
        foot = re.findall(r'y="([^"]*)"', match["letters"])[-1]
        right = max(float(x) for each in re.findall(r'\bx="([^"]*)"', match["letters"]) for x in each.split())
        style = _style(match["letters"], "middle")
        return f'<text style="{style}" x="{right / 2 + 3:.2f}" y="{foot}">{_typeset(words)}</text>'


def _letters(text):
    return "".join(re.findall(r">([^<]*)</tspan>", text))


def _style(text, anchor):
    """The style of the first letters of an SVG's text, at another anchor."""
    kept = {}
    for name, value in KEPT.findall(text):
        kept.setdefault(name, value)
    return "; ".join([*(f"{name}: {value}" for name, value in kept.items()), f"text-anchor: {anchor}"])


def _typeset(words):
    """Words as the inside of an SVG's <text>, with their letters of formulas."""

    def letter(match):
        base, side, small = match.groups()
        way = {"_": 3, "^": -4}.get(side)
        more = f'<tspan dy="{way}" font-size="75%">{small}</tspan><tspan dy="{-way}">\u200b</tspan>' if side else ""
        return f'<tspan font-style="oblique">{base}</tspan>{more}'

    return MATHS.sub(letter, escape(words, quote=False))
