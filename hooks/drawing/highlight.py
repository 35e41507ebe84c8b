"""Colours of code: only those that help to read it, since each is a tag on the page."""

from pygments.token import STANDARD_TYPES, Comment, Generic, Keyword, Name, String

COLOURED = Comment, Generic, Keyword, Name.Class, Name.Function, String.Doc


def calm():
    """Leaves all other tokens plain in whatever Pygments highlights from now on.

    >>> from pygments import highlight, formatters, lexers
    >>> calm()
    >>> formatter = formatters.HtmlFormatter(nowrap=True)
    >>> highlight("return a + 1", lexers.PythonLexer(), formatter)
    '<span class="k">return</span> a + 1\\n'
    """
    for kind in STANDARD_TYPES:
        if not any(kind in coloured for coloured in COLOURED):
            STANDARD_TYPES[kind] = ""
