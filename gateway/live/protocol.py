"""The language of ``/api/v1/stream``: text from a client to a value, values to whole websocket frames. Pure."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.live.cursor import Cursor, Reason
from gateway.model.ids import IdInvalid, parse
from gateway.model.log import Entry, entry_json

TEXT = 0x81  # RFC 6455 section 5.2: FIN, opcode 1
LARGEST_SEQ = 2**63 - 1
#: What stands before the entry in the frame of an event; a brace stands after it.
EVENT_FRAME = b'{"type":"event","event":'


@dataclass(frozen=True, slots=True)
class Resume:
    """Send what follows this position."""

    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Subscribe:
    """This client looks at a conversation now, or at none."""

    conversation_id: str | None


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody writes in a conversation."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class Presence:
    """Who looks at a conversation? Without one: at that of this client."""

    conversation_id: str | None


@dataclass(frozen=True, slots=True)
class Online:
    """Which members are there?"""


@dataclass(frozen=True, slots=True)
class Ping:
    """Are you there?"""


ClientFrame = Resume | Subscribe | Typing | Presence | Online | Ping


class FrameMalformed(ValueError):
    """A client's frame that can't be understood; says why, in words for the client."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def read(text: str | bytes) -> ClientFrame:
    """Understand one frame of a client.

    Raises:
        FrameMalformed: when it is not JSON, of no known type, or has wrong fields.
    """
    frame = _load(text)
    match frame.get("type"):
        case "resume":
            return Resume(Cursor(_position(frame), _text(frame, "epoch")))
        case "subscribe":
            return Subscribe(_conversation(frame))
        case "typing":
            return Typing(_required(_conversation(frame)))
        case "presence":
            return Presence(_conversation(frame))
        case "online":
            return Online()
        case "ping":
            return Ping()
    raise FrameMalformed("frame_unknown", "type: expected resume, subscribe, typing, presence, online or ping")


def _load(text: str | bytes) -> dict[str, Any]:
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise FrameMalformed("frame_malformed", "expected JSON") from None
    if not isinstance(frame, dict):
        raise FrameMalformed("frame_malformed", "expected a JSON object")
    return frame


def _position(frame: Mapping[str, Any]) -> int | None:
    after = frame.get("after")
    if after is None:
        return None
    if isinstance(after, bool) or not isinstance(after, int) or not 0 <= after <= LARGEST_SEQ:
        raise FrameMalformed("frame_malformed", "after: expected a position in the log, 0 or greater")
    return after


def _text(frame: Mapping[str, Any], key: str) -> str | None:
    value = frame.get(key)
    if value is not None and not isinstance(value, str):
        raise FrameMalformed("frame_malformed", f"{key}: expected a string")
    return value


def _conversation(frame: Mapping[str, Any]) -> str | None:
    value = _text(frame, "conversation_id")
    if value is None:
        return None
    try:
        return f"cnv_{parse('cnv', value).hex}"
    except IdInvalid as error:
        raise FrameMalformed("frame_malformed", f"conversation_id: {error}") from None


def _required(conversation_id: str | None) -> str:
    if conversation_id is None:
        raise FrameMalformed("frame_malformed", "conversation_id: missing")
    return conversation_id


@dataclass(frozen=True, slots=True)
class Frame:
    """An entry of the log, encoded once for all who get it."""

    seq: int
    type: str
    event: bytes
    websocket: bytes


def event(entry: Entry) -> Frame:
    """Encode an entry."""
    body = entry_json(entry)
    return Frame(entry.seq, entry.type, body, text_frame(EVENT_FRAME + body + b"}"))


def hello(seq: int, epoch: str, session: str) -> bytes:
    """Say where the log stands; the events that the client lacks follow."""
    return _say({"type": "hello", "seq": seq, "epoch": epoch, "session": session})


def resync(reason: Reason) -> bytes:
    """Ask the client to load afresh."""
    return _say({"type": "resync", "reason": reason})


def pong() -> bytes:
    """Answer a ping."""
    return _say({"type": "pong"})


def error(malformed: FrameMalformed) -> bytes:
    """Tell a client what was wrong with its frame, as an RFC 9457 problem."""
    problem = {
        "type": "about:blank",
        "title": "Bad frame",
        "status": 400,
        "detail": malformed.detail,
        "code": malformed.code,
    }
    return _say({"type": "error", "problem": problem})


def typing(conversation_id: str, session: str, user: str | None) -> bytes:
    """Tell others that somebody writes."""
    return _say({"type": "typing", "conversation_id": conversation_id, "session": session, "user_id": user})


def presence(conversation_id: str | None, viewers: Sequence[tuple[str, str | None]]) -> bytes:
    """Tell who looks at a conversation, as pairs of session and user."""
    shown = [{"session": session, "user_id": user} for session, user in viewers]
    return _say({"type": "presence", "conversation_id": conversation_id, "viewers": shown})


def online(agents: Sequence[tuple[str, str]]) -> bytes:
    """Tell which members are there, as pairs of user and the time since when."""
    return _say({"type": "online", "agents": [{"user_id": user, "since": since} for user, since in agents]})


def own(what: str, data: str) -> bytes:
    """Tell a member of something of its own; ``data`` is JSON text."""
    return text_frame(b'{"type":"own","what":%b,"data":%b}' % (orjson.dumps(what), data.encode()))


def _say(value: Mapping[str, Any]) -> bytes:
    return text_frame(orjson.dumps(value))


def text_frame(payload: bytes) -> bytes:
    """Put a text into one unmasked websocket frame (RFC 6455 section 5.2), as a server sends it."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", TEXT, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", TEXT, 126, size) + payload
    return struct.pack("!BBQ", TEXT, 127, size) + payload


def server_sent(frame: Frame) -> bytes:
    """Write an entry as a server-sent event. A line break ends a field there, and is only white space in JSON."""
    data = frame.event.replace(b"\r", b" ").replace(b"\n", b" ")
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (frame.seq, frame.type.encode(), data)
