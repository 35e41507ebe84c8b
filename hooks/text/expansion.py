"""The whole site as plain Markdown with its figures, for any generator."""

import re
from dataclasses import dataclass
from functools import lru_cache, partial

from drawing.palette import css
from running.snippet import copy

from . import code, exercises, figures, formulas, numbers
from .changes import Changes
from .claims import Ledger
from .data import load
from .source import FRONT, Faults, Text, prose
from .terms import Glossary
from .words import Words
from .works import Works

FENCES = "claims|ledger|verdicts|sources|bibliography|glossary|gallery|changes|exercises"
FENCE = re.compile(rf"```(?<=^```)(?P<kind>{FENCES})\n(?P<body>.*?)\n?^```$", re.MULTILINE | re.DOTALL)
LEFT = re.compile(rf"--8<--|```+ *(?:{FENCES})\b|~~~+ *(?:{FENCES})\b")  # of a mistyped directive
BLOCK = r"/(?<=^/)(?P<slashes>//+) *(?P<what>[^\n]*)"
ALL = re.compile(r"^```(?:gallery|exercises)$", re.MULTILINE)  # a page with these shows all others
KNOWN = re.compile(r"caption|html \| \S+")  # blocks of Markdown


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
    cited = {page: "\n".join(fence["body"] for fence in FENCE.finditer(text.text) if fence["kind"] == "sources")
             for page, text in sources.pages.items()}
    works = Works(*sources.works, cited, titles, sources.labels["cited"] + sources.labels["colon"])
    terms = Glossary(*sources.terms, sources.told.get("terms"), sources.pages)
    changes = Changes(*sources.changes)
    known = sources.snippets | {"claims": {"results": ledger.counts()}}
    drawn = sources.snippets | {f"labs/{n}": fig for lab in sources.labs.values() for n, fig in lab["figures"].items()}
    if "words" in sources.told:
        drawn = Words(*sources.told["words"], sources.labels["percent"]).figures(drawn)
    numbered = figures.count(sources.pages)

    def fill(text, page):
        text = figures.number(text, page, numbered, sources.labels)
        made = {"claims": ledger.table, "ledger": ledger.entries, "verdicts": ledger.verdicts, "sources": works.cite}
        text = _fill(text, page, **made)
        text = code.fill(numbers.fill(text, known), sources.snippets, sources.code)
        return Text(text.text.replace(numbers.PERCENT, sources.labels["percent"]), text.origins)

    def finish(text, page):
        """The Text of a page as a generator takes it, as readers of text do, and what its formulas show."""
        made = {"bibliography": works.entries, "glossary": terms.entries, "changes": changes.entries}
        made["gallery"] = partial(figures.gallery, pages=filled, figures=drawn, labels=sources.labels)
        made["exercises"] = partial(exercises.sheet, pages=filled, label=sources.labels["solutions"])
        text = _fill(text, page, **made)
        read = formulas.plain(text)
        if front := re.match(FRONT, text.text, re.MULTILINE | re.DOTALL):
            load(text.origins[0][0], front[0].removesuffix("---"), "front matter")
        _check_blocks(text)
        if match := LEFT.search(text.text):
            problem = f"{match[0]!r} is no directive that the site knows: see its exact form in CONTRIBUTING.md"
            raise text.fault(match.start(), problem)
        if not page.startswith("reference/"):
            text = terms.mark(text)
        text, shown = formulas.fill(text)
        return figures.fill(text, drawn, sources.labels), read, shown

    about = titles, cited, terms.headings, numbered  # all that a page says of others
    around = hash(_frozen([*about, {name: value for name, value in vars(sources).items() if name != "pages"}]))
    filled = _each(sources.pages, fill, around)
    slides, pictures, stated = {}, {}, {}
    for page, text in filled.items():
        origin = sources.labels["origin"].format(" · ".join(dict.fromkeys((titles["index.md"], titles[page]))))
        for name, (headline, explains) in figures.headlines(text, drawn, sources.labels["figure"]).items():
            stated.setdefault(name, headline)
            if explains:
                path = f"figures/{name}-slide.png"
                slides.setdefault(path, (drawn[name]["png"], headline, origin))
                pictures.setdefault(page, path)
                drawn[name] = drawn[name] | {"slide": path}
    finished = _each(filled, finish, hash((around, *slides)))
    files = {"assets/palette.css": css(sources.style), "reference/bibliography.bib": works.bibtex()}
    files["changes.xml"] = changes.feed(titles["index.md"])
    for name, text in sources.code.items():
        files |= {f"code/{name}.py": copy(text, sources.style), f"code/{name}.js": sources.snippets[name]["code"]}
    for name, figure in drawn.items():
        given = figures.files(figure, sources.made, stated.get(name))
        files |= {f"figures/{name}{end}": content for end, content in given.items()}
    texts, plain = ({page: made[part] for page, made in finished.items()} for part in (0, 1))
    characters = {character for _, _, shown in finished.values() for character in shown}
    return Site(texts, plain, files, slides, pictures, characters, ledger)


def _fill(text, page, **makers):
    """A Text of a page, in which each fence is what the maker of its kind makes of its body."""

    def fence(match):
        if make := makers.get(match["kind"]):
            return make(text.part(*match.span("body")), page)

    return text.sub(FENCE.finditer(text.text), fence)


def _check_blocks(text):
    """Raises Fault for a block, /// name to ///, that Markdown does not know, or that does not close."""
    opened = []
    for match in prose(text.text, BLOCK):
        if not match["what"]:
            if not opened or opened.pop()["slashes"] != match["slashes"]:
                raise text.fault(match.start(), f"{match[0]} closes no block")
            continue
        if not KNOWN.fullmatch(match["what"]):
            problem = f"{match[0]!r} is no block that the site knows: /// caption or /// html | tag"
            raise text.fault(match.start(), problem)
        if opened and len(match["slashes"]) >= len(opened[-1]["slashes"]):
            break
        opened.append(match)
    if opened:
        raise text.fault(opened[-1].start(), f"{opened[-1][0]!r} does not close: /// must end it")


class _Unseen:
    """An argument that does not tell calls apart, and can be taken once: who remembers it holds nothing."""

    def __init__(self, value):
        self.value = value

    def take(self):
        value, self.value = self.value, None
        return value

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


@lru_cache(5000)  # most pages of a served site stay as they are
def _once(_, make):
    return make.take()()


def _frozen(value):
    """What can be hashed, of dicts and lists."""
    if isinstance(value, dict):
        return tuple((key, _frozen(each)) for key, each in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else value


def _each(pages, step, around):
    """What a step makes of each page, made anew if the page or what is around it, a hash, is another.

    Raises Faults, after each page had its turn.
    """
    made, faults, all_pages = {}, [], hash(tuple(text.text for text in pages.values()))
    for page, text in pages.items():
        key = step.__name__, around, bool(ALL.search(text.text)) and all_pages, page, text.text, *text.origins
        try:
            made[page] = _once(key, _Unseen(partial(step, text, page)))
        except Faults as error:
            faults += error.faults
    if faults:
        raise Faults(faults)
    return made
