"""MkDocs hook: runs the labs before a build, and makes of each a page and downloads."""

import os
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from engine import page as syntax
from engine.run import RunError, load
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

FOLDER = "labs"
CACHE = ".cache/labs"
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)\.(?:md|py)(?=[)#])")
COLAB = "https://colab.research.google.com/github{repository}/blob/gh-pages/{path}"
entries = {}


def on_files(files, config):
    folder = os.path.relpath(Path(config.docs_dir, FOLDER))
    try:
        labs = load(folder, CACHE, config.extra["lab_seconds"], "labs")
    except RunError as error:
        raise PluginError(str(error)) from None
    entries.clear()
    for name, entry in labs.items():
        source = files.get_file_from_path(f"{FOLDER}/{name}.py")
        entries[source.src_uri] = entry
        contents = {
            f"{FOLDER}/download/{name}.ipynb": _with_addresses(entry["notebook"], config),
            f"{FOLDER}/download/{name}.py": source.content_string,
        }
        for title, svg in entry["figures"].items():
            contents[f"figures/{FOLDER}/{title}.svg"] = svg
        for uri, content in contents.items():
            files.append(File.generated(config, uri, content=content))
    return files


def on_page_read_source(page, config):
    """Reads a lab as the Markdown that it became."""
    if page.file.src_uri in entries:
        del page.render  # that of mkdocs-jupyter; MkDocs has its own for Markdown
        title, below = entries[page.file.src_uri]["markdown"].split("\n", 1)
        return f"{title}\n\n{_take_away(page.file, config)}\n{below}"


def on_post_page(output, page, config):
    if page.file.src_uri in entries:
        figures = {
            f"{FOLDER}/{title}": {"svg": svg, "csv": "", "code": ""}
            for title, svg in entries[page.file.src_uri]["figures"].items()
        }
        return syntax.place_figures(output, figures, "")


def _with_addresses(notebook, config):
    """A notebook whose links to other pages lead to the site, if its address is known."""
    if not config.site_url:
        return notebook
    base = urljoin(config.site_url, f"{FOLDER}/")
    return LINK.sub(lambda match: f"]({urljoin(base, match[1])}.html", notebook)


def _take_away(file, config):
    path = f"download/{file.name}"
    links = [f'[{kind}]({path}{kind}){{ download="" }}' for kind in (".ipynb", ".py")]
    if config.repo_url:
        published = f"{Path(config.docs_dir).name}/{FOLDER}/{path}.ipynb"
        repository = urlsplit(config.repo_url).path.rstrip("/")
        colab = COLAB.format(repository=repository, path=published)
        links.append(f"[{config.extra['colab_label']}]({colab})")
    return f"{config.extra['download_label']}: {' '.join(links)}\n{{ .take-away }}\n"
