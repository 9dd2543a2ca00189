"""Pages of the log, at once or as soon as there is something to tell."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import orjson

from gateway.live.cursor import Cursor, obstacle
from gateway.live.hub import LOGIN_ENDED, Hub
from gateway.live.limits import Limits
from gateway.live.queries import EventQuery
from gateway.live.session import Login, Session
from gateway.live.waiting import WaitingWire
from gateway.model.event_types import like
from gateway.model.log import Entry, entry_json
from gateway.problems import Overloaded, Resync, Unauthenticated
from gateway.store import log
from gateway.store.log import Head
from gateway.store.pool import tenant_tx

ADVICE = {
    "epoch": "the log was replaced, or never reached this position",
    "retention": "the log no longer reaches back to this position",
    "behind": "this position is too far back",
}


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, and the position up to which the log was looked at for them."""

    entries: Sequence[Entry]
    next_after: int
    head: Head

    @property
    def to_the_end(self) -> bool:
        """Whether the log held no more."""
        return self.next_after >= self.head.last_seq

    def json(self) -> bytes:
        """Write it; its entries are written as everywhere else."""
        return b'{"data":[%b],"next_after":%d,"head":%d,"epoch":%b}' % (
            b",".join(map(entry_json, self.entries)),
            self.next_after,
            self.head.last_seq,
            orjson.dumps(str(self.head.epoch)),
        )


class Pages:
    """Reads pages for requests.

    Args:
        hub: tells those that wait of new entries.
        pool: of the role ``app``.
        new_session: makes a name for one that waits.
        limits: see there.
    """

    def __init__(self, hub: Hub, pool: asyncpg.Pool, new_session: Callable[[], str], limits: Limits) -> None:
        self._hub = hub
        self._pool = pool
        self._new_session = new_session
        self._limits = limits
        self._waiting: Counter[UUID] = Counter()

    async def read(self, tenant_id: UUID, query: EventQuery) -> Page:
        """Read what follows a position.

        Raises:
            Resync: when the log can't be followed from there.
        """
        patterns = [like(pattern) for pattern in query.types] or None
        async with tenant_tx(self._pool, tenant_id) as tx:
            head = await log.head(tx)
            after = head.floor_seq if query.after is None else query.after
            require_reach(Cursor(after, query.epoch), head)
            up_to = head.last_seq if patterns is None else min(head.last_seq, after + self._limits.scanned_entries)
            entries = await log.read(tx, after, up_to, query.limit, patterns)
            if after < (await log.head(tx)).floor_seq:
                raise Resync(ADVICE["retention"])  # cut off while we looked
        return Page(entries, entries[-1].seq if len(entries) == query.limit else up_to, head)

    async def next(self, query: EventQuery, page: Page, login: Login, wire: WaitingWire) -> Page:
        """Wait for the entry that comes after a page, and read the page that it begins.

        Raises:
            Overloaded: when too many wait, or nobody may any more.
            Unauthenticated: when the login ends meanwhile.
            Resync: when the log can't be followed any more.
        """
        tenant_id = login.tenant_id
        if not self._hub.has_room_for(tenant_id) or self._waiting[tenant_id] >= self._limits.waiting_per_tenant:
            raise Overloaded("no room for one more that waits")
        session = Session(self._new_session(), login, wire, self._limits.unsent_bytes)
        self._waiting[tenant_id] += 1
        self._hub.join(session)
        try:
            await self._hub.open(session, Cursor(page.next_after, str(page.head.epoch)))
            await wire.wait(query.wait, self._limits.heartbeat_seconds)
        finally:
            self._hub.leave(session)
            self._waiting -= Counter([tenant_id])
        if wire.code == LOGIN_ENDED:
            raise Unauthenticated("the login has ended")
        if wire.obstacle is not None:
            raise Resync(ADVICE[wire.obstacle])
        after = session.seq if wire.came is None else wire.came - 1
        return await self.read(tenant_id, query.model_copy(update={"after": max(after, page.next_after)}))


def require_reach(cursor: Cursor, head: Head, most_behind: int | None = None) -> None:
    """Refuse a position from which the log can't be followed.

    Raises:
        Resync: saying why.
    """
    reason = obstacle(cursor, head, most_behind)
    if reason is not None:
        raise Resync(ADVICE[reason])
