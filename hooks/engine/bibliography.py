"""The bibliography: the works that the pages cite, and the pages that cite them.

docs/references.bib holds the works. A page cites some of them, each with a note in
Markdown if there is more to say; the bibliography's own page shows all:

    ```sources
    vaswani2017: Table 1 has the costs,
      without their constants.
    he2016a
    ```
    ```bibliography
    ```

Of a work the file must give author, title, year, and a doi, an eprint (of arXiv) or a url,
whose urltext is what the reader clicks. Where it appeared is a booktitle, journal, publisher
or howpublished; a shorttitle is the name by which it is known. All are text as it is shown,
a title may contain formulas: no braces guard a capital letter, no macros stand for accents.
"""

import re
from difflib import get_close_matches
from functools import cache

from .data import DataError
from .page import TITLE, PageError, relative

PAGE = "reference/bibliography.md"
FENCE = re.compile(
    r"^```(?P<kind>sources|bibliography)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
ENTRY = re.compile(r"^@.*?(?=^@|\Z)", re.MULTILINE | re.DOTALL)
LINKS = {
    "doi": "[doi:{doi}](https://doi.org/{doi})",
    "eprint": "[arXiv:{eprint}](https://arxiv.org/abs/{eprint})",
    "url": "[{urltext}]({url})",
}
PLACES = "journal", "volume", "publisher", "howpublished"


@cache
def read(text):
    """The works in a BibTeX text, in order: {key: work}; may raise DataError."""
    from pybtex.database.input.bibtex import Parser
    from pybtex.exceptions import PybtexError

    works = {}
    for match in ENTRY.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        try:
            found = Parser().parse_string(match[0]).entries
        except PybtexError as error:
            below = getattr(error, "lineno", 1) - 1
            raise DataError(line + below, error.args[0]) from None
        for key, entry in found.items():
            if key in works:
                raise DataError(line, f"{key} stands here twice")
            works[key] = {"key": key, "line": line} | _work(key, entry, line)
    return dict(sorted(works.items(), key=lambda item: item[1]["order"]))


def _work(key, entry, line):
    fields = dict(entry.fields)
    missing = {"author", "title", "year"} - fields.keys() - entry.persons.keys()
    if missing:
        raise DataError(line, f"{key} has no {', '.join(sorted(missing))}")
    if not LINKS.keys() & fields.keys():
        raise DataError(line, f"{key} has none of {', '.join(LINKS)}")
    if "url" in fields and "urltext" not in fields:
        raise DataError(line, f"{key} has a url and no urltext")
    authors = entry.persons["author"]
    return fields | {
        "authors": _authors(authors),
        "order": (" ".join(authors[0].last_names).casefold(), fields["year"], key),
    }


def _authors(persons):
    names = []
    for person in persons:
        first = person.first_names + person.middle_names
        names.append(" ".join(first + person.prelast_names + person.last_names))
    if names[-1] == "others":  # BibTeX's word for it
        return ", ".join(names[:-1]) + " et al."
    return ", ".join(names)


def cited(pages, works):
    """The pages that cite each work: {key: {page: title}}, of pages {page: Markdown}.

    Raises PageError(line, message, page), or DataError for a work that none cites.
    """
    found = {key: {} for key in works}
    for page, markdown in pages.items():
        for fence in FENCE.finditer(markdown):
            line = markdown.count("\n", 0, fence.start("body")) + 1
            for key, _, below in _items(fence["body"]):
                if key not in works:
                    near = ", ".join(get_close_matches(key, works)) or ", ".join(works)
                    raise PageError(line + below, f"no work {key!r}; there is: {near}", page)
                found[key][page] = TITLE.search(markdown)[1]
    for key, citing in found.items():
        if not citing:
            raise DataError(works[key]["line"], f"no page cites {key}")
    return found


def _items(body):
    """What a fence cites: [(key, note, lines above it)].

    >>> _items("a2017: One\\n  two.\\nb2018\\n") == [("a2017", "One\\n  two.", 0), ("b2018", "", 2)]
    True
    """
    items, line = [], 0
    for item in re.split(r"\n(?! )", body) if body else []:
        if item:
            key, _, note = item.partition(":")
            items.append((key, note.strip(), line))
        line += 1 + item.count("\n")
    return items


def expand(markdown, page, works, citing, label):
    """A page with its fences replaced; citing is what cited() gave."""

    def text(fence):
        if fence["kind"] == "sources":
            items = [
                f"- {_reference(works[key], works, relative(f'{PAGE}#{key}', page))} {note}"
                for key, note, _ in _items(fence["body"])
            ]
        else:
            items = [
                f"- {_reference(work, works)}  \n  {label}: {_links(citing[key], page)}\n"
                f"  {{ #{key} }}"
                for key, work in works.items()
            ]
        return "\n".join(item.rstrip() for item in items)

    return FENCE.sub(text, markdown)


def _reference(work, works, address=None):
    title = f"*{work['title']}*"
    title = f"[{title}]({address})" if address else title
    short = f" ({work['shorttitle']})" if "shorttitle" in work else ""
    stop = "." if short or work["title"][-1] not in "?!" else ""
    authors = work["authors"] + _letter(work, works)
    links = [link.format(**work) for name, link in LINKS.items() if name in work]
    return f"{authors}: {title}{short}{stop} {', '.join([_place(work), *links])}."


def _letter(work, works):
    """The year with its letter, if another work has the same key but for the letter."""
    stem, letter = work["key"][:-1], work["key"][-1]
    twins = [key for key in works if key[:-1] == stem and key[-1].isalpha()]
    return f" ({work['year']}{letter})" if len(twins) > 1 else ""


def _place(work):
    if "booktitle" in work:
        return f"{work['booktitle']} {work['year']}"
    place = " ".join(work[name] for name in PLACES if name in work)
    return f"{place}, {work['year']}" if place else work["year"]


def _links(pages, page):
    """
    >>> _links({"a/b.md": "B", "a/c.md": "C"}, "d/e.md")
    '[B](../a/b.md#sources), [C](../a/c.md#sources)'
    """
    return ", ".join(
        f"[{title}]({relative(f'{each}#sources', page)})" for each, title in pages.items()
    )
