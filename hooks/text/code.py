"""Code of the snippets, in pages: a section, what it printed, and the figure's own code.

    ```python
    --8<-- "receptive_field/formula.py:formula"
    ```
    ```output
    --8<-- "receptive_field/formula.py:formula"
    ```
"""

import re

from running.snippet import sections

INCLUDE = re.compile(
    r'^(?P<in> *)```(?P<kind>python|output)\n *--8<-- "(?P<name>[^"\n]*)\.py:(?P<section>\w*)"\n'
    r"(?P=in)```$",
    re.MULTILINE,
)


def fill(text, snippets, sources):
    """A Text with each section's code or output in place.

    snippets: {name: what it gave}. sources: {name: its text}.
    """

    def block(match):
        name, section, kind = match["name"], match["section"], match["kind"]
        at = match.start("name")
        if name not in snippets:
            known = ", ".join(sorted(snippets))
            raise text.fault(at, f"there is no snippet '{name}'; there are: {known}")
        found = sections(sources[name])
        if section not in found:
            known = ", ".join(found) or "no section"
            raise text.fault(at, f"{name}.py has no section '{section}'; it has: {known}")
        body = found[section][2] if kind == "python" else snippets[name]["outputs"][section]
        if not body:
            raise text.fault(at, f"section '{section}' prints nothing")
        indent = match["in"]
        lines = [indent + line if line else "" for line in body.rstrip("\n").split("\n")]
        return "\n".join([f"{indent}```{kind}", *lines, f"{indent}```"])

    return text.sub(INCLUDE, block)
