"""Waking the other processes after a commit: a coalesced NOTIFY, as a transaction of its own.

Never inside a transaction that writes: a NOTIFY there takes a lock of the whole cluster and holds it until that
transaction's commit is on disk (PreCommit_Notify in Postgres' async.c), and all commits of all tenants queue up
behind each other. A wake-up may be lost: the others look at the heads every second or two.
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from gateway.live import metrics, wakeup
from gateway.live.noted import Noted
from gateway.store.pool import UNAVAILABLE

log = structlog.get_logger(__name__)

NOTIFY = "SELECT pg_notify($1, $2)"
TIMEOUT_SECONDS = 5.0


class Notifier:
    """Sends wake-ups over a connection of its own.

    Args:
        connect: opens that connection.
        pause_seconds: between two wake-ups; what comes meanwhile is sent together.
        retry_seconds: before connecting again.

    Attributes:
        noted: what is to be sent.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        pause_seconds: float = 0.005,
        retry_seconds: float = 0.5,
    ) -> None:
        self._connect = connect
        self._pause_seconds = pause_seconds
        self._retry_seconds = retry_seconds
        self._connection: asyncpg.Connection | None = None
        self.noted = Noted()

    async def run(self) -> None:
        """Send what is noted, for ever."""
        try:
            while True:
                seqs, words = await self.noted.take()
                for channel, payload in (*((wakeup.CHANNEL, grown) for grown in wakeup.write(seqs)), *words):
                    await self._send(channel, payload)
                    await asyncio.sleep(self._pause_seconds)
        finally:
            if self._connection is not None:
                self._connection.terminate()

    async def _send(self, channel: str, payload: str) -> None:
        """Send one payload, or give it up."""
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._connect()
            await self._connection.execute(NOTIFY, channel, payload, timeout=TIMEOUT_SECONDS)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("live.wakeup_lost", error=type(error).__name__)
            metrics.WAKEUPS_LOST.inc()
            await asyncio.sleep(self._retry_seconds)
        else:
            metrics.WAKEUPS.labels("notify").inc()
