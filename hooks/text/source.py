"""Text in which each line knows the file and the line that it came from."""

import posixpath
import re
from difflib import get_close_matches
from functools import lru_cache
from urllib.parse import urljoin

FRONT = r"-(?<=\A-)--\n.*?^---$"  # front matter
# What is not prose: fenced code, code in a line, comments, front matter. Each alternative of a
# pattern begins with a letter of its own, so that Python's re finds its place without trying all.
CODE = (
    r"``(?P<ticks>`+)[^`\n]*\n(?:.*?\n)?? *``(?P=ticks) *$"
    r"|~~(?P<tildes>~+)[^\n]*\n(?:.*?\n)?? *~~(?P=tildes) *$"
    r"|`(?P<more>`*)(?!`)(?:(?!\n\n).)*?(?<!`)`(?P=more)(?!`)|<!--.*?-->"
    rf"|{FRONT}"
)
HEADING = r"#(?<=^#)#* (?P<title>[^\n]*?) \{ #(?P<id>[^ }]+)[^}\n]*\}$"
TITLE = re.compile(r"^# (.*?)(?: \{.*)?$", re.MULTILINE)


class Faults(Exception):
    """What an author has to mend: messages, none twice."""

    def __init__(self, faults):
        self.faults = list(dict.fromkeys(faults))
        super().__init__("\n".join(self.faults))


class Fault(Faults):
    """One of them: in a file, at a line."""

    def __init__(self, path, line, problem):
        super().__init__([f"{path}:{line}: {problem}"])


class Text:
    """Markdown, with the (path, line) of each line of it."""

    def __init__(self, text, origins):
        self.text, self.origins = text, origins

    @classmethod
    def read(cls, path, text):
        """The text of a file, whose lines come from there."""
        return cls(text, [(path, line + 1) for line in range(text.count("\n") + 1)])

    @classmethod
    def at(cls, text, path, line):
        """Text all of which comes from one line of a file."""
        return cls(text, [(path, line)] * (text.count("\n") + 1))

    @classmethod
    def join(cls, texts):
        """Several texts as one, each on new lines."""
        return cls("\n".join(text.text for text in texts), [origin for text in texts for origin in text.origins])

    def part(self, start, end):
        """What stands between two places in the text."""
        line = self.text.count("\n", 0, start)
        return Text(self.text[start:end], self.origins[line : line + self.text.count("\n", start, end) + 1])

    def title(self):
        """The text of the heading that a page begins with."""
        if match := TITLE.search(self.text):
            return match[1]
        raise self.fault(0, "a page begins with # and its title")

    def fault(self, offset, problem):
        """The fault at a place in the text."""
        return Fault(*self.origins[self.text.count("\n", 0, offset)], problem)

    def look_up(self, known, name, offset, what):
        """known[name]; raises Fault at a place in the text if there is no such thing."""
        if name in known:
            return known[name]
        near = get_close_matches(name, known, n=9, cutoff=0)
        raise self.fault(offset, f"there is no {what}; the nearest: {', '.join(near)}")

    def sub(self, matches, replace):
        """A match becomes replace(match), a str or Text; None leaves it as it is.

        >>> page = Text.read("a.md", "x\\ny\\nz")
        >>> new = page.sub(prose(page.text, "y"), lambda _: "1\\n2")
        >>> new.text, new.origins
        ('x\\n1\\n2\\nz', [('a.md', 1), ('a.md', 2), ('a.md', 2), ('a.md', 3)])
        """
        pieces, origins, line, end = [], self.origins[:1], 0, 0
        for match in matches:
            new = replace(match)
            if new is None:
                continue
            passed = self.text[end : match.start()]
            origins += self.origins[line + 1 : line + 1 + passed.count("\n")]
            line += passed.count("\n")
            if not isinstance(new, Text):
                new = Text.at(new, *self.origins[line])
            if not passed or passed.endswith("\n"):
                origins[-1] = new.origins[0]
            origins += new.origins[1:]
            pieces += passed, new.text
            line += match[0].count("\n")
            end = match.end()
        pieces.append(self.text[end:])
        return Text("".join(pieces), origins + self.origins[line + 1 :])


@lru_cache(20000)  # most pages of a served site stay as they are
def prose(text, pattern):
    """The matches of a pattern outside of code, both a str."""
    either = re.compile(f"{CODE}|{pattern}", re.MULTILINE | re.DOTALL)
    return [match for match in either.finditer(text) if match[0][0] not in "`~<-"]


def inert(text, signs):
    """A str in which some signs mean nothing to Markdown."""
    return re.sub(f"[{re.escape(signs)}]", lambda sign: f"&#{ord(sign[0])};", text)


def relative(address, page):
    """An address within the site, with its anchor if it has one, as seen from a page.

    >>> relative("a/b.md#c", "d/e.md"), relative("a/b.md#c", "a/e.md")
    ('../a/b.md#c', 'b.md#c')
    """
    return posixpath.relpath(address, posixpath.dirname(page))


def heading(page, text):
    """The heading of what another page shows of a page, with the same anchor in each language.

    >>> heading("a/long-range.md", Text.read("", "# Long range"))
    '## Long range { #long-range }'
    """
    return f"## {text.title()} {{ #{posixpath.basename(page).partition('.')[0]} }}"


def relocate(markdown, source, target):
    """Markdown of one page, its links changed so that they lead from another.

    >>> relocate("[a](#b), [c](d.md#e)", "x/y.md", "z/w.md")
    '[a](../x/y.md#b), [c](../x/d.md#e)'
    """
    return re.sub(r"(?<=\]\()(?!\w+:)[^)\s]+(?=\))", lambda link: relative(urljoin(source, link[0]), target), markdown)
