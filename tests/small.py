"""The small project as texts, for tests that start no build: some are edited, then all are expanded."""

from pathlib import Path

from mkdocs.utils import yaml_load
from text.expansion import Sources, expand
from text.source import Text

ROOT = Path(__file__).parents[1]
DOCS = "tests/project/docs"
PAGE, CLAIMS, WORKS, TERMS = f"{DOCS}/en/index.md", f"{DOCS}/claims.yml", f"{DOCS}/works.yml", f"{DOCS}/glossary.yml"
CHANGES = "tests/project/CHANGELOG.md"
LEDGER = f"{DOCS}/en/reference/claims.md"
PAGES = "index.md", "reference/claims.md", "reference/glossary.md", "reference/bibliography.md"
GIVEN = {
    "results": {"number": 3, "square": 9, "half": 0.5, "odd": True},
    "outputs": {"idea": "9\n", "silent": ""},
    "svg": dict.fromkeys((".svg", "-dark.svg"), '<svg width="3pt" height="1.5pt"><path/></svg>'),
    "code": 'code("");',
    "png": ROOT / "good.png",
}
SITE = yaml_load((ROOT / "mkdocs.yml").read_text("utf-8"))
LABELS = SITE["extra"]["labels"] | {"code": "The code", "origin": "From: {}"}


class Small:
    """The texts of the small project, some of them edited."""

    def __init__(self):
        paths = [*(f"{DOCS}/en/{page}" for page in PAGES), CLAIMS, WORKS, TERMS, CHANGES]
        self.texts = {path: (ROOT / path).read_text("utf-8") for path in paths}
        self.snippet = (ROOT / "tests/project/snippets/good.py").read_text("utf-8")
        self.told, self.labs = {}, {}

    def edit(self, path, old, new):
        before, after = self.texts[path].split(old)
        self.texts[path] = before + new + after

    def line(self, path, fragment):
        before, found, _ = self.texts[path].partition(fragment)
        assert found, fragment
        return before.count("\n") + 1

    def expand(self):
        pages = {p: Text.read(f"{DOCS}/en/{p}", self.texts[f"{DOCS}/en/{p}"]) for p in PAGES}
        data = [(path, self.texts[path]) for path in (CLAIMS, WORKS, TERMS, CHANGES)]
        style = (ROOT / "snippets/style.py").read_text("utf-8")
        given = {"good": GIVEN}, {"good": self.snippet}, style, self.labs
        return expand(Sources(pages, *data, self.told, *given, LABELS, "0.0.0 · 2026-01-01"))
