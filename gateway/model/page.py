"""A page of a list that goes from the newest row to the oldest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Position:
    """A row's place in a list ordered by time, then id; the next page begins behind it."""

    moment: datetime
    id: UUID


#: Before every row: where the first page begins.
START = Position(datetime(9999, 12, 31, tzinfo=UTC), UUID(int=(1 << 128) - 1))
#: Behind every row of such a list: where one begins that goes the other way.
END = Position(datetime(1, 1, 2, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as JSON text, the position of the last one when more follow, and that of the first where it is known."""

    rows: Sequence[str]
    last: Position | None
    first: Position | None = None


@dataclass(frozen=True, slots=True)
class NamePosition:
    """A row's place in a list ordered by a name, then id; the next page begins behind it."""

    name: str
    id: UUID


#: Before every row of a list by name.
FIRST_NAME = NamePosition("", UUID(int=0))


@dataclass(frozen=True, slots=True)
class NamePage:
    """Rows as JSON text, and the position of the last one when more follow."""

    rows: Sequence[str]
    last: NamePosition | None
