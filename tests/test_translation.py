"""What the Chinese edition lays over the English one: words in figures, claims, terms, the text of labs."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
from drawing.figure import STYLE, to_svg
from text import labs, translation
from text.data import load
from text.source import Fault, Faults
from text.words import Words

matplotlib.use("agg")
WORDS = """\
language: zh-Hans
same: ["GPT-#"]
words:
  "positions n": 位置数 $n$
  "a long label": 一个标签
  "two lines": "两\\n行"
  "# times": "# 倍"
figures:
  a/b: {"cat": 只猫}
"""


def drawn(**texts):
    """The SVG of a figure with some texts: {what: its words}."""
    with plt.style.context(STYLE):
        fig, ax = plt.subplots()
        ax.set(**{what: words for what, words in texts.items() if what != "text"})
        ax.text(0.5, 0.5, texts.get("text", ""), ha="center")
        svg = to_svg(fig, "a/b")
        plt.close(fig)
    return svg


def filled(svg, name="a/b"):
    words = Words("figures.zh.yml", WORDS, "%")
    return words.figures({name: {"svg": {".svg": svg}}})[name]["svg"][".svg"]


@pytest.mark.parametrize("english, chinese", [
    ({"xlabel": "positions $n$"}, '>位置数 <tspan font-style="oblique">n</tspan></tspan></text>'),
    ({"ylabel": "a long label"}, ">一个标签</text>"),
    ({"text": "two\nlines"}, ">两</tspan><tspan"),
    ({"text": "12.5 times"}, ">12.5 倍</text>"),
    ({"text": "GPT-3"}, ">GPT-3</text>"),
    ({"text": "54 %"}, ">54%</text>"),
    ({"text": "cat"}, ">只猫</text>"),
])
def test_words_of_a_figure(english, chinese):
    assert chinese in filled(drawn(**english))


def test_words_keep_their_place():
    """Words that matplotlib places letter by letter stand, in another language, amid the place of the whole."""
    svg = filled(drawn(xlabel="positions $n$", text="two\nlines"))
    label, lines = (svg[: svg.index(word)].rpartition("<text")[2] for word in ("位置数", "两"))
    for text in label, lines:
        assert "text-anchor: middle" in text
    x = [float(text.partition("translate(")[2].split()[0]) for text in (label, lines)]
    assert x[0] == pytest.approx(x[1], abs=0.5)  # both are centred on the panel


def test_a_figure_says_its_language():
    """Of which the shapes of letters depend that two languages share."""
    assert filled("<svg><g>").startswith('<svg xml:lang="zh-Hans">')


def test_each_missing_word_of_a_figure_is_named():
    with pytest.raises(Faults) as error:
        filled(drawn(xlabel="unknown 3", ylabel="and this"))
    assert {f.partition(" in figure")[0] for f in error.value.faults} == {
        "figures.zh.yml:1: no words for 'unknown #'", "figures.zh.yml:1: no words for 'and this'"}


CLAIMS = """\
own:
  - {id: O1, about: a, claim: A claim., kind: proved, verdict: "true", findings: {a.md: found},
     numbers: [{what: a number, value: a/b.c, at_least: 1}]}
"""
TOLD = """\
O1:
  about: 甲
  claim: 一个论断。
  findings: {a.md: 发现}
  numbers:
    - what: 一个数
"""


def test_claims_keep_their_numbers():
    [claim] = translation.claims("a.zh.yml", TOLD, load("a.yml", CLAIMS, "claims"))["own"]
    assert claim["claim"] == "一个论断。" and claim["verdict"] == "true" and claim.line == 2
    assert claim["numbers"] == [{"what": "一个数", "value": "a/b.c", "at_least": 1}]


@pytest.mark.parametrize("old, new, problem", [
    ("  claim: 一个论断。\n", "", "words of O1 differ from the original; missing: claim"),
    ("a.md", "b.md", "findings of O1 differ from the original; missing: a.md; unknown: b.md"),
    ("    - what: 一个数\n", "    - what: 一\n    - what: 二\n", "O1 has 1 numbers, each needs its words"),
    ("O1", "O2", "claims differ from the original; missing: O1; unknown: O2"),
])
def test_claims_say_the_same(old, new, problem):
    with pytest.raises(Fault, match=problem):
        translation.claims("a.zh.yml", TOLD.replace(old, new), load("a.yml", CLAIMS, "claims"))


@pytest.mark.parametrize("code, problem", [
    ("# %%\ny = 2\n", "a.py:4: has code of its own"),
    ("# %%\n\n# %%\n", "a.py:1: has 2 cells for code, the lab that it translates 1"),
])
def test_a_lab_has_its_code_from_the_original(code, problem):
    with pytest.raises(Fault, match=problem):
        labs.whole(f"# %% [markdown]\n# # 题\n{code}", "# %% [markdown]\n# # T\n\n# %%\nx = 1\n", "a.py")
