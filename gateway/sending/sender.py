"""The worker: claims what is due, and makes the attempts, many at a time."""

import asyncio
from datetime import timedelta

import asyncpg
import structlog

from gateway.lasting import keep_at
from gateway.sending import metrics
from gateway.sending.attempt import Attempt, Surroundings
from gateway.store import claims
from gateway.store.claims import Claimed
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

log = structlog.get_logger(__name__)

#: Of one process.
MOST_IN_FLIGHT = 64
#: Of all processes together, nearly: two that claim at the same moment may exceed it.
PER_CHANNEL = 8
PER_TENANT = 16
CLAIM_AT_ONCE = 16
#: Before the call; the call has a lease of its own.
LEASE = timedelta(seconds=120)
#: What is missed by a wake-up is found after that long.
LOOK_SECONDS = 1.0
#: After trouble with the database.
TROUBLE_SECONDS = 2.0
#: How long to wait for calls when the process stops; what takes longer is found by its lease's end.
STOP_SECONDS = 25.0
MEASURE_SECONDS = 15.0


class Sender:
    """Sends what is queued, of all tenants.

    Args:
        hook_pool: of the role ``hook``: claims.
        around: what an attempt takes.
        stop_seconds: how long to wait for calls when it stops.
    """

    def __init__(self, hook_pool: asyncpg.Pool, around: Surroundings, *, stop_seconds: float = STOP_SECONDS) -> None:
        self._hook_pool = hook_pool
        self._around = around
        self._stop_seconds = stop_seconds
        self._wake = asyncio.Event()
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look for messages."""
        self._tasks = [
            keep_at("sender", self._run),
            keep_at("sending metrics", self._measure_often),
        ]

    def wake(self) -> None:
        """Look now: something was queued."""
        self._wake.set()

    async def stop(self) -> None:
        """Claim nothing more, give back what was not begun, and wait for the calls that were."""
        self._stopping = True
        self._wake.set()
        sender, *others = self._tasks
        for task in others:
            task.cancel()
        await asyncio.gather(sender, *others, return_exceptions=True)
        if self._running:
            await asyncio.wait(self._running, timeout=self._stop_seconds)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            found = await self._claim()
            for claimed in found or ():
                task = asyncio.create_task(self._attempt(claimed), name="send")
                self._running.add(task)
                task.add_done_callback(self._ended)
            if not found and not self._stopping:
                await self._woken(LOOK_SECONDS if found is not None else TROUBLE_SECONDS)

    async def _claim(self) -> "list[Claimed] | None":
        """Lease what is due, as much as there is room for; None when the database is away."""
        room = min(CLAIM_AT_ONCE, MOST_IN_FLIGHT - len(self._running))
        if room <= 0:
            return []
        try:
            return list(
                await claims.claim(self._hook_pool, room, LEASE, per_channel=PER_CHANNEL, per_tenant=PER_TENANT)
            )
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("sending.not_claimed", error=type(error).__name__)
            return None

    async def _attempt(self, claimed: Claimed) -> None:
        try:
            await Attempt(claimed, self._around, lambda: self._stopping).make()
        except DatabaseUnavailable:
            log.warning("sending.lease_kept", message=str(claimed.message_id))
        except Exception:  # nobody waits for this task; the lease ends, and the message is looked at again
            log.exception("sending.attempt_failed", message=str(claimed.message_id))

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Look again: there is room now, and what follows in the conversation may go."""
        self._running.discard(task)
        self._wake.set()

    async def _woken(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def position(self) -> dict[str, float]:
        """Tell how much waits to be sent by all processes together, and how long the oldest is overdue, in seconds.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        try:
            waiting = await claims.waiting(self._hook_pool)
        except UNAVAILABLE as error:
            raise DatabaseUnavailable("the database can't be reached") from error
        overdue = round(max(waiting.overdue, 0.0), 1)
        metrics.QUEUED.set(waiting.queued)
        metrics.IN_FLIGHT.set(waiting.in_flight)
        metrics.OVERDUE.set(overdue)
        return {"queued": waiting.queued, "in_flight": waiting.in_flight, "overdue_seconds": overdue}

    async def _measure_often(self) -> None:
        while True:
            try:
                await self.position()
            except DatabaseUnavailable:
                log.warning("sending.not_measured")
            await asyncio.sleep(MEASURE_SECONDS)
