"""What a page may load and run: what the site itself has, and of what stands inline only what was built."""

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape

CHARSET = '<meta charset="utf-8">'
OWN = "'self' file:"  # opened from the disk, a page has no 'self' in Firefox
POLICY = (
    "default-src 'none'; script-src {own}{scripts}; style-src {own}{styles}; img-src {own} data:; "
    "font-src {own}; connect-src {own}; worker-src {own}; base-uri 'none'; form-action 'none'"
)


def guard(html):
    """A page with its policy: a browser refuses all else, and any script or style that was not here."""
    attributes = [unescape(each) for each in re.findall(r'<[^<>]* style="([^"]*)"', html)]
    styles = _hashes(_inside("style", html) + attributes) + " 'unsafe-hashes'" * bool(attributes)
    policy = POLICY.format(own=OWN, scripts=_hashes(_inside("script", html)), styles=styles)
    before, _, after = html.partition(CHARSET)
    return f'{before}{CHARSET}<meta http-equiv="Content-Security-Policy" content="{policy}">{after}'


def _inside(tag, html):
    """The text of each element without attributes: a script with some is loaded, or data."""
    return re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)


def _hashes(texts):
    return "".join(f" 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in sorted(set(texts)))
