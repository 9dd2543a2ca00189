"""How far a message has come: the providers' words, ranked so that the highest one wins in any order.

A refusal outranks ``sent``; on phone channels a delivery outranks a refusal, because one device of several may take
what another one could not. A bounce of a mail outranks its delivery: it is the later truth (RFC 3464).
"""

from dataclasses import dataclass

RECORDED_ONLY = -1


@dataclass(frozen=True, slots=True)
class Standing:
    """What a message shows after a status, and how strongly. A negative rank is kept on record but never shown."""

    shown: str
    rank: int


PHONE = {
    "queued": Standing("queued", 1),
    "sent": Standing("sent", 2),
    "failed": Standing("failed", 3),
    "canceled": Standing("failed", 3),
    "delivered": Standing("delivered", 4),
    "read": Standing("read", 5),
    "played": Standing("played", 6),
}
MAIL = {
    "queued": Standing("queued", 1),
    "sent": Standing("sent", 2),
    "delivered": Standing("delivered", 4),
    "failed": Standing("failed", 9),
    "bounced": Standing("failed", 9),
    "rejected": Standing("failed", 9),
    "complained": Standing("failed", 9),
}


def standing(channel: str, word: str) -> Standing:
    """Rank a normalised status word of a channel."""
    known = MAIL if channel == "email" else PHONE
    return known.get(word, Standing(word, RECORDED_ONLY))
