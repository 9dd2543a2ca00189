"""Mounting the live part's addresses."""

from collections.abc import Callable

import asyncpg

from gateway.live.description import ASYNCAPI, describe
from gateway.live.events import Events
from gateway.live.queries import EVENTS, STREAM
from gateway.live.service import Live
from gateway.live.stream import Stream
from gateway.openapi import Api


def add_routes(api: Api, live: Live, pool: asyncpg.Pool, public_url: str, new_session: Callable[[], str]) -> None:
    """Mount websocket, pages, event stream, and the description of the websocket.

    Args:
        api: the application's operations.
        live: started and stopped by the application.
        pool: of the role ``app``.
        public_url: the page's own origin.
        new_session: makes a name for a session (``ses_…``).
    """
    stream = Stream(live.hub, live.presence, public_url, new_session, live.limits)
    events = Events(live.hub, pool, new_session, live.limits)
    api.add_raw(STREAM, stream.handle)
    api.add_raw(EVENTS, events.handle)
    api.add_open(ASYNCAPI, describe)
