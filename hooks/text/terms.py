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
from html import escape

from .data import check, load
from .source import Fault, relative

NEEDED = {"term", "zh", "means", "see"}
FENCE = re.compile(r"^```glossary\n```$", re.MULTILINE)
# Where a page speaks of something else, or a tooltip would be in the way.
APART = (
    r"(?P<apart>^#+ [^\n]*|^ *(?:\?{3}|!{3}|/{3})\+?[^\n]*|^\[[^\]]+\]: [^\n]*|\$\$.*?\$\$|\$[^$\n]*\$"
    r"|!?\[(?:[^\[\]]|\[[^\]]*\])*\]\([^)]*\)|<(?P<tag>a|code|summary|svg)\b.*?</(?P=tag)>|<[^>]*>"
    r"|\{[^{}\n]*\})"
)


class Glossary:
    """The terms of a YAML text. path: of the text, for faults. Raises Fault."""

    def __init__(self, path, text, pages):
        terms = load(path, text, list)
        check(path, terms, "term", "term", NEEDED, {"in_text"})
        self.terms = sorted(terms, key=lambda term: term["term"].casefold())
        self.headings = {}
        for term in self.terms:
            page, _, anchor = term["see"].partition("#")
            heading = rf"^#+ (.*) \{{ #{re.escape(anchor)} \}}$"
            match = page in pages and re.search(heading, pages[page].text, re.MULTILINE)
            if not match:
                problem = f"{term['term']}: no heading has the address {term['see']}"
                raise Fault(path, term["line"], problem)
            self.headings[term["see"]] = match[1]

    def fill(self, text, page):
        """A Text of a page, its fence replaced by all terms."""
        return text.sub(FENCE, lambda _: "\n\n".join(self._entry(t, page) for t in self.terms))

    def _entry(self, term, page):
        address = relative(term["see"], page)
        anchor = re.sub(r"\W+", "-", term["term"].lower())
        return (
            f"**{term['term']}** <span lang=zh>{term['zh']}</span> {{ #{anchor} }}\n"
            f":   {term['means']} [{self.headings[term['see']]}]({address})"
        )

    def mark(self, text):
        """A Text whose first occurrence of each term in the prose has a tooltip."""
        by_form = {form: term for term in self.terms for form in _forms(term)}
        longest_first = sorted(by_form, key=len, reverse=True)
        words = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in longest_first)
        marked = set()

        def tooltip(match):
            if match["apart"]:
                return None
            term = by_form[" ".join(match[0].split())]
            if term["term"] in marked:
                return None
            marked.add(term["term"])
            return f'<abbr title="{inert(term["means"])}">{match[0]}</abbr>'

        return text.sub_prose(rf"{APART}|(?<![\w-])(?:{words})(?![\w-])", tooltip)


def inert(text):
    """Text for an attribute that stands in Markdown: no sign of it has a meaning there.

    >>> inert('a "b" *c*')
    'a &quot;b&quot; &#42;c&#42;'
    """
    return re.sub(r"[\\`*_\[\]{}()|$~^!#+-]", lambda m: f"&#{ord(m[0])};", escape(text))


def _forms(term):
    """What a term looks like in a sentence, and at the start of one."""
    forms = term.get("in_text", [term["term"], f"{term['term']}s"])
    return [*forms, *(form[0].upper() + form[1:] for form in forms)]
