"""make processors: what pages show under other instruction sets, and where it differs.

Builds the site as on three processors, each with a cache of its own, and lists each line of
a page (text, number, printed output, alt text) and all words and numbers of a figure that differ
from the first, and each fault: a range of the ledger that breaks, a doctest that fails. Lines of
SVG and the lab that measures times may differ.
"""

import difflib
import re
import subprocess
import sys

from conftest import BUILD, ENVIRONMENT, ROOT

SETTINGS = {
    "as it is": {},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "DNNL_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "AVX2"},
    "SSE4": {"ATEN_CPU_CAPABILITY": "default", "DNNL_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE"},
}
TIMED = "cost-on-your-machine"
PARTS = "docs", "snippets", "theme", "hooks", "CHANGELOG.md"
CONFIG = f"INHERIT: {ROOT / 'mkdocs.yml'}\nextra: {{seconds: {{snippets: 600, labs: 2400}}}}\n"


def main():
    shown = {name: built(name, setting) for name, setting in SETTINGS.items()}
    return compared(shown)


def built(name, setting, python=sys.executable):
    """Builds the site in a folder of this name, with a setting of the environment; the lines it shows, or none."""
    print(f"{name}: {setting or 'no setting'}", flush=True)
    folder = ROOT / ".cache/built" / name.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if not (folder / part).is_symlink():
            (folder / part).symlink_to(ROOT / part)
    (folder / "mkdocs.yml").write_text(CONFIG)
    environment = ENVIRONMENT | setting | {"PYTHONPATH": str(ROOT / "hooks")}
    done = subprocess.run([python, *BUILD[1:]], cwd=folder, env=environment)
    return [] if done.returncode else lines_of(folder / ".cache/expanded/en")


def compared(shown):
    """Prints what differs from the first of some builds, {name: its lines}; returns how many differ or failed."""
    first, *others = shown
    faults = [name for name, lines in shown.items() if not lines]
    for other in set(others) - set(faults):
        lines = [*difflib.unified_diff(shown[first], shown[other], first, other, n=0, lineterm="")]
        print(*lines, f"{len(shown[other])} lines shown, {len(lines)} lines of difference", sep="\n")
        faults += [other] * bool(lines)
    return len(faults)


def lines_of(folder):
    """Each line of the pages in a folder, and each text of its figures, with where it stands."""
    return [
        f"{path.relative_to(folder)}: {line}"
        for path in sorted([*folder.rglob("*.md"), *folder.rglob("*.svg")])
        if not path.stem.startswith(TIMED)
        for line in (path.read_text("utf-8").splitlines() if path.suffix == ".md" else texts_of(path))
    ]


def texts_of(svg):
    """The texts of a figure, in their order."""
    return [re.sub("<[^>]*>", "", text) for text in re.findall(r"<text.*?</text>", svg.read_text("utf-8"), re.DOTALL)]


if __name__ == "__main__":
    sys.exit(main())
