"""The one place that knows MkDocs: it gets the expanded site, and what it makes is published."""

import logging
import os
import pickle
import re
import shutil
import time
from pathlib import Path

from drawing import font
from drawing.highlight import calm
from filelock import FileLock, Timeout
from jinja2 import FileSystemBytecodeCache
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File
from mkdocs.utils import CountHandler
from running.cache import HOOKS, LOCK, Cache, RunError, prune
from running.say import say
from text import labs
from text.expansion import Faults, Sources, expand, hash_of
from text.source import Text
from watchdog.observers import Observer

CACHE = Path(".cache")
TYPESET = CACHE / "typeset"
ENTRANCE = Path("theme/entrance.html")
COMPLAINT = re.compile(r"Doc file '(?P<page>[^']+)' contains .*?link '(?P<link>[^']+)'")
# What rendering a page leaves in it.
RENDERED = "content", "toc", "_title_from_render", "present_anchor_ids"


def on_config(config):
    """Gives this build an object of its own, whose methods MkDocs then calls."""
    config.plugins["build"] = Build(config)


class Linked(File):
    """A file that is linked into the served site, where the system allows it."""

    def copy_file(self, dirty=False):
        Path(self.abs_dest_path).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.symlink(self.abs_src_path, self.abs_dest_path)
        except OSError:
            super().copy_file(dirty)


class Build:
    """One build of the site, from its sources to the folder in which it is published."""

    def __init__(self, config):
        self.start, self.published = time.monotonic(), None
        self.logger = logging.getLogger(type(config).__module__.partition(".")[0])
        self.pages_logger = logging.getLogger(f"{self.logger.name}.structure.pages")
        self.warnings = CountHandler(level=logging.WARNING)
        self.logger.addHandler(self.warnings)
        self.serves = Path(config.site_dir).name.startswith("mkdocs_")  # a folder of its own
        self.used = set()
        calm()
        if not self.serves:
            self.stage(config)

    def stage(self, config):
        """Directs the build to a folder that no other build of this checkout writes to."""
        CACHE.mkdir(exist_ok=True)
        self.lock = FileLock(CACHE / "site.lock")
        try:
            self.lock.acquire(blocking=False)
        except Timeout:
            say("another build of this checkout is running; waiting for it")
            self.lock.acquire()
        self.destination = Path(config.site_dir)
        config.site_dir = str(Path(CACHE, "site").absolute())

    def on_files(self, files, config):
        """Runs what must run, and replaces the pages by their expansion."""
        try:
            snippets, lab_runs, sources = gather(config, files)
            ours = hash_of(LOCK.read_bytes(), [p.read_bytes() for p in sorted(HOOKS.glob("text/*.py"))])
            kept = (_recall(TYPESET) or {}).get(ours, {})
            self.site = expand(sources, kept)
            _remember(TYPESET, {ours: kept})
        except RunError as error:
            raise PluginError(str(error)) from None
        except Faults as error:
            for fault in error.faults[:-1]:
                self.logger.error(str(fault))
            raise PluginError(str(error.faults[-1])) from None
        self.counts = snippets, lab_runs
        for path, content in contents(self.site, sources, config.site_url).items():
            if old := files.get_file_from_path(path):
                files.remove(old)
            files.append(self.generated(config, path, content))
        self.pages_logger.addFilter(self.with_line)
        settings = {k: v for k, v in config.items() if k not in ("plugins", "hooks", "theme")}
        templates = [path.read_text("utf-8") for path in sorted(Path("theme").glob("**/*.html"))]
        look = {**config.theme}, templates, LOCK.read_bytes()
        self.common = hash_of(sorted(files.src_uris), settings, look)
        return files

    def generated(self, config, path, content):
        """A file of the site; while it is served, what no page needs to render is linked."""
        if self.serves and not path.endswith(".md") and not isinstance(content, Path):
            kept = CACHE / "served" / path
            if not kept.exists() or kept.read_text("utf-8") != content:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(content, "utf-8")
            content = kept
        if isinstance(content, Path):
            kind = Linked if self.serves else File
            return kind.generated(config, path, abs_src_path=str(content.absolute()))
        return File.generated(config, path, content=content)

    def with_line(self, record):
        """MkDocs says which link is broken; this adds where it stands."""
        message = record.getMessage()
        match = COMPLAINT.match(message)
        if match and (text := self.site.texts.get(match["page"])):
            record.msg, record.args = str(text.fault(text.text.find(f"({match['link']}"), message)), ()
        return True

    def on_page_markdown(self, markdown, page, config, files):
        """Renders a page only if it, or the site around it, is another than before."""
        key = hash_of(page.file.src_uri, page.meta, markdown, self.common)
        page.remembered = CACHE / "pages" / f"{key}.page"
        render = page.render

        def remember(config, files):
            self.used.add(page.remembered)
            if state := _recall(page.remembered):
                state["links_to_anchors"] = {
                    files.get_file_from_path(uri): links for uri, links in state["links"].items()
                }
                page.__dict__.update(state)
                return
            warned = self.warnings.get_counts()
            render(config, files)
            if self.warnings.get_counts() == warned:
                state = {name: getattr(page, name) for name in RENDERED}
                links = page.links_to_anchors or {}
                state["links"] = {file.src_uri: each for file, each in links.items()}
                _remember(page.remembered, state)

        page.render = remember

    def on_env(self, env, config, files):
        """Lets search read a page, and Jinja compile a template, only if it is new."""
        templates = CACHE / "templates"
        templates.mkdir(exist_ok=True)
        env.bytecode_cache = FileSystemBytecodeCache(str(templates))
        index = config.plugins["material/search"].search_index
        read = index.add_entry_from_context

        def remember(page):
            path = page.remembered.with_suffix(".search")
            entries = _recall(path)
            if entries is None:
                before = len(index.entries)
                read(page)
                entries = index.entries[before:]
                _remember(path, entries)
            else:
                index.entries += entries

        index.add_entry_from_context = remember

    def on_page_context(self, context, page, config, nav):
        """Fills a template only if the page, or a title in the navigation, is new."""
        titles = hash_of([(each.title, each.url) for each in nav.pages])
        page.filled = page.remembered.with_suffix(f".{titles}.html")
        page.kept = page.filled.exists() and page.filled.read_text("utf-8")

    def on_post_page(self, output, page, config):
        if not page.kept:
            page.filled.write_text(output, "utf-8")

    @event_priority(-100)
    def on_post_build(self, config):
        """Puts the finished build in its place, unless MkDocs is about to reject it."""
        self.close()
        if config.strict and self.warnings.get_counts():
            return
        write_texts(self.site, config)
        if self.used:
            prune(CACHE / "pages", self.used, ".page")
        if self.serves:
            say(self.summary("in your browser"))
            return
        shutil.rmtree(self.destination, ignore_errors=True)
        self.destination.parent.mkdir(parents=True, exist_ok=True)
        Path(config.site_dir).rename(self.destination)
        shutil.copyfile(ENTRANCE, self.destination.parent / "index.html")
        self.lock.release()
        self.published = self.destination.parent / "index.html"

    def on_serve(self, server, config, builder):
        """Learns of changes from the system, where MkDocs looks twice a second; builds at once."""
        watched = config.docs_dir, config.config_file_path
        for path in watched:
            server.unwatch(path)
        server.observer = Observer()
        server.build_delay = 0.05
        for path in watched:
            server.watch(path)

    def on_build_error(self, error):
        """Leaves nothing of a build that failed."""
        self.close()
        if not self.serves and self.lock.is_locked:
            shutil.rmtree(CACHE / "site", ignore_errors=True)
            self.lock.release()

    def on_shutdown(self):
        """The last line of a build."""
        if self.published:
            say(self.summary(f"open {os.path.relpath(self.published)}"))

    def close(self):
        self.logger.removeHandler(self.warnings)
        self.pages_logger.removeFilter(self.with_line)

    def summary(self, where):
        parts = [f"{len(self.site.texts)} pages"]
        for cache in self.counts:
            taken = len(cache.sources()) - cache.ran
            parts.append(f"{cache.kind}: {cache.ran} run, {taken} from the cache")
        seconds = time.monotonic() - self.start
        claims = f"{self.site.ledger.measured()} claims hold"
        return f"{'; '.join(parts)}; {claims}; {seconds:.1f} s; {where}"


def gather(config, files):
    """The caches of snippets and labs, and the Sources of a site, all of which ran."""
    extra, docs = config.extra, os.path.relpath(config.docs_dir)
    snippets = Cache("snippets", "snippets", CACHE / "snippets", extra["snippet_seconds"])
    lab_runs = Cache("labs", f"{docs}/labs", CACHE / "labs", extra["lab_seconds"])
    ran, labs_ran = snippets.load(), lab_runs.load()
    pages = {
        file.src_uri: Text.read(f"{docs}/{file.src_uri}", file.content_string)
        for file in files.documentation_pages()
    }
    for name, lab in labs_ran.items():
        path, script = f"{docs}/labs/{name}.py", lab_runs.sources()[name]
        text = labs.page(lab, path, script, extra["labels"], config.repo_url)
        pages[f"labs/{name}.md"] = text
    order = _in_order(config.nav or [])
    pages = dict(sorted(pages.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))
    data = [(path, Path(path).read_text("utf-8")) for path in extra["data"]]
    code, style = snippets.sources(), snippets.style
    return snippets, lab_runs, Sources(pages, *data, ran, code, style, labs_ran, extra["labels"])


def _in_order(nav):
    """{page: its place in the navigation}."""
    found, waiting = [], list(nav)
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, dict):
            waiting[:0] = item.values()
        elif isinstance(item, list):
            waiting[:0] = item
        else:
            found.append(item)
    return {page: place for place, page in enumerate(found)}


def contents(site, sources, site_url):
    """All that a generator needs: {path: str, bytes or Path}."""
    found = {page: text.text for page, text in site.texts.items()} | site.files
    for name, lab in sources.labs.items():
        found[f"labs/{name}.ipynb"] = labs.notebook(lab, site_url)
    if site.characters:
        found["assets/math.woff2"] = font.subset(site.characters, CACHE / "fonts")
    return found


def write_texts(site, config):
    """The Markdown of each page beside it, for readers of text, and llms.txt."""
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", ""]
    for page, text in site.plain.items():
        Path(config.site_dir, page).write_text(text.text.strip() + "\n", "utf-8")
        lines.append(f"- [{text.title()}]({page})")
    Path(config.site_dir, "llms.txt").write_text("\n".join(lines) + "\n", "utf-8")


def _recall(path):
    try:
        return pickle.loads(path.read_bytes())
    except (OSError, EOFError, pickle.UnpicklingError):
        return None


def _remember(path, state):
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(pickle.dumps(state))
    partial.replace(path)
