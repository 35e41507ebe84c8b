"""From files to files: all that the site is made of, and the folder that MkDocs makes it from."""

import os
from functools import lru_cache
from pathlib import Path

from drawing import font
from drawing.kept import prune
from drawing.picture import picture
from drawing.slide import slide
from running.cache import Cache
from text import labs
from text.expansion import Sources
from text.source import Text


def gather(config):
    """The Sources of a site, all of which ran, and the Cache that holds what they gave."""
    extra, docs = config.extra, Path(os.path.relpath(config.docs_dir))
    cache = Cache({"snippets": "snippets", "labs": extra["labs"]}, extra["seconds"])
    snippets, code, ran_labs = {}, {}, {}
    texts = {path: Text.read(path.as_posix(), path.read_text("utf-8-sig")) for path in docs.rglob("*.md")}
    pages = {path.relative_to(docs).as_posix(): text for path, text in texts.items()}
    for source, entry in cache.load().items():
        if source.kind == "snippets":
            snippets[source.name], code[source.name] = entry, source.text
        else:
            path = (docs / "labs" / source.name).with_suffix(".py")  # in this language
            script = path.read_text("utf-8")
            whole = labs.whole(script, source.text, path.as_posix())
            ran_labs[source.name] = lab = entry | {"script": script, "whole": whole}
            pages[f"labs/{source.name}.md"] = labs.page(lab, path.as_posix(), extra["labels"], config.repo_url)
    order = {page: place for place, page in enumerate(_pages_of(config.nav or []))}
    pages = dict(sorted(pages.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))
    data = [(path, Path(path).read_text("utf-8")) for path in extra["data"]]
    told = {kind: (path, Path(path).read_text("utf-8")) for kind, path in extra["told"].items()}
    return Sources(pages, *data, told, snippets, code, cache.style, ran_labs, extra["labels"], extra["made"]), cache


def _draw_again(site, made):
    """Gives the PNGs of a Site and its slides the words that a translation put into the SVGs.

    made: what these say of when they were made, which would draw each anew.
    """
    drawn = {}
    for path in (path for path in site.files if path.endswith(".png")):
        svg = site.files[f"{path[:-4]}.svg"].replace(f", {made}</dc:source>", "</dc:source>")
        drawn[path] = picture(svg, Path(".cache/pictures"))
    site.files |= drawn
    prune([*drawn.values()])
    for path, (_, *words) in site.slides.items():
        site.slides[path] = site.files[path.replace("-slide", "")], *words


def _pages_of(nav):
    """The pages of a navigation, in their order."""
    for item in nav.values() if isinstance(nav, dict) else nav:
        yield from [item] if isinstance(item, str) else _pages_of(item)


def write(site, sources, config, folder):
    """Makes a folder hold the expanded docs_dir; what does not change is not touched."""
    if sources.told:
        _draw_again(site, sources.made)
    contents = {page: text.text for page, text in site.texts.items()} | site.files
    for path in Path(config.docs_dir).rglob("*"):
        if path.is_file() and path.suffix != ".md":
            contents[path.relative_to(config.docs_dir).as_posix()] = path
    origin = config.site_name, sources.made, config.copyright
    for name, lab in sources.labs.items():
        contents[f"labs/{name}.py"] = lab["whole"]
        contents[f"labs/{name}.ipynb"] = labs.notebook(lab, f"labs/{name}", site.files, config.site_url, origin)
    drawn = {path: slide(*what, Path(".cache/slides")) for path, what in site.slides.items()}
    if site.characters:
        drawn["assets/math.woff2"] = font.subset(site.characters, Path(".cache/fonts"))
    prune([*drawn.values()])
    contents |= drawn
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in contents:
            path.unlink()
    for path, content in contents.items():
        file = folder / path
        content = content.read_bytes() if isinstance(content, Path) else content
        if not file.is_file() or not _holds(file, file.stat().st_mtime_ns, content):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_bytes(content))
    return sorted(contents)


@lru_cache(20000)  # most files of a served site stay as they are
def _holds(file, _, content):
    """Whether a file, as it was at this time, holds bytes or a str."""
    return file.read_bytes() == _bytes(content)


def _bytes(content):
    return content.encode() if isinstance(content, str) else content
