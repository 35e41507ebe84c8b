"""The glossary: the terms of the chapters, each in one sentence.

docs/glossary.yml holds them. The glossary's own page shows all; in a chapter the first
occurrence of a term carries its sentence as a tooltip.

    ```glossary
    ```

A term has its Chinese name zh, the sentence means, and see, the page.md#anchor of the heading
that explains it. A word that also has a plain meaning, like key, says in in_text how it looks
when the term is meant; without in_text, that is the term and its plural in -s.
"""

import re
from functools import cache
from html import escape

from .data import DataError, check, load
from .page import relative

NEEDED = {"term", "zh", "means", "see"}
FENCE = re.compile(r"^```glossary\n```$", re.MULTILINE)
APART = "a|abbr|code|h[1-6]|math|pre|script|style|summary|svg"
PART = re.compile(rf"<(?P<apart>{APART})\b.*?</(?P=apart)>|<[^>]*>|(?P<text>[^<]+)", re.DOTALL)


@cache
def read(text):
    """The terms in a YAML text, in order; may raise DataError."""
    terms = load(text)
    check(terms, "term", "term", NEEDED, {"in_text"})
    return sorted(terms, key=lambda term: term["term"].casefold())


def headings(terms, pages):
    """The heading that each term leads to, {see: its text}, in pages {page: Markdown}."""
    found = {}
    for term in terms:
        page, _, anchor = term["see"].partition("#")
        heading = rf"^#+ (.*) \{{ #{re.escape(anchor)} \}}$"
        match = re.search(heading, pages.get(page, ""), re.MULTILINE)
        if not match:
            problem = f"{term['term']}: no heading has the address {term['see']}"
            raise DataError(term["line"], problem)
        found[term["see"]] = match[1]
    return found


def expand(markdown, page, terms, found):
    """A page with its fence replaced by all terms; found is what headings() gave."""

    def all_terms(_):
        return "\n\n".join(_entry(term, found[term["see"]], page) for term in terms)

    return FENCE.sub(all_terms, markdown)


def _entry(term, heading, page):
    address = relative(term["see"], page)
    anchor = re.sub(r"\W+", "-", term["term"].lower())
    return (
        f"**{term['term']}** <span lang=zh>{term['zh']}</span> {{ #{anchor} }}\n"
        f":   {term['means']} [{heading}]({address})"
    )


def mark(html, terms):
    """HTML whose first occurrence of each term is an <abbr>, outside of all that is APART.

    >>> mark("<h1>Keys</h1> <a>key</a>, Keys, keys", [{"term": "key", "means": 'A "k"'}])
    '<h1>Keys</h1> <a>key</a>, <abbr title="A &quot;k&quot;">Keys</abbr>, keys'
    """
    by_form = {form: term for term in terms for form in _forms(term)}
    longest_first = sorted(by_form, key=len, reverse=True)
    words = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in longest_first)
    pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")
    marked = set()

    def tooltip(match):
        term = by_form[" ".join(match[0].split())]
        if term["term"] in marked:
            return match[0]
        marked.add(term["term"])
        return f'<abbr title="{escape(term["means"])}">{match[0]}</abbr>'

    def part(match):
        return pattern.sub(tooltip, match[0]) if match["text"] else match[0]

    return PART.sub(part, html)


def _forms(term):
    """What a term looks like in a sentence, and at the start of one."""
    forms = term.get("in_text", [term["term"], f"{term['term']}s"])
    return [*forms, *(form[0].upper() + form[1:] for form in forms)]
