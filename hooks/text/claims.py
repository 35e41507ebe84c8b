"""The ledger: claims of the article and of the site, what of each holds, and the numbers that decide or touch it."""

import operator
import re
from urllib.parse import urljoin

from .data import index, load
from .numbers import find, typeset
from .source import Fault, Text, relative

VERDICTS = {"true": "✓ true", "true under conditions": "◐ true under conditions", "imprecise": "≈ imprecise"}
LIMITS = {"equals": ("", operator.eq), "at_least": ("≥ ", operator.ge), "at_most": ("≤ ", operator.le)}
KINDS = "total", "decided", "touched", "without_number", *(verdict.replace(" ", "_") for verdict in VERDICTS)


class Ledger:
    """The claims of a YAML text. Raises Fault if a number is out of its range."""

    def __init__(self, path, text, snippets, titles):
        self.path, self.titles = path, titles
        self.groups = load(path, text, "claims")
        self.claims = index(path, [claim for group in self.groups.values() for claim in group], "id")
        for name, claim in self.claims.items():
            for page in claim["findings"]:
                Text.at("", path, claim.line).look_up(titles, page, 0, f"page '{page}'")
            for number in claim.get("numbers", []):
                value = find(number["value"], snippets, Text.at("", path, number.line), 0)
                if not all(LIMITS[limit][1](value, number[limit]) for limit in LIMITS if limit in number):
                    what = f"{number['what']} ({number['value']}) is {value}, must be {_limits(number)}"
                    raise Fault(path, number.line, f"{name} does not hold: {what}")

    def counts(self):
        """How many claims of the article there are of each of the KINDS, and of the site's (own_)."""
        counts = {own + kind: 0 for own in ("", "own_") for kind in KINDS}
        for claim in self.claims.values():
            deciding = ["touches" not in number for number in claim.get("numbers", [])]
            evidence = "decided" if any(deciding) else "touched" if deciding else "without_number"
            for kind in "total", evidence, claim["verdict"].replace(" ", "_"):
                counts["own_" * ("claim" in claim) + kind] += 1
        return counts

    def table(self, body, page):
        """What a page found on the claims that its fence names."""
        rows = [Text.at("| The claim | Verdict | What holds |\n|---|---|---|", self.path, 1)]
        for word in re.finditer(r"\S+|^$", body.text):
            claim = body.look_up(self.claims, word[0], word.start(), f"claim '{word[0]}' in the ledger")
            finding = Text.at("", self.path, claim.line).look_up(claim["findings"], page, 0, f"finding of '{page}'")
            link = f"[**{claim['id']}**]({relative(f'reference/claims.md#{word[0].lower()}', page)})"
            row = f"| {link} {claim.get('article') or claim['claim']} | {VERDICTS[claim['verdict']]} | {finding} |"
            rows.append(Text.at(row, self.path, claim.line))
        return Text.join(rows)

    def verdict(self, body, _):
        """Links to the claims of a verdict, each with a few words, for the page that has their entries."""
        body.look_up(VERDICTS, body.text, 0, f"verdict '{body.text}'")
        claims = [claim for claim in self.claims.values() if claim["verdict"] == body.text]
        return " · ".join(f"[{claim['id']}](#{claim['id'].lower()}) {claim['about']}" for claim in claims)

    def entries(self, body, page):
        """All that is known of the claims of a group."""
        group = body.look_up(self.groups, body.text, 0, f"group '{body.text}' in the ledger")
        return Text.join([self._entry(claim, page) for claim in group])

    def _entry(self, claim, page):
        heading = f"### {claim['id']}: {claim.get('article') or claim['claim']} {{ #{claim['id'].lower()} }}"
        verdict = f"**{VERDICTS[claim['verdict']]}**" + (f": {claim['because']}" if "because" in claim else "")
        origin = f"<br><span lang=zh>{claim['zh']}</span>" if "zh" in claim else f" · {claim['kind']}"
        parts = [heading, verdict + origin]
        for source, finding in claim["findings"].items():
            parts.append(f"- [{self.titles[source]}]({relative(source, page)}): {relocate(finding, source, page)}")
        fold = '??? info "Touched, not decided, by"'
        for label, touching, indent in ("Decided by:", False, ""), (fold, True, "    "):
            numbers = [_number(each, page) for each in claim.get("numbers", []) if ("touches" in each) == touching]
            parts += [label, *(indent + number for number in numbers)] if numbers else []
        parts += [f"No number: {claim['no_number']}"] if "no_number" in claim else []
        return Text.at("\n\n".join(parts) + "\n", self.path, claim.line)


def _number(number, page):
    """A number of a claim, what it must be, and why it does not decide if it only touches."""
    side = {"<": "&lt;&nbsp;", ">": ">&nbsp;"}.get(number.get("format", "")[:1], "")
    value = f"**{side}{{{{ {number['value']}:{number.get('format', '')} }}}}**"
    code = relative(f"code/{number['value'].rpartition('.')[0]}.py", page)
    must = "as it must be" if side else f"must be {_limits(number)}"  # a bound says it already
    return f"- {number['what']}: {value}, {must} ([code]({code})). {number.get('touches', '')}".rstrip()


def _limits(number):
    """What a number of a claim must be."""
    form = ".0%" if number.get("format", "").endswith("%") else ","
    return " and ".join(sign + typeset(f"{number[at]:{form}}") for at, (sign, _) in LIMITS.items() if at in number)


def relocate(markdown, source, target):
    """Markdown of one page, its links changed so that they lead from another.

    >>> relocate("[a](#b), [c](d.md#e)", "x/y.md", "z/w.md")
    '[a](../x/y.md#b), [c](../x/d.md#e)'
    """
    return re.sub(r"(?<=\]\()(?!\w+:)[^)\s]+(?=\))", lambda link: relative(urljoin(source, link[0]), target), markdown)
