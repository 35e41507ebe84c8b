"""Labs: notebooks written as scripts, run and turned into pages.

mkdocs-jupyter could run them, with the same nbclient: but one after the other, without
keeping the notebook that ran, and into HTML of its own making. Here they run two at a
time, and become Markdown, which the site renders and checks as it does any page.

What an author writes, besides plain Markdown and code:

    # %% alt="What the figure of this cell shows"      a cell that draws a figure
    **Figure.** What to see in it.                     its caption: the next paragraph
    display(Markdown(f"A sentence with {number:.2f}"))     numbers from the run
"""

import asyncio
import os
import re
import time

import jupytext
import nbformat

from . import entries, figure
from .kernel import Fault, execute
from .processes import workshop
from .run import entry_path, missing
from .say import report, say

AT_ONCE = 2
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}
ATTRIBUTES = re.compile(r"(?:^| +)\{ *[.#][^{}\n]*\}$", re.MULTILINE)
CAPTION = re.compile(r"(\.svg\)\n)\n\*\*Figure\.\*\* (.+?)(?=\n\n|$)", re.DOTALL)
SPECIAL = re.compile(r"([\\`*_\[\]$])")
ID = re.compile(r'(\bid="|url\(#|href="#)')


def fill(folder, cache_folder, limit):
    """Makes what the cache does not hold; returns how many labs failed."""
    with workshop(cache_folder, "labs") as scratch:
        jobs = missing(folder, cache_folder, "labs").items()
        return asyncio.run(_make_all(jobs, folder, cache_folder, scratch, limit))


async def _make_all(jobs, folder, cache_folder, scratch, limit):
    turns = asyncio.Semaphore(AT_ONCE)

    def store(entry, path):
        entries.write(scratch / "entry.json", entry)
        os.replace(scratch / "entry.json", path)

    async def make(name, text):
        path = f"{folder}/{name}.py"
        notebook = jupytext.reads(text, "py:percent")
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        run = entry_path(cache_folder, repr([cell.source for cell in code]), "kernel")
        try:
            if (ran := entries.read(run)) is None:
                async with turns:
                    say(f"labs: {path} runs")
                    start = time.monotonic()
                    await execute(notebook, scratch / name, limit)
                    say(f"labs: {path} took {time.monotonic() - start:.1f} s")
                ran = [{k: cell[k] for k in ("outputs", "execution_count")} for cell in code]
                store(ran, run)
            for cell, outcome in zip(code, ran):
                cell.update(nbformat.from_dict(outcome))
            store(page(notebook, name), entry_path(cache_folder, text, "labs"))
        except Fault as fault:
            index, line, problem, details = fault.args
            line += cell_lines(text, notebook)[index]
            report(f"{path}:{line}: cell {index + 1}: {problem}", details)
            return 1
        return 0

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


def page(notebook, name):
    """A lab that ran as {"markdown": its page, "notebook": .ipynb, "figures": {name: SVG}}."""
    parts, figures = [], {}
    for index, cell in enumerate(notebook.cells):
        cell.id = f"cell-{index + 1}"  # jupytext gives another each time
        if cell.cell_type != "code":
            parts.append(cell.source)
            cell.source = ATTRIBUTES.sub("", cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        if sum("image/svg+xml" in output.get("data", "") for output in cell.outputs) > 1:
            raise Fault(index, 0, "draws more than one figure", "")
        for output in cell.outputs:
            data = output.get("data", {"text/plain": output.get("text")})
            if "image/svg+xml" in data:
                title = f"{name}-{len(figures) + 1}"
                figures[title] = _figure(index, data["image/svg+xml"], title)
                parts.append(f"![{_alt(index, cell)}](../figures/labs/{title}.svg)")
            elif "text/markdown" in data:
                parts.append(data["text/markdown"])
            else:
                block = f"```output\n{data['text/plain'].rstrip()}\n```"
                if parts[-1].startswith("```output"):
                    block = parts.pop().removesuffix("```") + block.removeprefix("```output\n")
                parts.append(block)
    notebook.metadata = METADATA
    if not parts[0].startswith("# "):
        raise Fault(0, 0, "the first cell must begin with the title: # %% [markdown]\n# # ...", "")
    return {
        "markdown": CAPTION.sub(r"\1/// caption\n\2\n///", "\n\n".join(parts)),
        "notebook": nbformat.writes(notebook),
        "figures": figures,
    }


def _figure(index, svg, title):
    try:
        svg = figure.restyle(svg)
    except ValueError as error:
        raise Fault(index, 0, str(error), "") from None
    return ID.sub(rf"\1{title}-", svg)  # two figures of a page may share an id


def _alt(index, cell):
    alt = cell.metadata.get("alt", "").strip()
    if not alt:
        raise Fault(index, 0, 'a figure without alt text: # %% alt="what it shows"', "")
    return SPECIAL.sub(r"\\\1", alt)
