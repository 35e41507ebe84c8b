"""make bench-peers: the same ten snippets built by this project and by others that run code while they build.

Each has an environment of its own in .cache/bench-peers. A build is cold, then warm, then after one snippet changed,
each five times; another build has a snippet that fails. Prints the medians as a table for README.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from matrix import environment

from conftest import ENVIRONMENT, ROOT, Project

COUNT, TIMES = 10, 5
SHARED = "-r", ROOT / "requirements-torch.txt", "matplotlib"
STYLE = (ROOT / "snippets/style.py").read_text("utf-8")
GOOD = (ROOT / "tests/project/snippets/good.py").read_text("utf-8").replace(
    "import matplotlib", "import torch\nimport matplotlib"
)
ALONE = GOOD.replace("from style import CONVOLUTION\n", STYLE).partition("if __name__")[0]
MKDOCS = "site_name: Peers\nuse_directory_urls: false\nplugins:\n  - {}\n"
CONF = "project = 'Peers'\nextensions = [{}]\n{}\n"


class Ours:
    needs = []  # beside the lock

    def write(self, folder):
        project = Project(folder)
        for i in range(COUNT):
            project.write(f"snippets/n{i}.py", f"{GOOD}\n# {i}\n")

    def source(self, folder):
        return folder / "snippets/n0.py"

    def command(self, python):
        return [python, "-m", "mkdocs", "build", "--dirty"]


class MkdocsJupyter(Ours):
    needs = ["mkdocs-jupyter", "ipykernel"]

    def write(self, folder):
        settings = 'mkdocs-jupyter: {execute: true, allow_errors: false, include: ["*.py"]}'
        self.write_pages(folder, MKDOCS.format(settings), "py", "# %%\n{}\n# %%\nresults()\n# %%\nfigure()\n")

    def write_pages(self, folder, settings, end, page):
        (folder / "docs").mkdir(parents=True)
        (folder / "mkdocs.yml").write_text(settings)
        (folder / "docs/index.md").write_text("# Peers\n")
        for i in range(COUNT):
            (folder / f"docs/n{i}.{end}").write_text(page.format(f"{ALONE}\n# {i}\n"))

    def source(self, folder):
        return next(folder.glob("docs/n0.*"))


class MarkdownExec(MkdocsJupyter):
    needs = ["mkdocs", "markdown-exec[ansi]"]
    page = (
        '# A page\n\n```python exec="true" html="true"\n{}\nprint(results())\nimport io\nout = io.StringIO()\n'
        'figure().savefig(out, format="svg")\nprint(out.getvalue())\n```\n'
    )

    def write(self, folder):
        self.write_pages(folder, MKDOCS.format("markdown-exec"), "md", self.page)


class SphinxGallery(Ours):
    needs = ["sphinx", "sphinx-gallery"]

    def write(self, folder):
        (folder / "examples").mkdir(parents=True)
        options = "sphinx_gallery_conf = {'examples_dirs': 'examples', 'gallery_dirs': 'gallery'}"
        (folder / "conf.py").write_text(CONF.format("'sphinx_gallery.gen_gallery'", options))
        (folder / "index.rst").write_text("Peers\n=====\n\n.. toctree::\n\n   gallery/index\n")
        (folder / "examples/README.rst").write_text("Examples\n========\n")
        for i in range(COUNT):
            text = ALONE.replace('"""A snippet', '"""\nA snippet\n=========\n\nA snippet', 1)
            (folder / f"examples/plot_n{i}.py").write_text(f"{text}\nresults()\n# %%\nfigure()\n# {i}\n")

    def source(self, folder):
        return folder / "examples/plot_n0.py"

    def command(self, python):
        return [python, "-m", "sphinx", "--quiet", "-j", "auto", ".", "site"]


class MystNb(SphinxGallery):
    needs = ["myst-nb", "jupyter-cache", "ipykernel"]
    head = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n\n# A page\n\n"

    def write(self, folder):
        folder.mkdir(parents=True)
        options = "nb_execution_mode = 'cache'\nnb_execution_raise_on_error = True"
        (folder / "conf.py").write_text(CONF.format("'myst_nb'", options))
        names = "\n".join(f"n{i}" for i in range(COUNT))
        (folder / "index.md").write_text(f"# Peers\n\n```{{toctree}}\n{names}\n```\n")
        for i in range(COUNT):
            cells = (f"```{{code-cell}}\n{text}\n```\n" for text in (f"{ALONE}\n# {i}", "results()", "figure()"))
            (folder / f"n{i}.md").write_text(self.head + "\n".join(cells))

    def source(self, folder):
        return folder / "n0.md"


class Quarto(MystNb):
    needs = ["quarto-cli", "jupyter", "ipykernel"]

    def write(self, folder):
        folder.mkdir(parents=True)
        (folder / "_quarto.yml").write_text("project: {type: website}\nexecute: {freeze: auto}\n")
        for i in range(COUNT):
            cells = (f"```{{python}}\n{text}\n```\n" for text in (f"{ALONE}\n# {i}", "results()", "figure()"))
            (folder / f"n{i}.qmd").write_text("---\ntitle: A page\n---\n\n" + "\n".join(cells))

    def source(self, folder):
        return folder / "n0.qmd"

    def command(self, python):
        return [python.with_name("quarto"), "render"]


PEERS = {
    "this project": Ours(), "mkdocs-jupyter": MkdocsJupyter(), "markdown-exec": MarkdownExec(),
    "sphinx-gallery": SphinxGallery(), "myst-nb": MystNb(), "Quarto": Quarto(),
}


def main(*names):
    print("| | cold | warm | one changed | a failure stops it | names the line |")
    print("|---|---|---|---|---|---|")
    for name in names or PEERS:
        try:
            print(f"| {name} |", row(name, PEERS[name]), flush=True)
        except subprocess.CalledProcessError as error:
            print(f"| {name} | cannot be had here: {(error.stderr or b'').decode()[-300:]} |", flush=True)


def row(name, peer):
    python = Path(sys.executable)
    if peer.needs:
        python = environment(ROOT / ".cache/bench-peers" / name, python, [*SHARED, *peer.needs])
    cold, warm, changed = [], [], []
    with tempfile.TemporaryDirectory() as top:
        for i in range(TIMES):
            folder = Path(top, str(i))
            peer.write(folder)
            cold.append(seconds(peer, python, folder))
            warm.append(seconds(peer, python, folder))
            change(peer.source(folder), "return x * x", "return x * x + 0")
            changed.append(seconds(peer, python, folder))
            shutil.rmtree(folder)
        peer.write(folder)
        change(peer.source(folder), "return x * x", "return x / 0")
        failed = subprocess.run(peer.command(python), cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    said = re.search(r"n0\.\w+(?::\d+|\", line \d+)", failed.stdout + failed.stderr)
    return " | ".join([*(f"{median(each):.1f} s" for each in (cold, warm, changed)),
                       "yes" if failed.returncode else "no", "yes" if said else "no"]) + " |"


def seconds(peer, python, folder):
    start = time.monotonic()
    subprocess.run(peer.command(python), cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
    return time.monotonic() - start


def change(path, old, new):
    path.write_text(path.read_text().replace(old, new))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
