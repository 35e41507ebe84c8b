"""What a page weighs: the files that a phone asks for to show it."""

import gzip

PHONE = {"width": 360, "height": 740}
ANOTHER = "reference/cheat-sheet.html"  # from which one may come, in the same language; it has formulas, too


def asked(browser, address, page):
    """The files of a site, served at an address, that a new visitor's phone asks for when it opens a page."""
    context, urls = browser.new_context(viewport=PHONE), []
    tab = context.new_page()
    tab.on("request", lambda request: urls.append(request.url))
    tab.goto(address + page)
    tab.wait_for_load_state("networkidle")
    context.close()
    return {url.removeprefix(address).split("?")[0] for url in urls} - {"favicon.ico"}


def elsewhere(browser, address):
    """What is loaded already by who comes from another page, by language."""
    return {language: asked(browser, address, f"{language}/{ANOTHER}") for language in ("en", "zh")}


def weigh(browser, address, site, page, shared):
    """The bytes of a first visit to a page, and of one by who has loaded what is shared, as elsewhere() gives it."""
    first, loaded = asked(browser, address, page), shared["zh" if page > "zh" else "en"]
    return tuple(sum(_compressed(site / path) for path in paths) for paths in (first, first - loaded | {page}))


def _compressed(path):
    """The bytes of a file, compressed as hosts send it."""
    content = path.read_bytes()
    return len(content if path.suffix in {".png", ".woff2"} else gzip.compress(content))
