"""hooks/text/labs.py: the page of a lab, its notebook and its code, without running it."""

import json

import nbformat
import pytest
from small import LABELS
from text import labs
from text.source import Fault

LAB = """\
# %% [markdown]
# # A lab { #lab }
#
# Text.

# %%
    x = 1  # X

# %% alt="A [line]"
plot()

# %% [markdown]
# **Figure.** It *rises*
# and falls.
#
# ![Again](a.svg){ .small }
#
# [Ü](../b.md), [v](c.md#d), [w](#e)
"""
LAB_PAGE = """\
# A lab { #lab }

Run it yourself: [.ipynb](a.ipynb){ download="" } [.py](a.py){ download="" } \
[Colab](https://colab.research.google.com/github/o/r/blob/gh-pages/en/labs/a.ipynb) \
[Binder](https://mybinder.org/v2/gh/o/r/gh-pages?labpath=en/labs/a.ipynb)
{ .take-away }

Text.

shown

![A \\[line\\]](../figures/labs/a-1.svg)
/// caption
It *rises*
and falls.
///

![Again](a.svg){ .small }

[Ü](../b.md), [v](c.md#d), [w](#e)
"""
RAN = [nbformat.v4.new_code_cell(code) for code in ("x", "plot()")]
ORIGIN = "书", "0.2.0 · 2026-01-01", "代码 MIT"
SHOWN = {"script": LAB, "shown": ["shown", "![](../figures/labs/a-1.svg)"], "cells": RAN}


def test_the_page_of_a_lab():
    page = labs.page(SHOWN, "docs/en/labs/a.py", LABELS, "https://github.com/o/r")
    assert page.text == LAB_PAGE
    where = dict(zip(page.text.split("\n"), page.origins, strict=True))
    for line, number in ("# A lab { #lab }", 2), ("Text.", 4), ("shown", 6), ("[Ü](../b.md), [v](c.md#d), [w](#e)", 18):
        assert where[line] == ("docs/en/labs/a.py", number)
    assert "Colab" not in labs.page(SHOWN, "docs/en/labs/a.py", LABELS, None).text


def test_chinese_has_no_gap_after_bold_words():
    script = "# %% [markdown]\n# # A\n#\n# **甲。** 乙。**丙？** 丁。**A.** B.\n"
    page = labs.page({"script": script, "shown": []}, "a.py", LABELS, None)
    assert "**甲。**乙。**丙？**丁。**A.** B." in page.text


def test_the_notebook_of_a_lab():
    text = labs.notebook(SHOWN, "labs/a", {}, "https://a.org/en/", ORIGIN)
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5) and notebook.cells[0].id == "text-1"
    assert "Ü" in text and '\n "cells": [' in text
    assert [cell.source for cell in notebook.cells] == [
        "# A lab\n\nText.", "x", "plot()",
        "**Figure.** It *rises*\nand falls.\n\n"
        "[Ü](https://a.org/en/b.html), [v](https://a.org/en/labs/c.html#d), [w](https://a.org/en/labs/a.html#e)",
        "[书](https://a.org/en/) · 0.2.0 · 2026-01-01 · 代码 MIT",
    ]


def test_without_an_address_a_notebook_has_words_and_no_links():
    cells = json.loads(labs.notebook(SHOWN, "labs/a", {}, "", ORIGIN))["cells"]
    assert [cell["source"] for cell in cells][-2:] == [
        "**Figure.** It *rises*\nand falls.\n\nÜ, v, w", "书 · 0.2.0 · 2026-01-01 · 代码 MIT",
    ]


def test_a_notebook_has_the_drawings_of_the_site():
    printed = {"output_type": "stream", "name": "stdout", "text": ["4\n"]}
    shown = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": ["<Figure>"]}}
    drawn = shown | {"data": {"image/svg+xml": ["<svg>\n", "of the kernel</svg>"], "text/plain": ["<Figure>"]}}
    cell = nbformat.v4.new_code_cell("plot()", outputs=[printed, shown, drawn], metadata={"figure": "a-1"})
    svg = '<?xml version="1.0"?>\n<svg xml:lang="zh">\n<text>距离</text></svg>\n'
    lab = SHOWN | {"cells": [RAN[0], cell]}
    drawings = {"figures/labs/a-1.svg": svg, "figures/labs/a-2.svg": "<svg/>"}
    text = labs.notebook(lab, "labs/a", drawings, "", ORIGIN)
    nbformat.validate(nbformat.reads(text, as_version=4))
    made = json.loads(text)["cells"][2]["outputs"]
    assert made[:2] == [printed, shown]
    assert made[2]["data"]["image/svg+xml"] == ['<svg xml:lang="zh">\n', "<text>距离</text></svg>\n"]
    assert made[2]["data"]["text/plain"] == ["<Figure>"]
    assert "of the kernel" in str(lab), "of which the page of the other language is made"


@pytest.mark.parametrize("script, line, problem", [
    ("", 1, "cell 1: the first cell must begin with the title: # %% [markdown]\n# # ..."),
    ("# %%\n# # x\n", 1, "cell 1: the first cell must begin with the title"),
    ("# %% [markdown]\n# Text.\n", 1, "cell 1: the first cell must begin with the title"),
    (LAB.replace(' alt="A [line]"', ""), 9, "cell 3: a figure without alt text: # %% alt=\"what it shows\""),
    (LAB.replace("A [line]", " "), 9, "cell 3: a figure without alt text"),
    (LAB.replace("# %%\n    x", "# %% jupyter\n    x"), 6, "cell 2: 'jupyter' says nothing here"),
])
def test_a_fault_in_a_lab_is_named(script, line, problem):
    with pytest.raises(Fault) as error:
        labs.page(SHOWN | {"script": script}, "a.py", LABELS, "")
    assert str(error.value).startswith(f"a.py:{line}: {problem}")


def test_what_would_give_the_answers_away_is_folded():
    prose = "# %% [markdown]\n# # A\n#\n# ![A](a.svg){ .small }\n#\n# <small>It rises.</small>\n#\n# Text.\n"
    script = f"{prose}\n# %%{labs.FOLDED}\nx = 1\n"
    lab = {"script": script, "shown": ["shown"], "cells": RAN[:1]}
    page = labs.page(lab, "a.py", LABELS, None).text
    assert f'<details markdown="1"><summary>{LABELS["folded"]}</summary>\n\nshown\n\n</details>' in page
    text, code, _ = json.loads(labs.notebook(lab, "labs/a", {}, "", ORIGIN))["cells"]
    assert text["source"] == "# A\n\nText."
    assert code["metadata"]["jupyter"] == {"source_hidden": True} and RAN[0]["metadata"] == {}


def test_the_code_of_a_lab_knows_its_lines():
    assert labs.code(LAB) == str(["    x = 1  # X\n\n", "plot()\n\n"])
    cell = labs.cells(f"\n{LAB}", "a.py")[1]
    assert cell.text == "    x = 1  # X"
    assert str(cell.fault("ends its kernel", 1)) == "a.py:8: cell 2: ends its kernel"
    with pytest.raises(Fault, match="a.py:8: has code of its own"):
        labs.whole(f"\n{LAB}", "", "a.py")
