"""Fields of JSON objects from strangers. Any of them may be missing or of another type than documented."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any

Object = Mapping[str, Any]
"""A JSON object from a stranger: its values are checked where they are taken."""

MOST_COUNTED = 2**53
MILLISECONDS_FROM = 10**12
YEAR_10000 = 253_402_300_800
NOTHING: Object = {}


class Unreadable(Exception):
    """One item of a post is not what its provider documents; says what was found instead."""


def text_in(source: Object, key: str) -> str | None:
    """Return a text; None when it is missing, empty or something else."""
    value = source.get(key)
    return value if type(value) is str and value else None


def id_in(source: Object, key: str) -> str | None:
    """Return an id as text; some were seen as numbers."""
    value = source.get(key)
    if type(value) is int:
        return str(value)
    return value if type(value) is str and value else None


def number_in(source: Object, key: str) -> float | None:
    """Return a number, also one written as text; None when it is neither."""
    value = source.get(key)
    if type(value) is str:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isfinite(value) else None


def count_in(source: Object, key: str) -> int | None:
    """Return how much there is of something: a whole number of 0 or more; None when it is nothing of the kind."""
    value = number_in(source, key)
    return int(value) if value is not None and 0 <= value <= MOST_COUNTED else None


def object_in(source: Object, key: str) -> Object:
    """Return an object; an empty one when it is missing or something else."""
    value = source.get(key)
    return value if type(value) is dict else NOTHING


def list_in(source: Object, key: str) -> Sequence[Any]:
    """Return a list; an empty one when it is missing or something else."""
    value = source.get(key)
    return value if type(value) is list else ()


def required_object(source: Object, key: str) -> Object:
    """Return an object that an item makes no sense without.

    Raises:
        Unreadable: when it is missing or something else.
    """
    value = source.get(key)
    if type(value) is not dict:
        raise Unreadable(f"{key!r} is {'missing' if value is None else 'not an object'}")
    return value


def required_id(source: Object, key: str) -> str:
    """Return an id that an item makes no sense without.

    Raises:
        Unreadable: when it is missing or something else.
    """
    value = id_in(source, key)
    if value is None:
        raise Unreadable(f"{key!r} is missing or not a text")
    return value


def moment_in(source: Object, key: str) -> datetime | None:
    """Return a time given in epoch seconds (as text or number; milliseconds were seen too).

    Fractions of a second are dropped. None when it can't be read: the time of receipt has to do.
    """
    value = source.get(key)
    if type(value) is str and len(value) <= 16 and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is not int:
        return None
    if value >= MILLISECONDS_FROM:
        value //= 1000
    return datetime.fromtimestamp(value, UTC) if 0 < value < YEAR_10000 else None


def iso_moment_in(source: Object, key: str) -> datetime | None:
    """Return a time written as ISO 8601; one without an offset is taken for UTC. None when it can't be read."""
    value = source.get(key)
    if type(value) is not str:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
