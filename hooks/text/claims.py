"""The ledger: what the article claims, what of it holds, and the numbers that decide."""

import operator
import re
from urllib.parse import urljoin

from .data import index, load
from .numbers import find, typeset
from .source import Fault, Text, relative

SIGNS = {"true": "✓", "true under conditions": "◐", "imprecise": "≈", "outdated": "↺"}
VERDICTS = {verdict: f"{sign} {verdict}" for verdict, sign in SIGNS.items()}
LIMITS = {"equals": ("", operator.eq), "at_least": ("≥ ", operator.ge), "at_most": ("≤ ", operator.le)}
LINK = re.compile(r"(?<=\]\()(?!\w+:)[^)\s]+(?=\))")


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
        """How many claims there are, with a number and without, and of each verdict."""
        verdicts = [claim["verdict"] for claim in self.claims.values()]
        total, measured = len(verdicts), sum("numbers" in claim for claim in self.claims.values())
        counts = {"total": total, "measured": measured, "without_number": total - measured}
        return counts | {verdict.replace(" ", "_"): verdicts.count(verdict) for verdict in VERDICTS}

    def table(self, body, page):
        """What a page found on the claims that its fence names."""
        rows = [Text.at("| The article | Verdict | What holds |\n|---|---|---|", self.path, 1)]
        for word in re.finditer(r"\S+|^$", body.text):
            name = word[0]
            claim = body.look_up(self.claims, name, word.start(), f"claim '{name}' in the ledger")
            if page not in claim["findings"]:
                raise Fault(self.path, claim.line, f"{name} has no finding of {page}")
            link = f"[**{name}**]({relative(f'reference/claims.md#{name.lower()}', page)})"
            row = f"| {link} {claim['article']} | {VERDICTS[claim['verdict']]} | {claim['findings'][page]} |"
            rows.append(Text.at(row, self.path, claim.line))
        return Text.join(rows)

    def entries(self, body, page):
        """All that is known of the claims of a group."""
        group = body.look_up(self.groups, body.text, 0, f"group '{body.text}' in the ledger")
        return Text.join([self._entry(claim, page) for claim in group], "\n\n")

    def _entry(self, claim, page):
        parts = [f"### {claim['id']}: {claim['article']} {{ #{claim['id'].lower()} }}"]
        parts.append(f"{VERDICTS[claim['verdict']]} · <span lang=zh>{claim['zh']}</span>")
        for source, finding in claim["findings"].items():
            link = f"[{self.titles[source]}]({relative(f'{source}#claims', page)})"
            parts.append(f"- {link}: {relocate(finding, source, page)}")
        for number in claim.get("numbers", []):
            code = relative(f"code/{number['value'].rpartition('.')[0]}.py", page)
            value = f"**{_value(number)}**, must be {_limits(number)}"
            parts.append(f"- {number['what']}: {value} ([code]({code}))")
        for field, label in ("no_number", "- No number"), ("source", "Source"):
            if field in claim:
                parts.append(f"{label}: {claim[field]}")
        return Text.at("\n\n".join(parts), self.path, claim.line)


def _value(number):
    """A number of a claim, as a page quotes it."""
    if isinstance(number.get("equals"), bool):
        return _limits(number)
    form = number.get("format", "")
    side = {"<": "&lt; ", ">": "> "}.get(form[:1], "")
    return f"{side}{{{{ {number['value']}:{form} }}}}"


def _limits(number):
    """What a number of a claim must be."""
    if isinstance(number.get("equals"), bool):
        return "yes" if number["equals"] else "no"
    limits = [(sign, number[limit]) for limit, (sign, _) in LIMITS.items() if limit in number]
    return " and ".join(sign + typeset(f"{limit:,}") for sign, limit in limits)


def relocate(markdown, source, target):
    """Markdown of one page, its links changed so that they lead from another.

    >>> relocate("[a](#b), [c](d.md#e)", "x/y.md", "z/w.md")
    '[a](../x/y.md#b), [c](../x/d.md#e)'
    """
    return LINK.sub(lambda link: relative(urljoin(source, link[0]), target), markdown)
