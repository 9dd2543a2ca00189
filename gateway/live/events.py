"""``GET /api/v1/events``: the log, page by page or as server-sent events."""

from collections.abc import Callable

import asyncpg
from aiohttp import web
from aiohttp.http import HttpVersion11

from gateway.access import Caller
from gateway.answering import BEGUN
from gateway.audit.access import Access
from gateway.live.cursor import Cursor
from gateway.live.hub import Hub
from gateway.live.limits import Limits
from gateway.live.pages import Pages, require_reach
from gateway.live.queries import EVENTS, EventQuery, last_event_id
from gateway.live.session import Session
from gateway.live.session_log import closed, opened
from gateway.live.stream import login_of, reader_of, told
from gateway.live.waiting import WaitingWire
from gateway.live.wire import EventStreamWire, transport_of
from gateway.openapi.api import CALLER, access_of, json_answer
from gateway.openapi.reading import read_query
from gateway.problems import Overloaded
from gateway.rates import charge
from gateway.store import log
from gateway.store.pool import tenant_tx

EVENT_STREAM = "text/event-stream"


class Events:
    """The handlers of one path: which answers depends on what is accepted.

    Args:
        hub: writes to event streams.
        pool: of the role ``app``.
        new_session: makes a name for a stream, or for one that waits.
        limits: see there.
    """

    def __init__(self, hub: Hub, pool: asyncpg.Pool, new_session: Callable[[], str], limits: Limits) -> None:
        self._hub = hub
        self._pool = pool
        self._new_session = new_session
        self._limits = limits
        self._pages = Pages(hub, pool, new_session, limits)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a page or a stream.

        Raises:
            Unauthenticated: without a caller.
            Forbidden: when the caller may not read.
            TooManyRequests: when the caller comes too often.
            Invalid: when a parameter is not acceptable.
            Resync: when the log can't be followed from the given position.
            Overloaded: when too many follow it, or wait for it.
        """
        caller = request[CALLER] = await reader_of(request)
        charge(request, caller.token_hash, str(caller.tenant_id))
        query = read_query(request.query, EventQuery)
        if EVENT_STREAM in request.headers.get("Accept", ""):
            return await self._follow(request, caller, query)
        return await self._page(request, caller, query)

    async def _page(self, request: web.Request, caller: Caller, query: EventQuery) -> web.StreamResponse:
        page = await self._pages.read(caller.tenant_id, query)
        if query.wait and not page.entries and page.to_the_end:
            wire = WaitingWire(transport_of(request), query.types)
            page = await self._pages.next(query, page, login_of(request, caller), wire)
        if page.entries:
            about = dict.fromkeys(one.conversation_id for one in page.entries if one.conversation_id is not None)
            await access_of(request, caller, EVENTS).tells(page.entries[0].seq, page.entries[-1].seq, about)
        return json_answer(page.json())

    async def _follow(self, request: web.Request, caller: Caller, query: EventQuery) -> web.StreamResponse:
        after = last_event_id(request)
        cursor = Cursor(query.after if after is None else after, query.epoch)
        async with tenant_tx(self._pool, caller.tenant_id) as tx:
            require_reach(cursor, await log.head(tx), self._limits.replay_entries)
        if not self._hub.has_room_for(caller.tenant_id):
            raise Overloaded("no room for one more stream")
        access = access_of(request, caller, EVENTS)
        await access.follows(None if cursor.after is None else cursor.after + 1)
        response = await _begin(request)
        wire = EventStreamWire(transport_of(request), chunked=request.version >= HttpVersion11)
        session = Session(self._new_session(), login_of(request, caller), wire, self._limits.unsent_bytes)
        await self._serve(session, wire, cursor, access)
        return response

    async def _serve(self, session: Session, wire: EventStreamWire, cursor: Cursor, access: Access) -> None:
        self._hub.join(session)
        since = opened(session, "stream")
        try:
            await self._hub.open(session, cursor)
            while not wire.gone() and not await wire.ends_within(self._limits.heartbeat_seconds):
                wire.heartbeat()
        finally:
            self._hub.leave(session)
            closed(session, "stream", since)
            await told(session, access)


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
