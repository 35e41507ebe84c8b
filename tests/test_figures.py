"""hooks/text/figures.py: figures with their numbers, files and slides, and the gallery of all of them."""

from small import DOCS, GIVEN, LABELS, PAGE
from text import figures
from text.source import Text

FIGURE = """\
<div class="drawing" id="fig-good" data-search-exclude><picture class="light">\
<img src="figures/good.svg" width="4" height="2" alt="A line from 1 to 9" loading="lazy"></picture>\
<picture class="dark"><img src="figures/good-dark.svg" width="4" height="2" alt="A line from 1 to 9" loading="lazy">\
</picture></div>

/// caption
**Figure 1. It rises.** Look at its end.
///

<div class="drawing-source" markdown data-search-exclude>

[SVG](figures/good.svg){ download } [PNG](figures/good.png){ download } [slide](figures/good-slide.png){ download }

<details markdown><summary>The code</summary>

[good.py](code/good.py)

</details>

</div>
"""


def test_a_figure_in_a_page(small):
    assert FIGURE in small.expand().texts["index.md"].text


def test_figures_have_numbers(small):
    small.edit(PAGE, "Look", "[Figure](#fig-good): look")
    site = small.expand()
    assert "**Figure 1. It rises.** [Figure 1](#fig-good): look" in site.plain["index.md"].text
    assert '<div class="drawing" id="fig-good"' in site.texts["index.md"].text
    small.edit(f"{DOCS}/en/reference/glossary.md", "# Glossary", "# Glossary\n\nSee [Figure](../index.md#fig-good).")
    assert "See [Figure 1](../index.md#fig-good)." in small.expand().texts["reference/glossary.md"].text


def test_the_anchor_of_a_figure_is_the_end_of_its_name():
    page = Text.read("a.md", "![x](../figures/c/d.svg)\n/// caption\n**H.**\n///")
    assert figures.count({"e/a.md": page}) == {"e/a.md#fig-d": 1}


def test_slides_are_of_figures_that_explain(small):
    caption = "![A line from 1 to 9](figures/good.svg)\n/// caption\n**It rises.**"
    small.edit(PAGE, caption, caption.replace("It rises.", "*It* [rises](#claims) in $n$."))
    site = small.expand()
    assert site.slides == {"figures/good-slide.png": (GIVEN["png"], "It rises in n.", "From: A page")}
    assert site.pictures == {"index.md": "figures/good-slide.png"}
    assert "[slide](figures/good-slide.png){ download }" in site.texts["index.md"].text
    small.edit(PAGE, "![A line", "Stop.\n{ .stop }\n\n![A line")
    site = small.expand()
    assert not site.slides and "slide" not in site.texts["index.md"].text


def test_a_figure_may_have_a_layout_for_phones_and_numbers():
    wide, narrow = (f'<svg width="{size}pt" height="9pt"><title>b</title><dc:source>a</dc:source>' for size in (36, 18))
    svgs = {".svg": wide, "-dark.svg": wide, "-narrow.svg": narrow, "-narrow-dark.svg": narrow}
    figure = {"svg": svgs, "csv": "a,b", "js": "{}"}
    page = figures.fill(Text.read("a.md", r"![1 \[m\] < 2](../figures/figures/c.svg)"), {"figures/c": figure}, LABELS)
    assert (
        '<picture class="light"><source media="(max-width: 30em)" srcset="../figures/figures/c-narrow.svg" '
        'width="24" height="12"><img src="../figures/figures/c.svg" width="48" height="12" alt="1 [m] &lt; 2" '
    ) in page.text
    assert "[SVG](../figures/figures/c.svg){ download } [CSV](../figures/figures/c.csv){ download }\n" in page.text
    assert "<details" not in page.text
    files = figures.files(figure, "today", "1 < 2.")
    assert files[".csv"] == "a,b" and files[".js"] == "{}" and ".png" not in files
    assert figures.files(GIVEN, "", None)[".png"] == GIVEN["png"]
    assert files["-dark.svg"].endswith("<title>1 &lt; 2.</title><dc:source>a, today</dc:source>")
    assert "<title>b</title>" in figures.files(figure, "today", None)[".svg"]
    code = figures.fill(Text.read("a.md", "![1](../figures/figures/c.svg)"), {"figures/c": figure | GIVEN}, LABELS)
    assert "[figures/c.py](../code/figures/c.py)" in code.text


GALLERY = """\
<div class="gallery" markdown>

## B { #b }

<figure markdown>
![One](../figures/c/d.svg){ .small }
<figcaption markdown>[B](../a/b.md) [SVG](../figures/c/d.svg) [CSV](../figures/c/d.csv) [code](../code/c/d.py)\
</figcaption>
</figure>

<figure markdown>
![Two](../figures/labs/e-1.svg){ .small }
<figcaption markdown>**It [rises](../a/b.md#part).** [Part](../a/b.md#part) [SVG](../figures/labs/e-1.svg) \
[slide](../figures/labs/e-1-slide.png) [code](../a/b.py)</figcaption>
</figure>

## E { #e }

<figure markdown>
![Two](../figures/labs/e-1.svg){ .small }
<figcaption markdown>[E](../labs/e.md) [SVG](../figures/labs/e-1.svg) [slide](../figures/labs/e-1-slide.png) \
[code](../labs/e.py)</figcaption>
</figure>

</div>"""


def test_the_gallery_has_each_figure_once_in_a_page():
    pages = {
        "a/b.md": "# B\n\n![One](../figures/c/d.svg)\n\n## Part { #part }\n\n![Two](../figures/labs/e-1.svg)\n"
        "/// caption\n**It [rises](#part).** Look.\n///\n\n"
        "![Again](../figures/c/d.svg){ .small } ![No figure](x.png)",
        "labs/e.md": "# E\n\n![Two](../figures/labs/e-1.svg)",
        "f.md": "# F",
    }
    drawn = {"c/d": {"svg": {}, "csv": "1"}, "labs/e-1": {"svg": {}, "slide": "1"}}
    drawn = {name: figure | {"svg": {".svg": ""}} for name, figure in drawn.items()}
    pages = {page: Text.read(page, text) for page, text in pages.items()}
    assert figures.gallery(None, "reference/figures.md", pages, drawn, LABELS) == GALLERY
