"""Labs: notebooks written as scripts, run and turned into pages.

mkdocs-jupyter makes the page: its converter, with a template that gives Markdown, which the
site then fills and checks as it does any page. It could run the notebooks too, with the same
nbclient, but one after the other and without keeping what ran: here two run at a time.

What an author writes, besides plain Markdown and code:

    # %% alt="What the figure of this cell shows"      a cell that draws a figure
    **Figure.** What to see in it.                     its caption: the next paragraph
    display(Markdown(f"A sentence with {number:.2f}"))     numbers from the run
"""

import asyncio
import base64
import os
import re
import time
from pathlib import Path

import jupytext
import nbformat
from drawing import figure
from mkdocs_jupyter.nbconvert2 import get_nbconvert_app
from nbconvert.exporters.markdown import MarkdownExporter

from . import cache as entries
from .kernel import Fault, execute
from .pool import workshop
from .say import report, say

AT_ONCE = 2
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}
SVG, PNG = "image/svg+xml", "image/png"
ATTRIBUTES = re.compile(r"(?:^| +)\{ *[.#][^{}\n]*\}$", re.MULTILINE)
CAPTION = re.compile(r"(\.svg\)\n)\n+\*\*Figure\.\*\* (.+?)(?=\n\n|\s*$)", re.DOTALL)
TWO_OUTPUTS = re.compile(r"^(```output\n(?:(?!```).*\n)*)```\n+```output\n", re.MULTILINE)
SPECIAL = re.compile(r"([\\`*_\[\]$])")
ID = re.compile(r'(\bid="|url\(#|href="#)')


def fill(cache):
    """Makes what the cache does not hold; returns how many labs failed."""
    with workshop(cache) as scratch:
        return asyncio.run(_make_all(cache, scratch))


async def _make_all(cache, scratch):
    turns = asyncio.Semaphore(AT_ONCE)

    def store(entry, path):
        entries.write(scratch / "entry.json", entry)
        os.replace(scratch / "entry.json", path)

    async def make(name, text):
        path = f"{cache.folder.as_posix()}/{name}.py"
        notebook = jupytext.reads(text, "py:percent")
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        run = cache.path(repr([cell.source for cell in code]), "kernel")
        try:
            if (ran := entries.read(run)) is None:
                async with turns:
                    say(f"labs: {path} runs")
                    start = time.monotonic()
                    await execute(notebook, scratch / name, cache.limit)
                    say(f"labs: {path} took {time.monotonic() - start:.1f} s")
                ran = [{k: cell[k] for k in ("outputs", "execution_count")} for cell in code]
                store(ran, run)
            for cell, outcome in zip(code, ran, strict=True):
                cell.update(nbformat.from_dict(outcome))
            entry = cache.path(text)
            store(page(notebook, name, path, entry) | {"run": run.name}, entry)
        except Fault as fault:
            index, line, problem, details = fault.args
            line += cell_lines(text, notebook)[index]
            report(f"{path}:{line}: cell {index + 1}: {problem}", details)
            return 1
        return 0

    jobs = cache.missing().items()
    return sum(await asyncio.gather(*(make(*job) for job in jobs)))


def cell_lines(text, notebook):
    """The line of a script on which each cell of its notebook is opened.

    >>> text = "# %% [markdown]\\n# Title\\n\\n# %%\\n1 + 1\\n"
    >>> cell_lines(text, jupytext.reads(text, "py:percent"))
    [1, 4]
    """
    lines = enumerate(text.splitlines(), 1)
    opened = [number for number, line in lines if re.match("# %%", line)]
    return ([0] + opened)[-len(notebook.cells) :]  # the first may stand without


def page(notebook, name, path, entry):
    """A lab that ran: its page in Markdown, its .ipynb, and {name of a figure: its files}.

    The PNG of a figure is stored beside the entry.
    """
    if not notebook.cells[0].source.startswith("# "):
        raise Fault(0, 0, "the first cell must begin with the title: # %% [markdown]\n# # ...", "")
    figures = {}
    for index, cell in enumerate(notebook.cells):
        cell.id = f"cell-{index + 1}"  # jupytext gives another each time
        drawn = [o.data for o in cell.get("outputs", []) if SVG in o.get("data", {})]
        if len(drawn) > 1:
            raise Fault(index, 0, "draws more than one figure", "")
        for data in drawn:
            title = f"{name}-{len(figures) + 1}"
            cell.metadata.alt, cell.metadata.figure = _alt(index, cell), title
            figures[title] = _figure(index, data[SVG], title, path)
            figure.on_white(base64.b64decode(data.pop(PNG)), entries.picture(entry, title))
    exporter = MarkdownExporter(
        config=get_nbconvert_app().config,
        template_file="lab.md.j2",
        extra_template_paths=[str(Path(__file__).parent)],
    )
    markdown, _ = exporter.from_notebook_node(notebook)
    markdown, merged = markdown.strip(), True
    while merged:
        markdown, merged = TWO_OUTPUTS.subn(r"\1", markdown)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = ATTRIBUTES.sub("", cell.source)
    notebook.metadata = METADATA
    return {
        "markdown": CAPTION.sub(r"\1/// caption\n\2\n///", markdown) + "\n",
        "notebook": nbformat.writes(notebook),
        "figures": figures,
    }


def _figure(index, svg, title, path):
    try:
        svg = ID.sub(rf"\1{title}-", figure.clean(svg))  # two of a page may share an id
        return {"svg": figure.inline(svg), "file": figure.file(svg, title, path), "csv": ""}
    except ValueError as error:
        raise Fault(index, 0, str(error), "") from None


def _alt(index, cell):
    alt = cell.metadata.get("alt", "").strip()
    if not alt:
        raise Fault(index, 0, 'a figure without alt text: # %% alt="what it shows"', "")
    return SPECIAL.sub(r"\\\1", alt)
