"""make test-matrix: builds the site with the oldest and with the newest Python, torch and matplotlib, and compares.

The oldest are those of pyproject.toml, the newest those that pip finds here, on the newest python3.* of this
machine. Each pair has an environment of its own in .cache/matrix, else with the versions of the lock. Prints which
pairs were run, and lists what they show otherwise than the site that is built.
"""

import re
import shutil
import subprocess
import sys
import tomllib

from processors import built, compared, lines_of

from conftest import ROOT

PINNED = re.compile(r"^(\w[\w.-]*)==[^\\\n]+", re.MULTILINE)
CHOSEN = "torch", "matplotlib"
VERSIONS = """import platform, matplotlib, torch
print(f"Python {platform.python_version()}, torch {torch.__version__}, matplotlib {matplotlib.__version__}")"""


def main():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    bounds = dict(re.findall(r"^(torch|matplotlib)>=([\d.]+)", "\n".join(project["dependencies"]), re.MULTILINE))
    minors = range(int(project["requires-python"].rpartition(".")[2]), 100)
    pythons = [python for minor in minors if works(python := f"python3.{minor}")]
    pairs = {
        "oldest": (pythons[0], [f"{name}=={bound}.*" for name, bound in bounds.items()]),
        "newest": (pythons[-1], [*bounds]),
    }
    pinned = PINNED.finditer((ROOT / "requirements.txt").read_text("utf-8"))
    rest = [each[0].strip() for each in pinned if each[1] not in CHOSEN]
    shown = {versions(sys.executable): lines_of(ROOT / ".cache/expanded/en")}
    for name, (python, wanted) in pairs.items():
        own = environment(ROOT / ".cache/matrix" / name, python, [*wanted, *rest])
        shown[versions(own)] = built(name, {}, own)
    print("Run:", *shown, sep="\n  ")
    return compared(shown)


def works(python):
    return shutil.which(python) and not subprocess.run([python, "-c", ""], capture_output=True).returncode


def environment(folder, python, packages):
    """The Python of a new environment in a folder."""
    subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
    own = folder / "bin/python"
    subprocess.run([own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
    return own


def versions(python):
    return subprocess.run([python, "-c", VERSIONS], check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
