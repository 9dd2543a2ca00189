"""The live part as a whole: what the application starts, tells of commits and logouts, and stops.

Other processes are woken by NOTIFY, or with Redis by sharded pub/sub; ``waker.py`` says when by which.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import structlog

from gateway.lasting import keep_at
from gateway.live import metrics, wakeup
from gateway.live.hub import RESUME_ELSEWHERE, Hub
from gateway.live.limits import Limits
from gateway.live.listener import Listener
from gateway.live.logins import recheck
from gateway.live.notifier import Notifier
from gateway.live.presence import Presence
from gateway.live.session import Session
from gateway.model.ids import public
from gateway.model.log import Entry
from gateway.store.pool import DatabaseUnavailable
from gateway.store.relay import RelayLog

if TYPE_CHECKING:
    from gateway.live.neighbours import Neighbours
    from gateway.live.radio import Radio
    from gateway.live.waker import Waker

log = structlog.get_logger(__name__)

#: How many clients a second are told to resume elsewhere, and how long that takes at most.
SENT_AWAY_PER_SECOND = 100
MOST_SPREAD_SECONDS = 15.0


class Live:
    """Hub, presence, and what tells other processes and hears them, running together.

    Args:
        relay_pool: of the role ``relay``: reads the logs.
        connect: opens a direct connection as the role ``relay``, for listening and for waking others; None where
            there are only pooled ones, over which nobody can listen.
        chance: a random number from 0 to 1, for spreading.
        limits: see there.
        radio: Redis' pub/sub; None without Redis.
        neighbours: the other processes, as far as presence goes; None when this one is alone.
        grown: told which tenants' logs other processes have written to; None when nobody has to know.
    """

    def __init__(
        self,
        relay_pool: asyncpg.Pool,
        connect: Callable[[], Awaitable[asyncpg.Connection]] | None,
        chance: Callable[[], float],
        limits: Limits | None = None,
        radio: "Radio | None" = None,
        neighbours: "Neighbours | None" = None,
        grown: Callable[[UUID], None] | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.radio = radio
        self._channels: dict[str, Callable[[str], None]] = {wakeup.CHANNEL: self._woken}
        self.notifier = None if connect is None else Notifier(connect)
        self.listener = None if connect is None else Listener(connect, self._channels, self._look)
        self._waker = None if radio is None else self._waker_of(radio)
        teller = self._waker or self.notifier
        self._noted = None if teller is None else teller.noted
        self.hub = Hub(RelayLog(relay_pool), self.limits, self._waker)
        self.presence = Presence(lambda: datetime.now(UTC), neighbours)
        self.neighbours = neighbours
        self._grown = grown
        self._chance = chance
        self._look_now = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def _waker_of(self, radio: "Radio") -> "Waker":
        from gateway.live.waker import Waker  # noqa: PLC0415 - see parts.servers_of

        return Waker(radio, self.notifier, self._channels, self._look)

    @property
    def watched(self) -> Collection[UUID]:
        """The tenants whose entries are wanted in full, since somebody here watches them."""
        return self.hub.watched

    def announce(self, entries: Sequence[Entry]) -> None:
        """Hand on entries whose transaction has just committed: here at once, elsewhere by a wake-up."""
        self.hub.offer(entries)
        if self._noted is not None:
            self._noted.wake(entries)

    def tell(self, channel: str, payload: str) -> None:
        """Tell all processes that listen to a channel, this one included, of something that was committed."""
        if self._noted is not None:
            self._noted.tell([(channel, payload)])

    def tell_own(self, tenant_id: UUID, user_id: UUID, what: str, data: str) -> None:
        """Tell a member's sessions of something of its own, which the log does not tell. It may be lost.

        Args:
            what: for example ``draft.updated``.
            data: JSON text.
        """
        self.presence.tell_own(tenant_id, public("usr", user_id), what, data)

    def end_login(self, token_hash: bytes) -> None:
        """Close the sockets of a login that has ended, or of an API key that was revoked."""
        self.hub.end_login(token_hash)

    def login_ended_elsewhere(self, told: str) -> None:
        """The same, as another process tells it: the digest as hexadecimal digits."""
        try:
            self.end_login(bytes.fromhex(told))
        except ValueError:
            log.warning("live.login_malformed")  # any role of the database may say anything

    async def start(self, channels: Mapping[str, Callable[[str], None]] | None = None) -> None:
        """Begin to listen, poll, and look after logins.

        Args:
            channels: further channels to listen to, and what to call with their payloads.
        """
        self._channels.update(channels or {})
        self._tasks = [
            keep_at("live hub", self.hub.follow),
            keep_at("live poll", self._poll),
            keep_at("live logins", self._recheck),
        ]
        if self.listener is not None and self.notifier is not None:
            self._tasks += [
                keep_at("live listener", self.listener.run),
                keep_at("live notifier", self.notifier.run),
            ]
        if self.radio is not None and self._waker is not None:
            self._tasks += [keep_at("live radio", self.radio.run), keep_at("live waker", self._waker.run)]
        if self.neighbours is not None:
            self._tasks += [
                keep_at("live neighbours", partial(self.neighbours.run, self.presence)),
                keep_at("live presence", partial(self.neighbours.look_after, self.presence)),
            ]

    async def send_away(self) -> None:
        """Tell every client to resume elsewhere, not all in the same instant: others have to take them up."""
        self.hub.stopping = True
        sessions = list(self.hub.sessions)
        spread = min(MOST_SPREAD_SECONDS, len(sessions) / SENT_AWAY_PER_SECOND)
        await asyncio.gather(*(self._send_away(spread * self._chance(), session) for session in sessions))
        await self.hub.drain()

    async def stop(self) -> None:
        """Send away who is still there, and stop."""
        await self.send_away()
        if self.neighbours is not None:
            await self.neighbours.goodbye()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send_away(self, wait: float, session: Session) -> None:
        await asyncio.sleep(wait)
        self.hub.hang_up(session, RESUME_ELSEWHERE, "the server restarts: resume from the last seq")

    def _woken(self, payload: str) -> None:
        try:
            seqs = wakeup.read(payload)
        except wakeup.WakeupMalformed:
            log.warning("live.wakeup_malformed")
            self._look()
            return
        for tenant_id, seq in seqs:
            self.hub.wake(tenant_id, seq)
            if self._grown is not None:
                self._grown(tenant_id)

    def _look(self) -> None:
        """Look at the heads now: something may have been missed."""
        self._look_now.set()

    async def _poll(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self.limits.poll_seconds):
                    await self._look_now.wait()
            except TimeoutError:
                pass  # it is time anyway
            self._look_now.clear()
            try:
                await self.hub.poll()
            except DatabaseUnavailable:
                log.warning("live.heads_unreadable")
            metrics.LAG.set(self.hub.lag)

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(self.limits.recheck_seconds)
            await recheck(self.hub)
