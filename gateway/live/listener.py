"""Listening for wake-ups, on one connection that does nothing else.

A dead connection is not noticed by itself: it is asked something regularly, with a time-out, and made anew when it
does not answer. What was announced meanwhile is gone, so whoever listens is told of each new connection.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import asyncpg
import structlog

from gateway.live import metrics
from gateway.store.pool import UNAVAILABLE

log = structlog.get_logger(__name__)

QUEUE_USAGE = "SELECT pg_notification_queue_usage()"


class Listener:
    """Calls back for each notification.

    Args:
        connect: opens a direct connection; a transaction pooler would swallow notifications without a word.
        channels: what to call with the payload, by channel.
        connected: called after each connect, once listening.
        heartbeat_seconds: from one question whether the connection lives to the next.
        timeout_seconds: for the answer.
        retry_seconds: before connecting again, growing with each failure.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        channels: Mapping[str, Callable[[str], None]],
        connected: Callable[[], None],
        heartbeat_seconds: float = 10.0,
        timeout_seconds: float = 5.0,
        retry_seconds: tuple[float, ...] = (0.05, 0.2, 0.5, 1.0, 2.0),
    ) -> None:
        self._connect = connect
        self._channels = channels
        self._connected = connected
        self._heartbeat_seconds = heartbeat_seconds
        self._timeout_seconds = timeout_seconds
        self._retry_seconds = retry_seconds
        self.listening = asyncio.Event()

    async def run(self) -> None:
        """Listen, for ever."""
        failures = 0
        while True:
            try:
                connection = await self._connect()
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("live.listener_unconnected", error=type(error).__name__)
                await asyncio.sleep(self._retry_seconds[min(failures, len(self._retry_seconds) - 1)])
                failures += 1
                continue
            try:
                await self._listen(connection)
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("live.listener_lost", error=type(error).__name__)
                failures = 1
            finally:
                self._lost()
                connection.terminate()
            await asyncio.sleep(self._retry_seconds[0])

    async def _listen(self, connection: asyncpg.Connection) -> None:
        """Listen until the connection ends."""
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _connection: ended.set())
        for channel in self._channels:
            async with asyncio.timeout(self._timeout_seconds):
                await connection.add_listener(channel, self._heard)
        metrics.RECONNECTS.inc()
        metrics.LISTENING.set(1)
        self.listening.set()
        self._connected()
        while not ended.is_set():
            usage = await connection.fetchval(QUEUE_USAGE, timeout=self._timeout_seconds)
            metrics.NOTIFY_QUEUE.set(usage)
            await _wait(ended, self._heartbeat_seconds)

    def _heard(self, _connection: asyncpg.Connection, _pid: int, channel: str, payload: str) -> None:
        self._channels[channel](payload)

    def _lost(self) -> None:
        self.listening.clear()
        metrics.LISTENING.set(0)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, or for a time."""
    waiter = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait([waiter], timeout=seconds)
    finally:
        waiter.cancel()
