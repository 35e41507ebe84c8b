"""What the tests share: a small project to break, and the site itself, built once."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from filelock import FileLock
from passed import pytest_configure  # noqa: F401
from playwright.sync_api import sync_playwright
from running.cache import Cache
from small import Small

ROOT = Path(__file__).parents[1]
BUILD = [sys.executable, "-m", "mkdocs", "build", "--dirty"]
DOCS = ROOT / "docs"
PAGES = ["index.html"] + [
    path.relative_to(DOCS).with_suffix(".html").as_posix()
    for path in sorted(DOCS.rglob("*"))
    if path.suffix in (".md", ".py")
]
LABS = [page for page in PAGES if "/labs/" in page]
# What the theme does is asked of all English pages, and of one of each kind in Chinese.
KINDS = ["index", "operations/convolution", "labs/long-range", "reference/claims", "reference/glossary"]
THEMED = [page for page in PAGES if not page.startswith("zh/")] + [f"zh/{page}.html" for page in KINDS]
NAMES = "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
EAGER = "for (const each of document.images) each.loading = 'eager'"
LOADED = "[...document.images].every((each) => each.complete && each.naturalWidth)"
RAN = "!document.querySelector('[rel=preload][as=script]') || !!window.run"  # the last of the scripts, widgets.js
UNFOLD = "document.querySelectorAll('details').forEach(each => each.open = true)"
ENVIRONMENT = os.environ | {"SOURCE_DATE_EPOCH": "0", "NO_MKDOCS_2_WARNING": "1"}


class Project:
    """A copy of tests/project, with the hooks, the theme and the style of the checkout."""

    def __init__(self, folder):
        self.folder = folder
        if folder.exists():  # another process has made it
            return
        shutil.copytree(ROOT / "tests/project", folder)
        (folder / "checkout.yml").symlink_to(ROOT / "mkdocs.yml")
        (folder / "hooks").symlink_to(ROOT / "hooks")
        (folder / "theme").symlink_to(ROOT / "theme")
        (folder / "snippets/style.py").symlink_to(ROOT / "snippets/style.py")

    def read(self, path):
        return (self.folder / path).read_text("utf-8")

    def write(self, path, text):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, "utf-8")

    def edit(self, path, old, new):
        """Replaces what stands in a file exactly once."""
        before, after = self.read(path).split(old)
        self.write(path, before + new + after)

    def line(self, path, fragment):
        """The line of a file on which a fragment first stands."""
        before, found, _ = self.read(path).partition(fragment)
        assert found, fragment
        return before.count("\n") + 1

    def start(self):
        return Build(self.folder)

    def build(self):
        return self.start().finish()

    def site(self):
        """What is published: {path: bytes}."""
        return _files(self.folder / "site")

    def page(self, path):
        """A published page, parsed."""
        return BeautifulSoup((self.folder / "site/en" / path).read_bytes(), "html.parser")

    def cached(self):
        """The paths of what snippets gave."""
        return sorted((self.folder / ".cache/runs").glob("*.json"))

    def leftovers(self):
        """Files below .cache that are neither a lock nor a whole result."""
        runs = r"runs/(lock|\w{64}\.json|\w{64}(-.+)?\.png)"
        whole = rf"site\.lock|{runs}|fonts/\w{{64}}\.woff2|slides/\w{{64}}\.png|(expanded|site|templates)/.*"
        files = _files(self.folder / ".cache")
        return [path for path in files if not re.fullmatch(whole, path)]


class Build:
    """A running build."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            BUILD,
            cwd=folder,
            env=ENVIRONMENT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def interrupt(self):
        """Ctrl-C, which reaches all that it started, too."""
        os.killpg(self.process.pid, signal.SIGINT)

    def finish(self):
        """Waits for all that it started too: each holds the pipe of the output open."""
        with self.process as process:
            said, _ = process.communicate(timeout=1200)  # only a build that hangs
        return Built(process.returncode, said)


class Built:
    """A finished build: its exit code, what it said, and the faults it named."""

    FAULT = re.compile(r"^(?:ERROR|WARNING) +-  (\S+):(\d+): (.*(?:\n  .*)*)", re.M)

    def __init__(self, code, said):
        self.code, self.said = code, said
        self.faults = {(path, int(line)): why for path, line, why in self.FAULT.findall(said)}

    def fault_of(self, path):
        """The line and the message of the one fault that was named in a file."""
        [found] = [(line, why) for (named, line), why in self.faults.items() if named == path]
        return found


def _files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def site_cache():
    """What the snippets and labs of the site in the working folder gave; nothing may have to run."""
    return Cache({"snippets": "snippets", "labs": "docs/en/labs"}, {})


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project")


@pytest.fixture
def twin(tmp_path):
    """Another project, just like it."""
    return Project(tmp_path / "twin")


@pytest.fixture
def small():
    """The same small project as texts, for tests that start no build."""
    return Small()


@pytest.fixture(scope="session")
def once(tmp_path_factory, testrun_uid):
    """What something gives (as JSON) that the first worker makes which needs it, by its name."""
    shared = tmp_path_factory.getbasetemp().parent / testrun_uid
    shared.mkdir(exist_ok=True)

    def ask(name, make):
        made = shared / f"{name}.json"
        with FileLock(made.with_suffix(".lock")):
            if not made.exists():
                made.write_text(json.dumps(make()), "utf-8")
        return json.loads(made.read_text("utf-8"))

    return ask


@pytest.fixture(scope="session")
def built_once(once, tmp_path_factory):
    """A project that prepare() changes, and its build, made by the first worker that needs it."""

    def ask(name, prepare):
        def make():
            project = Project(tmp_path_factory.mktemp(name) / "project")
            prepare(project)
            build = project.build()
            return str(project.folder), build.code, build.said

        folder, code, said = once(name, make)
        return Project(Path(folder)), Built(code, said)

    return ask


@pytest.fixture(scope="session")
def site(once):
    """The folder of the built site."""

    def build():
        commands = [[*BUILD, "-f", config] for config in sorted(ROOT.glob("mkdocs*.yml"))]
        return [subprocess.run(each, cwd=ROOT, env=ENVIRONMENT).returncode for each in commands]

    assert not any(once("site", build)), "the site does not build: see above"
    return ROOT / "site"


@pytest.fixture(scope="session")
def given(site):
    """What the snippets of the site gave while it was built: {name: entry}."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        cache = site_cache()
        given = cache.load()
        assert not cache.ran
        return {source.name: entry for source, entry in given.items() if source.kind == "snippets"}


@pytest.fixture(params=PAGES)
def page(request):
    """Where in the site each page is, in turn."""
    return request.param


@cache
def parsed(file):
    """A page of the site, which no test changes."""
    return BeautifulSoup(file.read_bytes(), "html.parser")


def sections_to_search(site):
    """What search finds in, once a reader opens it."""
    script = (site / "en/search/index.js").read_text("utf-8")
    return json.loads(script.removeprefix("Search.docs = ").removesuffix(";"))


def code_of_figures(site):
    """What unfolds below each figure that a snippet draws, parsed: {where its code stands: block}."""
    found = {}
    for file in (site / "en/code").rglob("*.js"):
        html = json.loads(file.read_text("utf-8").removeprefix("code(").removesuffix(");"))
        found[file.with_suffix(".py")] = BeautifulSoup(f"<pre>{html}</pre>", "html.parser")
    return found


NEAR = """window.IntersectionObserver = class extends IntersectionObserver {
    constructor(seen, options) { super(seen, { ...options, rootMargin: "100000px" }); }
}"""
LAY_OUT = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { content-visibility: visible !important }");
    document.adoptedStyleSheets = [sheet];
}"""
MOUNTED = """() => [...document.querySelectorAll(".language-python pre:not(nav *)")]
    .every((block) => block.querySelector("[data-md-type=copy]"))"""


def near(tab):
    """Lets a page that will be opened believe that nothing is far from the screen."""
    tab.add_init_script(NEAR)


def lay_out(tab):
    """Lays out all of a page, also what is far from the screen; opened with near(), it then has all its buttons."""
    tab.evaluate(LAY_OUT)
    wait_until(tab, MOUNTED)


def wait_until(tab, condition):
    """Waits, at most five minutes, until a page says yes. wait_for_function asks eval, which the policy refuses."""
    for _ in range(6000):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    raise AssertionError(condition)


def show_images(tab):
    """Loads what is loaded when it comes near, too."""
    tab.evaluate(EAGER)
    wait_until(tab, LOADED)


def no_violation(tab, context, **options):
    """Asserts that axe finds nothing wrong in a part of a page."""
    found = Axe().run(tab, context=context, options={"resultTypes": ["violations"]} | options)
    assert not found.violations_count, found.generate_report()


@contextmanager
def chromium():
    """The installed Chromium, without a window."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM and "CI" not in os.environ:
        pytest.skip(f"there is no {', '.join(NAMES)}")
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser):
    """Opens an address as a new visitor does, until the test ends."""
    tabs = []

    def open_page(*how, **context):
        tabs.append(open_tab(browser, *how, **context))
        return tabs[-1]

    yield open_page
    for tab in tabs:
        tab.context.close()


def open_tab(browser, address, watch=lambda tab: None, **context):
    """Opens an address as a new visitor does, and unfolds what is folded."""
    tab = browser.new_context(**context).new_page()
    tab.set_default_timeout(300_000)  # a busy machine is no fault of the page
    # Chromium may ask for this on its own, once, although each page names an icon.
    tab.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    watch(tab)
    tab.goto(address)
    tab.wait_for_load_state("networkidle")
    if context.get("java_script_enabled", True):
        wait_until(tab, RAN)
    tab.evaluate(UNFOLD)
    wait_until(tab, "!document.querySelector('.drawing-source p > a[href$=py], .drawing-source script')")
    return tab


class Host(SimpleHTTPRequestHandler):
    """Serves files as many hosts do: 404.html for what is not there."""

    def log_message(self, *_):
        pass

    def send_error(self, code, *_):
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        with open(os.path.join(self.directory, "404.html"), "rb") as file:
            self.copyfile(file, self.wfile)


@contextmanager
def serving(folder):
    """Serves a folder; gives the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def server(site):
    with serving(site) as address:
        yield address
