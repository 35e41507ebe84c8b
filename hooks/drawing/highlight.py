"""Colours of code: only those that help to read it, since each is a tag on the page."""

import json

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES, Comment, Generic, Keyword, Name, String

COLOURED = Comment, Generic, Keyword, Name.Class, Name.Function, String.Doc


def calm():
    """Leaves all other tokens plain in whatever Pygments highlights from now on."""
    for kind in STANDARD_TYPES:
        if not any(kind in coloured for coloured in COLOURED):
            STANDARD_TYPES[kind] = ""


def script(python):
    """Python as a script that shows it where a reader unfolds it: see theme/assets/code.js.

    >>> script("return a + 1")
    'code("<span class=\\\\"k\\\\">return</span> a + 1\\\\n");'
    """
    calm()
    return f"code({json.dumps(highlight(python, PythonLexer(), HtmlFormatter(nowrap=True)))});"
