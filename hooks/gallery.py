"""MkDocs hook: one page shows every figure of the site, once all pages are known."""

import re

from engine.page import relative

PLACE = '<div class="gallery"></div>'
PART = re.compile(
    r'<h[1-3] id="(?P<id>[^"]+)">(?P<title>.*?)<a class="headerlink"'
    r'|<p><img alt="(?P<alt>[^"]*)" src="[^"]*figures/(?P<name>[^"]+)\.svg" /></p>',
    re.DOTALL,
)
pages = []


def on_nav(nav, config, files):
    pages[:] = nav.pages


def on_env(env, config, files):
    """Fills the gallery before search reads it."""
    for gallery in pages:
        if PLACE in gallery.content:
            items = "".join(_items(page, gallery, files) for page in pages)
            gallery.content = gallery.content.replace(
                PLACE, f'<div class="gallery">{items}</div>'
            )


def _items(page, gallery, files):
    items, heading = [], None
    for part in PART.finditer(page.content):
        if part["id"]:
            heading = part
        else:
            items.append(_item(part["name"], part["alt"], heading, page, gallery, files))
    return f"<h2>{page.title}</h2>{''.join(items)}" if items else ""


def _item(name, alt, heading, page, gallery, files):
    def link(uri, text):
        return f'<a href="{relative(uri, gallery.file.dest_uri)}">{text}</a>'

    svg = files.get_file_from_path(f"figures/{name}.svg")
    lab = name.rpartition("-")[0].removeprefix("labs/")
    copies = {"CSV": f"figures/{name}.csv", "code": f"code/{name}.py"}
    if page.file.src_uri.endswith(".py"):
        copies = {"code": f"labs/download/{lab}.py"}
    links = [link(svg.dest_uri, "SVG")]
    links += [link(uri, text) for text, uri in copies.items() if uri in files.src_uris]
    place = f"{page.file.dest_uri}#{heading['id']}"
    raster = ' class="raster"' if "<image" in svg.content_string else ""
    image = relative(svg.dest_uri, gallery.file.dest_uri)
    return (
        f'<figure><img alt="{alt}" src="{image}" loading="lazy"{raster}>'
        f"<figcaption>{link(place, heading['title'])} {' '.join(links)}</figcaption></figure>"
    )
