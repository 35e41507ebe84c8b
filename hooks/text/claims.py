"""The ledger: claims of the article and of the site, what of each holds, and the numbers that decide or touch it."""

import operator
import re

from . import translation
from .data import index, load
from .numbers import find, typeset
from .source import Fault, Text, relative, relocate

VERDICTS = "true", "true under conditions", "imprecise"
EVIDENCE = "decided", "touched", "without number"
LIMITS = {"equals": ("", operator.eq), "at_least": ("≥\u00a0", operator.ge), "at_most": ("≤\u00a0", operator.le)}
KINDS = [kind.replace(" ", "_") for kind in ("total", *EVIDENCE, *VERDICTS)]


class Ledger:
    """The claims of a YAML text; labels: the words around them. Raises Fault if a number is out of its range.

    told: the path and text of a translation, or None.
    """

    def __init__(self, path, text, told, snippets, titles, labels):
        self.path, self.titles, self.labels, self.colon = path, titles, labels["ledger"], labels["colon"]
        self.groups = load(path, text, "claims")
        if told:
            self.path, self.groups = told[0], translation.claims(*told, self.groups)
        self.claims = index(path, [claim for group in self.groups.values() for claim in group], "id")
        for name, claim in self.claims.items():
            for page in claim["findings"]:
                Text.at("", path, claim.line).look_up(titles, page, 0, f"page '{page}'")
            for number in claim.get("numbers", []):
                value = find(number["value"], snippets, Text.at("", path, number.line), 0)
                if not all(LIMITS[limit][1](value, number[limit]) for limit in LIMITS if limit in number):
                    what = f"{number['what']} ({number['value']}) is {value}, must be {self._limits(number)}"
                    raise Fault(path, number.line, f"{name} does not hold: {what}")

    def counts(self):
        """How many claims of the article there are of each of the KINDS, and of the site's (own_)."""
        counts = {own + kind: 0 for own in ("", "own_") for kind in KINDS}
        for claim in self.claims.values():
            for kind in "total", _evidence(claim), claim["verdict"]:
                counts["own_" * ("claim" in claim) + kind.replace(" ", "_")] += 1
        return counts

    def table(self, body, page):
        """What a page found on the claims that its fence names."""
        rows = [Text.at("| {claim} | {verdict} | {holds} |\n|---|---|---|".format_map(self.labels), self.path, 1)]
        for word in re.finditer(r"\S+|^$", body.text):
            claim = body.look_up(self.claims, word[0], word.start(), f"claim '{word[0]}' in the ledger")
            finding = Text.at("", self.path, claim.line).look_up(claim["findings"], page, 0, f"finding of '{page}'")
            link = f"[**{claim['id']}**]({relative(f'reference/claims.md#{word[0].lower()}', page)})"
            row = f"| {link} {claim.get('article') or claim['claim']} | {self._badge(claim)} | {finding} |"
            rows.append(Text.at(row, self.path, claim.line))
        return Text.join(rows)

    def verdicts(self, body, _):
        """A mark for each claim of the groups that the lines name, and boxes to choose by verdict, evidence, group.

        They choose without a script: see site.css.
        """
        rows, marked = [], []
        for line in re.finditer(r"^.*$", body.text, re.MULTILINE):
            name, _, words = line[0].partition(": ")
            group = body.look_up(self.groups, name, line.start(), f"group '{name}' in the ledger")
            rows += [_box("group", name, words, len(group)), f'<ul class="{name}">', *map(self._mark, group), "</ul>"]
            marked += group
        sets = {
            "verdict": self._boxes("verdict", VERDICTS, [claim["verdict"] for claim in marked]),
            "numbers": self._boxes("evidence", EVIDENCE, [_evidence(claim) for claim in marked]),
            "claims": rows,
        }
        legends = {name: f"<legend>{self.labels[name]}</legend>" for name in sets}
        parts = ["\n".join(["<fieldset>", legends[name], *sets[name], "</fieldset>"]) for name in sets]
        return "\n".join(['<div class="verdicts">', *parts, "<find-claims></find-claims>", "</div>"])

    def entries(self, body, page):
        """All that is known of the claims of a group."""
        group = body.look_up(self.groups, body.text, 0, f"group '{body.text}' in the ledger")
        return Text.join([self._entry(claim, body.text, page) for claim in group])

    def _entry(self, claim, group, page):
        label = f'#{claim["id"].lower()} data-toc-label="{claim["id"]} {claim["about"]}"'
        heading = f"### {claim['id']}{self.colon}{claim.get('article') or claim['claim']} {{ {label} }}"
        why = [self.labels[claim["kind"]]] if "kind" in claim else []
        why += [claim["because"]] if "because" in claim else []
        verdict = f"{self._badge(claim)} {self.colon.join(why)}".rstrip()
        origin = f"<br><span lang=zh>{claim['zh']}</span>" if "zh" in claim else ""
        parts = [f'<div class="record {_kinds(claim)} {group}" markdown>', heading, verdict + origin]
        links = []
        for at, text in claim["findings"].items():
            links.append(f"- [{self.titles[at]}]({relative(at, page)}){self.colon}{relocate(text, at, page)}")
        parts.append("\n".join(links))
        fold = f'??? info "{self.labels["fold"]}"'
        decides = "checks" if claim.get("kind") == "proved" else "decides"
        for touching, what, indent in (False, decides, ""), (True, "touches", "    "):
            numbers = [self._number(each, page) for each in claim.get("numbers", []) if ("touches" in each) == touching]
            if numbers:
                heads = f"| {self.labels[what]} | {self.labels['number']} | {self.labels['must']} |"
                table = [heads, "|---|---|---|", *numbers]
                parts += [fold] * touching + ["\n".join(indent + row for row in table)]
        parts += [f"{self.labels['no_number']}{self.colon}{claim['no_number']}"] if "no_number" in claim else []
        parts.append("</div>")
        return Text.at("\n\n".join(parts) + "\n", self.path, claim.line)

    def _badge(self, claim):
        classes = " ".join(f".{each}" for each in f"verdict {_kinds(claim)}".split())
        return f"**{self.labels[claim['verdict']]}**{{ {classes} }}"

    def _mark(self, claim):
        """The verdict on a claim as a tile that leads to its entry."""
        name, about = claim["id"], claim["about"]
        sign, _, verdict = self.labels[claim["verdict"]].partition(" ")
        said = f"{name}: {about}, {verdict}, {self.labels[_evidence(claim)]}"
        link = f'href="#{name.lower()}" title="{about}" aria-label="{said}"'
        return f'<li class="verdict {_kinds(claim)}"><a {link}>{sign} {name}</a></li>'

    def _boxes(self, kind, words, found):
        """A box for each of a kind, with a badge and how many of it were found."""
        badges = {each: f'<b class="verdict {_css(each)}">{self.labels[each]}</b>' for each in words}
        return [_box(kind, _css(each), badge, found.count(each)) for each, badge in badges.items()]

    def _number(self, number, page):
        """A number, which leads to its code, what it must be, and why it does not decide if it only touches."""
        side = {"<": "&lt;&nbsp;", ">": ">&nbsp;"}.get(number.get("format", "")[:1], "")
        value = f"**{side}{{{{ {number['value']}:{number.get('format', '')} }}}}**"
        code = relative(f"code/{number['value'].rpartition('.')[0]}.py", page)
        must = self.labels["shown"] if side else self._limits(number)  # a bound says it already
        what = number["what"] + (f"<br><small>{number['touches']}</small>" if "touches" in number else "")
        return f"| {what} | [{value}]({code}) | {must} |"

    def _limits(self, number):
        """What a number of a claim must be."""
        form = ".0%" if number.get("format", "").endswith("%") else ","
        limits = [sign + typeset(f"{number[at]:{form}}") for at, (sign, _) in LIMITS.items() if at in number]
        return self.labels["and"].join(limits)


def _evidence(claim):
    """Which of EVIDENCE there is."""
    return "decided" if "kind" in claim else "touched" if "numbers" in claim else "without number"


def _css(kind):
    """The class of a verdict, or of what there is as evidence: its last word, since pages have hundreds."""
    return kind.split()[-1]


def _kinds(claim):
    """The classes that say how a claim was judged."""
    return f"{_css(claim['verdict'])} {_css(_evidence(claim))}"


def _box(kind, value, label, count):
    return f'<label><input type="checkbox" name="{kind}" value="{value}"> {label} {count}</label>'

