"""hooks/running/snippet.py and hooks/drawing/palette.py: the rules of snippets, their copies, their colours."""

import pytest
from drawing.palette import css, dressing
from running.snippet import copy, violations


@pytest.mark.parametrize("old, new, told", [
    ("", "", []),
    ("import matplotlib", "import torch, sklearn.datasets, math\nimport matplotlib", [
        (3, "imports 'sklearn': a snippet imports torch, matplotlib and the standard library; "
            "its first line must be '# pip install torch matplotlib scikit-learn'"),
    ]),
    ('"""A snip', '# pip install torch matplotlib scikit-learn\nfrom sklearn import datasets\n"""A snip', []),
    ("    return fig", "    from style import GRAY\n    return fig", [
        (31, "imports style not as one line: from style import ..."),
    ]),
    ("from style import CONVOLUTION\n\n\n# --8<-- [start:idea]\n", "# --8<-- [start:idea]\nfrom style import GRAY\n", [
        (5, "section 'idea' imports style, which a reader who copies it does not have"),
    ]),
    ("def results", "def result", [(1, "defines no function results(), which returns the numbers")]),
    ("def figure", "def figures", [(1, "defines no function figure(), which returns the figure")]),
    (">>> ", "", [(1, "has no doctest")]),
    ("\n", "\0", [(1, "is not Python: source code string cannot contain null bytes")]),
    ("# --8<-- [end:idea]", "", [(19, "a section opens once, and closes before the next opens")]),
    ("# --8<-- [start:idea]", "", [(17, "a section opens once, and closes before the next opens")]),
    ("[end:idea]", "[end:silent]", [(17, "a section opens once, and closes before the next opens")]),
    ("# --8<-- [end:silent]", "", [(19, "section 'silent' never closes")]),
    ("return x * x", "return x x", [(13, "is not Python: invalid syntax")]),
])
def test_a_rule_that_a_snippet_breaks_is_named(small, old, new, told):
    assert list(violations(small.snippet.replace(old, new, 1))) == told


def test_a_copy_has_all_of_the_style():
    style = '"""Doc."""\n\nGRAY = 1\n\n\ndef f():\n    """G."""\n'
    assert copy("from style import GRAY, f\n", style) == 'GRAY = 1\n\n\ndef f():\n    """G."""\n'


def test_the_colours_of_both_palettes():
    assert css('ATTENTION, GRAY = "#D55E00", "#7A828B"') == (
        '[data-md-color-scheme="default"] {\n  --attention: #d55e00;\n  --attention-text: #ad4b00;\n'
        "  --gray: #7a828b;\n  --gray-text: #5c646d;\n}\n\n"
        '[data-md-color-scheme="slate"] {\n  --attention: #f5853b;\n  --attention-text: #ff9d5c;\n'
        "  --gray: #8c959f;\n  --gray-text: #a5aeb8;\n}\n"
    )


def test_a_figure_has_two_dresses():
    gray = "#7a828b"
    assert dressing('GRAY = "#7A828B"', dark=False) == {gray: (gray, "#5c646d"), "#000000": ("#000000", "#000000")}
