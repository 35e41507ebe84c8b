"""The ledger: what the article claims, what of it holds, and the numbers that decide.

docs/claims.yml holds the claims in groups. A page quotes some of them as a table, and
the ledger's own page shows all:

    ```claims                 the findings of this page on these claims
    S1c D2a
    ```
    ```ledger                 a group of claims, with all that is known of each
    similarities
    ```

A number of a claim names a value of a snippet, how to show it (format, as in a page), and
its range: equals, at_least, at_most. Outside of it, the site is not built.
"""

import operator
import posixpath
import re
from pathlib import PurePosixPath

from . import numbers
from .data import check, load
from .source import Fault, Text, relative

VERDICTS = {"true": "✓", "true under conditions": "◐", "imprecise": "≈", "outdated": "↺"}
BOUNDS = {"equals": operator.eq, "at_least": operator.ge, "at_most": operator.le}
SIGNS = {"equals": "", "at_least": "≥ ", "at_most": "≤ "}
NEEDED = {"id", "article", "zh", "verdict", "findings"}
FENCE = re.compile(r"^```(?P<kind>claims|ledger)\n(?P<asked>[^`]*)\n```$", re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?!\w+:)(?P<path>[^)#\s]*)(?P<anchor>#[^)\s]*)?(?=\))")


class Ledger:
    """The claims of a YAML text, each checked against what the snippets gave.

    path: of the text, for faults. titles: {page: its title}. Raises Fault.
    """

    def __init__(self, path, text, snippets, titles):
        self.path, self.snippets, self.titles = path, snippets, titles
        self.groups = load(path, text, dict)
        del self.groups["line"]
        self.claims = [claim for group in self.groups.values() for claim in group or ()]
        check(path, self.claims, "claim", "id", NEEDED, {"numbers", "no_number", "source"})
        for claim in self.claims:
            self._check(claim)

    def _check(self, claim):
        def fail(problem, line=claim["line"]):
            raise Fault(self.path, line, f"{claim['id']} {problem}")

        if claim["verdict"] not in VERDICTS:
            fail(f"has the verdict {claim['verdict']!r}; there are: {', '.join(VERDICTS)}")
        if ("numbers" in claim) == ("no_number" in claim):
            fail("must have either numbers or no_number, which says why there is none")
        del claim["findings"]["line"]
        for page in claim["findings"]:
            if page not in self.titles:
                fail(f"has a finding of {page}, which is no page")
        for number in claim.get("numbers", []):
            line = number["line"]
            if not {"what", "value"} <= number.keys() or not BOUNDS.keys() & number.keys():
                fail(f"has a number without what, value or {', '.join(BOUNDS)}", line)
            for bound in BOUNDS.keys() & number.keys():
                if not isinstance(number[bound], (int, float)):
                    fail(f"has {bound}: {number[bound]!r}, which is not a number", line)
            name, _, key = number["value"].rpartition(".")
            results = self.snippets.get(name, {"results": {}})["results"]
            if key not in results:
                fail(f"has a number {number['value']}, which no snippet gives", line)
            number["is"] = results[key]
            if not holds(number):
                limits = " and ".join(f"{b} {number[b]}" for b in BOUNDS if b in number)
                problem = f"does not hold: {number['what']} ({number['value']}) is {results[key]}"
                fail(f"{problem}, must be {limits}", line)

    def measured(self):
        """How many claims have a number."""
        return sum("numbers" in claim for claim in self.claims)

    def counts(self):
        """How many claims there are, with a number and without, and of each verdict."""
        found = {"total": len(self.claims), "measured": self.measured()}
        found["without_number"] = found["total"] - found["measured"]
        for verdict in VERDICTS:
            key = verdict.replace(" ", "_")
            found[key] = sum(claim["verdict"] == verdict for claim in self.claims)
        return found

    def fill(self, text, page):
        """A Text of a page, its fences replaced by claims."""
        by_id = {claim["id"]: claim for claim in self.claims}

        def table(match):
            asked = match["asked"].split()
            known = by_id if match["kind"] == "claims" else self.groups
            for each in asked:
                if each not in known:
                    has = ", ".join(known)
                    problem = f"no {each!r} in the ledger; it has: {has}"
                    raise text.fault(match.start("asked"), problem)
            if match["kind"] == "ledger":
                claims = [claim for group in asked for claim in self.groups[group]]
                return Text.join([self._full(claim, page) for claim in claims], "\n\n")
            head = Text.at("| The article | Verdict | What holds |\n|---|---|---|", self.path, 1)
            return Text.join([head, *(self._row(by_id[each], page) for each in asked)])

        return text.sub(FENCE, table)

    def _row(self, claim, page):
        if page not in claim["findings"]:
            raise Fault(self.path, claim["line"], f"{claim['id']} has no finding of {page}")
        address = relative(f"reference/claims.md#{claim['id'].lower()}", page)
        name = f"[**{claim['id']}**]({address}) {claim['article']}"
        return self._text(claim, f"| {name} | {_verdict(claim)} | {claim['findings'][page]} |")

    def _full(self, claim, page):
        parts = [f"### {claim['id']}: {claim['article']} {{ #{claim['id'].lower()} }}"]
        parts.append(f"{_verdict(claim)} · <span lang=zh>{claim['zh']}</span>")
        for source, finding in claim["findings"].items():
            link = f"[{self.titles[source]}]({relative(f'{source}#claims', page)})"
            parts.append(f"- {link}: {relocate(finding, source, page)}")
        for number in claim.get("numbers", []):
            code = relative(f"code/{number['value'].rpartition('.')[0]}.py", page)
            limits = " and ".join(SIGNS[b] + _shown(number[b]) for b in BOUNDS if b in number)
            value = f"**{self._value(number, claim)}**, must be {limits}"
            parts.append(f"- {number['what']}: {value} ([code]({code}))")
        if "no_number" in claim:
            parts.append(f"- No number: {claim['no_number']}")
        if "source" in claim:
            parts.append(f"Source: {claim['source']}")
        return self._text(claim, "\n\n".join(parts))

    def _value(self, number, claim):
        form = number.get("format", "")
        if isinstance(number["is"], bool):
            return _shown(number["is"])
        try:
            side = f"{form[0]} ".replace("<", "&lt;") if form[:1] in ("<", ">") else ""
            return side + numbers.written(number["is"], form)
        except ValueError as error:
            problem = f"{claim['id']}: {number['value']} {error}"
            raise Fault(self.path, number["line"], problem) from None

    def _text(self, claim, text):
        text = Text.at(text, self.path, claim["line"])
        return numbers.fill(text, self.snippets)


def holds(number):
    """Whether what a number of the ledger is lies in its range.

    >>> [holds({"at_least": 0.115, "at_most": 0.135, "is": x}) for x in (0.125, 0.1, 0.2)]
    [True, False, False]
    """
    return all(test(number["is"], number[b]) for b, test in BOUNDS.items() if b in number)


def _shown(value):
    """A bound, or a truth value, as the ledger shows it.

    >>> _shown(True), _shown(1e-12), _shown(0.25), _shown(70000)
    ('yes', '10⁻¹²', '0.25', '70,000')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return numbers.written(value)
    return numbers.written(value, ".0e") if abs(value) < 1e-3 else repr(value).replace("-", "−")


def _verdict(claim):
    return f"{VERDICTS[claim['verdict']]} {claim['verdict']}"


def relocate(markdown, source, target):
    """Markdown of one page, its links changed so that they lead from another.

    >>> relocate("[a](#b), [c](d.md#e)", "x/y.md", "z/w.md")
    '[a](../x/y.md#b), [c](../x/d.md#e)'
    """

    def moved(match):
        path = PurePosixPath(source).name if not match["path"] else match["path"]
        whole = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        return relative(whole + (match["anchor"] or ""), target)

    return LINK.sub(moved, markdown)
