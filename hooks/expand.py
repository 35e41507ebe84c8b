"""`python hooks/expand.py FOLDER`: the site as plain Markdown that bare MkDocs builds."""

import os
import shutil
import sys
from pathlib import Path

from adapter import contents, gather
from mkdocs.config import load_config
from mkdocs.structure.files import get_files
from running.cache import RunError
from running.say import report, say
from text.expansion import Faults, expand

CONFIG = """\
# Written by hooks/expand.py. mkdocs build needs no hook here.
INHERIT: shared.yml
hooks: []
watch: []
docs_dir: {docs}
site_dir: {site}
"""


def main(target):
    config = load_config("mkdocs.yml")
    try:
        *_, sources = gather(config, get_files(config))
        site = expand(sources, {})
    except (RunError, Faults) as error:
        report(str(error))
        return 1
    docs, folder = os.path.relpath(config.docs_dir), target.with_name(f"{target.name}.partial")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(docs, folder / docs, ignore=shutil.ignore_patterns("*.md"))
    shutil.copytree("theme", folder / "theme")
    for path, content in contents(site, sources, config.site_url).items():
        file = folder / docs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, file)
        else:
            file.write_text(content, "utf-8")
    for path in Path().glob("*.yml"):
        shutil.copyfile(path, folder / ("shared.yml" if path.name == "mkdocs.yml" else path.name))
    published = os.path.relpath(config.site_dir)
    (folder / "mkdocs.yml").write_text(CONFIG.format(docs=docs, site=published), "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)
    say(f"{len(site.texts)} pages in {target}/: there, mkdocs build needs no hook")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
