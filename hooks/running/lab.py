"""The code of a lab, run; text.labs makes its page.

nbclient runs the cells; mkdocs-jupyter's converter, with a template that gives Markdown, makes of
each what a page shows of it.
"""

import base64
import json
import os
import re
import time
from pathlib import Path

import nbformat
from drawing import figure
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from mkdocs_jupyter.nbconvert2 import get_nbconvert_app
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert.exporters.markdown import MarkdownExporter
from nbformat.v4 import new_code_cell, new_notebook
from text import labs

from .cache import picture

# Given from outside, so that a notebook need not say it and runs without it anywhere.
SETTINGS = [
    "--InlineBackend.figure_formats={'svg', 'png'}",
    "--InlineBackend.rc={'figure.facecolor': 'none', 'axes.facecolor': 'none', 'svg.hashsalt': 'lab'}",
    "--InlineBackend.print_figure_kwargs={'bbox_inches': None, 'metadata': {'Date': None}, 'dpi': 400}",
    "--log-level=ERROR",
]
ENVIRONMENT = {
    "MATPLOTLIBRC": str(figure.STYLE),
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONPATH": "",  # nothing of the project
    "TQDM_DISABLE": "1",  # a page shows no progress bars
}
FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)")
TERMINAL_COLOUR = re.compile(r"\x1b\[[\d;]*m")
OUTPUTS = re.compile(r"^```output\n(?:(?!```).*\n|```\n+```output\n)*", re.MULTILINE)  # of one cell
ID = re.compile(r'(\bid="|url\(#|href="#)')


def run(path, text, _style, entry):
    """What the code of a lab gives; the PNGs of its figures are stored beside the entry. Raises Fault."""
    start, cells = time.monotonic(), [cell for cell in labs.cells(text, path) if not cell.is_prose]
    notebook = new_notebook(cells=[new_code_cell(cell.text, id=f"code-{i}") for i, cell in enumerate(cells, 1)])

    def fault(index, problem, line=0):
        return cells[index].fault(problem, line)

    _execute(notebook, entry.parent.absolute(), fault)
    figures = {}
    for index, cell in enumerate(notebook.cells):
        drawn = [o.data for o in cell.outputs if "image/svg+xml" in o.get("data", {})]
        if len(drawn) > 1:
            raise fault(index, "draws more than one figure")
        for data in drawn:
            cell.metadata.figure = name = f"{Path(path).stem}-{len(figures) + 1}"
            try:
                svg = figure.clean(data["image/svg+xml"])
            except ValueError as error:
                raise fault(index, str(error)) from None
            svg = ID.sub(rf"\1{name}-", svg)  # two of a page may share an id
            what = f"{name.replace('-', ' ').capitalize()} in its lab", path
            figures[name] = {"svg": figure.drawings(svg, *what)}
            figure.on_white(base64.b64decode(data.pop("image/png")), picture(entry, name), *what)
    return {
        "shown": _shown(notebook),
        "cells": json.loads(nbformat.writes(notebook))["cells"],
        "figures": figures,
        "seconds": time.monotonic() - start,
    }


def _execute(notebook, folder, fault):
    """Fills the outputs of a notebook, which runs in the folder; may raise fault(...)."""
    started = []
    client = NotebookClient(
        notebook,
        # This Python, not what a user may have installed as the kernel "python3".
        AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[])),
        extra_arguments=SETTINGS,
        on_cell_start=lambda cell, cell_index: started.append(cell_index),
        record_timing=False,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
    )
    own = ENVIRONMENT | {"IPYTHONDIR": str(folder / "ipython")}
    try:
        client.execute(cleanup_kc=True, env=os.environ | own)
    except DeadKernelError:
        raise fault(started[-1], "ended its kernel, or took longer than labs may take") from None
    except CellExecutionError as error:
        [output] = [o for o in notebook.cells[started[-1]].outputs if o.output_type == "error"]
        told = TERMINAL_COLOUR.sub("", "\n".join(output.traceback))
        index, line = started[-1], 0
        if frames := FRAME.findall(told):
            counts = [cell.get("execution_count") for cell in notebook.cells]
            index, line = counts.index(int(frames[-1][0])), int(frames[-1][1])
        raise fault(index, f"{error.ename}: {error.evalue}\n{told}", line) from None


def _shown(notebook):
    """The Markdown of each cell that ran."""
    exporter = MarkdownExporter(
        config=get_nbconvert_app().config,
        template_file="lab.md.j2",
        extra_template_paths=[str(Path(__file__).parent)],
    )
    markdown = [exporter.from_notebook_node(new_notebook(cells=[cell]))[0].strip() for cell in notebook.cells]
    return [OUTPUTS.sub(lambda outputs: re.sub(r"```\n+```output\n", "", outputs[0]), each) for each in markdown]
