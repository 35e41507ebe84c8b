"""MkDocs hook: pages cite the works of docs/references.bib; the bibliography shows all."""

import os
from pathlib import Path

from engine import bibliography
from engine.data import DataError
from engine.page import PageError
from mkdocs.exceptions import PluginError

WORKS = "docs/references.bib"
works = {}
citing = {}


def on_files(files, config):
    pages = {file.src_uri: file.content_string for file in files.documentation_pages()}
    works.clear()
    try:
        works.update(bibliography.read(Path(WORKS).read_text("utf-8")))
        citing.update(bibliography.cited(pages, works))
    except DataError as error:
        line, problem = error.args
        raise PluginError(f"{WORKS}:{line}: {problem}") from None
    except PageError as error:
        line, problem, page = error.args
        path = os.path.relpath(Path(config.docs_dir, page))
        raise PluginError(f"{path}:{line}: {problem}") from None


def on_page_markdown(markdown, page, config, files):
    label = config.extra["cited_label"]
    return bibliography.expand(markdown, page.file.src_uri, works, citing, label)
