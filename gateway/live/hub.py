"""All sessions of this process, and the logs they read.

Three things say that a log has grown: the echo of a commit made here (``offer``), a wake-up from another process
(``wake``) and the regular look at the heads (``poll``). Only the first one carries entries, and they are handed on
only if they are the next ones; in all other cases the truth is read from the log. So a lost, late or doubled signal
costs time and nothing else.
"""

import asyncio
import time
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

import structlog

from gateway.live import metrics, protocol, screen
from gateway.live.catching_up import LogTooShort, ReaderTooSlow, catch_up
from gateway.live.cursor import Cursor, Reason, obstacle
from gateway.live.feed import Feed, Held
from gateway.live.in_turns import InTurns
from gateway.live.limits import Limits
from gateway.live.session import Session
from gateway.model.log import Entry
from gateway.store.log import Head, LogMissing
from gateway.store.pool import DatabaseUnavailable

log = structlog.get_logger(__name__)

RESUME_ELSEWHERE = 1012  # RFC 6455 registry: service restart
TRY_AGAIN_LATER = 1013
LOGIN_ENDED = 1008


class Log(Protocol):
    """The logs of all tenants."""

    async def heads(self, tenants: Collection[UUID]) -> Mapping[UUID, Head]:
        """Tell how far the logs of some tenants reach."""

    async def after(self, cursors: Mapping[UUID, int], limit: int) -> Sequence[Entry]:
        """Read on after a position in each tenant's log."""


class Watching(Protocol):
    """Who has to know which logs are watched here."""

    def watch(self, tenant_id: UUID) -> None:
        """Note that somebody watches a tenant's log now."""

    def unwatch(self, tenant_id: UUID) -> None:
        """Note that nobody does any more."""


class Hub:
    """Hands log entries to sessions; see the module.

    Args:
        source: the logs.
        limits: see there.
        watching: told which logs are watched; None when nobody has to know.
    """

    def __init__(self, source: Log, limits: Limits, watching: Watching | None = None) -> None:
        self._log = source
        self._in_turns = InTurns(source, limits.reads_at_once)
        self._limits = limits
        self._watching = watching
        self._feeds: dict[UUID, Feed] = {}
        self._behind: set[Feed] = set()
        self._grown = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.stopping = False

    @property
    def watched(self) -> Collection[UUID]:
        """The tenants that somebody here watches."""
        return self._feeds.keys()

    @property
    def sessions(self) -> Iterable[Session]:
        """All sessions."""
        return [session for feed in self._feeds.values() for session in feed.sessions]

    @property
    def lag(self) -> int:
        """How many entries are known to exist and were not handed on yet."""
        return sum(feed.wanted - feed.seq for feed in self._feeds.values() if feed.behind)

    def has_room_for(self, tenant_id: UUID) -> bool:
        """Tell whether one more session of a tenant may join."""
        feed = self._feeds.get(tenant_id)
        taken = len(feed.sessions) if feed else 0
        return not self.stopping and taken < self._limits.sessions_per_tenant

    # What grows a log.

    def offer(self, entries: Iterable[Entry]) -> None:
        """Hand on entries that were committed; those without data, or out of turn, only say how far the log is."""
        for entry in entries:
            feed = self._feeds.get(entry.tenant_id)
            if feed is None or entry.seq <= feed.seq:
                continue
            if feed.epoch is None or entry.seq != feed.seq + 1 or entry.data is None or self._full(feed):
                self.wake(entry.tenant_id, entry.seq)
            else:
                self._publish(feed, entry)

    def _publish(self, feed: Feed, entry: Entry) -> None:
        receivers = len(feed.live)
        held = Held(protocol.event(entry), entry, receivers, time.time_ns())
        metrics.published(receivers)
        if feed.held:
            feed.hold(held)
        elif receivers > self._limits.fan_out_at_once:
            feed.hold(held)
            self._spawn(self._fan_out(feed))
        else:
            self._catch_up_all(feed, feed.publish(held.frame))
            _written(held)

    async def _fan_out(self, feed: Feed) -> None:
        """Write to the many sessions of a tenant, in parts: everybody else has a turn after each."""
        while feed.held:
            held, sessions = feed.held[0], iter(list(feed.live))
            while part := list(islice(sessions, self._limits.fan_out_slice)):
                self._catch_up_all(feed, feed.hand(held.frame, part))
                await asyncio.sleep(0)
                if not feed.held or feed.held[0] is not held:  # the log began anew meanwhile
                    break
            else:
                del feed.held[0]
                _written(held)
        self._note(feed)

    def _full(self, feed: Feed) -> bool:
        return len(feed.held) >= self._limits.held_frames

    def _catch_up_all(self, feed: Feed, fallen: Iterable[Session]) -> None:
        for session in fallen:
            session.fell_behind += 1
            metrics.FELL_BEHIND.inc()
            self._chase(session, feed)

    def wake(self, tenant_id: UUID, seq: int) -> None:
        """Note that a log reaches to ``seq``."""
        feed = self._feeds.get(tenant_id)
        if feed is None or seq <= feed.wanted:
            return
        feed.wanted = seq
        self._note(feed)

    def _note(self, feed: Feed) -> None:
        if feed.behind:
            self._behind.add(feed)
            self._grown.set()

    async def poll(self) -> None:
        """Look at the heads of all watched logs.

        Raises:
            DatabaseUnavailable: when they can't be read.
        """
        before = {tenant: feed.seq for tenant, feed in self._feeds.items() if feed.epoch is not None}
        if not before:
            return
        heads = await self._log.heads(before)
        for tenant, seq in before.items():
            feed, head = self._feeds.get(tenant), heads.get(tenant)
            if feed is not None and head is not None:
                self._compare(feed, head, seq)

    def _compare(self, feed: Feed, head: Head, before: int) -> None:
        """Hold a feed against a head that was read after the feed stood at ``before``."""
        if head.epoch != feed.epoch or head.last_seq < before:
            self._restart(feed, head, "epoch")
        elif head.floor_seq > feed.seq:
            self._restart(feed, head, "retention")
        else:
            self.wake(feed.tenant_id, head.last_seq)

    def _restart(self, feed: Feed, head: Head, reason: Reason) -> None:
        log.warning("live.restarted", tenant=str(feed.tenant_id), reason=reason)
        metrics.RESYNCS.labels(reason).inc(len(feed.sessions))
        feed.restart(head, reason)

    async def follow(self) -> None:
        """Read the logs that have grown, for ever."""
        while True:
            await self._grown.wait()
            self._grown.clear()
            while not all(map(self._full, self._behind)):
                try:
                    await self.read_behind()
                except DatabaseUnavailable:
                    log.warning("live.log_unreadable", feeds=len(self._behind))
                    await asyncio.sleep(self._limits.retry_seconds)

    async def read_behind(self) -> None:
        """Read once for all feeds that are behind, up to a bound.

        Raises:
            DatabaseUnavailable: when the log can't be read; the feeds stay noted.
        """
        readable = (feed for feed in self._behind if not self._full(feed))
        feeds = list(islice(readable, self._limits.tenants_per_read))
        cursors = {feed.tenant_id: feed.seq for feed in feeds}
        entries = iter(await self._log.after(cursors, self._limits.tenant_page))
        while part := list(islice(entries, self._limits.fan_out_at_once)):
            self.offer(part)
            await asyncio.sleep(0)  # a long way to the present delays nobody else
        for feed in feeds:
            if feed.behind and feed.seq == cursors[feed.tenant_id]:
                await self._resolve(feed)
            if not feed.behind or not feed.sessions:
                self._behind.discard(feed)

    async def _resolve(self, feed: Feed) -> None:
        """Deal with a log whose next entry is not there: it was cut off, or was never that long."""
        head = (await self._log.heads([feed.tenant_id])).get(feed.tenant_id)
        if head is None or head.last_seq <= feed.seq:
            feed.wanted = feed.seq
            return
        # The head may have grown after the log was read; so the log is read once more, after the head.
        seq = feed.seq
        entries = await self._log.after({feed.tenant_id: seq}, self._limits.tenant_page)
        self.offer(entries)
        if feed.seq == seq:
            self._restart(feed, head, "retention")

    # A session's life.

    def join(self, session: Session) -> None:
        """Add a session; it gets nothing before ``open``."""
        tenant_id = session.login.tenant_id
        feed = self._feeds.get(tenant_id)
        if feed is None:
            feed = self._feeds[tenant_id] = Feed(tenant_id, self._limits.recent_frames)
            if self._watching is not None:
                self._watching.watch(tenant_id)
        feed.sessions.add(session)
        metrics.SESSIONS.inc()

    async def open(self, session: Session, cursor: Cursor) -> None:
        """Greet a session and let it go on from its position: first what it lacks, then what comes.

        It joined before the log is read, so that nothing falls between the two.

        Raises:
            LogMissing: when its tenant has no log.
            DatabaseUnavailable: when the log can't be read.
        """
        feed = self._feeds[session.login.tenant_id]
        session.opened = False
        self._halt(session, feed)
        before = feed.seq
        head = (await self._in_turns.heads([feed.tenant_id])).get(feed.tenant_id)
        if head is None:
            raise LogMissing(str(feed.tenant_id))
        if session.closing:
            return
        self._align(feed, head, before)
        self._greet(session, cursor, head)
        if not feed.splice(session):
            self._chase(session, feed)

    def _align(self, feed: Feed, head: Head, before: int) -> None:
        known = feed.epoch is not None
        feed.begin(head)
        if known:
            self._compare(feed, head, before)
        self._note(feed)

    def _greet(self, session: Session, cursor: Cursor, head: Head) -> None:
        reason = obstacle(cursor, head, self._limits.replay_entries)
        session.opened = True
        session.resumes += 1
        session.jump(head.last_seq if cursor.after is None or reason else cursor.after)
        session.wire.say(protocol.hello(head.last_seq, str(head.epoch), session.id))
        if reason is not None:
            metrics.RESYNCS.labels(reason).inc()
            session.wire.resync(reason)

    def leave(self, session: Session) -> None:
        """Forget a session."""
        feed = self._feeds.get(session.login.tenant_id)
        if feed is None or session not in feed.sessions:
            return
        session.closing = True
        self._halt(session, feed)
        feed.sessions.discard(session)
        metrics.SESSIONS.dec()
        if not feed.sessions:
            del self._feeds[feed.tenant_id]
            self._behind.discard(feed)
            if self._watching is not None:
                self._watching.unwatch(feed.tenant_id)

    def hang_up(self, session: Session, code: int, reason: str) -> None:
        """Close a session; it leaves once its handler sees that. Nobody waits for the client."""
        if session.closing:
            return
        session.closing = True
        session.hung_up = (code, reason)
        feed = self._feeds.get(session.login.tenant_id)
        if feed is not None:
            self._halt(session, feed)
        metrics.HUNG_UP.labels(str(code)).inc()
        session.farewell = self._spawn(session.wire.close(code, reason, self._limits.close_seconds))

    def end_login(self, token_hash: bytes) -> None:
        """Close all sessions of a browser's login that has ended, or of an API key that was revoked."""
        for session in self.sessions:
            if session.login.token_hash == token_hash:
                self.hang_up(session, LOGIN_ENDED, "the login has ended")

    async def drain(self) -> None:
        """Wait until all closing sessions are closed."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _halt(self, session: Session, feed: Feed) -> None:
        session.halt()
        feed.drop(session)

    def _chase(self, session: Session, feed: Feed) -> None:
        if not session.closing:
            session.task = self._spawn(self._catch_up(session, feed))

    async def _catch_up(self, session: Session, feed: Feed) -> None:
        feed.began_to_catch_up()
        try:
            await self._try_to_catch_up(session, feed)
        except ReaderTooSlow:
            log.info("live.slow_reader", session=session.id, tenant=str(feed.tenant_id))
            session.task = None
            self.hang_up(session, TRY_AGAIN_LATER, "too slow: resume from the last seq")
        finally:
            feed.caught_up()

    async def _try_to_catch_up(self, session: Session, feed: Feed) -> None:
        while True:
            try:
                await catch_up(session, feed, self._in_turns, self._limits)
            except DatabaseUnavailable:
                await asyncio.sleep(self._limits.retry_seconds)
            except LogTooShort:
                metrics.RESYNCS.labels("retention").inc()
                session.restart("retention", feed.seq)
            else:
                return

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("live.task_failed", exc_info=error)


def _written(held: Held) -> None:
    if held.receivers:
        screen.written(held.entry, held.receivers, held.began)
