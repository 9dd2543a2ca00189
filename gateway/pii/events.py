"""An event with personal data hidden in it, as endpoints get it that asked for that.

Every text of an event's data is looked through but those that name something: ids of ours, types, states, times. So a
new field is masked until somebody says that it need not be. Ids that others made may hold a number or an address: of
these a stand-in is sent, which is the same for the same id.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from gateway.pii.detecting import Room
from gateway.pii.masking import HIDDEN, Finds, mask

#: Names of values that are no texts of people's.
NAMES = frozenset(
    {
        "id", "channel", "provider", "direction", "kind", "type", "status", "state", "auto", "color", "role",
        "category", "priority", "checksum",
    }
)  # fmt: skip
ENDINGS = ("_id", "_ids", "_at", "_type", "_types", "_seq")
#: What its sender wrote has a name of that kind, too.
WRITTEN = frozenset({"mime_type"})
#: In these numbers stand between whatever parts names of files have.
JOINED = frozenset({"filename", "mime_type"})
#: What may be a number by itself: digits, or letters and digits.
RUN = re.compile(r"(?<!\d)\d{8,19}(?!\d)|[0-9A-Za-z]{15,34}")
#: Names of ids that others made: providers, programs of mail, whoever posts to the generic channel.
FOREIGN = frozenset({"external_id", "in_reply_to", "references", "message_id", "content_id"})
#: An id of ours is none of these, whatever its name.
OWN = re.compile(r"[a-z]{2,5}_[0-9a-f]{32}")
#: WhatsApp's ids hold the customer's number: https://developers.facebook.com/docs/whatsapp (wamid, in base64).
WAMID = "wamid."
#: What is in these has names that somebody else gave it.
FREE = frozenset({"custom_fields", "extra"})
MOST_DEPTH = 32

StandIn = Callable[[str], str]


def masked_event(body: bytes, detectors: Finds, stand_in: StandIn) -> bytes:
    """Return an event, as it is sent to endpoints, with what is found in its data hidden.

    Args:
        body: the event, as JSON.
        detectors: find what is hidden.
        stand_in: makes of an id another one that tells nothing of it, always the same.

    Raises:
        ValueError: when it is no JSON.
    """
    event = orjson.loads(body)
    event["data"] = _Masking(detectors, stand_in).of(event.get("data"), 0)
    return orjson.dumps(event)


class _Masking:
    """Goes through an event's data; all its texts share the room."""

    def __init__(self, detectors: Finds, stand_in: StandIn) -> None:
        self._detectors = detectors
        self._stand_in = stand_in
        self._room = Room()

    def of(self, value: Any, depth: int, *, free: bool = False) -> Any:  # Any: of any JSON
        """Return a value with what is found in it hidden; ``free`` where names say nothing of what is in it."""
        if isinstance(value, str):
            return self._text(value) if value else value
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | float):
            return self._number(value) if free else value
        if depth >= MOST_DEPTH:
            return None
        if isinstance(value, Mapping):
            return self._mapping(value, depth + 1, free=free)
        return [self.of(inner, depth + 1, free=free) for inner in value]

    def _mapping(self, value: Mapping[str, Any], depth: int, *, free: bool) -> dict[str, Any]:
        """Go through an object; where names are free they are texts like others, and may become alike."""
        shown: dict[str, Any] = {}
        for key, inner in value.items():
            name = self._text(key) if free and key else key
            while name in shown:
                name += HIDDEN
            shown[name] = self._member(key, inner, depth, free=free)
        return shown

    def _member(self, key: str, value: Any, depth: int, *, free: bool) -> Any:
        if free:
            return self.of(value, depth, free=True)
        if key in FOREIGN:
            return [self._id(one) for one in value] if isinstance(value, list) else self._id(value)
        if key in JOINED and isinstance(value, str):
            return RUN.sub(lambda run: self._text(run[0]), self._text(value)) if value else value
        return value if _is_name(key) else self.of(value, depth, free=key in FREE)

    def _id(self, value: Any) -> Any:
        if not isinstance(value, str) or OWN.fullmatch(value) or not self._tells(value):
            return value
        return f"{HIDDEN}{self._stand_in(value)}"

    def _tells(self, value: str) -> bool:
        """Tell whether something is found in an id; a number in one has no plus."""
        if self._room.taken(value) != value or self._detectors.find(value):  # without room it is not known
            return True
        runs = (run[0] for text in (value, _inside(value)) for run in RUN.finditer(text))
        return any(self._detectors.find(run) or (run.isdigit() and self._detectors.find(f"+{run}")) for run in runs)

    def _number(self, value: float) -> Any:
        """Hide a number that somebody entered, which then is a text."""
        written = str(value)
        shown = self._text(written)
        return value if shown == written else shown

    def _text(self, text: str) -> str:
        return mask(text, self._detectors, self._room)


def _inside(value: str) -> str:
    """Return what is encoded in an id of WhatsApp's."""
    if not value.startswith(WAMID):
        return ""
    try:
        return b64decode(value.removeprefix(WAMID) + "==").decode("latin-1")
    except (binascii.Error, ValueError):
        return ""


def _is_name(key: str) -> bool:
    return key in NAMES or (key.endswith(ENDINGS) and key not in WRITTEN)
