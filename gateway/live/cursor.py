"""A client's position in the log, and whether the log can be followed from there. Pure."""

from dataclasses import dataclass
from typing import Literal

from gateway.store.log import Head

#: Why a client must load afresh: the log was replaced, no longer reaches back, or has run too far ahead.
Reason = Literal["epoch", "retention", "behind"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last entry that a client has seen (none: it starts now), and of which log, if it knows."""

    after: int | None = None
    epoch: str | None = None


def obstacle(cursor: Cursor, head: Head, most_behind: int | None = None) -> Reason | None:
    """Tell why the log can't be followed from a position; None when it can.

    Args:
        most_behind: how many entries are replayed at most; None: any number.
    """
    if cursor.epoch is not None and cursor.epoch != str(head.epoch):
        return "epoch"
    if cursor.after is None:
        return None
    if cursor.after > head.last_seq:
        return "epoch"  # the log was put back to an earlier state, or this is a position of another one
    if cursor.after < head.floor_seq:
        return "retention"
    if most_behind is not None and head.last_seq - cursor.after > most_behind:
        return "behind"
    return None
