"""make bench: what is promised about build times, measured on copies of the project."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from running.cache import Cache

from conftest import BUILD, ENVIRONMENT, ROOT, Project

IMPORTS = [sys.executable, "-c", "import torch, matplotlib.pyplot"]
NOTEBOOKS = """\
site_name: Notebooks
plugins:
  - mkdocs-jupyter: {execute: true, allow_errors: false, include: ["*.py"]}
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "site"))
        timed(BUILD, ROOT)  # the labs have a limit of their own: they are not run again
        shutil.copytree(ROOT / ".cache/labs", copy / ".cache/labs")
        kept = [cold_build(copy), changed_paragraph(copy), changed_snippet(copy)]
        kept.append(twenty_snippets(Path(folder)))
    sys.exit(not all(kept))


def cold_build(copy):
    seconds = timed(BUILD, copy)
    imports = median(timed(IMPORTS, copy) for _ in range(3))
    cached = median(timed(BUILD, copy) for _ in range(3))
    work = sum(entry["seconds"] for entry in results(copy).values())
    parts = f"one import {imports:.1f} s, snippets {work:.1f} s of CPU, pages {cached:.1f} s"
    limit = 1.25 * (imports + work / os.cpu_count() + cached)
    return verdict(f"cold build ({parts})", seconds, limit)


def changed_paragraph(copy):
    """Against MkDocs without our hooks, on the Markdown that they make."""
    bare = copy / "expanded"
    timed([sys.executable, "hooks/expand.py", bare.name], copy)
    ours, theirs = [], []
    for i in range(7):
        with open(copy / "docs/en/index.md", "a") as page:
            page.write(f"\nParagraph {i}.\n")
        ours.append(timed(BUILD, copy))
        theirs.append(timed(BUILD, bare))
    return verdict("changed paragraph", median(ours), 1.15 * median(theirs))


def changed_snippet(copy):
    path = sorted(copy.glob("snippets/**/*.py"))[0]
    with open(path, "a") as snippet:
        snippet.write("\n# changed\n")
    build = subprocess.run(BUILD, cwd=copy, env=ENVIRONMENT, capture_output=True, text=True)
    ran = [line.split()[3] for line in build.stderr.splitlines() if " took " in line]
    print(f"changed snippet: ran {', '.join(ran)}")
    return ran == [str(path.relative_to(copy))]


def twenty_snippets(folder):
    """Against the same files as notebooks that mkdocs-jupyter runs."""
    project, notebooks = Project(folder / "ours"), folder / "notebooks"
    (notebooks / "docs").mkdir(parents=True)
    (notebooks / "mkdocs.yml").write_text(NOTEBOOKS)
    project.edit("snippets/good.py", "import matplotlib", "import torch\nimport matplotlib")
    text = project.read("snippets/good.py")
    for i in range(19):
        project.write(f"snippets/n{i}.py", f"{text}\n# {i}\n")
    for path in project.folder.glob("snippets/*.py"):
        cells = "# %%", path.read_text(), "# %%", "results()", "# %%", "figure()"
        (notebooks / "docs" / path.name).write_text("\n".join(cells))
    theirs = timed(BUILD, notebooks)
    print(f"twenty notebooks: {theirs:.1f} s")
    return verdict("twenty snippets", timed(BUILD, project.folder), theirs / 15)


def timed(command, folder):
    start = time.monotonic()
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
    return time.monotonic() - start


def results(copy):
    os.chdir(copy)
    return Cache("snippets", "snippets", ".cache/snippets", 60).load()


def verdict(what, seconds, limit):
    kept = seconds <= limit
    print(f"{what}: {seconds:.2f} s, at most {limit:.2f} s: {'kept' if kept else 'BROKEN'}")
    return kept


if __name__ == "__main__":
    main()
