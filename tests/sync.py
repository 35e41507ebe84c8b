"""make sync: where the Chinese edition is not in step with the English one. With PAGE=..., that this page now is.

Each Chinese file carries the hash of the English one with which it was last brought in step, in a
line such as english: 0123456789ab.
"""

import difflib
import hashlib
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import yaml
from text import labs

ROOT = Path(__file__).parents[1]
MARK = re.compile(r"english: ([0-9a-f]{12})")
SECTION = re.compile(r"(?m)^(?=(?:# )?#+ .*\{ #|# %%|- id: |  - id: |- term: )")
FENCE = re.compile(r"^( *)(```+)(\S*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
NOTES = re.compile(r"(?m):.*$|^ .*\n")  # of works in a fence of sources, or the words of verdicts
PARTS = {  # what must be the same: {what: (pattern, whether in the same order)}
    "headings": (r"(?m)^(#+ ).*?(\{ #[^}]*\})", True),
    "figures": (r"!\[[^\]]*\]\((\S+?)\)", True),
    "folds and blocks": (r"(?m)^ *(/{3,}(?: .*)?|(?:\?\?\?|!!!)\+? \w+|</?div[^>]*>)", True),
    "rows of tables": (r"(?m)^(\|)(?=.*\|$)", True),
    "formulas of their own": (r"(?s)\$\$(.*?)\$\$", True),
    "formulas": (r"(?s)(?<![\\$])\$(?!\$)((?:(?!\n\n)[^$])+)\$(?!\$)", False),
    "numbers": (r"(\{\{.*?\}\})", False),
    "links": (r"(?<!\!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)", False),
    "classes": (r"(\{ ?\.[^}]*\})", False),
    "years": (r"(?<![\w.])((?:19|20)\d\d[a-z]?)\b", False),
}


def twins():
    """(English path, Chinese path) of all that is told in both languages."""
    for path in sorted((ROOT / "docs/en").rglob("*.*")):
        yield path, ROOT / "docs/zh" / path.relative_to(ROOT / "docs/en")
    for name in "docs/claims.yml", "docs/glossary.yml", "README.md", "CHANGELOG.md":
        yield ROOT / name, ROOT / Path(name).with_suffix(f".zh{Path(name).suffix}")


def mark(text):
    """The hash of an English text.

    >>> mark("A page.")
    'a3e9598afcbb'
    """
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def told(path):
    """What a file tells, as Markdown: of a lab its prose, whose anchors only a translation names; of YAML its texts."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        cells = labs.cells(text[text.index("# %%") :], path.name)
        prose = "\n\n".join(cell.text for cell in cells if cell.is_prose)
        return re.sub(r"(?m)^(#+ .*?)(?: \{ #[^}]*\})?$", r"\1 { # }", prose)
    return "\n\n".join(_texts(yaml.safe_load(text))) if path.suffix == ".yml" else text


def _texts(node):
    """The texts below a node of YAML, without the words of the article, which each language has from itself."""
    if isinstance(node, dict):
        node = [part for name, part in node.items() if name not in ("article", "zh")]
    return [text for part in node for text in _texts(part)] if isinstance(node, list) else [str(node)]


def shape(text):
    """What a page and its translation have in common: {what: list}.

    >>> shape("# A { #a }\\n\\nSee [b](c.md), $x$.")["links"]
    ['c.md']
    """
    code = []

    def fence(match):
        code.append((match[3], NOTES.sub("", match[4]) if match[3] in ("sources", "verdicts") else match[4]))
        return ""

    prose = re.sub(r"^---\n.*?\n---\n", "", FENCE.sub(fence, text), flags=re.DOTALL)
    found = {"code": code}
    for what, (pattern, ordered) in PARTS.items():
        source = re.sub(r"`[^`\n]*`|\$\$.*?\$\$", "", prose, flags=re.DOTALL) if what == "formulas" else prose
        parts = [_plain(part) for part in re.findall(pattern, source)]
        found[what] = parts if ordered else sorted(parts)
    return found


def _plain(part):
    part = " ".join(part) if isinstance(part, tuple) else part.replace("README.zh.md", "README.md")
    return re.sub(r"\\text\{[^}]*\}", r"\\text{}", " ".join(part.split()))


def differences(english, chinese):
    """What only one of two pages has, as lines."""
    one, other = shape(english), shape(chinese)
    for what in one:
        if one[what] != other[what]:
            less, more = (Counter(map(str, each)) for each in (one[what], other[what]))
            told = [f"only {name}: {part[:200]}" for name, rest in (("English", less - more), ("Chinese", more - less))
                    for part in rest.elements()]
            yield f"{what}: {'; '.join(told[:6]) or 'in another order'}"


def changed(path, chinese):
    """What of an English file changed since its Chinese twin was in step with it, as lines; [] if nothing did."""
    now, told = path.read_text("utf-8"), MARK.search(chinese.read_text("utf-8"))
    if told and told[1] == mark(now):
        return []
    old = told and _version(path, told[1])
    if not old:
        return ["what the Chinese was in step with is not known: compare all of it"]
    lines = []
    sections = {text.split("\n", 1)[0]: text for text in SECTION.split(old)}
    for text in SECTION.split(now):
        head = text.split("\n", 1)[0]
        before = sections.get(head, "")
        if before != text:
            diff = difflib.unified_diff(before.splitlines(), text.splitlines(), lineterm="", n=0)
            lines += [f"in {head[:80]}", *(line for line in list(diff)[2:] if not line.startswith("@@"))]
    return lines or ["a section is gone, or stands elsewhere"]


def _version(path, wanted):
    """The text that a file had in git when its hash was this one; None if it never was."""
    git = ["git", "-C", str(ROOT)]
    commits = subprocess.run([*git, "log", "--format=%h", "--", str(path)], capture_output=True, text=True).stdout
    for commit in commits.split():
        name = f"{commit}:{path.relative_to(ROOT).as_posix()}"
        text = subprocess.run([*git, "show", name], capture_output=True, text=True).stdout
        if mark(text) == wanted:
            return text
    return None


def record(path, chinese):
    """Writes into a Chinese file that it is in step with the English one."""
    text, line = chinese.read_text("utf-8"), f"english: {mark(path.read_text('utf-8'))}"
    if MARK.search(text):
        text = MARK.sub(line, text, count=1)
    elif text.startswith("---\n"):
        text = text.replace("---\n", f"---\n{line}\n", 1)
    elif chinese.suffix == ".md":
        text = f"<!-- {line} -->\n{text}"
    else:
        text = f"# {line}\n{text}"
    chinese.write_text(text, "utf-8")


def main(page):
    out = 0
    for path, chinese in twins():
        name = path.relative_to(ROOT).as_posix()
        if not chinese.exists():
            problems = [f"there is no {chinese.relative_to(ROOT)}"]
        else:
            problems = list(differences(told(path), told(chinese)))
            if page and f"/{name}".endswith(f"/{page}") and not problems:
                record(path, chinese)
            problems += changed(path, chinese)
        if problems:
            out += 1
            print(f"{name}:", *problems, sep="\n  ")
    return out > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or [""]))
