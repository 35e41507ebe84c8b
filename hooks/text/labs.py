"""Labs: the page of a notebook that ran, and what a reader takes away."""

import re
from urllib.parse import urljoin

from .source import Text

LINK = re.compile(r"\[([^\[\]]+)\]\((?!\w+:)([^)#\s]+)\.md(#[^)\s]+)?\)")


def page(lab, path, script, label):
    """The Text of a lab's page; each line comes from where it stands in the script at the path."""
    name = path.removesuffix(".py").rpartition("/")[2]
    links = [f'[{kind}]({name}{kind}){{ download="" }}' for kind in (".ipynb", ".py")]
    take_away = f"{label}: {' '.join(links)}\n{{ .take-away }}"
    markdown = lab["markdown"].replace("\n", f"\n\n{take_away}\n", 1)
    lines = [line.removeprefix("# ").rstrip() for line in script.split("\n")]
    origins, at = [], 0
    for line in markdown.split("\n"):
        if line.strip() and line.rstrip() in lines[at:]:
            at = lines.index(line.rstrip(), at)
        origins.append((path, at + 1))
    return Text(markdown, origins)


def notebook(lab, site_url):
    """A notebook whose links to other pages lead to the site; without its address, only their words stay.

    >>> lab = {"notebook": "[Cost](../differences/cost.md#count)"}
    >>> notebook(lab, "https://a.org/en/"), notebook(lab, "")
    ('[Cost](https://a.org/en/differences/cost.html#count)', 'Cost')
    """
    base = urljoin(site_url, "labs/")

    def link(match):
        words, page, anchor = match.groups("")
        return f"[{words}]({urljoin(base, page)}.html{anchor})" if site_url else words

    return LINK.sub(link, lab["notebook"])
