"""Runs the code of a notebook in a Jupyter kernel that draws as the site does."""

import asyncio
import os
import re

from drawing.figure import STYLE
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

# Given from outside, so that a notebook need not say it and runs without it anywhere.
SETTINGS = [
    "--InlineBackend.figure_formats={'svg', 'png'}",
    "--InlineBackend.rc={'figure.facecolor': 'none', 'axes.facecolor': 'none', "
    "'svg.hashsalt': 'lab'}",
    "--InlineBackend.print_figure_kwargs={'bbox_inches': None, 'metadata': {'Date': None}, "
    "'dpi': 400}",
    "--log-level=ERROR",
]
ENVIRONMENT = {
    "MATPLOTLIBRC": str(STYLE),
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": "",  # nothing of the project
}
FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)")
COLOUR = re.compile(r"\x1b\[[\d;]*m")


class Fault(Exception):
    """What is wrong with a notebook: (index of the cell, line in it, message, details)."""


async def execute(notebook, folder, limit):
    """Fills the outputs of a notebook, which runs in a new folder; may raise Fault."""
    current = 0

    def note(cell, cell_index):
        nonlocal current
        current = cell_index

    folder = folder.absolute()
    (folder / "cwd").mkdir(parents=True)
    client = NotebookClient(
        notebook,
        # This Python, not what a user may have installed as the kernel "python3".
        AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[])),
        extra_arguments=SETTINGS,
        on_cell_start=note,
        record_timing=False,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder / "cwd")}},
    )
    own = ENVIRONMENT | {"IPYTHONDIR": str(folder / "ipython")}
    try:
        async with asyncio.timeout(limit) as clock:
            await client.async_execute(cleanup_kc=True, env=os.environ | own)
    except (TimeoutError, DeadKernelError):
        late = f"ran when the {limit:g} s of a lab were over"
        raise Fault(current, 0, late if clock.expired() else "ended its kernel", "") from None
    except CellExecutionError as error:
        [output] = [o for o in notebook.cells[current].outputs if o.output_type == "error"]
        traceback = COLOUR.sub("", "\n".join(output.traceback))
        where = current, 0
        if frames := FRAME.findall(traceback):
            count, line = map(int, frames[-1])
            counts = [cell.get("execution_count") for cell in notebook.cells]
            where = counts.index(count), line
        raise Fault(*where, f"{error.ename}: {error.evalue}", traceback) from None
