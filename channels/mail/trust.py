"""Who vouches for the sender: Authentication-Results (RFC 8601) of our own servers only.

Everybody can write such a header. It counts only with the id of one of our servers, and only
above the first Received line that a foreign server wrote.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from channels.mail.fields import Fields

RECEIVED_BY = re.compile(r"\bby\s+([^\s;()]{1,255})")
RESULT = re.compile(r"([a-z0-9_-]{1,32})(?:\s*/\s*\d{1,5})?\s*=\s*([a-z]{1,20})\b", re.IGNORECASE)
PROPERTY = re.compile(r"\bheader\.from\s*=\s*\"?([^\s;\"]{1,255})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Authentication:
    """What was checked, in the words of RFC 8601; None where nothing was.

    ``aligned`` is True when nobody gave a DMARC verdict, and yet a domain that passed vouches for the one in From.
    """

    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None
    aligned: bool = False

    def as_dict(self) -> dict[str, str | None]:
        """Return the results under the names of the normal form."""
        return {"spf": self.spf, "dkim": self.dkim, "dmarc": self.dmarc}


def authentication(fields: Fields, trusted_ids: Collection[str], from_domain: str | None) -> Authentication:
    """Read the first header of a trusted server.

    A DMARC pass for another domain than ``from_domain`` says nothing about the sender and is
    left out; so is everything when no server is trusted.
    """
    trusted = {one.strip().lower().rstrip(".") for one in trusted_ids}
    results = next((found for found in _headers(fields, trusted)), None)
    if results is None:
        return Authentication()
    found: dict[str, list[str]] = {}
    for method, result, text in results:
        if method == "dmarc" and result == "pass" and not _is_about(text, from_domain):
            continue
        found.setdefault(method, []).append(result)
    return Authentication(_best(found.get("spf")), _best(found.get("dkim")), _best(found.get("dmarc")))


def without_comments(text: str) -> str:
    """Remove comments, which nest and may hold any character."""
    out, depth, quoted, skip = [], 0, False, False
    for char in text:
        is_bracket = char in "()" and not (skip or quoted)
        if skip or (char == "\\" and (quoted or depth)):
            skip = not skip
        elif char == '"' and not depth:
            quoted = not quoted
        elif is_bracket:
            depth = max(0, depth + (1 if char == "(" else -1))
        if depth == 0:
            out.append(" " if is_bracket else char)
    return "".join(out)


def _headers(fields: Fields, trusted: Collection[str]) -> Iterator[list[tuple[str, str, str]]]:
    for name, value in fields.items:
        if name == "received":
            by = RECEIVED_BY.search(without_comments(value))
            if by is None or by[1].lower().rstrip(".") not in trusted:
                return
        elif name == "authentication-results":
            server, *rest = without_comments(value).split(";")
            if (server.split() or [""])[0].lower().rstrip(".") in trusted:
                yield [_result(text) for text in rest]


def _result(text: str) -> tuple[str, str, str]:
    match = RESULT.match(text.strip())
    return ("", "", "") if match is None else (match[1].lower(), match[2].lower(), text)


def _is_about(text: str, from_domain: str | None) -> bool:
    shown = PROPERTY.search(text)
    return shown is not None and shown[1].lower().rstrip(".").rpartition("@")[2] == from_domain


def _best(results: list[str] | None) -> str | None:
    """Return a pass if there is one (a mail may be signed by several domains)."""
    if not results:
        return None
    return "pass" if "pass" in results else results[0]


def is_aligned(shown: str, passed: Iterable[str]) -> bool:
    """Tell whether a domain that passed SPF or DKIM vouches for the domain shown in From: it is that one or above it.

    RFC 7489 compares what belongs to one organisation. Without the list of public suffixes that is not known: a domain
    below the shown one may be a stranger's, so it vouches for nothing.
    """
    return any("." in domain and (shown == domain or shown.endswith(f".{domain}")) for domain in passed)


def is_verified(checked: Authentication, *, one_sender: bool) -> bool:
    """Tell whether the address in From may be shown as verified."""
    return one_sender and (checked.dmarc == "pass" or checked.aligned)
