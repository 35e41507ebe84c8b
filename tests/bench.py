"""make bench: what is promised about the times of builds and the weights of pages, measured on copies of the project.

Prints each figure beside its limit, and writes them to bench.json, with the machine's name.
"""

import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from test_build import Server
from weight import elsewhere, weigh

from conftest import BUILD, ENVIRONMENT, PAGES, ROOT, Project, chromium, serving, site_cache

IMPORTS = [sys.executable, "-c", "import torch, matplotlib.pyplot"]
SNIPPETS = len(list((ROOT / "snippets").glob("*/*.py")))
MEASURES = "s a snippet, cold", "s a page, warm", "s a served paragraph", "GB"
SHOWN = """
```python
--8<-- "{0}.py:idea"
```

The square of {{{{ {0}.number }}}} is {{{{ {0}.square }}}}.

![A line that rises](figures/{0}.svg)
"""
NOTEBOOKS = """\
site_name: Notebooks
plugins:
  - mkdocs-jupyter: {execute: true, allow_errors: false, include: ["*.py"]}
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "site", "expanded"))
        figures = {
            "a cold build": cold_build(copy),
            "the Chinese edition after it": (timed([*BUILD, "-f", "mkdocs.zh.yml"], copy), None),
            "a warm build": (median(timed(BUILD, copy) for _ in range(5)), None),
            "a changed paragraph, until the browser has it": served_paragraph(copy, "differences/receptive-field"),
            "twenty snippets": twenty_snippets(Path(folder)),
        }
        weights = weights_of_pages(copy / "site")
        alone = changed_snippet(copy)
        sizes = scale(Path(folder))
    for what, (seconds, limit) in figures.items():
        print(f"{what}: {seconds:.2f} s" + (f", at most {limit:.2f} s" if limit else ""))
    print(f"a changed snippet runs alone: {alone}")
    for times, found in sizes.items():
        print(f"{times} times the size:", ", ".join(f"{value:.3g} {what}" for what, value in found.items()))
    for page, (first, later) in weights.items():
        print(f"{page}: {first / 1000:.0f} kB at first, {later / 1000:.0f} kB later")
    machine = f"{processor()}, {os.cpu_count()} cores, {platform.platform()}"
    seconds = {what: round(s, 2) for what, (s, _) in figures.items()}
    record = {"machine": machine, "seconds": seconds, "bytes": weights, "sizes": sizes}
    (ROOT / "bench.json").write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    slow = [what for what, (seconds, limit) in figures.items() if limit and seconds > limit]
    slow += [f"{times} times the size" for times, found in sizes.items()
             if found["GB"] > 2 or any(found[what] > 1.3 * sizes[1][what] for what in MEASURES[:3])]
    print("Too slow:", ", ".join(slow) or "nothing")
    return not alone or bool(slow)


def cold_build(copy):
    """At most a quarter more than one import, the work of the sources on all cores, and the pages."""
    seconds = timed(BUILD, copy)
    shutil.rmtree(copy / ".cache/site")
    pages = timed(BUILD, copy)
    imports = median(timed(IMPORTS, copy) for _ in range(3))
    os.chdir(copy)
    given = site_cache().load()
    work = sum(entry["seconds"] for entry in given.values())
    return seconds, 1.25 * (imports + work / os.cpu_count() + pages)


def served_paragraph(copy, name):
    server, page, times = Server(copy, 18000), copy / f"docs/en/{name}.md", []
    try:
        server.shows(f"en/{name}.html", "</html>")
        for i in range(5):
            time.sleep(1)
            start = time.monotonic()
            with page.open("a", encoding="utf-8") as text:
                text.write(f"\nParagraph {i}.\n")
            server.shows(f"en/{name}.html", f"Paragraph {i}.")
            times.append(time.monotonic() - start)
    finally:
        server.stop()
    return median(times), 1


def weights_of_pages(site):
    """{page: the bytes of a first visit, and of one that comes from another page}."""
    with serving(site) as address, chromium() as browser:
        shared = elsewhere(browser, address)
        return {page: weigh(browser, address, site, page, shared) for page in PAGES}


def changed_snippet(copy):
    path = sorted(copy.glob("snippets/**/*.py"))[0]
    with path.open("a") as snippet:
        snippet.write("\n# changed\n")
    build = subprocess.run(BUILD, cwd=copy, env=ENVIRONMENT, capture_output=True, text=True)
    ran = [line.split()[2] for line in build.stderr.splitlines() if " took " in line]
    return ran == [str(path.relative_to(copy))]


def scale(folder):
    """What a site of this size takes, and ones with three and with ten times the pages and snippets, all of them light.

    {times: {one of MEASURES: what it was}}; the GB are those of the largest process.
    """
    found, pages = {}, len(PAGES) // 2  # in one language
    for times in 1, 3, 10:
        project = grown(folder / f"grown{times}", pages * times, SNIPPETS * times)
        cold = timed(BUILD, project.folder)
        (project.folder / ".cache/site/en/.frame").unlink()
        warm = timed(BUILD, project.folder)
        served, _ = served_paragraph(project.folder, "index")
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
        measured = cold / (SNIPPETS * times), warm / (pages * times), served, memory
        found[times] = {what: round(value, 4) for what, value in zip(MEASURES, measured, strict=True)}
    return found


def grown(folder, pages, snippets):
    """A small project with so many more pages and snippets, each of which a page shows."""
    project, names = Project(folder), [f"n{i}" for i in range(snippets)]
    good = project.read("snippets/good.py")
    for name in names:
        project.write(f"snippets/{name}.py", f"{good}\n# {name}\n")
    for i in range(pages):
        shown = [SHOWN.format(name) for name in names[i::pages]]
        project.write(f"docs/en/page{i}.md", "".join([f"# Page {i} {{ #page{i} }}\n", *shown]))
    listed = ", ".join(f"page{i}.md" for i in range(pages))
    project.edit("mkdocs.yml", "bibliography.md]", f"bibliography.md, {listed}]")
    return project


def twenty_snippets(folder):
    """At most a fifteenth of what mkdocs-jupyter takes to run the same files as notebooks."""
    project, notebooks = Project(folder / "ours"), folder / "notebooks"
    (notebooks / "docs").mkdir(parents=True)
    (notebooks / "mkdocs.yml").write_text(NOTEBOOKS)
    project.edit("snippets/good.py", "import matplotlib", "import torch\nimport matplotlib")
    text = project.read("snippets/good.py")
    for i in range(19):
        project.write(f"snippets/n{i}.py", f"{text}\n# {i}\n")
    style = project.read("snippets/style.py")
    for path in project.folder.glob("snippets/*.py"):
        cells = "# %%", path.read_text(), "# %%", "results()", "# %%", "figure()"
        script = "\n".join(cells).replace("from style import CONVOLUTION", style)
        if path.name != "style.py":
            (notebooks / "docs" / path.name).write_text(script)
    theirs = timed(BUILD, notebooks)
    return timed(BUILD, project.folder), theirs / 15


def timed(command, folder):
    start = time.monotonic()
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
    return time.monotonic() - start


def processor():
    """The name of the processor, where the system tells it."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    sys.exit(main())
