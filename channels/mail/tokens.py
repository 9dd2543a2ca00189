"""Our own marks in a mail: the reply token in an address, Message-IDs of our domains."""

import re
from collections.abc import Iterable

from channels.mail.addresses import domain_of

PLACEHOLDER = "<token>"
LETTERS = r"([a-z0-9]{1,128})"


def token_in(addresses: Iterable[str], pattern: str | None) -> str | None:
    """Return the token of the first address that fits ``reply+<token>@reply.example``.

    Compared without regard to case, since relays change it; the token comes back in lower case.
    """
    matcher = _matcher(pattern)
    for address in addresses if matcher is not None else ():
        if matcher is not None and (found := matcher.fullmatch(address.strip())) is not None:
            return found[1].lower()
    return None


def without_token(address: str, token: str | None) -> str:
    """Return the mailbox behind a plus address, in lower case."""
    lowered = address.strip().lower()
    return lowered.replace(f"+{token}@", "@") if token else lowered


def is_ours(message_id: str | None, own_domains: Iterable[str]) -> bool:
    """Tell whether a Message-ID carries one of our domains. That is no proof: see its MAC."""
    return message_id is not None and domain_of(message_id) in {domain.lower() for domain in own_domains}


def _matcher(pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None or pattern.count(PLACEHOLDER) != 1:
        return None
    before, after = pattern.split(PLACEHOLDER)
    return re.compile(re.escape(before) + LETTERS + re.escape(after), re.IGNORECASE)
