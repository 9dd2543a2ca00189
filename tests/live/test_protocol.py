"""The stream's language."""

import json
import struct
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.live import protocol, wakeup
from gateway.live.cursor import Cursor, obstacle
from gateway.live.protocol import FrameMalformed, Online, Ping, Presence, Resume, Subscribe, Typing
from gateway.model.log import Entry
from gateway.store.log import Head

CONVERSATION = "cnv_0198c0de00007000800000000000000a"
EPOCH = UUID("0198c0de-0000-7000-8000-0000000000ee")
ENTRY = Entry(UUID(int=1), 7, UUID(int=2), "message.created", None, datetime(2026, 1, 1, tzinfo=UTC), '{"a" : "ü"}')

UNDERSTOOD = {
    "resume from a position": ('{"type":"resume","after":5,"epoch":"e"}', Resume(Cursor(5, "e"))),
    "resume from zero": ('{"type":"resume","after":0}', Resume(Cursor(0))),
    "resume from now": ('{"type":"resume"}', Resume(Cursor())),
    "resume with nulls": ('{"type":"resume","after":null,"epoch":null}', Resume(Cursor())),
    "subscribe": (f'{{"type":"subscribe","conversation_id":"{CONVERSATION}"}}', Subscribe(CONVERSATION)),
    "subscribe to nothing": ('{"type":"subscribe","conversation_id":null}', Subscribe(None)),
    "typing": (f'{{"type":"typing","conversation_id":"{CONVERSATION}"}}', Typing(CONVERSATION)),
    "presence": ('{"type":"presence"}', Presence(None)),
    "online": ('{"type":"online"}', Online()),
    "ping": ('{"type":"ping","more":1}', Ping()),
}
REFUSED = {
    "no JSON": "hello",
    "nothing": "",
    "half": '{"type":"resume"',
    "a list": "[]",
    "a number": "7",
    "no type": "{}",
    "an unknown type": '{"type":"shutdown"}',
    "a type that is no word": '{"type":["resume"]}',
    "a position as text": '{"type":"resume","after":"5"}',
    "a position that is true": '{"type":"resume","after":true}',
    "a position below zero": '{"type":"resume","after":-1}',
    "a position beyond all": '{"type":"resume","after":9223372036854775808}',
    "a broken position": '{"type":"resume","after":1.5}',
    "an epoch that is no text": '{"type":"resume","after":1,"epoch":1}',
    "a conversation of another kind": '{"type":"subscribe","conversation_id":"msg_1"}',
    "typing nowhere": '{"type":"typing"}',
    "a lone surrogate": '{"type":"\\ud800"}',
}


@pytest.mark.parametrize(("text", "frame"), UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_a_frame_is_understood(text: str, frame: protocol.ClientFrame) -> None:
    assert protocol.read(text) == frame


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_a_malformed_frame_is_named(text: str) -> None:
    with pytest.raises(FrameMalformed) as refused:
        protocol.read(text)
    assert refused.value.detail


@given(st.text() | st.from_type(dict).map(str) | st.binary())
def test_no_text_gets_past_the_two_outcomes(text: str | bytes) -> None:
    with suppress(FrameMalformed):
        protocol.read(text)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_a_text_frame_has_the_shortest_length_field(size: int) -> None:
    frame = protocol.text_frame(b"x" * size)
    assert frame[0] == 0x81
    if size < 126:
        assert (frame[1], frame[2:]) == (size, b"x" * size)
    elif size < 65_536:
        assert (frame[1], struct.unpack("!H", frame[2:4])[0], len(frame)) == (126, size, size + 4)
    else:
        assert (frame[1], struct.unpack("!Q", frame[2:10])[0], len(frame)) == (127, size, size + 10)


def test_an_event_frame_holds_the_entry() -> None:
    frame = protocol.event(ENTRY)
    told = json.loads(frame.websocket[2 if len(frame.websocket) < 128 else 4 :])
    assert told["type"] == "event"
    assert told["event"] == json.loads(frame.event)
    assert told["event"]["seq"] == frame.seq == 7
    assert told["event"]["data"] == {"a": "ü"}


def test_a_line_break_does_not_split_a_server_sent_event() -> None:
    entry = Entry(UUID(int=1), 7, UUID(int=2), "x.y", None, datetime(2026, 1, 1, tzinfo=UTC), '{\n"a":\r\n1}')
    lines = protocol.server_sent(protocol.event(entry)).decode().split("\n")
    assert lines[0] == "id: 7"
    assert lines[1] == "event: x.y"
    assert json.loads(lines[2].removeprefix("data: "))["data"] == {"a": 1}
    assert lines[3:] == ["", ""]


OBSTACLES = {
    "from now": (Cursor(), None),
    "at the head": (Cursor(50), None),
    "the same epoch": (Cursor(50, str(EPOCH)), None),
    "another epoch": (Cursor(50, "0198c0de-0000-7000-8000-0000000000ff"), "epoch"),
    "another epoch, from now": (Cursor(None, "e"), "epoch"),
    "beyond the head": (Cursor(51), "epoch"),
    "below the floor": (Cursor(9), "retention"),
    "as far behind as may be": (Cursor(20), None),
    "too far behind": (Cursor(19), "behind"),
}


@pytest.mark.parametrize(("cursor", "reason"), OBSTACLES.values(), ids=OBSTACLES)
def test_a_position_can_be_followed_or_not(cursor: Cursor, reason: str | None) -> None:
    assert obstacle(cursor, Head(UUID(int=1), 50, 10, EPOCH), most_behind=30) == reason


def test_a_position_right_at_the_floor_can_be_followed() -> None:
    assert obstacle(Cursor(10), Head(UUID(int=1), 50, 10, EPOCH)) is None


@given(st.dictionaries(st.uuids(), st.integers(0, 2**63 - 1), max_size=400))
def test_wakeups_come_back_and_fit_into_a_notification(seqs: dict[UUID, int]) -> None:
    payloads = list(wakeup.write(seqs))
    assert all(0 < len(payload.encode()) < 8000 for payload in payloads)
    assert dict(pair for payload in payloads for pair in wakeup.read(payload)) == seqs


@pytest.mark.parametrize("payload", ["", "x", "a:b", f"{UUID(int=1)}", f"{UUID(int=1)}:1:2", f"{UUID(int=1)}:x"])
def test_a_foreign_payload_is_refused(payload: str) -> None:
    with pytest.raises(wakeup.WakeupMalformed):
        wakeup.read(payload)
