"""make processors: what a page shows under other instruction sets, and where it differs.

Builds the site's snippets and labs as on three processors, each with a cache of its own, and
lists each number as pages show it, each printed line and each output of a lab that differs
from the first, and each range of the ledger that breaks. Times may differ.
"""

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

from running.cache import Cache
from text.numbers import NUMBER, written

from conftest import ENVIRONMENT, ROOT

SETTINGS = {
    "as it is": {},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "DNNL_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "AVX2"},
    "SSE4": {"ATEN_CPU_CAPABILITY": "default", "DNNL_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE"},
}
TIMED = "cost-on-your-machine"  # the lab whose outputs are times
RUN = """
import sys
from running.cache import Cache
for kind, folder, limit in ("snippets", "snippets", 600), ("labs", "docs/en/labs", 2400):
    Cache(kind, folder, f"{sys.argv[1]}/{kind}", limit).load()
"""


def main():
    os.chdir(ROOT)
    shown = {}
    for name, setting in SETTINGS.items():
        print(f"{name}: {setting or 'no setting'}", flush=True)
        folder = f".cache/processors/{name.replace(' ', '-')}"
        environment = ENVIRONMENT | setting | {"PYTHONPATH": "hooks"}
        subprocess.run([sys.executable, "-c", RUN, folder], env=environment, check=True)
        shown[name] = what_is_shown(folder)
    first, differing = shown["as it is"], 0
    for name, other in shown.items():
        for line in difflib.unified_diff(first, other, "as it is", name, n=0, lineterm=""):
            print(line)
            differing += line[0] in "+-" and not line.startswith(("+++", "---"))
    print(f"{len(first)} things shown, {differing} lines differ")
    return bool(differing)


def what_is_shown(folder):
    """Each number, output and lab of a cache, a line each, as pages show them."""
    snippets = Cache("snippets", "snippets", f"{folder}/snippets", 600).load()
    labs = Cache("labs", "docs/en/labs", f"{folder}/labs", 2400).load()
    lines = []
    for path in [*sorted(Path("docs/en").rglob("*.md")), Path("docs/claims.yml")]:
        for match in re.finditer(NUMBER, path.read_text("utf-8")):
            if match["name"] in snippets:
                value = snippets[match["name"]]["results"][match["key"]]
                try:
                    text = written(value, match["format"] or "")
                except ValueError as error:
                    text = str(error)
                lines.append(f"{path}: {match['name']}.{match['key']}: {text}")
    for name, entry in snippets.items():
        for section, printed in entry["outputs"].items():
            lines += [f"{name}.py:{section}: {line}" for line in printed.splitlines()]
    for name, lab in labs.items():
        if name != TIMED:
            lines += [f"labs/{name}: {line}" for line in lab["markdown"].splitlines()]
    return lines


if __name__ == "__main__":
    sys.exit(main())
