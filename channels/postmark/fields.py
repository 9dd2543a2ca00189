"""Guarded reading of Postmark's JSON: what has the wrong type is taken as missing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.errors import PayloadMalformed
from channels.mail.charsets import storable

FRACTION_DIGITS = 6


def text(post: Mapping[str, Any], name: str) -> str:
    """Return a text; empty when there is none."""
    value = post.get(name)
    return storable(value) if isinstance(value, str) else ""


def identifier(post: Mapping[str, Any], name: str) -> str:
    """Return an id, which may be a number.

    Raises:
        PayloadMalformed: it is missing.
    """
    value = post.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    found = text(post, name).strip()
    if not found:
        raise PayloadMalformed("field_missing", f"The post has no {name}.")
    return found


def objects(post: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a list."""
    value = post.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def plain(post: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the named fields that say something: texts, numbers, flags, and objects of texts."""
    found = {name: _plain(post.get(name)) for name in names}
    return {name: value for name, value in found.items() if value not in (None, "", {})}


def _plain(value: object) -> Any:  # Any: what JSON may hold
    if isinstance(value, dict):
        return {storable(key): storable(one) for key, one in value.items() if isinstance(one, str)}
    if isinstance(value, str):
        return storable(value)
    return value if isinstance(value, bool | int | float) else None


def moment(value: str) -> datetime | None:
    """Read an ISO 8601 time with any offset; digits finer than microseconds are cut off."""
    head, point, tail = value.strip().partition(".")
    digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
    rest = tail[len(digits) :]
    try:
        read = datetime.fromisoformat(f"{head}{point}{digits[:FRACTION_DIGITS].ljust(6, '0')}{rest}" if point else head)
        return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
