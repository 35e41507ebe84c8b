"""MkDocs hook: the terms of docs/glossary.yml, on a page of their own and as tooltips."""

from pathlib import Path

from engine import glossary
from engine.data import DataError
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority

TERMS = "docs/glossary.yml"
terms = []
headings = {}


def on_files(files, config):
    pages = {file.src_uri: file.content_string for file in files.documentation_pages()}
    try:
        terms[:] = glossary.read(Path(TERMS).read_text("utf-8"))
        headings.update(glossary.headings(terms, pages))
    except DataError as error:
        line, problem = error.args
        raise PluginError(f"{TERMS}:{line}: {problem}") from None


def on_page_markdown(markdown, page, config, files):
    return glossary.expand(markdown, page.file.src_uri, terms, headings)


@event_priority(-100)  # once formulas are <math>
def on_page_content(html, page, config, files):
    if not page.file.src_uri.startswith(("labs/", "reference/")):
        return glossary.mark(html, terms)
