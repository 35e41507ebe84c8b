"""Claims and terms in another language: the words of one YAML text laid over those of the original.

What is no sentence (names, numbers, ranges) stands in the original alone, so that it cannot differ.
"""

from .data import Mapping, load
from .source import Fault

SAID = "about", "because", "claim", "findings", "no_number"  # of a claim, beside its numbers


def claims(path, text, groups):
    """The groups of claims with the words of another language. Raises Fault if these say more or less."""
    told = load(path, text, "translated claims")
    known = {claim["id"]: claim for group in groups.values() for claim in group}
    _same(path, 1, "claims", told, known)
    return {name: [_claim(path, claim, told[claim["id"]]) for claim in group] for name, group in groups.items()}


def _claim(path, claim, told):
    name, line = claim["id"], told.line
    _same(path, line, f"words of {name}", told, {*claim} & {*SAID, "numbers"})
    _same(path, line, f"findings of {name}", told["findings"], claim["findings"])
    if len(told.get("numbers", [])) != len(claim.get("numbers", [])):
        raise Fault(path, line, f"{name} has {len(claim.get('numbers', []))} numbers, each needs its words")
    numbers = []
    for words, number in zip(told.get("numbers", []), claim.get("numbers", []), strict=True):
        _same(path, words.line, f"words of a number of {name}", words, {*number} & {"what", "touches"})
        numbers.append(_over(number, words))
    merged = _over(claim, told)
    if numbers:
        merged["numbers"] = numbers
    if "zh" in claim:
        merged["article"] = merged.pop("zh")
    return merged


def terms(path, text, terms):
    """The terms with what they mean in another language, in which they have the name that the original gives.

    How they look in a page is told anew, if not as that name.
    """
    told = load(path, text, "translated terms")
    _same(path, 1, "terms", told, {term["term"]: term for term in terms})
    bare = [{field: term[field] for field in term if field != "in_text"} for term in terms]
    return [_over(term, told[term["term"]]) for term in bare]


def _same(path, line, what, told, known):
    missing, unknown = sorted({*known} - {*told}), sorted({*told} - {*known})
    if missing or unknown:
        named = [f"{how}: {', '.join(names)}" for how, names in (("missing", missing), ("unknown", unknown)) if names]
        raise Fault(path, line, f"{what} differ from the original; {'; '.join(named)}")


def _over(original, words):
    """A mapping with other words, on the line of these."""
    merged = Mapping({**original, **words})
    merged.line = words.line
    return merged
