"""A hub over a log in memory, its reader running."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.live.cursor import Cursor
from gateway.live.hub import Hub
from gateway.live.limits import Limits
from gateway.live.session import Session
from tests.live.fakes import FakeLog, FakeWire, session

LIMITS = Limits(
    slow_seconds=60,
    drain_poll_seconds=0,
    session_page=3,
    tenant_page=4,
    recent_frames=4,
    retry_seconds=0,
    replay_entries=10_000,
)


@asynccontextmanager
async def hub_over(log: FakeLog, limits: Limits = LIMITS) -> AsyncIterator[Hub]:
    hub = Hub(log, limits)
    follow = asyncio.create_task(hub.follow())
    try:
        yield hub
    finally:
        follow.cancel()


async def until(condition: Callable[[], bool], turns: int = 5000) -> None:
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


async def join(hub: Hub, wire: FakeWire, cursor: Cursor, name: str = "ses_1") -> Session:
    joined = session(wire, name)
    hub.join(joined)
    await hub.open(joined, cursor)
    return joined
