"""The bibliography: the works that the pages cite, as a list with these pages, and as BibTeX."""

import re
from functools import partial
from pathlib import Path

from jinja2 import Template

from .data import index, load
from .source import Fault, relative

PAGE = "reference/bibliography.md"
ITEM = re.compile(r"^(?P<key>[^:\n]*):?(?P<note>.*(?:\n .*)*)", re.MULTILINE)
LINKS = {"doi": "[doi:{doi}](https://doi.org/{doi})", "arxiv": "[arXiv:{arxiv}](https://arxiv.org/abs/{arxiv})"}
LINKS["url"] = "[{link}]({url})"
BIBTEX = Template(  # braces are BibTeX's
    Path(__file__).with_name("bibliography.bib.j2").read_text("utf-8"),
    "<%", "%>", "<<", ">>", "<#", "#>", trim_blocks=True,
)
CAPITALS = re.compile(r"\w+[A-Z]\w*|\b(?:Bird|Fourier|Llama|Mamba|Wavenet)\b")  # of names


class Works:
    """The works of a YAML text, and the pages that cite them, {page: what its fences name}; label: "Cited in: ".

    Raises Fault.
    """

    def __init__(self, path, text, bodies, titles, label):
        self.path, self.label = path, label
        works = index(path, load(path, text, "works"), "key")
        self.works = {work["key"]: work for work in sorted(works.values(), key=_order)}
        self.citing = {key: {} for key in works}
        for page, body in bodies.items():
            for item in ITEM.finditer(body):
                self.citing.get(item["key"], {})[page] = f"[{titles[page]}]"

    def cite(self, body, page):
        """The works that a page's fence names, each with its note."""

        def reference(item):
            work = body.look_up(self.works, item["key"], item.start(), f"work '{item['key']}'")
            title = f"[*{work['title']}*]({relative(PAGE + '#' + item['key'], page)})"
            return f"- {_reference(work, title)} {item['note'].strip()}".rstrip()

        return body.sub(ITEM.finditer(body.text), reference)

    def entries(self, _, page):
        """All works. Raises Fault for one that no page cites."""
        items = []
        for key, work in self.works.items():
            if not self.citing[key]:
                raise Fault(self.path, work.line, f"no page cites {key}")
            links = [f"{title}({relative(f'{each}#sources', page)})" for each, title in self.citing[key].items()]
            reference = _reference(work, f"*{work['title']}*")
            items.append(f"- {reference}  \n  {self.label}{', '.join(links)}\n  {{ #{key} }}")
        return "\n".join(items)

    def bibtex(self):
        """All works, for a program that keeps references."""
        return BIBTEX.render(works=self.works.values(), capitals=partial(CAPITALS.sub, r"{\g<0>}"))


def _order(work):
    first = work["authors"].removesuffix(" et al.").split(", ")[0]
    return first.rpartition(". ")[2].casefold(), work["year"], work["key"]


def _reference(work, title):
    letter = re.search(r"(?<=\d)[a-z]$", work["key"])
    authors = f"{work['authors']} ({work['year']}{letter[0]})" if letter else work["authors"]
    short = f" ({work['short']})" if "short" in work else ""
    stop = "." if short or work["title"][-1] not in "?!" else ""
    place = f"{work['at']} " if "at" in work else "".join(f"{work[field]}, " for field in ("in", "by") if field in work)
    place = [f"{place}{work['year']}", *(link.format(**work) for name, link in LINKS.items() if name in work)]
    return f"{authors}: {title}{short}{stop} {', '.join(place)}."
