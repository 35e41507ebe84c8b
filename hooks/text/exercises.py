"""All exercises on one sheet, without their solutions."""

import re

from .source import Text, heading, relative, relocate

EXERCISE = re.compile(r"^\*\*\d+\.\*\*.*?(?=\n\n\?\?\? success)", re.MULTILINE | re.DOTALL)


def sheet(_, page, pages, label):
    """The exercises of all pages, {page: Text}, with links, called label, to where their solutions stand."""
    parts = []
    for source, text in pages.items():
        found = [text.part(*match.span()) for match in EXERCISE.finditer(text.text)]
        if found:
            address = relative(f"{source}#exercises", page)
            parts.append(Text.at(f"{heading(source, text)}\n\n[{label}]({address})\n", *text.origins[0]))
        for exercise in found:
            parts.append(Text(relocate(exercise.text, source, page) + "\n", [*exercise.origins, exercise.origins[-1]]))
    return Text.join(parts)
