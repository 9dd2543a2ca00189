"""An event with personal data hidden in it, as endpoints get it that asked for that.

Every text of an event's data is looked through but those that name something: ids, types, states, times. So a new
field is masked until somebody says that it need not be.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.pii.detecting import Room
from gateway.pii.masking import Finds, mask

#: Names of values that are no texts of people's.
NAMES = frozenset(
    {
        "id", "external_id", "in_reply_to", "references", "channel", "provider", "direction", "kind", "type", "status",
        "state", "mime_type", "content_id", "auto", "color", "role", "category", "priority", "checksum",
    }
)  # fmt: skip
ENDINGS = ("_id", "_ids", "_at", "_type", "_types", "_seq")
CUSTOM = "custom_fields"
MOST_DEPTH = 32


def masked_event(body: bytes, detectors: Finds) -> bytes:
    """Return an event, as it is sent to endpoints, with what is found in its data hidden.

    Raises:
        ValueError: when it is no JSON.
    """
    event = orjson.loads(body)
    event["data"] = _masked(event.get("data"), _Masking(detectors), 0, custom=False)
    return orjson.dumps(event)


class _Masking:
    """Masks the texts of one event, which share the room."""

    def __init__(self, detectors: Finds) -> None:
        self._detectors = detectors
        self._room = Room()

    def of(self, text: str) -> str:
        return mask(text, self._detectors, self._room)


def _masked(value: Any, masking: _Masking, depth: int, *, custom: bool) -> Any:  # Any: of any JSON
    if isinstance(value, str):
        return masking.of(value) if value else value
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _number(value, masking) if custom else value
    if depth >= MOST_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {
            key: inner if _is_name(key) and not custom else _masked(
                inner, masking, depth + 1, custom=custom or key == CUSTOM)
            for key, inner in value.items()
        }  # fmt: skip
    return [_masked(inner, masking, depth + 1, custom=custom) for inner in value]


def _number(value: float, masking: _Masking) -> Any:
    """Hide a number that somebody entered, which then is a text."""
    written = str(value)
    shown = masking.of(written)
    return value if shown == written else shown


def _is_name(key: str) -> bool:
    return key in NAMES or key.endswith(ENDINGS)
