"""Cursors: where the next page of a list begins, as a text that clients pass on unread."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from gateway.model.page import FIRST_NAME, START, NamePage, NamePosition, Page, Position
from gateway.problems import CursorInvalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
LONGEST = 600


def list_json(page: Page, filters: Sequence[str], seq: int | None = None) -> str:
    """Write a page as the API answers it.

    Args:
        page: its rows are JSON text already.
        filters: what the list was narrowed by; the cursor is bound to it.
        seq: the log position that the rows are at least as new as.
    """
    return _list_json(page.rows, cursor_of(page.last, filters) if page.last else None, seq)


def both_ways_json(page: Page, first: Position | None, filters: Sequence[str], seq: int) -> str:
    """Write a page of a list that can be read in both directions; ``first`` is where what is newer begins."""
    previous = cursor_of(first, filters) if first else None
    return f'{list_json(page, filters, seq)[:-1]},"previous_cursor":{orjson.dumps(previous).decode()}}}'


def names_json(page: NamePage, filters: Sequence[str], seq: int) -> str:
    """Write a page of a list by name, as ``list_json`` does."""
    return _list_json(page.rows, name_cursor_of(page.last, filters) if page.last else None, seq)


def cursor_of(position: Position, filters: Sequence[str]) -> str:
    """Write a cursor."""
    return _encoded([(position.moment - EPOCH) // MICROSECOND, position.id.hex, _mark(filters)])


def name_cursor_of(position: NamePosition, filters: Sequence[str]) -> str:
    """Write a cursor of a list by name."""
    return _encoded([position.name, position.id.hex, _mark(filters)])


def position_of(cursor: str | None, filters: Sequence[str]) -> Position:
    """Read a cursor; None is the first page's.

    Raises:
        CursorInvalid: when it is no cursor, or one of a list that was narrowed otherwise.
    """
    if cursor is None:
        return START
    try:
        microseconds, key, mark = _decoded(cursor)
        position = Position(EPOCH + _within(microseconds) * MICROSECOND, UUID(hex=str(key)))
    except (ValueError, TypeError):  # not base64, not JSON, not three values, not of those kinds
        raise CursorInvalid("this is not a cursor of this list") from None
    if mark != _mark(filters):
        raise CursorInvalid("this cursor is of a list with other filters")
    return position


def name_position_of(cursor: str | None, filters: Sequence[str]) -> NamePosition:
    """Read a cursor of a list by name, as ``position_of`` does.

    Raises:
        CursorInvalid: when it is no cursor, or one of a list that was narrowed otherwise.
    """
    if cursor is None:
        return FIRST_NAME
    try:
        name, key, mark = _decoded(cursor)
        position = NamePosition(_name(name), UUID(hex=str(key)))
    except (ValueError, TypeError):  # as above
        raise CursorInvalid("this is not a cursor of this list") from None
    if mark != _mark(filters):
        raise CursorInvalid("this cursor is of a list with other filters")
    return position


def values_cursor_of(values: Sequence[object], filters: Sequence[str]) -> str:
    """Write a cursor of a list that is neither by time nor by name."""
    return _encoded([*values, _mark(filters)])


def values_of(cursor: str, filters: Sequence[str], count: int) -> Sequence[object]:
    """Read what ``values_cursor_of`` wrote: so many values, of whatever kind.

    Raises:
        CursorInvalid: when it is no cursor, or one of a list that was narrowed otherwise.
    """
    try:
        *values, mark = _decoded(cursor)
    except (ValueError, TypeError):  # as above
        raise CursorInvalid("this is not a cursor of this list") from None
    if len(values) != count:
        raise CursorInvalid("this is not a cursor of this list")
    if mark != _mark(filters):
        raise CursorInvalid("this cursor is of a list with other filters")
    return values


def _list_json(rows: Sequence[str], cursor: str | None, seq: int | None) -> str:
    tail = "" if seq is None else f',"seq":{seq}'
    return f'{{"data":[{",".join(rows)}],"next_cursor":{orjson.dumps(cursor).decode()}{tail}}}'


def _encoded(value: list[object]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


def _decoded(cursor: str) -> list[object]:
    if len(cursor) > LONGEST:
        raise ValueError("too long")
    padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
    try:
        value = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except binascii.Error:
        raise ValueError("not base64") from None
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _within(microseconds: object) -> int:
    if type(microseconds) is not int or not 0 <= microseconds <= LATEST:
        raise ValueError("not a moment")
    return microseconds


def _name(name: object) -> str:
    if type(name) is not str or "\0" in name:
        raise ValueError("not a name")
    return name


def _mark(filters: Sequence[str]) -> str:
    """Tell lists apart that were narrowed differently; no secret, it only catches mistakes."""
    return hashlib.sha256("\n".join(filters).encode()).hexdigest()[:12]
