"""Where somebody is in the log."""

from dataclasses import dataclass


@dataclass(slots=True)
class Cursor:
    """A position that moves on as events are taken; keep both values to go on from there later.

    Attributes:
        after: the seq up to which all was taken.
        epoch: of the log that the position is in.
    """

    after: int
    epoch: str
