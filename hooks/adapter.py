"""The one place that knows MkDocs: gives it the expanded site, and publishes what it makes."""

import hashlib
import json
import logging
import os
import re
import shutil
import time
from contextlib import ExitStack
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path
from urllib.parse import urljoin

from drawing.highlight import calm
from files import gather, write
from jinja2 import FileSystemBytecodeCache, FileSystemLoader
from mkdocs import utils
from mkdocs.config import load_config
from mkdocs.exceptions import PluginError
from mkdocs.plugins import CombinedEvent, event_priority
from mkdocs.utils import CountHandler, clean_directory
from policy import guard
from pygments.lexer import Lexer
from pygments.lexers import PythonLexer
from running.cache import HOOKS
from running.say import say, take_turn
from text import labs, search
from text.expansion import expand
from text.source import Faults
from watchdog.events import FileCreatedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent
from watchdog.observers import Observer

CACHE = Path(".cache")
LOOK = "*.yml", "requirements.txt", "hooks/**/*.py", "theme/**/*.html"
COMPLAINT = re.compile(r"Doc file '(?P<page>[^']+)' contains .*?link '(?P<link>[^']+)'")
DIRTY = re.compile("A 'dirty' build|contains stale files")


@event_priority(100)
def on_config(config):
    """Gives this build an object of its own, whose methods MkDocs then calls; before plugins use the theme."""
    config.plugins["build"] = build = Build(config)
    config.theme.get_env = partial(environment, config.theme.get_env)
    build.expand(config)


def environment(get_env):
    """The templates of a theme, of which MkDocs looks at each whether it is a file to publish.

    Each is compiled only if it is new, and without the space around its tags.
    """
    env = get_env()
    env.loader = WithoutIcons(env.loader.searchpath)
    env.trim_blocks = env.lstrip_blocks = True
    templates = CACHE / "templates"
    templates.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(templates))
    return env


@lru_cache(5000)  # most code of a served page stays as it is
def tokens(python, **options):
    return [*Lexer.get_tokens(PythonLexer(**options), python)]


class WithoutIcons(FileSystemLoader):
    """Does not list Material's 14,000 icons, which templates include; this takes a fifth of a second."""

    def list_templates(self):
        listed = set()
        for folder in map(Path, self.searchpath):
            for top in folder.glob("[!.]*"):
                files = top.rglob("*") if top.is_dir() else [top]
                listed |= {path.relative_to(folder).as_posix() for path in files if path.is_file()}
        return sorted(listed)


class Build:
    """One build of the site, from its sources to the folder in which it is published."""

    def __init__(self, config):
        made = config.extra["edition"], f"{utils.get_build_datetime():%Y-%m-%d}", os.environ.get("SOURCE_COMMIT")
        config.extra["made"] = " · ".join(filter(None, made))
        self.start, self.published, self.end = time.monotonic(), None, ExitStack()
        self.logger = logging.getLogger("mkdocs")
        for speaker in map(self.logger.getChild, ("structure.pages", "commands.build")):
            speaker.addFilter(self.amend)
            self.end.callback(speaker.removeFilter, self.amend)
        calm()
        PythonLexer.get_tokens = lambda lexer, text: tokens(text, **lexer.options)
        logging.getLogger("jieba").setLevel(logging.WARNING)
        self.serves = Path(config.site_dir).name.startswith("mkdocs_")  # a folder of its own
        if self.serves:
            language = Path(config.docs_dir).name
            config.site_dir = str(Path(config.site_dir, language))
            config.site_url = urljoin(config.site_url, f"{language}/")
        else:  # in a folder to which no other build of this checkout writes
            CACHE.mkdir(exist_ok=True)
            self.end.enter_context(take_turn(CACHE / "site.lock"))
            self.destination = Path(config.site_dir)
            config.site_dir = str(Path(CACHE, "site", self.destination.name).absolute())
            if config.site_url:
                config.site_url = urljoin(config.site_url, f"{self.destination.name}/")

    def expand(self, config):
        """Runs what must run, and directs MkDocs to the expansion of the pages."""
        try:
            sources, self.cache = gather(config)
            self.site = expand(sources)
        except Faults as error:
            *faults, last = error.faults
            for fault in faults:
                self.logger.error(fault)
            raise PluginError(last) from None
        folder = CACHE / "expanded" / Path(config.docs_dir).name
        files = write(self.site, sources, config, folder)
        config.docs_dir = str(folder.absolute())
        self.keep(config, files)

    def keep(self, config, files):
        """Lets --dirty keep the pages that are not older than their text, if nothing around them changed.

        The frame of a page is all that it depends on besides its own text: the files and the
        headings to which it may link, the navigation, the theme, the code. It is written to
        the folder of the site at the end of a build without complaint.
        """
        headings = [re.findall(r"^(?:#.*|.* \})$", text.text, re.MULTILINE) for text in self.site.texts.values()]
        look = [p.read_bytes() for pattern in LOOK for p in sorted(HOOKS.parent.glob(pattern))]
        frame = repr((config.site_url, config.extra, files, headings, look))
        self.frame, self.kept = hashlib.sha256(frame.encode()).hexdigest(), Path(config.site_dir, ".frame")
        late = any(path.stat().st_mtime > time.time() for path in Path(config.site_dir).rglob("*"))  # for this clock
        if late or not self.kept.exists() or self.kept.read_text("utf-8") != self.frame:
            clean_directory(config.site_dir)
        self.kept.unlink(missing_ok=True)

    def amend(self, record):
        """MkDocs says which link is broken; this adds where. It need not warn of --dirty."""
        match = COMPLAINT.match(message := record.getMessage())
        if match and (text := self.site.texts.get(match["page"])):
            record.msg, record.args = str(text.fault(text.text.find(f"({match['link']}"), message)), ()
        return not DIRTY.search(message)

    def on_nav(self, nav, config, files):
        """Names the pages in the navigation, of which MkDocs reads only those that it makes."""
        for page in nav.pages:
            page.title = page.title or self.site.plain[page.file.src_uri].title()

    def on_env(self, env, config, files):
        """Gives the templates what they ask of the whole site."""
        env.globals["pictures"] = self.site.pictures
        env.globals["top"] = config.site_url and urljoin(config.site_url, "..")
        self.order = [file.url for file in files.documentation_pages()]

    def on_page_context(self, context, page, config, nav):
        """Leaves out what stands below the sections in the contents of a page that says so."""
        if page.meta.get("contents") == "sections":
            for section in page.toc.items[0].children:
                section.children.clear()

    @event_priority(-100)
    def on_post_page(self, output, page, config):
        """A page with its policy, but for one that is served, into which MkDocs writes a script that reloads it."""
        return output if self.serves else guard(output)

    def on_post_template(self, output, template_name, config):
        return guard(output) if template_name.endswith(".html") and not self.serves else output

    @event_priority(100)
    def complete_search(self, config):
        """Search knows the pages that were made now; adds what it knew of the others.

        Pages load an index without sections, and these when a reader opens the search.
        """
        plugin = config.plugins["material/search"]
        index, plugin.search_index_prev = plugin.search_index, None
        kept, found = Path(config.site_dir, ".search.json"), {}
        for entries in json.loads(kept.read_text("utf-8")) if kept.exists() else [], index.entries:
            pages = groupby(entries, key=lambda entry: entry["location"].partition("#")[0])
            found |= {page: list(sections) for page, sections in pages}
        sections, index.entries = [entry for page in self.order for entry in found.get(page, [])], []
        kept.write_text(json.dumps(sections), "utf-8")
        utils.write_file(search.script(sections).encode(), str(Path(config.site_dir, "search/index.js")))

    @event_priority(-100)
    def publish(self, config):
        """Puts the finished build in its place, unless MkDocs is about to reject it."""
        if any(h.get_counts() for h in self.logger.handlers if isinstance(h, CountHandler)):
            return
        write_texts(self.site, config)
        self.kept.write_text(self.frame, "utf-8")
        if self.serves:
            write_top(Path(config.site_dir), config.site_url)
            say(self.summary("in your browser"))
        else:
            new, old = (self.destination.with_name(f"{self.destination.name}.{end}") for end in ("partial", "old"))
            for rest in new, old:
                shutil.rmtree(rest, ignore_errors=True)
                self.end.callback(shutil.rmtree, rest, ignore_errors=True)
            shutil.copytree(config.site_dir, new, ignore=shutil.ignore_patterns(".*"))
            if self.destination.exists():
                self.destination.rename(old)
            new.rename(self.destination)
            shutil.rmtree(old, ignore_errors=True)
            self.published = write_top(self.destination, config.site_url)
        self.end.close()

    on_post_build = CombinedEvent(complete_search, publish)

    def on_serve(self, server, config, builder):
        """Learns of changes from the system, where MkDocs looks twice a second; builds at once, in each language."""
        for path in config.docs_dir, config.config_file_path:
            server.unwatch(path)
        server.observer = Observer()
        # The system also tells of files that are only read.
        changes = [FileCreatedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent]
        server.observer.schedule = partial(server.observer.schedule, event_filter=changes)
        server.build_delay = 0.05
        served = Served(server, config, builder)
        for path, (_, *watched) in served.sources.items():
            for each in path, *watched:
                server.watch(str(each))
        served.build()
        server.builder = served.build

    def on_build_error(self, error):
        """Lets the next build begin, and says in a line what could not be written."""
        self.end.close()
        if isinstance(error, OSError):
            why = error.args[0][0][-1] if isinstance(error, shutil.Error) else error  # the first of many
            raise PluginError(f"nothing is published: {why}") from None

    def on_shutdown(self):
        """The last line of a build."""
        if self.published:
            say(self.summary(f"open {os.path.relpath(self.published)}"))

    def summary(self, where):
        ran, count = self.cache.ran, self.cache.count
        runs = [f"{kind}: {ran[kind]} run, {count[kind] - ran[kind]} from the cache" for kind in self.cache.folders]
        held = f"{sum('numbers' in claim for claim in self.site.ledger.claims.values())} claims hold"
        seconds = f"{time.monotonic() - self.start:.1f} s"
        return "; ".join([f"{len(self.site.texts)} pages", *runs, held, seconds, where])


class Served:
    """A served site in all its languages, of which each is built if something changed that it depends on."""

    def __init__(self, server, config, builder):
        self.builder, self.root, self.site_url = builder, server.root, server.url
        first, self.sources = Path(config.config_file_path), {}
        for path in sorted(first.parent.glob("mkdocs*.yml")):
            self.load(path)
        self.built = {first: self.state(first)}

    def load(self, path):
        """The settings of a language; of what it is made is noted, since a build changes them."""
        config = load_config(str(path), site_dir=self.root, site_url=self.site_url)
        self.sources[path] = [Path(each) for each in (config.docs_dir, *config.watch)]
        return config

    def build(self):
        for path in self.sources:
            if self.built.get(path) != (state := self.state(path)):
                config = self.load(path)
                config.plugins.on_startup(command="serve", dirty=True)
                self.builder(config)
                self.built[path] = state

    def state(self, path):
        """The files that a language is made of, and when they were changed: not the pages of another."""
        docs, *_ = sources = self.sources[path]
        others = {folder for folder in docs.parent.iterdir() if folder.is_dir() and folder != docs}
        files = {path}.union(*(each.rglob("*") if each.is_dir() else [each] for each in sources))
        return {file: file.stat().st_mtime_ns for file in files if file.is_file() and not others & {*file.parents}}


def write_texts(site, config):
    """The Markdown of each page beside it, for readers of text, and llms.txt."""
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", ""]
    for page, text in site.plain.items():
        Path(config.site_dir, page).write_text(text.text.strip() + "\n", "utf-8")
        lines.append(f"- [{text.title()}]({page})")
    Path(config.site_dir, "llms.txt").write_text("\n".join(lines) + "\n", "utf-8")


def write_top(site, site_url):
    """What stands above the site of a language: the entrance, which it gives, and what hosts and Binder look for."""
    top, entrance = site.parent, site.parent / "index.html"
    entrance.write_text(guard(Path("theme/entrance.html").read_text("utf-8")), "utf-8")
    first = min(top.glob("*/404.html"))  # English, if it is there
    missing = first.read_text("utf-8")
    if not site_url:  # then its links begin where that folder is served alone
        missing = missing.replace('href="/', f'href="/{first.parent.name}/')
    (top / "404.html").write_text(missing, "utf-8")
    scripts = [lab.read_text("utf-8") for lab in sorted(site.glob("labs/*.py"))]
    (top / "requirements.txt").write_text(labs.requirements(scripts), "utf-8")
    robots = top / "robots.txt"
    robots.unlink(missing_ok=True)
    if site_url:
        maps = [urljoin(site_url, f"../{each.parent.name}/sitemap.xml") for each in sorted(top.glob("*/sitemap.xml"))]
        robots.write_text("".join(["User-agent: *\nAllow: /\n", *(f"Sitemap: {each}\n" for each in maps)]), "utf-8")
    return entrance
