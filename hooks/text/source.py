"""Text in which each line knows the file and the line that it came from."""

import posixpath
import re

# What is not prose: front matter, fenced code, code in a line, comments.
CODE = (
    r"(?P<code>\A---\n.*?^---$|^(?P<in> *)(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?\n)??(?P=in)(?P=fence) *$"
    r"|(?P<ticks>`+)(?!`)(?:(?!\n\n).)*?(?<!`)(?P=ticks)(?!`)|<!--.*?-->)"
)
TITLE = re.compile(r"^# (.*?)(?: \{.*)?$", re.MULTILINE)


class Fault(Exception):
    """Something that an author has to mend: in a file, at a line."""

    def __init__(self, path, line, problem):
        super().__init__(f"{path}:{line}: {problem}")


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
    def join(cls, texts, between="\n"):
        """Several texts as one; what stands between ends with a new line."""
        origins = []
        for text in texts:
            origins += [text.origins[0]] * (between.count("\n") - 1) if origins else []
            origins += text.origins
        return cls(between.join(text.text for text in texts), origins)

    def place(self, offset):
        """The (path, line) that a place in the text came from."""
        return self.origins[self.text.count("\n", 0, offset)]

    def fault(self, offset, problem):
        """The fault at a place in the text."""
        return Fault(*self.place(offset), problem)

    def sub(self, pattern, replace):
        """As re.sub: a match becomes replace(match), a str or Text; None leaves it as it is.

        >>> page = Text.read("a.md", "x\\ny\\nz")
        >>> new = page.sub(re.compile("y"), lambda _: "1\\n2")
        >>> new.text, new.origins
        ('x\\n1\\n2\\nz', [('a.md', 1), ('a.md', 2), ('a.md', 2), ('a.md', 3)])
        """
        pieces, origins, line, end = [], self.origins[:1], 0, 0
        for match in pattern.finditer(self.text):
            new = replace(match)
            if new is None:
                continue
            passed = self.text[end : match.start()]
            pieces.append(passed)
            origins += self.origins[line + 1 : line + 1 + passed.count("\n")]
            line += passed.count("\n")
            if isinstance(new, Text):
                if not pieces[-1] or pieces[-1].endswith("\n"):
                    origins[-1] = new.origins[0]
                origins += new.origins[1:]
                new = new.text
            else:
                origins += self.origins[line : line + 1] * new.count("\n")
            pieces.append(new)
            line += match[0].count("\n")
            end = match.end()
        pieces.append(self.text[end:])
        return Text("".join(pieces), origins + self.origins[line + 1 :])

    def sub_prose(self, pattern, replace):
        """The same outside of code; pattern is a str, or several alternatives."""
        whole = re.compile(f"{CODE}|{pattern}", re.MULTILINE | re.DOTALL)
        return self.sub(whole, lambda match: None if match["code"] else replace(match))

    def title(self):
        """The text of the heading that a page begins with."""
        match = TITLE.search(self.text)
        if not match:
            raise self.fault(0, "a page begins with # and its title")
        return match[1]


def relative(address, page):
    """An address within the site, with its anchor if it has one, as seen from a page.

    >>> relative("a/b.md#c", "d/e.md"), relative("a/b.md#c", "a/e.md")
    ('../a/b.md#c', 'b.md#c')
    """
    return posixpath.relpath(address, posixpath.dirname(page))
