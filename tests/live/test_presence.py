"""Who is there, and what a member is told of its own: by its sessions alone, and never in the log."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from gateway.live.hub import Hub
from gateway.live.presence import Presence
from gateway.live.session import Session
from tests.live.fakes import TENANT, FakeLog, FakeWire, session
from tests.live.hubs import LIMITS

START = datetime(2026, 1, 1, tzinfo=UTC)


class Room:
    """Sessions that come and go; the clock moves on by a second each time somebody looks."""

    def __init__(self) -> None:
        self.hub = Hub(FakeLog.empty(), LIMITS)
        self._times = self._clock()
        self.presence = Presence(lambda: next(self._times))
        self.wires: dict[Session, FakeWire] = {}

    def _clock(self) -> Iterator[datetime]:
        now = START
        while True:
            yield now
            now += timedelta(seconds=1)

    def enter(self, name: str, user: str | None, tenant: UUID = TENANT) -> Session:
        wire = FakeWire()
        came = session(wire, name)
        came.login = replace(came.login, user=user, tenant_id=tenant)
        self.wires[came] = wire
        self.hub.join(came)
        self.presence.arrive(came)
        return came

    def go(self, gone: Session) -> None:
        self.hub.leave(gone)
        self.presence.leave(gone)

    def heard(self, by: Session) -> list[Any]:
        """Return what a session was told since somebody asked last."""
        said, self.wires[by].said = self.wires[by].said, []
        return [orjson.loads(frame[frame.index(b"{") :]) for frame in said]


def test_who_comes_and_goes_is_told_once_however_many_windows() -> None:
    room = Room()
    jo = room.enter("ses_1", "usr_jo")
    kim = room.enter("ses_2", "usr_kim")
    also_kim = room.enter("ses_3", "usr_kim")
    agents = [
        {"user_id": "usr_jo", "since": "2026-01-01T00:00:00.000Z"},
        {"user_id": "usr_kim", "since": "2026-01-01T00:00:01.000Z"},
    ]
    assert room.heard(jo) == [{"type": "online", "agents": agents}]
    room.go(kim)
    assert room.heard(jo) == []
    room.go(also_kim)
    assert room.heard(jo) == [{"type": "online", "agents": agents[:1]}]
    room.presence.tell_online(jo)
    assert room.heard(jo) == [{"type": "online", "agents": agents[:1]}]


def test_a_program_is_nobody_who_is_there() -> None:
    room = Room()
    jo, program = room.enter("ses_1", "usr_jo"), room.enter("ses_2", None)
    assert room.heard(jo) == []
    room.presence.tell_online(program)
    assert [agent["user_id"] for agent in room.heard(program)[0]["agents"]] == ["usr_jo"]
    room.go(program)
    assert room.heard(jo) == []


def test_another_tenant_is_told_nothing() -> None:
    room = Room()
    elsewhere = UUID(int=9)
    jo, stranger = room.enter("ses_1", "usr_jo"), room.enter("ses_2", "usr_jo", elsewhere)
    room.presence.tell_own(TENANT, "usr_jo", "draft.updated", '{"version":1}')
    assert room.heard(stranger) == []
    room.presence.tell_online(stranger)
    assert len(room.heard(stranger)[0]["agents"]) == 1
    room.go(stranger)
    assert room.heard(jo) == [{"type": "own", "what": "draft.updated", "data": {"version": 1}}]


def test_ones_own_is_told_to_all_ones_windows_and_to_nobody_else() -> None:
    room = Room()
    windows = [room.enter("ses_1", "usr_jo"), room.enter("ses_2", "usr_jo")]
    kim = room.enter("ses_3", "usr_kim")
    for window in windows:
        room.heard(window)
    room.presence.tell_own(TENANT, "usr_jo", "read.updated", "{}")
    room.presence.tell_own(TENANT, "usr_nobody", "read.updated", "{}")
    for window in windows:
        assert room.heard(window) == [{"type": "own", "what": "read.updated", "data": {}}]
    assert room.heard(kim) == []
