"""What an author writes in a page, and what the snippets put in its place.

    ```python                               a section of a snippet
    --8<-- "receptive_field/formula.py:formula"
    ```
    ```output                               what that section printed
    --8<-- "receptive_field/formula.py:formula"
    ```
    {{ receptive_field/formula.stacks }}    a number of its results()
    ![alt](../figures/receptive_field/formula.svg)    its figure
"""

import posixpath
import re

from .contract import sections

NUMBER = re.compile(r"\{\{ *([\w/]+)\.(\w+) *\}\}")
INCLUDE = re.compile(
    r'^(?P<indent> *)```(?P<kind>\w+)\n *--8<-- "(?P<name>[^"]*)\.py:(?P<section>\w*)"$',
    re.MULTILINE,
)
TITLE = re.compile(r"^(?:# )?# (.*?)(?: \{.*)?$", re.MULTILINE)
EMPTY_ALT = re.compile(r"!\[\s*\]\(")
FIGURE = re.compile(
    r'<p><img alt="(?P<alt>[^"]*)" src="(?P<root>[^"]*)figures/(?P<name>[^"]+)\.svg" />'
    r"</p>(?P<caption>\s*<figcaption>.*?</figcaption>)?",
    re.DOTALL,
)


class PageError(Exception):
    """A page asks for something that there is not: (line, message)."""


def fill_numbers(markdown, entries):
    """Replaces each {{ snippet.key }} by its value; keeps the number of lines."""

    def value(match):
        name, key = match.groups()
        results = _entry(entries, name, markdown, match)["results"]
        if key not in results:
            known = ", ".join(sorted(results))
            raise _error(markdown, match, f"{name} has no '{key}'; it has: {known}")
        return format_number(results[key])

    return NUMBER.sub(value, markdown)


def format_number(value):
    """A value of results() as it stands in a sentence.

    >>> format_number(262144), format_number(0.5), format_number(8.9e-15)
    ('262,144', '0.5', '8.9 × 10⁻¹⁵')
    """
    if isinstance(value, bool) or isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        return mantissa
    digits = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{digits}"


def fill_code(markdown, entries, read):
    """Replaces each --8<-- by the section's code or output; read(name) gives a text."""

    def body(match):
        name, section, kind = match["name"], match["section"], match["kind"]
        entry = _entry(entries, name, markdown, match)
        found = sections(read(name))
        if section not in found:
            known = ", ".join(found) or "no section"
            problem = f"{name}.py has no section '{section}'; it has: {known}"
            raise _error(markdown, match, problem, 1)
        text = entry["outputs"][section] if kind == "output" else found[section][2]
        if not text:
            raise _error(markdown, match, f"section '{section}' prints nothing", 1)
        indent = match["indent"]
        lines = [indent + line if line else "" for line in text.rstrip("\n").split("\n")]
        return f"{indent}```{kind}\n" + "\n".join(lines)

    return INCLUDE.sub(body, markdown)


def check_alt_texts(markdown):
    """Raises PageError at the first image without alt text."""
    if match := EMPTY_ALT.search(markdown):
        raise _error(markdown, match, "an image has no alt text: say what it shows")


def place_figures(html, entries, code_label):
    """Sets each figure's SVG inline, with its caption, its code and its files below."""

    def place(match):
        if match["name"] not in entries:
            return match[0]  # MkDocs warns of it, and a strict build fails
        entry = entries[match["name"]]
        file = f"{match['root']}figures/{match['name']}"
        attributes = f'role="img" aria-label="{match["alt"]}"'
        links = f'<a href="{file}.svg" download>SVG</a>'
        if entry["csv"]:
            links += f' <a href="{file}.csv" download>CSV</a>'
        if entry["code"]:
            links += (
                f"<details><summary>{code_label}</summary>"
                f'<div class="language-python highlight"><pre><code>{entry["code"]}</code>'
                f"</pre></div></details>"
            )
        return (
            f'<div class="drawing">{entry["svg"].replace("<svg", f"<svg {attributes}", 1)}'
            f"</div>{match['caption'] or ''}"
            f'<div class="drawing-source">{links}</div>'
        )

    return FIGURE.sub(place, html)


def relative(address, page):
    """An address within the site, with its anchor if it has one, as seen from a page.

    >>> relative("a/b.md#c", "d/e.md"), relative("a/b.md#c", "a/e.md")
    ('../a/b.md#c', 'b.md#c')
    """
    return posixpath.relpath(address, posixpath.dirname(page))


def _entry(entries, name, markdown, match):
    if name not in entries:
        known = ", ".join(sorted(entries))
        raise _error(markdown, match, f"there is no snippet '{name}'; there are: {known}")
    return entries[name]


def _error(text, match, problem, below=0):
    return PageError(text.count("\n", 0, match.start()) + 1 + below, problem)
