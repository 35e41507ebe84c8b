"""The whole site as plain Markdown with its figures, for any generator."""

import re
from dataclasses import dataclass
from functools import partial

from drawing.palette import css
from running.snippet import copy

from . import code, exercises, figures, formulas, numbers
from .changes import Changes
from .claims import Ledger
from .source import Faults, Text
from .terms import Glossary
from .words import Words
from .works import Works

FENCES = "claims|ledger|verdicts|sources|bibliography|glossary|gallery|changes|exercises"
FENCE = re.compile(rf"```(?<=^```)(?P<kind>{FENCES})\n(?P<body>.*?)\n?^```$", re.MULTILINE | re.DOTALL)
LEFT = re.compile(rf"--8<--|```+ *(?:{FENCES})\b|~~~+ *(?:{FENCES})\b")  # of a mistyped directive


@dataclass
class Sources:
    """What authors wrote, and what running it gave."""

    pages: dict  # {page: Text}, in the order of the site, labs among them
    claims: tuple  # (path, text) of a file, as the next three
    works: tuple
    terms: tuple
    changes: tuple
    told: dict  # {claims, terms, words: the same of a translation}, or {} in the language of the original
    snippets: dict  # {name: what it gave}, as labs
    code: dict  # {name: text} of the snippets
    style: str  # the text of style.py
    labs: dict
    labels: dict  # words of the site's language
    made: str  # the edition, when it was made, and of which commit


@dataclass
class Site:
    """The expanded site."""

    texts: dict  # {page: Text} as a generator takes them
    plain: dict  # {page: Text} with formulas as TeX and figures as images, for readers of text
    files: dict  # {path: content} of figures and code
    slides: dict  # {path: (PNG, headline, where it is from)} of figures that explain
    pictures: dict  # {page: the path of its first slide}
    characters: set  # the code points of all formulas
    ledger: Ledger


def expand(sources):
    """The Site of Sources. Raises Faults with all that is wrong."""
    titles = {page: text.title() for page, text in sources.pages.items()}
    ledger = Ledger(*sources.claims, sources.told.get("claims"), sources.snippets, titles, sources.labels)
    works = Works(*sources.works, titles, sources.labels["cited"] + sources.labels["colon"])
    terms = Glossary(*sources.terms, sources.told.get("terms"), sources.pages)
    changes = Changes(*sources.changes)
    known = sources.snippets | {"claims": {"results": ledger.counts()}}
    drawn = sources.snippets | {f"labs/{n}": fig for lab in sources.labs.values() for n, fig in lab["figures"].items()}
    if "words" in sources.told:
        drawn = Words(*sources.told["words"], sources.labels["percent"]).figures(drawn)
    numbered, plain, characters = figures.count(sources.pages), {}, set()

    def fill(text, page):
        text = figures.number(text, page, numbered, sources.labels)
        made = {"claims": ledger.table, "ledger": ledger.entries, "verdicts": ledger.verdicts, "sources": works.cite}
        text = _fill(text, page, **made)
        text = code.fill(numbers.fill(text, known), sources.snippets, sources.code)
        return Text(text.text.replace(numbers.PERCENT, sources.labels["percent"]), text.origins)

    def finish(text, page):
        made = {"bibliography": works.entries, "glossary": terms.entries, "changes": changes.entries}
        made["gallery"] = partial(figures.gallery, pages=filled, figures=drawn, labels=sources.labels)
        made["exercises"] = partial(exercises.sheet, pages=filled, label=sources.labels["solutions"])
        text = _fill(text, page, **made)
        plain[page] = formulas.plain(text)
        if match := LEFT.search(text.text):
            problem = f"{match[0]!r} is no directive that the site knows: see its exact form in CONTRIBUTING.md"
            raise text.fault(match.start(), problem)
        if not page.startswith("reference/"):
            text = terms.mark(text)
        text, shown = formulas.fill(text)
        characters.update(shown)
        return figures.fill(text, drawn, sources.labels)

    filled = _each(sources.pages, fill)
    slides, pictures = {}, {}
    for page, text in filled.items():
        origin = sources.labels["origin"].format(" · ".join(dict.fromkeys((titles["index.md"], titles[page]))))
        for name, headline in figures.slides(text, drawn, sources.labels["figure"]).items():
            path = f"figures/{name}-slide.png"
            slides.setdefault(path, (drawn[name]["png"], headline, origin))
            pictures.setdefault(page, path)
            drawn[name] = drawn[name] | {"slide": path}
    texts = _each(filled, finish)
    files = {"assets/palette.css": css(sources.style), "reference/bibliography.bib": works.bibtex()}
    files["changes.xml"] = changes.feed(titles["index.md"])
    for name, text in sources.code.items():
        files |= {f"code/{name}.py": copy(text, sources.style), f"code/{name}.js": sources.snippets[name]["code"]}
    for name, figure in drawn.items():
        files |= {f"figures/{name}{end}": content for end, content in figures.files(figure, sources.made).items()}
    return Site(texts, plain, files, slides, pictures, characters, ledger)


def _fill(text, page, **makers):
    """A Text of a page, in which each fence is what the maker of its kind makes of its body."""

    def fence(match):
        if make := makers.get(match["kind"]):
            return make(text.part(*match.span("body")), page)

    return text.sub(FENCE.finditer(text.text), fence)


def _each(pages, step):
    """What a step makes of each page. Raises Faults, after each had its turn."""
    made, faults = {}, []
    for page, text in pages.items():
        try:
            made[page] = step(text, page)
        except Faults as error:
            faults += error.faults
    if faults:
        raise Faults(faults)
    return made
