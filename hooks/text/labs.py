"""Labs: notebooks, written as scripts of cells; the page and the file that a reader takes away."""

import json
import re
from itertools import count
from typing import NamedTuple
from urllib.parse import urljoin

from .source import Fault, Text

CELL = re.compile(r"^# %%(?P<head>.*)\n+(?P<body>(?:(?!# %%).*\n?)*)", re.MULTILINE)
PROSE = " [markdown]"
HIDDEN = {"jupyter": {"source_hidden": True}}
FOLDED = f" jupyter={json.dumps(HIDDEN['jupyter'])}"  # as jupytext writes it
ALT = re.compile(r' alt=("(?:[^"\\]|\\.)*")')
SPECIAL = re.compile(r"([\\`*_\[\]$])")
CAPTION = r"(?<=\.svg\)\n)\n+\*\*%s[.。]\*\* (.+?)(?=\n\n|\s*\Z)"
GAP = re.compile(r"(?<=[。？：]\*\*) ")  # after bold words, which notebooks need and Chinese does not have
ATTRIBUTES = re.compile(r"(?:^| +)\{ *[.#][^{}\n]*\}$", re.MULTILINE)
REPEATED = re.compile(r"^!\[.*\]\(\S+\)\{ \.small \}\n+(?:<small>.*\n+)?", re.MULTILINE)  # drawn further down
LINK = re.compile(r"\[([^\[\]]+)\]\((?!\w+:)(?:([^)#\s]+)\.md)?(#[^)\s]+)?\)")
GITHUB = re.compile(r"https://github\.com/([^/]+/[^/]+?)/?")
SERVICES = {  # that run a notebook of a site published from the branch gh-pages
    "Colab": "https://colab.research.google.com/github/{}/blob/gh-pages/{}",
    "Binder": "https://mybinder.org/v2/gh/{}/gh-pages?labpath={}",
}
INSTALL = re.compile(r"^# pip install (.+)$", re.MULTILINE)
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


class Cell(NamedTuple):
    """A cell of a lab: its number, where its first line stands, what is said beside # %%, and its text."""

    number: int
    path: str
    line: int
    head: str
    text: str

    @property
    def is_prose(self):
        return self.head == PROSE

    def fault(self, problem, line=0):
        """The Fault in a line of the cell, or at its head."""
        return Fault(self.path, self.line - 1 + line, f"cell {self.number}: {problem}")

    def alt(self):
        """The alt text of the figure that it draws, as Markdown. Raises Fault if it has none."""
        if not (found := ALT.fullmatch(self.head)) or not (alt := json.loads(found[1]).strip()):
            raise self.fault('a figure without alt text: # %% alt="what it shows"')
        return SPECIAL.sub(r"\\\1", alt)


def cells(script, path):
    """The cells of a lab, of which the first must begin with its title.

    >>> [prose, code] = cells('# %% [markdown]\\n# # Title\\n#\\n# Text.\\n\\n# %% alt="A line."\\nx = 1\\n', "a.py")
    >>> prose.text, prose.line, code.text, code.line, code.alt()
    ('# Title\\n\\nText.', 2, 'x = 1', 7, 'A line.')
    """
    found = []
    for match in CELL.finditer(script):
        body = match["body"].strip("\n")
        if match["head"] == PROSE:
            body = re.sub(r"^#(?: |$)", "", body, flags=re.MULTILINE)
        found.append(Cell(len(found) + 1, path, script.count("\n", 0, match.start("body")) + 1, match["head"], body))
        if match["head"] not in ("", PROSE, FOLDED) and not ALT.fullmatch(match["head"]):
            raise found[-1].fault(f"{match['head'].strip()!r} says nothing here: [markdown], alt=\"...\" or{FOLDED}")
    if not found or not found[0].is_prose or not found[0].text.startswith("# "):
        raise Fault(path, 1, "cell 1: the first cell must begin with the title: # %% [markdown]\n# # ...")
    return found


def code(script):
    """What of a lab runs: its code. What it says around it may change."""
    return repr([match["body"] for match in CELL.finditer(script) if match["head"] != PROSE])


def whole(script, original, path):
    r"""The script of a lab, into which that of a translation takes the code of the original.

    >>> whole("# %% [markdown]\n# # 标题\n\n# %%\n", "# %% [markdown]\n# # Title\n\n# %%\nx = 1\n", "a.py")
    '# %% [markdown]\n# # 标题\n\n# %%\nx = 1\n'
    """
    if script == original:
        return script
    bodies = [match["body"] for match in CELL.finditer(original) if match["head"] != PROSE]
    empty = [match for match in CELL.finditer(script) if match["head"] != PROSE]
    for match in empty:
        if match["body"].strip():
            line = script.count("\n", 0, match.start("body")) + 1
            raise Fault(path, line, "has code of its own: leave it out, it comes from the lab that this translates")
    if len(empty) != len(bodies):
        raise Fault(path, 1, f"has {len(empty)} cells for code, the lab that it translates {len(bodies)}")
    left = iter(bodies)
    cells = script[script.index("# %%") :]  # without the mark of what it is in step with
    return CELL.sub(lambda m: m[0] if m["head"] == PROSE else f"# %%{m['head']}\n{next(left)}", cells)


def page(lab, path, labels, repo_url):
    """The Text of the page of a lab: its script, and what its code gave. Each line knows its own in the script."""
    parts, shown = [], iter(lab["shown"])
    for cell in cells(lab["script"], path):
        if cell.is_prose:
            lines = cell.text.split("\n")
            parts.append(Text(cell.text, [(path, cell.line + line) for line in range(len(lines))]))
        else:
            markdown = next(shown)
            if "![](" in markdown:
                markdown = markdown.replace("![](", f"![{cell.alt()}](")
            if cell.head == FOLDED:
                summary = f"<summary>{labels['folded']}</summary>"
                markdown = f'<details markdown="1">{summary}\n\n{markdown}\n\n</details>'
            parts.append(Text.at(markdown, path, cell.line - 1))
        parts.append(Text("", parts[-1].origins[-1:]))
    name = path.removesuffix(".py").rpartition("/")[2]
    links = [f'[{kind}]({name}{kind}){{ download="" }}' for kind in (".ipynb", ".py")]
    if repository := GITHUB.fullmatch(repo_url or ""):
        published = path.removeprefix("docs/").replace(".py", ".ipynb")
        links += [f"[{kind}]({address.format(repository[1], published)})" for kind, address in SERVICES.items()]
    take_away = f"\n\n{labels['download']}{labels['colon']}{' '.join(links)}\n{{ .take-away }}\n"
    text = Text.join(parts)
    text = text.sub([re.search("\n", text.text)], lambda _: take_away)
    captions = re.finditer(CAPTION % labels["figure"], text.text, re.DOTALL)
    text = text.sub(captions, lambda match: f"/// caption\n{match[1]}\n///")
    return text.sub(GAP.finditer(text.text), lambda _: "")


def notebook(lab, page, drawings, site_url, origin):
    r"""A notebook that ran, with the drawings {path: SVG} of the site.

    Its links lead to the site, those within its page (labs/name), too; without its address, only their
    words stay. It ends with its origin: the title of the site, which edition this is, and the licences.

    >>> lab = {"cells": [], "script": "# %% [markdown]\n# # [Cost](../b/cost.md#count), [Figure](#fig-a-1)"}
    >>> for url in "https://a.org/en/", "":
    ...     made = json.loads(notebook(lab, "labs/a", {}, url, ("The book", "1.0.0", "It is free.")))
    ...     print(*(cell["source"] for cell in made["cells"]), sep="\n")
    # [Cost](https://a.org/en/b/cost.html#count), [Figure](https://a.org/en/labs/a.html#fig-a-1)
    [The book](https://a.org/en/) · 1.0.0 · It is free.
    # Cost, Figure
    The book · 1.0.0 · It is free.
    """
    base, ran, number = urljoin(site_url, f"{page}.html"), iter(lab["cells"]), count(1)

    def link(match):
        words, other, anchor = match.groups("")
        return f"[{words}]({urljoin(base, f'{other}.html' if other else '')}{anchor})" if site_url else words

    def prose(text):
        source = LINK.sub(link, ATTRIBUTES.sub("", REPEATED.sub("", text)))
        return {"cell_type": "markdown", "id": f"text-{next(number)}", "metadata": {}, "source": source}

    def ran_code(cell):
        made = _redrawn(next(ran), drawings)
        return made | {"metadata": made["metadata"] | HIDDEN} if cell.head == FOLDED else made

    made = [prose(cell.text) if cell.is_prose else ran_code(cell) for cell in cells(lab["script"], "")]
    title, *more = origin
    made.append(prose(" · ".join([f"[{title}]({site_url})" if site_url else title, *more])))
    content = {"cells": made, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _redrawn(cell, drawings):
    """A cell that ran, with its figure as the site shows it: in the words of its language."""
    if not (title := cell["metadata"].get("figure")):
        return cell
    svg = drawings[f"figures/labs/{title}.svg"]
    drawn = {"image/svg+xml": svg[svg.index("<svg") :].splitlines(keepends=True)}
    outputs = [o | {"data": o["data"] | drawn} if drawn.keys() & o.get("data", {}) else o for o in cell["outputs"]]
    return cell | {"outputs": outputs}


def requirements(scripts):
    r"""What Binder installs to run labs: the packages that they name; torch as CPUs need it, which is much less.

    >>> print(requirements(["# pip install torch tqdm\n", "# pip install torch\n"]), end="")
    --extra-index-url https://download.pytorch.org/whl/cpu
    torch
    tqdm
    """
    packages = {name for script in scripts for line in INSTALL.findall(script) for name in line.split()}
    return "\n".join(["--extra-index-url https://download.pytorch.org/whl/cpu", *sorted(packages), ""])
