"""The bibliography: the works that the pages cite, and the pages that cite them."""

import re

from .data import index, load
from .source import Fault, relative

PAGE = "reference/bibliography.md"
ITEM = re.compile(r"^(?P<key>[^:\n]*):?(?P<note>.*(?:\n .*)*)", re.MULTILINE)
LINKS = {
    "doi": "[doi:{doi}](https://doi.org/{doi})",
    "arxiv": "[arXiv:{arxiv}](https://arxiv.org/abs/{arxiv})",
    "url": "[{link}]({url})",
}


class Works:
    """The works of a YAML text, and the pages that cite them; label: "Cited in". Raises Fault."""

    def __init__(self, path, text, titles, label):
        self.path, self.titles, self.label = path, titles, label
        works = index(path, load(path, text, "works"), "key")
        self.works = {work["key"]: work for work in sorted(works.values(), key=_order)}
        self.citing = {key: {} for key in works}

    def cite(self, body, page):
        """The works that a page's fence names, each with its note."""

        def reference(item):
            key, note = item["key"], item["note"].strip()
            work = body.look_up(self.works, key, item.start(), f"work '{key}'")
            self.citing[key][page] = f"[{self.titles[page]}]"
            title = f"[*{work['title']}*]({relative(f'{PAGE}#{key}', page)})"
            return f"- {_reference(work, title)} {note}".rstrip()

        return body.sub(ITEM.finditer(body.text), reference)

    def entries(self, _, page):
        """All works, once all pages have cited. Raises Fault for one that none cites."""
        items = []
        for key, work in self.works.items():
            citing = self.citing[key].items()
            if not citing:
                raise Fault(self.path, work.line, f"no page cites {key}")
            links = ", ".join(f"{title}({relative(f'{each}#sources', page)})" for each, title in citing)
            reference = _reference(work, f"*{work['title']}*")
            items.append(f"- {reference}  \n  {self.label}: {links}\n  {{ #{key} }}")
        return "\n".join(items)


def _order(work):
    first = work["authors"].split(",")[0].removesuffix(" et al.")
    return work.get("sort", first.split()[-1]).casefold(), work["year"], work["key"]


def _reference(work, title):
    letter = re.search(r"(?<=\d)[a-z]$", work["key"])
    authors = f"{work['authors']} ({work['year']}{letter[0]})" if letter else work["authors"]
    short = f" ({work['short']})" if "short" in work else ""
    stop = "." if short or work["title"][-1] not in "?!" else ""
    place = f"{work['in']}, " if "in" in work else f"{work['at']} " if "at" in work else ""
    place = [f"{place}{work['year']}", *(link.format(**work) for name, link in LINKS.items() if name in work)]
    return f"{authors}: {title}{short}{stop} {', '.join(place)}."
