"""The index of the search, light enough to load when a reader opens it."""

import json
import re
from collections import Counter
from functools import lru_cache
from html import escape, unescape

CHINESE = re.compile("[一-鿿]")
# So many letters of a section are shown below its title, and a word of more sections than these is found by the
# beginning of one of them; in Chinese, whose characters say more, fewer.
LIMITS = {False: (300, 40), True: (160, 15)}


def script(sections):
    """The script that gives the search its sections: the beginning of each, and the rarer words of its rest.

    >>> script([{"location": "a.html", "title": "A", "text": "<p>A kernel.</p><pre>no code</pre>"}])
    'Search.docs = [{"location":"a.html","title":"A","text":"A kernel."}];'
    """
    count = Counter(word for section in sections for word in _read(section["text"])[1])
    docs = [section | {"text": escape(_light(*_read(section["text"]), count))} for section in sections]
    return f"Search.docs = {json.dumps(docs, ensure_ascii=False, separators=(',', ':'))};"


@lru_cache(20000)  # most sections of a served site stay as they are
def _read(html):
    """The text of a section, without its code, and its words, each once."""
    text = " ".join(unescape(re.sub(r"<pre>.*?</pre>|<[^>]*>", " ", html, flags=re.DOTALL)).split())
    return text, tuple(_words(text))


def _words(text):
    return dict.fromkeys(re.findall(r"[^\W\d][\w-]{2,}|[一-鿿]{2,}", text.lower()))  # Chinese ones have been cut


def _light(text, words, count):
    length, common = LIMITS[bool(CHINESE.search(text))]
    beginning = text if len(text) <= length else re.sub(r"[^ \u200b]*$", "", text[:length]).rstrip()
    shown = _words(beginning)
    rest = [word for word in words if word not in shown and count[word] <= common]
    return f"{beginning} … {' '.join(rest)}" if rest else beginning
