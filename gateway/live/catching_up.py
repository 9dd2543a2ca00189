"""Bringing one session from its position to the present: from the log, as fast as its client reads."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from gateway.live import protocol
from gateway.live.feed import Feed
from gateway.live.limits import Limits
from gateway.live.session import Session
from gateway.model.log import Entry


class Pages(Protocol):
    """Where the log is read from."""

    async def after(self, cursors: Mapping[UUID, int], limit: int) -> Sequence[Entry]:
        """Read on after a position in each tenant's log."""


class ReaderTooSlow(Exception):
    """A client did not take what it was sent for too long."""


class LogTooShort(Exception):
    """The entry that follows a session's position is no longer in the log."""


async def catch_up(session: Session, feed: Feed, log: Pages, limits: Limits) -> None:
    """Write what the session lacks until it can join the others; returns when it has, or when its client went.

    Raises:
        ReaderTooSlow: when the client reads too slowly.
        LogTooShort: when the log does not reach back.
        DatabaseUnavailable: when the log can't be read now.
    """
    while not session.wire.gone():
        await room(session, limits)
        if feed.splice(session):
            return
        if not session.has_room():
            continue
        page = await log.after({feed.tenant_id: session.seq}, limits.session_page)
        if not page or page[0].seq != session.seq + 1:
            raise LogTooShort(f"{session.seq + 1} of {feed.tenant_id}")
        for entry in page:
            await room(session, limits)
            session.catch(protocol.event(entry))


async def room(session: Session, limits: Limits) -> None:
    """Wait until the client has taken enough to be sent more, or has gone.

    Raises:
        ReaderTooSlow: when it has not after ``slow_seconds``.
    """
    waited = 0.0
    while not session.has_room() and not session.wire.gone():
        if waited >= limits.slow_seconds:
            raise ReaderTooSlow(session.id)
        await asyncio.sleep(limits.drain_poll_seconds)
        waited += limits.drain_poll_seconds
