"""Message-IDs, found by shape alone: senders put prose, commas and junk around them."""

import re

from channels.mail import limits

ID = re.compile(r"<\s*([^<>\s@]{1,250}@[^<>\s]{1,250})\s*>")
BARE_ID = re.compile(r"\s*([^<>\s@\"(),;]{1,250}@[^<>\s\"(),;]{1,250})\s*")


def message_id(value: str | None) -> str | None:
    """Return the id of a Message-ID header without its angle brackets; None when unusable."""
    found = message_ids(value)
    return found[0] if found else None


def message_ids(value: str | None) -> tuple[str, ...]:
    """Return every id of a value in order, each once; a lone id may lack its brackets."""
    text = value or ""
    found = ID.findall(text)
    if not found and (bare := BARE_ID.fullmatch(text)) is not None:
        found = [bare[1]]
    return tuple(dict.fromkeys(found))


def references(value: str | None) -> tuple[str, ...]:
    """Return the ids of a References header: the first one and the newest, bounded."""
    found = message_ids(value)
    if len(found) <= limits.MAX_REFERENCES:
        return found
    return (found[0], *found[1 - limits.MAX_REFERENCES :])
