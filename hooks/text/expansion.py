"""The whole site as plain Markdown with its figures, for any generator."""

import hashlib
import re
from dataclasses import dataclass, field

from drawing.palette import css
from running.snippet import copy

from . import code, figures, formulas, gallery, numbers
from .claims import Ledger
from .source import Fault
from .terms import Glossary
from .works import Works

# What is left of a mistyped directive.
LEFT = re.compile(r"--8<--|^ *(?:`{3,}|~{3,}) *(?:claims|ledger|sources|bibliography|glossary|gallery)\b", re.M)
FIGURE_NAME = re.compile(r"figures/([\w/-]+)\.svg\)")
LEFT_NUMBER = r"\{\{[^\n]*"


class Faults(Exception):
    """All mistakes that an expansion met."""

    def __init__(self, faults):
        self.faults = list({str(fault): fault for fault in faults}.values())
        super().__init__("\n".join(map(str, self.faults)))


@dataclass
class Sources:
    """What authors wrote, and what running it gave.

    pages: {page: Text}, in the order of the site, labs among them. claims, works, terms:
    (path, text) of the YAML files. snippets, labs: {name: what it gave}. code: {name: text}
    of snippets. style: the text of style.py. labels: words of the site's language.
    """

    pages: dict
    claims: tuple
    works: tuple
    terms: tuple
    snippets: dict
    code: dict
    style: str
    labs: dict
    labels: dict


@dataclass
class Site:
    """The expanded site.

    texts: {page: Text} as a generator takes them. plain: {page: Text} with formulas as TeX
    and figures as images, for readers of text. files: {path: content} of figures and code.
    characters: the code points of all formulas. ledger: the claims.
    """

    texts: dict = field(default_factory=dict)
    plain: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    characters: set = field(default_factory=set)
    ledger: Ledger = None


def expand(sources, kept):
    """The Site of Sources. Raises Faults with all that is wrong.

    kept: what typesetting gave before, {key: (Text, code points)}; becomes what it gives now.
    """
    site, faults, before = Site(), [], dict(kept)
    kept.clear()

    def each(pages, step):
        """What a step makes of each page; notes its faults and goes on."""
        made = {}
        for page, text in pages.items():
            try:
                made[page] = step(text, page)
            except Fault as fault:
                faults.append(fault)
        return made

    def data():
        titles = {page: text.title() for page, text in sources.pages.items()}
        site.ledger = Ledger(*sources.claims, sources.snippets, titles)
        works = Works(*sources.works, sources.pages, sources.labels["cited"])
        return works, Glossary(*sources.terms, sources.pages)

    try:
        works, glossary = data()
    except Fault as fault:
        raise Faults([fault]) from None
    known = sources.snippets | {"claims": {"results": site.ledger.counts()}}
    drawn = _figures(sources)

    def fill(text, page):
        text = numbers.fill(works.fill(text, page), known)
        text = glossary.fill(site.ledger.fill(text, page), page)
        text = code.fill(text, sources.snippets, sources.code)
        figures.check(text)
        return text

    def finish(text, page):
        text = gallery.fill(text, page, filled, drawn)
        _nothing_left(text)
        return text

    def typeset(text, page):
        names = [name for name in FIGURE_NAME.findall(text.text) if name in drawn]
        pictures = [drawn[name]["png"].name for name in names]  # named by a hash of their origin
        key = hash_of(page, text.text, text.origins, sources.terms, sources.labels, pictures)
        kept[key] = before.get(key) or _typeset(text, page)
        text, shown = kept[key]
        site.characters |= shown
        return text

    def _typeset(text, page):
        if not page.startswith(("labs/", "reference/")):
            text = glossary.mark(text)
        text, shown = formulas.fill(text)
        return figures.fill(text, drawn, sources.labels["code"]), shown

    filled = each(sources.pages, fill)
    site.plain = each(filled, finish) if not faults else {}
    site.texts = each(site.plain, typeset)
    if faults:
        raise Faults(faults)
    for name, figure in drawn.items():
        site.files[f"figures/{name}.svg"] = figure["file"]
        site.files[f"figures/{name}.png"] = figure["png"]
        if figure["csv"]:
            site.files[f"figures/{name}.csv"] = figure["csv"]
    site.files |= {f"code/{name}.py": copy(t, sources.style) for name, t in sources.code.items()}
    site.files["assets/palette.css"] = css(sources.style)
    return site


def hash_of(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _figures(sources):
    """All figures: {name: {"svg", "file", "png", "csv", "code"}}."""
    drawn = {
        name: entry | {"code": copy(sources.code[name], sources.style)}
        for name, entry in sources.snippets.items()
    }
    for entry in sources.labs.values():
        drawn |= {f"labs/{n}": figure | {"code": ""} for n, figure in entry["figures"].items()}
    return drawn


def _nothing_left(text):
    """Raises Fault at what looks like a directive and is none."""
    hint = "is no directive that the site knows: see its exact form in README"
    if match := LEFT.search(text.text):
        raise text.fault(match.start(), f"{match[0].strip()!r} {hint}")

    def number(match):
        raise text.fault(match.start(), f"{match[0].strip()[:60]!r} {hint}")

    text.sub_prose(LEFT_NUMBER, number)
