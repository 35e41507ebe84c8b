"""The bibliography: the works that the pages cite, and the pages that cite them.

docs/works.yml holds the works. A page cites some of them, each with a note in Markdown if
there is more to say; the bibliography's own page shows all:

    ```sources
    vaswani2017: Table 1 has the costs,
      without their constants.
    he2016a
    ```
    ```bibliography
    ```

A work has a key, authors, title, year, and a doi, an arxiv number or a url, whose link is what
the reader clicks. It appeared at a conference or in a journal; short is the name by which it
is known. A title may contain formulas. Works stand in the order of their first author's last
word, or of sort where the family name has two.
"""

import re
from difflib import get_close_matches

from .data import check, load
from .source import Fault, Text, relative

PAGE = "reference/bibliography.md"
NEEDED = {"key", "authors", "title", "year"}
OPTIONAL = {"at", "in", "short", "sort", "doi", "arxiv", "url", "link"}
FENCE = re.compile(
    r"^```(?P<kind>sources|bibliography)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
LINKS = {
    "doi": "[doi:{doi}](https://doi.org/{doi})",
    "arxiv": "[arXiv:{arxiv}](https://arxiv.org/abs/{arxiv})",
    "url": "[{link}]({url})",
}


class Works:
    """The works of a YAML text, and {page: Text} that cite them; label: "Cited in".

    path: of the text, for faults. Raises Fault, also for a work that no page cites.
    """

    def __init__(self, path, text, pages, label):
        self.label = label
        works = load(path, text, list)
        check(path, works, "work", "key", NEEDED, OPTIONAL)
        for work in works:
            if not LINKS.keys() & work.keys():
                problem = f"{work['key']} has none of {', '.join(LINKS)}"
            elif ("url" in work) != ("link" in work):
                problem = f"{work['key']} must have both url and link, or neither"
            else:
                continue
            raise Fault(path, work["line"], problem)
        self.works = {work["key"]: work for work in sorted(works, key=_order)}
        self.citing = {key: {} for key in self.works}
        for page, text in pages.items():
            for key in self._cited(text):
                self.citing[key][page] = text.title()
        for key, citing in self.citing.items():
            if not citing:
                raise Fault(path, self.works[key]["line"], f"no page cites {key}")

    def _cited(self, text):
        for fence in FENCE.finditer(text.text):
            for key, _, offset in _items(fence["body"]):
                if key not in self.works:
                    near = get_close_matches(key, self.works) or self.works
                    at = fence.start("body") + offset
                    raise text.fault(at, f"no work {key!r}; there is: {', '.join(near)}")
                yield key

    def fill(self, text, page):
        """A Text of a page, its fences replaced by works."""

        def works(fence):
            if fence["kind"] == "bibliography":
                return "\n".join(
                    f"- {self._reference(work)}  \n"
                    f"  {self.label}: {_links(self.citing[key], page)}\n  {{ #{key} }}"
                    for key, work in self.works.items()
                )
            items = []
            for key, note, offset in _items(fence["body"]):
                address = relative(f"{PAGE}#{key}", page)
                item = f"- {self._reference(self.works[key], address)} {note}".rstrip()
                items.append(Text.at(item, *text.place(fence.start("body") + offset)))
            return Text.join(items)

        return text.sub(FENCE, works)

    def _reference(self, work, address=None):
        title = f"*{work['title']}*"
        title = f"[{title}]({address})" if address else title
        short = f" ({work['short']})" if "short" in work else ""
        stop = "." if short or work["title"][-1] not in "?!" else ""
        place = " ".join(str(work[k]) for k in ("at", "year") if k in work)
        place = f"{work['in']}, {work['year']}" if "in" in work else place
        links = [link.format(**work) for name, link in LINKS.items() if name in work]
        authors = work["authors"] + self._letter(work)
        return f"{authors}: {title}{short}{stop} {', '.join([place, *links])}."

    def _letter(self, work):
        """The year with its letter, if another work has the same key but for the letter."""
        stem, letter = work["key"][:-1], work["key"][-1]
        twins = [key for key in self.works if key[:-1] == stem and key[-1].isalpha()]
        return f" ({work['year']}{letter})" if len(twins) > 1 else ""


def _order(work):
    first = work["authors"].split(",")[0].removesuffix(" et al.")
    return work.get("sort", first.split()[-1]).casefold(), work["year"], work["key"]


def _items(body):
    """What a fence cites: [(key, note, offset)].

    >>> _items("a2017: One\\n  two.\\nb2018\\n")
    [('a2017', 'One\\n  two.', 0), ('b2018', '', 18)]
    """
    items, offset = [], 0
    for item in re.split(r"\n(?! )", body):
        if item:
            key, _, note = item.partition(":")
            items.append((key, note.strip(), offset))
        offset += len(item) + 1
    return items


def _links(pages, page):
    """
    >>> _links({"a/b.md": "B", "a/c.md": "C"}, "d/e.md")
    '[B](../a/b.md#sources), [C](../a/c.md#sources)'
    """
    return ", ".join(
        f"[{title}]({relative(f'{each}#sources', page)})" for each, title in pages.items()
    )
