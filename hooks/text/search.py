"""The index of the search, light enough to load when a reader opens it."""

import json
import re
from collections import Counter
from html import escape, unescape

BEGINNING = 300  # so many letters of a section are shown below its title
COMMON = 40  # a word of more sections than these is found by the beginning of one of them


def script(sections):
    """The script that gives the search its sections: the beginning of each, and the rarer words of its rest.

    >>> script([{"location": "a.html", "title": "A", "text": "<p>A kernel.</p><pre>no code</pre>"}])
    'Search.docs = [{"location":"a.html","title":"A","text":"A kernel."}];'
    """
    texts = [_plain(section["text"]) for section in sections]
    count = Counter(word for text in texts for word in set(_words(text)))
    docs = [section | {"text": escape(_light(text, count))} for section, text in zip(sections, texts, strict=True)]
    return f"Search.docs = {json.dumps(docs, ensure_ascii=False, separators=(',', ':'))};"


def _plain(html):
    """The text of a section, without its code."""
    return " ".join(unescape(re.sub(r"<pre>.*?</pre>|<[^>]*>", " ", html, flags=re.DOTALL)).split())


def _words(text):
    return re.findall(r"[^\W\d][\w-]{2,}", text.lower())


def _light(text, count):
    beginning = text if len(text) <= BEGINNING else text[:BEGINNING].rpartition(" ")[0]
    shown = set(_words(beginning))
    rest = [word for word in dict.fromkeys(_words(text)) if word not in shown and count[word] <= COMMON]
    return f"{beginning} … {' '.join(rest)}" if rest else beginning
