"""Addresses of e-mail, as people write them (RFC 5321 section 4.1.2 without quoted names, RFC 6531)."""

import re
from collections.abc import Iterator

from gateway.pii.finding import Finding

#: RFC 5321 section 4.5.3.1.
LONGEST_NAME, LONGEST_DOMAIN = 64, 255
NAME = re.compile(r"[\w!#$%&'*+/=?^`{|}~.\-]")
DOMAIN = re.compile(r"[\w.\-]")
LABEL = re.compile(r"[^\W_](?:[\w\-]{0,61}[^\W_])?")
LAST_LABEL = re.compile(r"[^\W\d_]{2,24}|xn--[a-z0-9\-]{2,59}", re.IGNORECASE)
#: What is no name of anybody: files and versions like ``icon@2x.png``.
FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "js", "css", "ts", "json", "md", "py", "html"})


def find_emails(text: str) -> Iterator[Finding]:
    """Find addresses around each at sign."""
    at = text.find("@")
    last = -1
    while at >= 0:
        start, end = _left(text, at, last), _right(text, at)
        name, domain = text[start:at], text[at + 1 : end].rstrip(".-")
        if _is_name(name) and _is_domain(domain):
            last = at + 1 + len(domain)
            yield Finding("email", "email", start, last, 0.97)
        at = text.find("@", at + 1)


def _left(text: str, at: int, bound: int) -> int:
    start = at
    while start > max(bound, 0) and at - start < LONGEST_NAME and NAME.match(text[start - 1]):
        start -= 1
    while start < at and text[start] in "'./-=":  # what stands before an address in a sentence
        start += 1
    return start


def _right(text: str, at: int) -> int:
    end = at + 1
    while end < len(text) and end - at <= LONGEST_DOMAIN and DOMAIN.match(text[end]):
        end += 1
    return end


def _is_name(name: str) -> bool:
    return bool(name) and not name.endswith(".") and ".." not in name


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].lower() in FILES or not LAST_LABEL.fullmatch(labels[-1]):
        return False
    return all(LABEL.fullmatch(label) for label in labels)
