"""Labs: the page of a notebook that ran, and what a reader takes away."""

import json
import re
from urllib.parse import urljoin

from .source import Text

LINK = re.compile(r"\[([^\[\]]+)\]\((?!\w+:)([^)#\s]+)\.md(#[^)\s]+)?\)")
GITHUB = re.compile(r"https://github\.com/([^/]+/[^/]+?)/?")
SERVICES = {  # that run a notebook of a site published from the branch gh-pages
    "Colab": "https://colab.research.google.com/github/{}/blob/gh-pages/{}",
    "Binder": "https://mybinder.org/v2/gh/{}/gh-pages?labpath={}",
}


def page(lab, path, script, label, repo_url):
    """The Text of a lab's page; each line comes from where it stands in the script at the path."""
    name = path.removesuffix(".py").rpartition("/")[2]
    links = [f'[{kind}]({name}{kind}){{ download="" }}' for kind in (".ipynb", ".py")]
    if repository := GITHUB.fullmatch(repo_url or ""):
        published = path.removeprefix("docs/").replace(".py", ".ipynb")
        links += [f"[{kind}]({address.format(repository[1], published)})" for kind, address in SERVICES.items()]
    take_away = f"{label}: {' '.join(links)}\n{{ .take-away }}"
    markdown = lab["markdown"].replace("\n", f"\n\n{take_away}\n", 1)
    lines = [line.removeprefix("# ").rstrip() for line in script.split("\n")]
    origins, at = [], 0
    for line in markdown.split("\n"):
        if line.strip() and line.rstrip() in lines[at:]:
            at = lines.index(line.rstrip(), at)
        origins.append((path, at + 1))
    return Text(markdown, origins)


def notebook(lab, site_url, origin):
    """A notebook that ends with where it is from.

    Its links to other pages lead to the site; without its address, only their words stay.

    >>> lab = {"notebook": '{"cells": ["[Cost](../differences/cost.md#count)"]}'}
    >>> for url in "https://a.org/en/", "":
    ...     [cell, last] = json.loads(notebook(lab, url, "The book"))["cells"]
    ...     cell, last["source"]
    ('[Cost](https://a.org/en/differences/cost.html#count)', '[The book](https://a.org/en/)')
    ('Cost', 'The book')
    """
    base = urljoin(site_url, "labs/")

    def link(match):
        words, page, anchor = match.groups("")
        return f"[{words}]({urljoin(base, page)}.html{anchor})" if site_url else words

    content = json.loads(LINK.sub(link, lab["notebook"]))
    source = f"[{origin}]({site_url})" if site_url else origin
    content["cells"].append({"cell_type": "markdown", "id": "origin", "metadata": {}, "source": source})
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
