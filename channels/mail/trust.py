"""Who vouches for the sender: Authentication-Results (RFC 8601) of our own servers only.

Everybody can write such a header. It counts only with the id of one of our servers, and only
above the first Received line that a foreign server wrote.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from channels.mail.fields import Fields
from channels.mail.structured import structure

RECEIVED_BY = re.compile(r"\bby\s+([^\s;()]{1,255})")
RESULT = re.compile(r"([a-z0-9_-]{1,32})(?:\s*/\s*\d{1,5})?\s*=\s*([a-z]{1,20})(?!\S)", re.IGNORECASE)
PROPERTY = re.compile(r"(?<!\S)header\.from\s*=\s*\"?([^\s\"]{1,255})\"?(?!\S)", re.IGNORECASE)


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
    found: dict[str, list[str]] = {}
    for method, result, text in _results(fields, trusted):
        if method == "dmarc" and result == "pass" and not _is_about(text, from_domain):
            continue
        found.setdefault(method, []).append(result)
    return Authentication(_worst(found.get("spf")), _best(found.get("dkim")), _worst(found.get("dmarc")))


def _results(fields: Fields, trusted: Collection[str]) -> list[tuple[str, str, str]]:
    """Return method, result and text of each result in the first header that counts; none if it can't be read."""
    for name, value in fields.items:
        if name == "received":
            by = RECEIVED_BY.search(structure(value) or "")
            if by is None or by[1].lower().rstrip(".") not in trusted:
                return []
        elif name == "authentication-results":
            server, *rest = (structure(value) or "").split(";")
            if not server or (server.split() or [""])[0].strip('"').lower().rstrip(".") in trusted:
                return [_result(text) for text in rest]
    return []


def _result(text: str) -> tuple[str, str, str]:
    match = RESULT.match(text.strip())
    return ("", "", "") if match is None else (match[1].lower(), match[2].lower(), text)


def _is_about(text: str, from_domain: str | None) -> bool:
    shown = {domain.lower().rstrip(".").rpartition("@")[2] for domain in PROPERTY.findall(text)}
    return shown == {from_domain}


def _best(results: list[str] | None) -> str | None:
    """Return a pass if there is one: a mail may be signed by several domains."""
    if not results:
        return None
    return "pass" if "pass" in results else results[0]


def _worst(results: list[str] | None) -> str | None:
    """Return the first that is no pass, if there is one: of one sender there is one verdict."""
    if not results:
        return None
    return next((result for result in results if result != "pass"), "pass")


def is_aligned(shown: str, passed: Iterable[str]) -> bool:
    """Tell whether a domain that passed SPF or DKIM vouches for the domain shown in From: it is that one or above it.

    RFC 7489 compares what belongs to one organisation. Without the list of public suffixes that is not known: a domain
    below the shown one may be a stranger's, so it vouches for nothing.
    """
    return any("." in domain and (shown == domain or shown.endswith(f".{domain}")) for domain in passed)


def is_verified(checked: Authentication, *, one_sender: bool) -> bool:
    """Tell whether the address in From may be shown as verified."""
    return one_sender and (checked.dmarc == "pass" or checked.aligned)
