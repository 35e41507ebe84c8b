"""A page runs and loads only what the site has, keeps no secret, works from a zip, and is found."""

import re
import subprocess
import sys
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from policy import guard

from conftest import BUILD, ENVIRONMENT, ROOT, no_violation, parsed, serving, wait_until

FORMULAS, WIDGET = "en/together/hybrids.html", ("en/operations/convolution.html", "touch-a-kernel")
BLOCKED = """() => { window.blocked = [];
    addEventListener("securitypolicyviolation", (event) => blocked.push(event.effectiveDirective)); }"""
# Each plants something that the site does not have, and names the part of the policy that must refuse it.
PLANTS = {
    "script-src-elem": "const each = document.createElement('script'); each.text = 'window.planted = 1'",
    "style-src-elem": "const each = document.createElement('style'); each.textContent = 'body { opacity: .5 }'",
    "style-src-attr": "const each = document.createElement('p'); each.setAttribute('style', 'color: red')",
    "script-src-attr": "const each = document.createElement('p'); each.setAttribute('onclick', 'planted = 1'); "
    "each.click()",
    "img-src": "const each = new Image(); each.src = 'http://127.0.0.2:9/foreign.png'",
    "connect-src": "fetch('http://127.0.0.2:9/').catch(() => {}); const each = ''",
    "frame-src": "const each = document.createElement('iframe'); each.src = 'http://127.0.0.2:9/'",
    "base-uri": "const each = document.createElement('base'); each.href = 'http://127.0.0.2:9/'",
    "form-action": "const each = document.createElement('form'); document.body.append(each); each.submit()",
}


def policy_of(page):
    """The policy of a page, {directive: its words}, which must stand before all that it governs."""
    [meta] = page.select("meta[http-equiv=Content-Security-Policy]")
    assert not meta.find_all_previous(["script", "style", "link", "img"])
    return {name: words for name, *words in map(str.split, meta["content"].split("; "))}


def test_a_policy_names_what_stands_inline():
    """The first hash is the example of the standard: alert('Hello, world.');"""
    inline = "<script>alert('Hello, world.');</script>"
    data, styled = '<script type="application/json">{}</script>', '<p style="color: red">'
    page = guard(f'<meta charset="utf-8">{inline}{data}{styled}')
    policy = policy_of(BeautifulSoup(page, "html.parser"))
    assert policy["script-src"] == ["'self'", "file:", "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"]
    assert len(policy["style-src"]) == 4 and policy["style-src"][3] == "'unsafe-hashes'"


def test_each_page_has_a_policy(site):
    pages = sorted(site.rglob("*.html"))
    assert site / "index.html" in pages and site / "404.html" in pages and site / "en/404.html" in pages
    for page in pages:
        policy = policy_of(parsed(page))
        assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == ["'none'"], page
        words = {word for words in policy.values() for word in words}
        rest = {word for word in words if not re.fullmatch(r"'sha256-[\w+/]{43}='", word)}
        assert rest <= {"'none'", "'self'", "file:", "data:", "'unsafe-hashes'"}, page


@pytest.mark.parametrize("refused", PLANTS)
def test_what_the_site_does_not_have_is_refused(visit, server, refused):
    tab = visit(server + FORMULAS, lambda tab: tab.add_init_script(f"({BLOCKED})()"))
    assert tab.evaluate("blocked") == []
    tab.evaluate(f"() => {{ {PLANTS[refused]}; document.head.append(each); }}")
    wait_until(tab, "blocked.length")
    assert tab.evaluate("blocked") == [refused]
    assert tab.evaluate("window.planted === undefined && getComputedStyle(document.body).opacity === '1'")


def test_formulas_keep_their_columns(visit, server):
    """MathML has its alignment in attributes, which the policy must let through."""
    tab = visit(server + FORMULAS)
    cells = tab.locator("mtd[style]").evaluate_all("all => all.map(each => getComputedStyle(each).textAlign)")
    assert {"left", "right"} <= set(cells)


def test_only_the_palette_is_kept(visit, server):
    """No cookie; in the browser's storage nothing, until a reader chooses a palette."""
    tab = visit(f"{server}en/index.html", color_scheme="light")
    assert tab.evaluate("localStorage.length") == 0
    tab.locator(".palette:visible").click()
    assert tab.evaluate("document.activeElement.value") == "default"  # the way back
    tab.route("**/*.js", lambda route: route.abort())  # the palette waits for no script
    for page in WIDGET[0], "zh/index.html":
        tab.goto(server + page)
        assert tab.evaluate("document.body.dataset.mdColorScheme") == "slate"
    assert tab.evaluate("Object.entries(localStorage)") == [["/.palette", '"slate"']]
    assert tab.evaluate("sessionStorage.length") == 0
    assert tab.context.cookies() == []


def test_the_palette_works_where_a_browser_keeps_nothing(visit, server):
    refuse = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } })"
    tab = visit(f"{server}en/index.html", lambda tab: tab.add_init_script(refuse), color_scheme="dark")
    assert tab.evaluate("document.body.dataset.mdColorScheme") == "slate"
    tab.locator(".palette:visible").click()
    assert tab.evaluate("document.body.dataset.mdColorScheme") == "default"


@pytest.fixture(scope="module")
def packed(site, tmp_path_factory):
    """The site in a zip, made twice."""
    files = [tmp_path_factory.mktemp("zip") / "site.zip" for _ in range(2)]
    for file in files:
        subprocess.run([sys.executable, "-m", "offline", file], check=True, cwd=ROOT,
                       env=ENVIRONMENT | {"PYTHONPATH": "hooks"})
    return files


def test_a_zip_has_the_same_bytes(packed, site):
    first, second = packed
    assert first.read_bytes() == second.read_bytes()
    with ZipFile(first) as file:
        assert file.namelist() == sorted(file.namelist(), key=lambda name: name.split("/"))
        assert {each.date_time for each in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert len(file.namelist()) == sum(path.is_file() for path in site.rglob("*"))


def test_a_zip_works_without_a_network(packed, visit, tmp_path):
    faults = []

    def watch(tab):
        tab.context.set_offline(True)
        tab.on("console", lambda message: message.type == "error" and faults.append(message.text))
        tab.on("requestfailed", lambda request: faults.append(request.url))

    with ZipFile(packed[0]) as file:
        file.extractall(tmp_path)
    page, widget = WIDGET
    tab = visit((tmp_path / "site/index.html").as_uri(), watch)
    tab.wait_for_url("**/en/index.html")
    tab.keyboard.press("/")
    tab.keyboard.type("receptive field", delay=20)
    tab.locator(".md-search-result__item").first.wait_for()
    tab.goto((tmp_path / "site" / page).as_uri())
    tab.locator(widget).first.scroll_into_view_if_needed()
    tab.wait_for_selector(f"{widget}[ready]", state="attached")
    assert not faults


@pytest.fixture(scope="module", params=["", "en"])
def host(site, request):
    """A host of the whole site, and one of a language alone."""
    with serving(site / request.param) as address:
        yield address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_missing_page_helps_at_any_depth(visit, host, scheme):
    address = f"{host}en/no/such/page.html"
    tab = visit(address, color_scheme=scheme, viewport={"width": 320, "height": 640})
    assert tab.title().startswith("No such page")
    assert tab.evaluate("getComputedStyle(document.body).lineHeight != 'normal'"), "it has its style"
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    no_violation(tab, "html")
    links = tab.locator("a").evaluate_all("all => all.map(each => each.href)")
    assert len(links) == 6
    for link in links:
        assert tab.request.get(link).ok, link
    tab.get_by_role("link", name="Search all pages").click()
    wait_until(tab, "document.activeElement?.name == 'query'")
    tab.keyboard.type("receptive field", delay=20)
    tab.locator(".md-search-result__item").first.wait_for()


def test_a_site_with_an_address_says_so(project):
    project.build()
    site = project.folder / "site"
    assert not (site / "robots.txt").exists()
    assert not project.page("index.html").select("link[rel=canonical]")
    build = subprocess.run(BUILD, cwd=project.folder, env=ENVIRONMENT | {"SITE_URL": "https://example.org/book/"})
    assert build.returncode == 0
    top = "https://example.org/book/en/"
    pages = [path.relative_to(site / "en").as_posix() for path in sorted(site.glob("en/**/*.html"))]
    pages.remove("404.html")
    addresses = [top + page for page in pages]
    assert [project.page(page).select_one("link[rel=canonical]")["href"] for page in pages] == addresses
    image = project.page("index.html").select_one("meta[property='og:image']")["content"]
    with Image.open(site / "en" / image.removeprefix(top)) as picture:
        assert picture.size == (1600, 900) and picture.text["Title"] == "It rises."
    alternates = project.page("index.html").select("link[rel~=alternate][hreflang]")
    assert [(link["hreflang"], link["href"]) for link in alternates] == [
        ("x-default", "https://example.org/book/"), ("en", f"{top}index.html"),
        ("zh-Hans", "https://example.org/book/zh/index.html")]
    sitemap = re.findall("<loc>(.*?)</loc>", project.read("site/en/sitemap.xml"))
    assert sorted(sitemap) == addresses
    assert project.read("site/robots.txt") == f"User-agent: *\nAllow: /\nSitemap: {top}sitemap.xml\n"
    for missing in "site/404.html", "site/en/404.html":
        links = BeautifulSoup(project.read(missing), "html.parser").select("a")
        assert all(link["href"].startswith("/book/en/") for link in links)
    project.build()
    assert not (site / "robots.txt").exists()
