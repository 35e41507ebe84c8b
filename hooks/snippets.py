"""MkDocs hook: runs the snippets before a build, and places what they give in pages.

The claims of the article are placed with them, since snippets give their numbers.
"""

import os
from pathlib import Path

from engine import ledger
from engine import page as syntax
from engine.code import calm
from engine.data import DataError
from engine.run import RunError, load
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

FOLDER = "snippets"
CACHE = ".cache/snippets"
CLAIMS = "docs/claims.yml"
entries = {}
groups = {}
titles = {}
calm()


def on_files(files, config):
    try:
        entries.update(load(FOLDER, CACHE, config.extra["snippet_seconds"], "snippets"))
    except RunError as error:
        raise PluginError(str(error)) from None
    for name, entry in entries.items():
        files.append(File.generated(config, f"code/{name}.py", content=_text(name)))
        for kind in ("svg", "csv"):
            if entry[kind]:
                uri = f"figures/{name}.{kind}"
                files.append(File.generated(config, uri, content=entry[kind]))
    groups.clear()
    try:
        groups.update(ledger.read(Path(CLAIMS).read_text("utf-8")))
    except DataError as error:
        raise _claims_error(error) from None
    for file in files.documentation_pages():
        titles[file.src_uri] = syntax.TITLE.search(file.content_string)[1]
    return files


def on_page_markdown(markdown, page, config, files):
    if page.file.src_uri.endswith(".py"):
        return  # a lab, which takes nothing from the snippets
    source = page.file.content_string
    front_matter = source.count("\n", 0, source.find(markdown.split("\n")[0]))
    known = entries | {"claims": {"results": ledger.counts(groups)}}
    try:
        syntax.check_alt_texts(markdown)
        markdown = syntax.fill_numbers(markdown, known)
        claims = iter(ledger.expand(markdown, page.file.src_uri, groups, entries, titles))
        markdown = syntax.fill_code(markdown, entries, _text)
        return ledger.FENCE.sub(lambda _: next(claims), markdown)
    except DataError as error:
        raise _claims_error(error) from None
    except syntax.PageError as error:
        line, problem = error.args
        path = os.path.relpath(page.file.abs_src_path)
        raise PluginError(f"{path}:{line + front_matter}: {problem}") from None


def on_post_page(output, page, config):
    return syntax.place_figures(output, entries, config.extra["code_label"])


def _claims_error(error):
    line, problem = error.args
    return PluginError(f"{CLAIMS}:{line}: {problem}")


def _text(name):
    return Path(FOLDER, f"{name}.py").read_text("utf-8")
