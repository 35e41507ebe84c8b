"""hooks/text/numbers.py and formulas.py: numbers and TeX in sentences."""

import re
from html import unescape

import pytest
from small import PAGE
from text import formulas
from text.numbers import written
from text.source import Fault, Faults, Text


@pytest.mark.parametrize("value, bound", [(0.1, "<0.1"), (0.1, ">0.1"), (0.402, "<40%"), (0.398, ">40%")])
def test_a_number_is_on_its_side_of_a_bound(value, bound):
    with pytest.raises(ValueError, match=f"^is {value}, not {bound[0]} {bound[1:]}$"):
        written(value, bound)
    with pytest.raises(ValueError, match="^is a truth value"):
        written(True)


def test_a_range_of_numbers_stays_on_its_line(small):
    small.edit(PAGE, "{{ good.number }}", "{{ good.number }}–{{ good.number }}, 40%–.5, pre–1, `1–2`")
    assert " 3–\u20603, 40%–.5, pre–1, `1–2`" in small.expand().texts["index.md"].text


def test_a_mistyped_number_is_quoted(small):
    small.edit(PAGE, "{{ good.number }}", f"{{{{ {'good ' * 20}}}}}")
    with pytest.raises(Faults, match=re.escape(f"{PAGE}:3: '{{{{ {'good ' * 11}go' is no number")):
        small.expand()


X, LINE = "<math alttext=\"x\"><mi>x</mi></math>", "A line.\n"
SIGNS = r"\begin{aligned} x &= \text{a\_b*} \\ &< |x| [x] \end{aligned}"


@pytest.mark.parametrize("source, shown", [
    ("Here $x$ is.", f"Here {X} is."),
    (f"{LINE}$x$ is.", f"{LINE}<span>{X}</span> is."),
    ("Here is $x$.", f"Here is <span class=one>{X}.</span>"),
    ("$$x\nx$$", '<math alttext="x x" display="block"><mi>x</mi><mi>x</mi></math>'),
    (r"A [$x$](b)", f'A [{X}](b){{ aria-label="x" }}'),
    ("A $X$", 'A <math alttext="X"><mi>X</mi></math>'),
    (r"A $\conv{x}$", 'A <math alttext="{x}"><mrow class="convolution"><mi>x</mi></mrow></math>'),
])
def test_a_formula_is_mathml(source, shown):
    assert formulas.fill(Text.read("a.md", source))[0].text == shown


def test_signs_in_a_formula_mean_nothing_to_markdown():
    text = formulas.fill(Text.read("a.md", f"A ${SIGNS}$"))[0].text
    tex, inside = re.fullmatch('A <math alttext="(.*?)">(.*)</math>', text).groups()
    assert unescape(tex) == SIGNS and not set(tex) & set("[]`\\|")
    assert not set(inside) & set("*_`\\|\n")
    assert '<mo form="infix">=</mo>' in inside and '<mo form="infix">&lt;</mo>' in inside


def test_a_fault_in_tex_is_where_it_stands():
    with pytest.raises(Fault, match=r"a.md:3: .*character 2"):
        formulas.fill(Text.read("a.md", "`$x \\y$`\n\n$x \\y$\n\n`$x \\y$`"))
