"""The index of the search, light enough to load when a reader opens it."""

import json
import re
from collections import Counter
from functools import lru_cache
from html import escape, unescape

# So many letters of a section are shown below its title (a character of Chinese says more), and a word of more
# sections than these is found by the beginning of one of them.
BEGINNING, COMMON = {"": 300, "zh": 160}, {"": 40, "zh": 15}


def script(sections):
    """The script that gives the search its sections: the beginning of each, and the rarer words of its rest.

    >>> script([{"location": "a.html", "title": "A", "text": "<p>A kernel.</p><pre>no code</pre>"}])
    'Search.docs = [{"location":"a.html","title":"A","text":"A kernel."}];'
    """
    count = Counter(word for section in sections for word in _read(section["text"])[1])
    docs = [section | {"text": escape(_light(*_read(section["text"]), count))} for section in sections]
    return f"Search.docs = {json.dumps(docs, ensure_ascii=False, separators=(',', ':'))};"


@lru_cache(2000)  # most sections of a served site stay as they are
def _read(html):
    """The text of a section, without its code, and its words, each once."""
    text = " ".join(unescape(re.sub(r"<pre>.*?</pre>|<[^>]*>", " ", html, flags=re.DOTALL)).split())
    return text, tuple(_words(text))


def _words(text):
    return dict.fromkeys(re.findall(r"[^\W\d][\w-]{2,}|[一-鿿]{2,}", text.lower()))  # Chinese ones have been cut


def _light(text, words, count):
    kind = "zh" if re.search("[一-鿿]", text) else ""
    beginning = text if len(text) <= BEGINNING[kind] else re.sub(r"[^ \u200b]*$", "", text[: BEGINNING[kind]]).rstrip()
    shown = _words(beginning)
    rest = [word for word in words if word not in shown and count[word] <= COMMON[kind]]
    return f"{beginning} … {' '.join(rest)}" if rest else beginning
