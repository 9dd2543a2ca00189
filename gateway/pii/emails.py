"""Addresses of e-mail, as people write them (RFC 5321 section 4.1.2 without quoted names, RFC 6531)."""

import re
from collections.abc import Iterator

from gateway.pii.finding import Finding

#: RFC 5321 section 4.5.3.1.
LONGEST_NAME, LONGEST_DOMAIN = 64, 255
#: A name, and behind its at sign a domain with a dot in it. A name is begun at its first character only, and what is
#: behind the sign is looked at and left there: it may be the name of the next address.
WRITTEN = re.compile(r"(?<![\w!#$%&'*+/=?^`{|}~.\-])([\w!#$%&'*+/=?^`{|}~.\-]++)@(?=([\w\-]{1,255}+\.[\w.\-]{1,255}+))")
LABEL = re.compile(r"[^\W_](?:[\w\-]{0,61}[^\W_])?")
LAST_LABEL = re.compile(r"[^\W\d_]{2,24}|xn--[a-z0-9\-]{2,59}", re.IGNORECASE)
#: Ids are made of an address by something that is joined to it: ``jo@example.org-1``.
JOINED = re.compile(r"[^\W\d_]{2,24}(?=[\-_\d])")
#: What stands before an address in a sentence.
BEFORE = "'./-="
#: What is no name of anybody: files and versions like ``icon@2x.png``.
FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "js", "css", "ts", "json", "md", "py", "html"})


def find_emails(text: str) -> Iterator[Finding]:
    """Find addresses around each at sign."""
    last = 0
    for match in WRITTEN.finditer(text):
        at = match.end()
        domain, confidence = match[2][:LONGEST_DOMAIN].rstrip(".-"), 0.97
        if not _is_domain(domain):
            domain, confidence = _without_what_is_joined(domain), 0.7
        if _is_domain(domain):
            name = text[max(match.start(), at - 1 - LONGEST_NAME, last) : at - 1].lstrip(BEFORE)
            if _is_name(name):
                last = at + len(domain)
                yield Finding("email", "email", at - 1 - len(name), last, confidence)


def _without_what_is_joined(domain: str) -> str:
    others, _, label = domain.rpartition(".")
    joined = JOINED.match(label)
    # Of numbers alone before it: that is a version.
    return f"{others}.{joined[0]}" if joined and not others.replace(".", "").isdigit() else ""


def _is_name(name: str) -> bool:
    return bool(name) and not name.endswith(".") and ".." not in name


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].lower() in FILES or not LAST_LABEL.fullmatch(labels[-1]):
        return False
    return all(LABEL.fullmatch(label) for label in labels)
