"""What a page weighs: the files that a phone asks for to show it."""

import gzip

PHONE = {"width": 360, "height": 740}
ANOTHER = "en/reference/cheat-sheet.html"  # from which one may come; it has formulas, too


def asked(browser, address, page):
    """The files of a site, served at an address, that a new visitor's phone asks for when it opens a page."""
    context, urls = browser.new_context(viewport=PHONE), []
    tab = context.new_page()
    tab.on("request", lambda request: urls.append(request.url))
    tab.goto(address + page)
    tab.wait_for_load_state("networkidle")
    context.close()
    return {url.removeprefix(address).split("?")[0] for url in urls} - {"favicon.ico"}


def compressed(site, paths):
    """The bytes of files, compressed as hosts send them."""
    contents = {path: (site / path).read_bytes() for path in paths}
    return sum(len(content if path.endswith((".png", ".woff2")) else gzip.compress(content))
               for path, content in contents.items())
