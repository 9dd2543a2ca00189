"""A log in memory and a client that writes down what it gets."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from gateway.live.cursor import Reason
from gateway.live.protocol import Frame
from gateway.live.session import Login, Session
from gateway.model.log import Entry
from gateway.store.log import Head
from gateway.store.pool import DatabaseUnavailable

TENANT = UUID(int=7)
EPOCH = UUID(int=8)


@dataclass
class FakeLog:
    """Holds one tenant's log; each read gives the event loop a turn before and after it looks."""

    head: Head
    entries: list[Entry]
    broken: bool = False

    @classmethod
    def empty(cls) -> "FakeLog":
        return cls(Head(TENANT, 0, 0, EPOCH), [])

    def commit(self) -> Entry:
        seq = self.head.last_seq + 1
        entry = Entry(TENANT, seq, UUID(int=seq), "message.created", None, datetime(2026, 1, 1, tzinfo=UTC), "{}")
        self.entries.append(entry)
        self.head = replace(self.head, last_seq=seq)
        return entry

    async def heads(self, tenants: Collection[UUID]) -> Mapping[UUID, Head]:
        head = self.head
        await self._answer()
        return {TENANT: head} if TENANT in tenants else {}

    async def after(self, cursors: Mapping[UUID, int], limit: int) -> Sequence[Entry]:
        found = [entry for entry in self.entries if entry.seq > cursors[TENANT]][:limit]
        await self._answer()
        return found

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise DatabaseUnavailable("gone")


class FakeWire:
    """A client's connection that can be stalled: then what is sent stays unsent."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.said: list[bytes] = []
        self.resyncs: list[Reason] = []
        self.closed: int | None = None
        self.stalled = False
        self._unsent = 0

    def gone(self) -> bool:
        return self.closed is not None

    def unsent(self) -> int:
        return self._unsent if self.stalled else 0

    def send(self, frame: Frame) -> None:
        assert self.closed is None
        self.seqs.append(frame.seq)
        self._unsent = self._unsent + 1 if self.stalled else 0

    def say(self, frame: bytes) -> None:
        self.said.append(frame)

    def resync(self, reason: Reason) -> None:
        self.resyncs.append(reason)
        self.seqs.append(-1)

    async def close(self, code: int, reason: str, within: float) -> None:
        self.closed = code


async def _always() -> None:
    """Hold, as a login that never ends."""


def session(wire: FakeWire, name: str = "ses_1", unsent_bytes: int = 3) -> Session:
    """Make a session of the fake tenant; each frame counts as one byte."""
    return Session(name, Login(TENANT, None, name.encode(), _always), wire, unsent_bytes)
