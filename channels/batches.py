"""Posts that hold several items: each is read for itself, and none twice."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from channels.events import ChannelEvent, Quarantined
from channels.json_fields import Object, Unreadable


def read_items(items: Iterable[Any], read: Callable[[Object], ChannelEvent], reason: str) -> Sequence[ChannelEvent]:
    """Read the items of a post in their order, doubles removed.

    Args:
        items: what stood in the post's list.
        read: reads one; may raise ``Unreadable``.
        reason: the word for one that can't be read, which becomes ``Quarantined``.
    """
    return without_doubles([_read(item, read, reason) for item in items])


def without_doubles(events: Sequence[ChannelEvent]) -> Sequence[ChannelEvent]:
    """Keep the first of those that say the same; what has no id of its own stays."""
    seen: set[tuple[str | None, type, str]] = set()
    kept: list[ChannelEvent] = []
    for event in events:
        if not isinstance(event, Quarantined) and event.external_id:
            key = (event.address, type(event), event.external_id)
            if key in seen:
                continue
            seen.add(key)
        kept.append(event)
    return kept


def _read(item: Any, read: Callable[[Object], ChannelEvent], reason: str) -> ChannelEvent:
    if type(item) is not dict:
        return Quarantined(reason=reason, detail="an item is not an object")
    try:
        return read(item)
    except Unreadable as error:
        return Quarantined(reason=reason, detail=str(error))
