"""What the Chinese edition lays over the English one: words in figures, claims, terms, the text of labs."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
import yaml
from drawing.figure import STYLE, to_svg
from small import GIVEN, PAGE, PAGES, TERMS
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


APART = """\
<text><tspan style="font-size: 12px; font-weight: bold; fill: #000000" x="10 33" y="5">positions</tspan>
<tspan x="25" y="7"> </tspan><tspan style="font-size: 9px" x="30.5" y="6">n</tspan></text>"""


def test_letters_that_stand_one_by_one_become_words_amid_their_place():
    style = "font-size: 12px; font-weight: bold; fill: #000000; text-anchor: middle"
    words = '位置数 <tspan font-style="oblique">n</tspan>'
    assert filled(APART) == f'<text style="{style}" x="19.50" y="6">{words}</text>'
    for same in APART.replace("positions", "k"), APART.replace("positions", "GPT-3").replace(">n<", "><"):
        assert filled(same) == same
    own = APART.replace("positions", "cat").replace(">n<", "><")
    assert ">只猫</text>" in filled(own)


PLACED = '<g data-at="{}">\n  <text style="font-size: 9px">{}</text>\n</g>'


@pytest.mark.parametrize("at, english, turned, chinese", [
    ("start 1 2 0", "two lines", "start: 0", {"-2.90": "两", "11.50": "行"}),
    ("end 1 2 0", "cat", "end: 0", {"4.30": "只猫"}),
    ("middle 1 2 -90", "cat", "middle: -90", {"4.30": "只猫"}),
    ("end 1 2 -90", "GPT-3", "end: -90", {"4.30": "GPT-3"}),
    ("end 1 2 -90", "cat", "middle: 0", {"11.00": "只", "25.40": "猫"}),
])
def test_words_take_the_place_that_they_had(at, english, turned, chinese):
    anchor, angle = turned.split(": ")
    style = f'style="font-size: 9px; text-anchor: {anchor}" transform="translate(1 2) rotate({angle})"'
    spans = "".join(f'<tspan x="0" y="{y}">{words}</tspan>' for y, words in chinese.items())
    assert filled(PLACED.format(at, english)) == f"<g>\n<text {style}>{spans}</text>\n</g>"


def test_letters_of_formulas_among_words():
    words = Words("w.yml", "{language: zh, same: [], words: {a label: '$x_i$, $k^{2}$ \"&'}, figures: {}}", "%")
    svg = words.figures({"a/b": {"svg": {".svg": "<text>a label</text>"}}})["a/b"]["svg"][".svg"]
    x, k = (f'<tspan font-style="oblique">{letter}</tspan>' for letter in "xk")
    low = '<tspan dy="3" font-size="75%">i</tspan><tspan dy="-3">\u200b</tspan>'
    high = '<tspan dy="-4" font-size="75%">2</tspan><tspan dy="4">\u200b</tspan>'
    assert svg == f'<text>{x}{low}, {k}{high} "&amp;</text>'


def test_three_words_are_nearest():
    problem = "no words for 'lone #' in figure c; the nearest: a long label, two lines, positions n"
    with pytest.raises(Faults, match=f"^figures.zh.yml:1: {problem}$"):
        filled("<text>lone 7</text>", "c")


def test_words_that_are_no_yaml_are_named():
    with pytest.raises(Fault, match="^w.yml:1: "):
        Words("w.yml", "]", "%")


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


@pytest.mark.parametrize("old, new, line, problem", [
    ("  about: 甲\n", "", 2, "translated claims.O1 must contain ['about'] properties"),
    ("O1", "O2", 1, "claims differ from the original; missing: O1; unknown: O2"),
    ("  claim: 一个论断。\n", "", 2, "words of O1 differ from the original; missing: claim"),
    ("{a.md: 发现}", "{b.md: 一, c.md: 二}", 2,
     "findings of O1 differ from the original; missing: a.md; unknown: b.md, c.md"),
    ("  numbers:\n    - what: 一个数\n", "  numbers: []\n", 2, "O1 has 1 numbers, each needs its words"),
    ("一个数\n", "一个数\n      touches: 它\n", 6,
     "words of a number of O1 differ from the original; unknown: touches"),
])
def test_words_that_a_translation_lacks_are_named(old, new, line, problem):
    with pytest.raises(Fault) as error:
        translation.claims("a.zh.yml", TOLD.replace(old, new), load("a.yml", CLAIMS, "claims"))
    assert str(error.value) == f"a.zh.yml:{line}: {problem}"


def test_a_claim_of_the_article_has_its_chinese_words_from_the_original():
    number = "{what: a side, value: a/b.c, at_least: 1, touches: It is no square}"
    fields = f"about: growth, verdict: imprecise, because: it grows, findings: {{}}, numbers: [{number}]"
    known = load("a.yml", f"g:\n  - {{id: C1, article: A square, zh: 平方, {fields}}}", "claims")
    words = "about: 增长, because: 它增长, findings: {}, numbers: [{what: 边, touches: 不是平方}]"
    [claim] = translation.claims("a.zh.yml", f"C1: {{{words}}}", known)["g"]
    assert claim == {
        "id": "C1", "about": "增长", "article": "平方", "verdict": "imprecise", "because": "它增长", "findings": {},
        "numbers": [{"what": "边", "value": "a/b.c", "at_least": 1, "touches": "不是平方"}],
    }


TERMS_TOLD = "square:\n  means: 数乘以自己。\n  in_text: [方]\nangle:\n  means: 四分之一圈。\n"


def test_a_glossary_in_another_language():
    known = load("t.yml", yaml.safe_dump([
        {"term": term, "zh": zh, "means": "It.", "see": "a.md#b", "in_text": [term]}
        for term, zh in (("square", "平方"), ("angle", "角"))
    ]), "terms")
    square, angle = translation.terms("t.zh.yml", TERMS_TOLD, known)
    assert square == {"term": "square", "zh": "平方", "means": "数乘以自己。", "see": "a.md#b", "in_text": ["方"]}
    assert angle == {"term": "angle", "zh": "角", "means": "四分之一圈。", "see": "a.md#b"} and angle.line == 5
    for text, problem in ("square: {}", "terms.square must contain"), ("cube: {means: M}", "terms differ from the ori"):
        with pytest.raises(Fault, match=f"^t.zh.yml:1: .*{problem}"):
            translation.terms("t.zh.yml", text, known)


CLAIMS_TOLD = """\
C1: {about: 增长, because: 如果, findings: {index.md: "边是 {{ good.number }}"}, numbers: [{what: 边}]}
C2: {about: 平方, findings: {}, no_number: 无}
C3: {about: 更多, claim: 更多, findings: {index.md: 九}, numbers: [{what: 平方}, {what: 半边, touches: 不是}]}
"""


def test_a_site_in_another_language(small, monkeypatch):
    monkeypatch.setitem(GIVEN["svg"], ".svg", '<svg width="3pt" height="1.5pt"><text>side</text><text>5 %</text></svg>')
    small.told = {
        "claims": ("claims.zh.yml", CLAIMS_TOLD),
        "terms": ("terms.zh.yml", "square: {means: 自乘。, in_text: [Square]}\nright angle: {means: 四分之一圈。}\n"),
        "words": ("figures.zh.yml", "{language: zh, same: [], words: {side: 边}, figures: {}}"),
    }
    small.edit(PAGE, "right\n  angles", "直角")
    small.edit(PAGE, "The square", "The Square")
    site = small.expand()
    assert "<text>边</text><text>5\u00a0%</text>" in site.files["figures/good.svg"]
    page, ledger, glossary = (site.texts[page].text for page in PAGES[:3])
    assert '<abbr title="自乘。">Square</abbr>' in page and '<abbr title="四分之一圈。">直角</abbr>' in page
    assert "**平方** <span lang=en>square</span> { #square }\n:   自乘。[" in glossary
    assert glossary.index("平方") < glossary.index("直角")
    assert "### C1: 平方增长 { #c1 data-toc-label=\"C1 增长\" }" in ledger
    assert "{ .verdict .conditions .decided } proved: 如果\n\n- [A page](../index.md): 边是 3\n" in ledger
    small.told["claims"] = "claims.zh.yml", CLAIMS_TOLD.replace("good.number", "good.cube")
    with pytest.raises(Faults, match="^claims.zh.yml:1: there is no number 'cube'"):
        small.expand()
    small.edit(TERMS, "index.md#claims", "index.md#claim")
    with pytest.raises(Faults, match="^terms.zh.yml:1: there is no heading"):
        small.expand()


@pytest.mark.parametrize("code, problem", [
    ("# %%\ny = 2\n", "a.py:4: has code of its own"),
    ("# %%\n\n# %%\n", "a.py:1: has 2 cells for code, the lab that it translates 1"),
])
def test_a_lab_has_its_code_from_the_original(code, problem):
    with pytest.raises(Fault, match=problem):
        labs.whole(f"# %% [markdown]\n# # 题\n{code}", "# %% [markdown]\n# # T\n\n# %%\nx = 1\n", "a.py")
