"""Labs: the page of a notebook that ran, and what a reader takes away."""

import re
from urllib.parse import urljoin, urlsplit

from .source import Text

LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)\.md(?=[)#])")
COLAB = "https://colab.research.google.com/github{repository}/blob/gh-pages/{path}"


def page(lab, path, script, labels, repo_url):
    """The Text of a lab's page; each line comes from where it stands in the script.

    lab: what it gave. path: of the script, whose name is the lab's.
    """
    title, below = lab["markdown"].split("\n", 1)
    name = path.rpartition("/")[2].removesuffix(".py")
    links = [f'[{kind}]({name}{kind}){{ download="" }}' for kind in (".ipynb", ".py")]
    if repo_url:
        docs = path.removesuffix(f"/labs/{name}.py").rpartition("/")[2]
        repository = urlsplit(repo_url).path.rstrip("/")
        notebook = COLAB.format(repository=repository, path=f"{docs}/labs/{name}.ipynb")
        links.append(f"[{labels['colab']}]({notebook})")
    take_away = f"{labels['download']}: {' '.join(links)}\n{{ .take-away }}"
    lines = [line.removeprefix("# ").rstrip() for line in script.split("\n")]
    markdown = f"{title}\n\n{take_away}\n{below}"
    origins, at = [], 0
    for line in markdown.split("\n"):
        if line.strip() and line.rstrip() in lines[at:]:
            at = lines.index(line.rstrip(), at)
        origins.append((path, at + 1))
    return Text(markdown, origins)


def notebook(lab, site_url):
    """A notebook whose links to other pages lead to the site, if its address is known."""
    if not site_url:
        return lab["notebook"]
    base = urljoin(site_url, "labs/")
    return LINK.sub(lambda match: f"]({urljoin(base, match[1])}.html", lab["notebook"])
