"""The gallery: one page shows every figure of the site.

    ```gallery
    ```
"""

import posixpath
import re

from .figures import ADDRESS, IMAGE, SMALL, kinds
from .source import relative

FENCE = re.compile(r"^```gallery\n```$", re.MULTILINE)
PART = rf"^#+ (?P<title>[^\n]*?) \{{ #(?P<id>[^ }}]+)[^}}\n]*\}}$|{IMAGE}"


def fill(text, page, pages, figures):
    """A Text of a page, its fence replaced by the figures of all pages, {page: Text}."""

    def gallery(_):
        groups = [_group(source, each, page, figures) for source, each in pages.items()]
        return "\n\n".join(['<div class="gallery" markdown>', *filter(None, groups), "</div>"])

    return text.sub(FENCE, gallery)


def _group(source, text, page, figures):
    title, anchor, items = text.title(), "", []

    def part(match):
        nonlocal title, anchor
        if match["id"]:
            title, anchor = match["title"], f"#{match['id']}"
        elif address := ADDRESS.fullmatch(match["address"]):
            place = f"[{title}]({relative(source + anchor, page)})"
            items.append(_item(address["name"], match["alt"], place, source, page, figures))

    text.sub_prose(PART, part)
    return "\n\n".join([f"## {text.title()}", *items]) if items else ""


def _item(name, alt, place, source, page, figures):
    figure, file = figures[name], relative(f"figures/{name}", page)
    links = [f"[{kind}]({file}.{kind.lower()})" for kind in kinds(figure)]
    code = f"code/{name}.py"
    if name.startswith("labs/"):
        code = posixpath.splitext(source)[0] + ".py"
    links.append(f"[code]({relative(code, page)})")
    raster = ' class="raster"' * ("<image" in figure["svg"])  # no dark page inverts it
    return (
        f"<figure{raster} markdown>\n![{alt}]({file}.svg){SMALL}\n"
        f"<figcaption markdown>{place} {' '.join(links)}</figcaption>\n</figure>"
    )
