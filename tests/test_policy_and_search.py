"""hooks/policy.py and hooks/text/search.py, which read finished HTML: what a page may run, and what is found in it."""

import json
from base64 import b64encode
from hashlib import sha256

from policy import guard
from text import search


def test_a_policy_has_a_hash_of_each_style_and_script():
    charset = '<meta charset="utf-8">'
    page = guard(f"{charset}<style>\na</style><script>b\n</script><script>c</script>{charset}")
    assert page.startswith(f"{charset}<meta http-equiv") and page.count("http-equiv") == 1
    b, c, a = (f"'sha256-{b64encode(sha256(text).digest()).decode()}'" for text in (b"b\n", b"c", b"\na"))
    assert f"script-src 'self' file: {b} {c}; style-src 'self' file: {a}; " in page


def test_the_search_has_the_beginning_of_a_section_and_its_rarer_words():
    long = f"<p>Kernel {'of it ' * 60}</p>"
    rest = [f"{long}<b>kernel common rare seldom</b><pre>\nno\ncode</pre> < 1"] + ["<p>common</p>"] * 40
    chinese = "野\u200b" * 80
    script = search.script([{"title": "Ü", "text": text} for text in [*rest, f"{chinese}罕见"]])
    docs = json.loads(script.removeprefix("Search.docs = ").removesuffix(";"))
    assert docs[0]["text"] == f"Kernel {'of it ' * 48}of … rare seldom" and docs[1]["text"] == "common"
    assert docs[-1]["text"] == f"{chinese} … 罕见" and "Ü" in script
    assert "common" in search.script([{"title": "", "text": text} for text in rest[:40]]).partition("}")[0]
    assert f'"{"w" * 300}"' in search.script([{"text": "w" * 300}])
