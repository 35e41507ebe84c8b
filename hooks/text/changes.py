"""CHANGELOG.md: the page of the changes, and their feed.

    ## 0.2.0 (2026-11-29): Its name

    What changed.
"""

import re
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from jinja2 import Template

from .source import Text

PAGE = "reference/changes.html"
RELEASE = re.compile(
    r"^## (?P<version>[\d.]+) \((?P<date>\d{4}-\d\d-\d\d)\): (?P<name>.+)\n\n(?P<what>(?:(?!## ).*\n)+)", re.MULTILINE
)
FEED = Template(Path(__file__).with_name("changes.atom.j2").read_text("utf-8"), autoescape=True, trim_blocks=True)


class Changes:
    """The releases that a text names, the last one first. Raises Fault at a heading of another form."""

    def __init__(self, path, text):
        self.text = Text.read(path, text)
        self.releases = [
            release.groupdict() | {"anchor": f"v{release['version'].replace('.', '-')}"}
            for release in RELEASE.finditer(text)
        ]
        for heading in re.finditer("^##.*", text, re.MULTILINE):
            if not RELEASE.match(text, heading.start()):
                raise self.text.fault(heading.start(), "a release begins with ## 0.2.0 (2026-11-29): Its name")

    def entries(self, *_):
        """The releases, for a page."""
        releases = iter(self.releases)
        first = self.text.text.index("\n## ") + 1
        text = self.text.part(first, len(self.text.text))
        headings = re.finditer("^## .*", text.text, re.MULTILINE)
        return text.sub(headings, lambda heading: f"{heading[0]} {{ #{next(releases)['anchor']} }}")

    def feed(self, title):
        """The releases as Atom."""
        return FEED.render(
            title=title, releases=self.releases, page=PAGE, id=lambda name: uuid5(NAMESPACE_URL, name).urn
        )
