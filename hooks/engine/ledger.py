"""The ledger: what the article claims, what of it holds, and the numbers that decide.

docs/claims.yml holds the claims in groups. A page quotes some of them as a table, and
the ledger's own page shows all:

    ```claims                 the findings of this page on these claims
    S1c D2a
    ```
    ```ledger                 a group of claims, with all that is known of each
    similarities
    ```
"""

import operator
import posixpath
import re
from pathlib import PurePosixPath

from .data import DataError, check, load
from .page import PageError, fill_numbers, relative

VERDICTS = {"true": "✓", "true under conditions": "◐", "imprecise": "≈", "outdated": "↺"}
BOUNDS = {"equals": operator.eq, "at_least": operator.ge, "at_most": operator.le}
SIGNS = {"equals": "", "at_least": "≥ ", "at_most": "≤ "}
NEEDED = {"id", "article", "zh", "verdict", "findings"}
FENCE = re.compile(r"^```(?P<kind>claims|ledger)\n(?P<asked>[^`]*)\n```$", re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?!\w+:)(?P<path>[^)#\s]*)(?P<anchor>#[^)\s]*)?(?=\))")


def read(text):
    """The groups of claims in a YAML text: {group: [claim]}; may raise DataError."""
    groups = load(text)
    del groups["line"]
    claims = sum(groups.values(), [])
    check(claims, "claim", "id", NEEDED, {"numbers", "no_number", "source"})
    for claim in claims:
        _check(claim)
    return groups


def _check(claim):
    def fail(problem, line=claim["line"]):
        raise DataError(line, f"{claim['id']} {problem}")

    if claim["verdict"] not in VERDICTS:
        fail(f"has the verdict {claim['verdict']!r}; there are: {', '.join(VERDICTS)}")
    if ("numbers" in claim) == ("no_number" in claim):
        fail("must have either numbers or no_number, which says why there is none")
    del claim["findings"]["line"]
    for number in claim.get("numbers", []):
        if not {"what", "value"} <= number.keys() or not BOUNDS.keys() & number.keys():
            fail(f"has a number without what, value or {', '.join(BOUNDS)}", number["line"])


def holds(number, value):
    """Whether a value lies in the range of a number of the ledger.

    >>> number = {"at_least": 0.115, "at_most": 0.135}
    >>> holds(number, 0.125), holds(number, 0.1), holds(number, 0.2)
    (True, False, False)
    """
    return all(test(value, number[b]) for b, test in BOUNDS.items() if b in number)


def counts(groups):
    """How many claims there are, with a number and without, and of each verdict."""
    claims = sum(groups.values(), [])
    found = {"total": len(claims), "measured": sum("numbers" in c for c in claims)}
    found["without_number"] = found["total"] - found["measured"]
    for verdict in VERDICTS:
        key = verdict.replace(" ", "_")
        found[key] = sum(claim["verdict"] == verdict for claim in claims)
    return found


def expand(markdown, page, groups, entries, titles):
    """What takes the place of each fence of a page, in turn.

    titles: {page: its title}. Raises PageError or DataError.
    """
    by_id = {claim["id"]: claim for claim in sum(groups.values(), [])}

    def fill(text, claim):
        try:
            return fill_numbers(text, entries)
        except PageError as error:
            raise DataError(claim["line"], error.args[1]) from None

    def text(match):
        asked = match["asked"].split()
        known = by_id if match["kind"] == "claims" else groups
        for each in asked:
            if each not in known:
                line = markdown.count("\n", 0, match.start()) + 2
                raise PageError(line, f"no {each!r} in the ledger; it has: {', '.join(known)}")
        if match["kind"] == "ledger":
            claims = [claim for group in asked for claim in groups[group]]
            return "\n\n".join(fill(_full(c, page, titles), c) for c in claims)
        rows = [fill(_row(by_id[each], page), by_id[each]) for each in asked]
        return "\n".join(["| The article | Verdict | What holds |", "|---|---|---|", *rows])

    return [text(match) for match in FENCE.finditer(markdown)]


def _row(claim, page):
    if page not in claim["findings"]:
        raise DataError(claim["line"], f"{claim['id']} has no finding of {page}")
    name = f"[**{claim['id']}**]({_address(claim, page)}) {claim['article']}"
    return f"| {name} | {_verdict(claim)} | {claim['findings'][page]} |"


def _full(claim, page, titles):
    parts = [f"### {claim['id']}: {claim['article']} {{ #{claim['id'].lower()} }}"]
    parts.append(f"{_verdict(claim)} · <span lang=zh>{claim['zh']}</span>")
    for source, finding in claim["findings"].items():
        link = f"[{titles[source]}]({relative(f'{source}#claims', page)})"
        parts.append(f"- {link}: {relocate(finding, source, page)}")
    for number in claim.get("numbers", []):
        name = number["value"].rpartition(".")[0]
        code = relative(f"code/{name}.py", page)
        value = f"**{{{{ {number['value']} }}}}**, must be {_range(number)}"
        parts.append(f"- {number['what']}: {value} ([code]({code}))")
    if "no_number" in claim:
        parts.append(f"- No number: {claim['no_number']}")
    if "source" in claim:
        parts.append(f"Source: {claim['source']}")
    return "\n\n".join(parts)


def _verdict(claim):
    return f"{VERDICTS[claim['verdict']]} {claim['verdict']}"


def _range(number):
    return " and ".join(f"{SIGNS[b]}{number[b]}" for b in BOUNDS if b in number)


def _address(claim, page):
    return relative(f"reference/claims.md#{claim['id'].lower()}", page)


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
