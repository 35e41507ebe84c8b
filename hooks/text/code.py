"""Code of the snippets, in pages: a section, or what it printed.

    ```output
    --8<-- "receptive_field/formula.py:formula"
    ```
"""

import re
from textwrap import indent

from running.snippet import sections

INCLUDE = re.compile(
    r'^(?P<in> *)```(?P<kind>python|output)\n *--8<-- "(?P<name>[^"\n]*)\.py:(?P<section>\w*)"\n(?P=in)```$',
    re.MULTILINE,
)


def fill(text, snippets, sources):
    """A Text with code and output in place; snippets: {name: what it gave}, sources: {name: its text}."""

    def block(match):
        name, section, at = match["name"], match["section"], match.start("name")
        source = text.look_up(sources, name, at, f"snippet '{name}'")
        found = text.look_up(sections(source), section, at, f"section '{section}' in {name}.py")
        body = found[2] if match["kind"] == "python" else snippets[name]["outputs"][section]
        if not body:
            raise text.fault(at, f"section '{section}' prints nothing")
        return indent("```{}\n{}\n```".format(match["kind"], body.rstrip("\n")), match["in"])

    return text.sub(INCLUDE.finditer(text.text), block)
