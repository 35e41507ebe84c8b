"""MkDocs hook: runs the snippets before a build, and places what they give in pages."""

import os
from pathlib import Path

from engine import page as syntax
from engine.code import calm
from engine.run import RunError, load
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

FOLDER = "snippets"
CACHE = ".cache/snippets"
entries = {}
calm()


def on_files(files, config):
    try:
        entries.update(load(FOLDER, CACHE, config.extra["snippet_seconds"], "snippets"))
    except RunError as error:
        raise PluginError(str(error)) from None
    for name, entry in entries.items():
        for kind in ("svg", "csv"):
            if entry[kind]:
                uri = f"figures/{name}.{kind}"
                files.append(File.generated(config, uri, content=entry[kind]))
    return files


def on_page_markdown(markdown, page, config, files):
    if page.file.src_uri.endswith(".py"):
        return  # a lab, which takes nothing from the snippets
    source = page.file.content_string
    front_matter = source.count("\n", 0, source.find(markdown.split("\n")[0]))
    try:
        syntax.check_alt_texts(markdown)
        markdown = syntax.fill_numbers(markdown, entries)
        return syntax.fill_code(markdown, entries, _text)
    except syntax.PageError as error:
        line, problem = error.args
        path = os.path.relpath(page.file.abs_src_path)
        raise PluginError(f"{path}:{line + front_matter}: {problem}") from None


def on_post_page(output, page, config):
    return syntax.place_figures(output, entries, config.extra["code_label"])


def _text(name):
    return Path(FOLDER, f"{name}.py").read_text("utf-8")
