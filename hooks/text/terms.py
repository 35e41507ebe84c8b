"""The glossary: terms, each in one sentence, which is the tooltip of its first use in a chapter."""

import re
from html import escape

from . import translation
from .data import index, load
from .source import HEADING, Text, inert, prose, relative

# Where a page speaks of something else, or a tooltip would be in the way.
APART = (
    r"#(?<=^#)[^\n]*|\?\?\?[^\n]*|!!![^\n]*|///[^\n]*|\$\$.*?\$\$|\$[^$\n]*\$|\{[^{}\n]*\}"
    r"|\[(?:[^\[\]]|\[[^\]]*\])*\](?:\([^)]*\)|: [^\n]*)"
    r"|<(?P<tag>a|code|summary|svg)\b.*?</(?P=tag)>|<[^>]*>"
)
LANGUAGE = {"term": "en", "zh": "zh"}  # of the names of a term
SIGNS = r"\`*_[]{}()|$~^!#+-"  # that mean something in Markdown


class Glossary:
    """The terms of a YAML text. Raises Fault if no page has the heading that explains one.

    told: the path and text of a translation, or None. Then zh is the name of a term, and term its second one.
    """

    def __init__(self, path, text, told, pages):
        terms = index(path, load(path, text, "terms"), "term").values()
        self.name, self.second = ("zh", "term") if told else ("term", "zh")
        if told:
            path, terms = told[0], translation.terms(*told, terms)
        self.terms = sorted(terms, key=lambda term: _order(term[self.name]))
        found = ((page, match) for page, text in pages.items() for match in re.finditer(HEADING, text.text, re.M))
        self.by_form, self.headings = {}, {f"{page}#{match['id']}": match["title"] for page, match in found}
        for term in self.terms:
            Text.at("", path, term.line).look_up(self.headings, term["see"], 0, f"heading '{term['see']}'")
            for form in term.get("in_text", [term["zh"]] if told else [term["term"], f"{term['term']}s"]):
                self.by_form |= {form: term, form[0].upper() + form[1:]: term}
        self.pattern = f"{APART}|{_any_of(self.by_form)}"

    def entries(self, _, page):
        """All terms."""
        items = []
        for term in self.terms:
            anchor = re.sub(r"\W+", "-", term["term"].lower())
            second = f"<span lang={LANGUAGE[self.second]}>{term[self.second]}</span>"
            name = f"**{term[self.name]}** {second} {{ #{anchor} }}"
            means = term["means"] if term["means"].endswith("。") else f"{term['means']} "
            items.append(f"{name}\n:   {means}[{self.headings[term['see']]}]({relative(term['see'], page)})")
        return "\n\n".join(items)

    def mark(self, text):
        """A Text whose first occurrence of each term in the prose has a tooltip."""
        left = {term["term"]: term["means"] for term in self.terms}

        def tooltip(match):
            term = self.by_form.get(" ".join(match[0].split()))
            if term and (means := left.pop(term["term"], None)):
                return f'<abbr title="{inert(escape(means), SIGNS)}">{match[0]}</abbr>'

        return text.sub(prose(text.text, self.pattern), tooltip)


def _order(name):
    """What names are sorted by: letters, or for Chinese pinyin, in which this encoding stands."""
    return name.casefold().encode("gb18030")


def _any_of(words):
    """A pattern of whole words, as Latin letters make them.

    Each alternative begins with a letter of its own: see source.CODE.
    """
    rests = {}
    for word in sorted(words, key=len, reverse=True):
        rests.setdefault(word[0], []).append(r"\s+".join(map(re.escape, word[1:].split(" "))))
    rests = {re.escape(letter): "|".join(each) for letter, each in rests.items()}
    return "|".join(rf"{letter}(?<![A-Za-z\d-].)(?:{each})(?![A-Za-z\d-])" for letter, each in rests.items())
