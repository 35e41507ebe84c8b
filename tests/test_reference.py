"""The reference pages against the pages that they sum up: one word and one symbol for one thing."""

import ast
import re

import pytest
import yaml

from conftest import DOCS, PAGES, ROOT, parsed

TERMS = yaml.safe_load((DOCS / "glossary.yml").read_text("utf-8"))
WORKS = {work["key"]: work for work in yaml.safe_load((DOCS / "works.yml").read_text("utf-8"))}
SHEET = "reference/cheat-sheet.md"
OUTSIDE = r"^ *```.*?^ *```$|`[^`\n]*`|\{\{[^\n]*?\}\}|<!--.*?-->|(?<=\])\([^)\n]*\)|^---$.*?^---$"  # of the prose
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)


def _blank(match):
    return re.sub(r"\S", " ", match[0])


def _prose(path):
    """What stands in a page besides code; in a lab, what its text cells say. Lines stay where they are."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        text = re.sub(r"^# ?", "", re.sub(r"^(?!# ).*$", "", text, flags=re.M), flags=re.M)
    return re.sub(OUTSIDE, _blank, text, flags=re.M | re.S)


def _said(claim):
    """What a claim of the ledger says in our words, as a page."""
    numbers = (number.get(part) for number in claim.get("numbers", []) for part in ("what", "touches"))
    parts = [claim.get(part) for part in ("about", "claim", "because", "no_number")]
    text = "\n\n".join(filter(None, [*parts, *claim["findings"].values(), *numbers]))
    return re.sub(OUTSIDE, _blank, text, flags=re.M | re.S)


PROSE = {path.relative_to(DOCS / "en").as_posix(): _prose(path) for path in sorted(DOCS.glob("en/**/*.[mp][dy]"))}
for claims in yaml.safe_load((DOCS / "claims.yml").read_text("utf-8")).values():
    PROSE |= {f"claims.yml, {claim['id']}": _said(claim) for claim in claims}


def _other_spellings():
    """Other ways to write a term of two words, each with the term: joined, with capitals, with the other hyphen."""
    forms = {form for term in TERMS for form in (term["term"], f"{term['term']}s", *term.get("in_text", []))}
    others = {}
    for form in sorted(forms):
        if len(parts := re.split("[ -]", form)) < 2:
            continue
        capitals = [part.capitalize() for part in parts]
        for other in "".join(parts), "".join(capitals), " ".join(capitals), " ".join(parts), "-".join(parts):
            if not {other, other[0].lower() + other[1:]} & forms:
                others[other] = form
                others[other[0].upper() + other[1:]] = form
    return others


SPELLINGS = _other_spellings()
SPELLED = re.compile("|".join(rf"\b{other.replace(' ', chr(92) + 's+')}\b" for other in SPELLINGS))

# What no page calls it, and what every page calls it. A word in quotation marks or in the title of a work is not ours.
WORDS = {
    r"\btaps?\b": "offset",
    r"[Aa]ttention weights?|softmax weights?|rows? of weights|weights of (?:each|a|the) row": "share",
    r"(?:classification|output|linear|MLP) heads?\b|\*\*Head\.\*\*": "classifier",
    r"(?:GPU|CUDA|fused|Triton) kernels?\b": "fused routine",
    r"convolution(?:al)? filters?\b|\d×\d filters?\b|filter sizes?\b": "kernel, kernel size",
    r"[Tt]ranslation(?:al)?[- ](?:in|equi)varian\w+": "shift equivariance, or invariance",
    r"convolutions? (?:is|are) (?:shift[- ])?invariant": "a convolution is equivariant",
    r"attention (?:is|are) (?:permutation[- ])?invariant": "attention is permutation equivariant",
    r"[Pp]osition(?:al)? embeddings?": "positional encoding, vector for a place",
    r"[Ff]eed-?forward": "MLP",
    r"[Pp]re-trained|[Ff]inetun\w+": "pretrained, fine-tune",
    r"(?<!thousand )[mb]illion weights": "parameters",
    r"LayerNorm|BatchNorm|[Ll]ayer normali|[Bb]atch normali": "layer norm, batch norm",
    r"numbers to learn|\| (?:learned )?numbers \|": "parameters",
    r"[Vv]ision Transformers?": "vision transformer",
    r"[Mm]ultiply-adds?\b": "MAC",
    r"[Hh]yper-?parameters?": "setting, rate",
    r"\bupdates?\b": "step, training step",
}
SAID_ONCE = {  # what others call it, and what only looks like a term
    "differences/space-and-sequence.md": ["matrix can read out of positions"],
    "claims.yml, D4e": ["can be read out of positions"],
    "reference/glossary.md": ["scaled dot-product attention"],
    "operations/self-attention.md": ["usually called *attention weights*"],
    SHEET: ["also called *attention weights*"],
}

# What no formula writes, and what every formula writes.
SYMBOLS = {
    r"K\^2|K \\times K": "k^2, k \\times k for the size of a kernel",
    r"d_k\b|d_\{?k\}?|d_h\b|d_v\b|d_head|d_\{\\(?:mathrm|rm)": "d_{\\text{head}}",
    r"d_\{?(?:\\text\{)?model": "d",
    r"\\mathbf\{(?!1\})|\\boldsymbol|\\bm\b": "plain letters",
    r"\^T\b|\^\{T\}": "\\top",
    r"\\(?:text|mathrm)\{softmax\}": "\\operatorname{softmax}",
    r"[Ww]_\{?\\delta|\\Delta\b": "m for an offset",
}
SIGNS = "sqrt|sum|cdots|lfloor|rfloor|infty|le|top|times|text"  # that are no symbols
# Which of the sheet's letters may count these.
COUNTS = {"layers": "L", "heads": "hdk", "channels": "dk", "sentences": "n", "inputs": "nb"}


def _named(page, found):
    line = PROSE[page].count("\n", 0, found.start()) + 1
    return f"{page}:{line}: {found[0]!r}"


def _quoted(text, start):
    """Whether what stands there is quoted, or in italics: a title."""
    before = text[text.rfind("\n\n", 0, start) + 1 : start]
    return before.count('"') % 2 == 1 or before.replace("**", "").count("*") % 2 == 1


def _strays(page):
    text = re.sub(r'"[^"\n]*\.svg"|\{ #[^}\n]*\}', _blank, PROSE[page])
    for said in SAID_ONCE.get(page, []):
        assert said in text, f"{page}: {said!r} is not said here any more"
        text = text.replace(said, " " * len(said))
    for pattern, instead in WORDS.items():
        for found in re.finditer(pattern, text):
            if not _quoted(text, found.start()):
                yield f"{_named(page, found)}; write: {instead}"
    for found in SPELLED.finditer(text):
        if not _quoted(text, found.start()):
            yield f"{_named(page, found)}; write: {SPELLINGS[' '.join(found[0].split())]}"
    for formula in FORMULA.finditer(PROSE[page]):
        for pattern, instead in SYMBOLS.items():
            if found := re.search(pattern, formula[0]):
                yield f"{_named(page, formula)}: {found[0]!r}; write: {instead}"
    for found in re.finditer(rf"\$([ndkhLwbrs])\$ ({'|'.join(COUNTS)})\b", PROSE[page]):
        if found[1] not in COUNTS[found[2]]:
            yield f"{_named(page, found)}; {found[2]} are counted by {COUNTS[found[2]]}"


@pytest.mark.parametrize("page", PROSE)
def test_one_word_and_one_symbol_for_one_thing(page):
    assert not list(_strays(page))


@pytest.mark.parametrize("other", ["readouts", "Self attention", "KV-cache", "Receptive Field"])
def test_other_spellings_come_from_the_glossary(other):
    assert SPELLED.fullmatch(other)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_choosing_has_the_scores_of_its_lab(language):
    """The table of few labels: the lowest and the highest right answer of each network of Little data."""
    lab = ast.parse((DOCS / "en/labs/little-data.py").read_text("utf-8"))
    named = {"recorded", "by_count", "longer"}
    recorded, by_count, longer = (ast.literal_eval(found) for found in _assigned(lab, named))
    rows = []
    for count in 250, 1000, 2000, 4000, 16000:
        early = [by_count[name].get(count, recorded[name] if count == 4000 else [None] * 3)[2]
                 for name in ("convolution", "attention")]
        rows.append((f"{count:,}", *map(_percent, [*early, longer.get(count, {}).get(20000)])))
    table = (DOCS / language / "together/choosing.md").read_text("utf-8").partition("{ #few-images }")[2]
    found = re.findall(r"^\| (\d[\d,]+) [^|]*\| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", table, re.M)[:5]
    assert [tuple(cell.replace(" %", "%").replace("not run", "").replace("未运行", "") for cell in row)
            for row in found] == rows


def _assigned(module, names):
    return [each.value for each in module.body if isinstance(each, ast.Assign)
            if isinstance(each.targets[0], ast.Name) and each.targets[0].id in names]


def _percent(runs):
    if not runs:
        return ""
    low, high = f"{100 * min(runs):.0f}", f"{100 * max(runs):.0f}"
    return f"{low}%" if low == high else f"{low}–{high}%"


def test_the_glossary_uses_these_words_too():
    for term in TERMS:
        own = re.sub("(?:calls it|often called) an? [^,.]*", "", term["means"])  # what others call it
        assert not [word for word in WORDS if re.search(word, own)], term["term"]
        assert term["means"].endswith(".") and "$" not in term["means"] and len(term["means"].split()) <= 40


def test_every_symbol_on_the_cheat_sheet_is_defined_on_it():
    """Above the table, or where it is used: g and the powers of e."""
    head, table = (DOCS / "en" / SHEET).read_text("utf-8").split("\n| Question")

    def symbols(text):
        tex = " ".join(a or b for a, b in FORMULA.findall(text))
        tex = re.sub(rf"\\operatorname\{{\w+\}}|\\(?:{SIGNS})(?![a-z])", " ", tex)
        return set(re.findall(r"\\[a-z]+|d_\{\{head\}\}|[A-Z]_[A-Z]|[A-Za-z]", tex.replace(" {head}", "{{head}}")))

    assert symbols(table) - symbols(head) <= {"g", "e"}
    assert "$g$ above all others" in table


def test_terms_stand_in_chinese_as_in_the_list():
    chinese = {term["term"]: term["zh"] for term in TERMS}
    for term, zh in {
        "self-attention": "自注意力", "CNN": "卷积神经网络", "receptive field": "感受野",
        "effective receptive field": "有效感受野", "query": "查询", "key": "键", "value": "值",
        "multi-head attention": "多头注意力", "shift equivariance": "平移等变", "permutation equivariance": "置换等变",
        "inductive bias": "归纳偏置", "positional encoding": "位置编码",
        "windowed attention": "窗口注意力（截断注意力）",
        "sparse attention": "稀疏注意力", "linear attention": "线性注意力", "hybrid": "混合网络",
    }.items():
        assert chinese[term] == zh


def test_terms_have_tooltips_in_chapters_and_labs(site):
    for page in [page for page in PAGES if page.count("/") > 1 and "/reference/" not in page]:
        found = [mark.get_text() for mark in parsed(site / page).select("article abbr[title]")]
        assert len(found) >= 5, page


NAME = r"[^\W\d_]\.(?:-[^\W\d_]\.)*"  # an initial, or two with a hyphen
ENTRY = re.compile(r"@(\w+)\{([^,\s]+),\n((?:  \w+ = \{[^\n]*\},\n)+)\}\n\n?")
PERSON = re.compile(rf"[^\W\d_][^,{{}}]*, {NAME}(?: {NAME})*|\{{[^{{}},]+\}}|others")
NEEDED = {"inproceedings": "booktitle", "article": "journal", "misc": "title"}


def test_the_bibtex_file_has_every_work(site):
    text = (site / "en/reference/bibliography.bib").read_text("utf-8")
    assert not ENTRY.sub("", text), "not an entry"
    found = {key: (kind, fields) for kind, key, fields in ENTRY.findall(text)}
    assert len(found) == len(ENTRY.findall(text)), "a key twice"
    cited = parsed(site / "en/reference/bibliography.html").select("article li[id]")
    assert set(found) == set(WORKS) == {item["id"] for item in cited}
    for key, (kind, lines) in found.items():
        fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", lines, re.M))
        assert len(fields) == lines.count("\n"), f"{key}: a field twice"
        assert {"author", "title", "year", NEEDED[kind]} <= set(fields), key
        assert {"doi", "eprint", "url"} & set(fields) and ("eprint" in fields) == ("archiveprefix" in fields), key
        assert fields["year"] == str(WORKS[key]["year"]) and re.search(rf"\D{fields['year']}", key), key
        assert all(map(PERSON.fullmatch, fields["author"].split(" and "))), f"{key}: {fields['author']}"
        for name, value in fields.items():
            assert value == value.strip() and value and _balanced(value), f"{key}: {name}"
            assert name == "url" or not re.search(r"(?<!\\)[&%#]|_", re.sub(r"\$[^$]*\$", "", value)), f"{key}: {name}"
        title = re.sub(r"[{}\\]", "", fields["title"])
        assert title == re.sub(r"[{}\\]", "", WORKS[key]["title"]), key


def _balanced(value):
    depth = 0
    for sign in re.findall(r"(?<!\\)[{}]", value):
        depth += 1 if sign == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def test_the_sheet_has_every_exercise_and_no_solution(site):
    sheet = parsed(site / "en/reference/exercises.html").article
    asked = sum(path.read_text("utf-8").count('??? success "Solution"') for path in (ROOT / "docs/en").rglob("*.md"))
    assert sum(bool(re.fullmatch(r"\d+\.", each.text)) for each in sheet.select("p > strong:first-child")) == asked > 50
    assert not sheet.select("details, pre")


def test_the_map_has_every_page_in_order():
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8").replace("!ENV", ""))["nav"]
    parts = [part for item in nav[1:] for part in item.values()]
    mapped = re.findall(r"\(([a-z/-]+\.md)\)", _map())
    assert mapped[: -len(parts[-1])] == [page for part in parts[:-1] for each in part for page in each.values()]
    assert set(mapped[-len(parts[-1]) :]) == {page for each in parts[-1] for page in each.values()}


def test_the_map_says_how_long_a_page_takes():
    timed = re.findall(r"^- [^\n]*?\(([a-z/-]+\.md)\).*<small>(.*)</small>", _map(), re.MULTILINE)
    assert len(timed) == 15
    for page, minutes in timed:
        said = re.search(r"takes (?:about )?([\d to]+ minutes)", (ROOT / "docs/en" / page).read_text("utf-8"))
        assert said[1] == minutes, page


def _map():
    return (ROOT / "docs/en/index.md").read_text("utf-8").partition('<div class="map" markdown>')[2]


def test_the_site_is_cited_alike_everywhere():
    entries, lines = [], []
    for path in ROOT / "README.md", DOCS / "en/reference/cite.md":
        text = path.read_text("utf-8")
        entries.append(re.search(r"```bibtex\n(.*?)```", text, re.S)[1])
        lines.append(re.search(r"^> .*", text, re.M)[0])
    assert len(set(entries)) == len(set(lines)) == 1
    assert not ENTRY.sub("", re.sub(r"^  (\w+) += (.*?),?$", r"  \1 = \2,", entries[0], flags=re.M))
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    for part in cff["title"], cff["authors"][0]["name"], str(cff["version"]), cff["date-released"][:4]:
        assert part in entries[0]
        assert part in lines[0].replace("*", "")
