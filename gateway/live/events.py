"""``GET /api/v1/events``: the log, page by page or as server-sent events."""

from collections.abc import Callable, Sequence

import asyncpg
import orjson
from aiohttp import web
from aiohttp.http import HttpVersion11

from gateway.access import Caller
from gateway.answering import BEGUN
from gateway.live.cursor import Cursor, obstacle
from gateway.live.hub import Hub
from gateway.live.limits import Limits
from gateway.live.queries import EventQuery, last_event_id
from gateway.live.session import Session
from gateway.live.stream import login_of, reader_of
from gateway.live.wire import EventStreamWire, transport_of
from gateway.model.log import Entry, entry_json
from gateway.openapi.api import CALLER, json_answer
from gateway.openapi.reading import read_query
from gateway.problems import Overloaded, Resync
from gateway.store import log
from gateway.store.log import Head
from gateway.store.pool import tenant_tx

EVENT_STREAM = "text/event-stream"
ADVICE = {
    "epoch": "the log was replaced, or never reached this position",
    "retention": "the log no longer reaches back to this position",
    "behind": "this position is too far back",
}


class Events:
    """The handlers of one path: which answers depends on what is accepted.

    Args:
        hub: writes to event streams.
        pool: of the role ``app``, for pages.
        new_session: makes a name for a stream.
        limits: see there.
    """

    def __init__(self, hub: Hub, pool: asyncpg.Pool, new_session: Callable[[], str], limits: Limits) -> None:
        self._hub = hub
        self._pool = pool
        self._new_session = new_session
        self._limits = limits

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a page or a stream.

        Raises:
            Unauthenticated: without a caller.
            Forbidden: when the caller may not read.
            Invalid: when a parameter is not acceptable.
            Resync: when the log can't be followed from the given position.
        """
        caller = request[CALLER] = await reader_of(request)
        query = read_query(request.query, EventQuery)
        if EVENT_STREAM in request.headers.get("Accept", ""):
            return await self._follow(request, caller, query)
        return await self._page(caller, query)

    async def _page(self, caller: Caller, query: EventQuery) -> web.StreamResponse:
        async with tenant_tx(self._pool, caller.tenant_id) as tx:
            head = await log.head(tx)
            after = head.floor_seq if query.after is None else query.after
            require_reach(Cursor(after, query.epoch), head)
            entries = await log.read(tx, after, head.last_seq, query.limit)
        if after < head.last_seq and (not entries or entries[0].seq != after + 1):
            raise Resync(ADVICE["retention"])  # cut off while we looked
        return json_answer(page_json(entries, head))

    async def _follow(self, request: web.Request, caller: Caller, query: EventQuery) -> web.StreamResponse:
        after = last_event_id(request)
        cursor = Cursor(query.after if after is None else after, query.epoch)
        async with tenant_tx(self._pool, caller.tenant_id) as tx:
            require_reach(cursor, await log.head(tx), self._limits.replay_entries)
        if not self._hub.has_room_for(caller.tenant_id):
            raise Overloaded("no room for one more stream")
        response = await _begin(request)
        wire = EventStreamWire(transport_of(request), chunked=request.version >= HttpVersion11)
        session = Session(self._new_session(), login_of(request, caller), wire, self._limits.unsent_bytes)
        await self._serve(session, wire, cursor)
        return response

    async def _serve(self, session: Session, wire: EventStreamWire, cursor: Cursor) -> None:
        self._hub.join(session)
        try:
            await self._hub.open(session, cursor)
            while not wire.gone() and not await wire.ends_within(self._limits.heartbeat_seconds):
                wire.heartbeat()
        finally:
            self._hub.leave(session)


def require_reach(cursor: Cursor, head: Head, most_behind: int | None = None) -> None:
    """Refuse a position from which the log can't be followed.

    Raises:
        Resync: saying why.
    """
    reason = obstacle(cursor, head, most_behind)
    if reason is not None:
        raise Resync(ADVICE[reason])


def page_json(entries: Sequence[Entry], head: Head) -> bytes:
    """Write a page; its entries are written as everywhere else."""
    data = b",".join(map(entry_json, entries))
    return b'{"data":[%b],"head":%d,"epoch":%b}' % (data, head.last_seq, orjson.dumps(str(head.epoch)))


async def _begin(request: web.Request) -> web.StreamResponse:
    """Send the headers. Proxies are asked not to collect what is meant to arrive now."""
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type = EVENT_STREAM
    response.force_close()
    if request.version >= HttpVersion11:
        response.enable_chunked_encoding()
    await response.prepare(request)
    request[BEGUN] = True
    return response
