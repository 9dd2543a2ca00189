"""Leaving without losing a request: whoever balances is told first, and clients are asked to connect elsewhere."""

import asyncio

from aiohttp import hdrs, web

from gateway.api.services import NotReady
from gateway.protocol_errors import Runner

#: Clients that keep a connection open and use it at least as often learn from an answer that it ends, and lose nothing.
LINGER_SECONDS = 1.0
POLL_SECONDS = 0.02


class Leaving:
    """Whether this process was told to stop."""

    def __init__(self) -> None:
        self._begun = False

    async def check(self) -> str:
        """Tell that it stays.

        Raises:
            NotReady: when it does not.
        """
        if self._begun:
            raise NotReady("it was told to stop")
        return "no"

    async def ask_to_reconnect(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Close the connection behind an answer; a signal of the application's."""
        if self._begun and not isinstance(response, web.WebSocketResponse):
            response.force_close()
            response.headers[hdrs.CONNECTION] = "close"

    async def leave(self, runner: Runner, drain_seconds: float) -> None:
        """Send everybody elsewhere; afterwards the runner can be cleaned up.

        Args:
            runner: of the application.
            drain_seconds: from telling ``/readyz`` to refusing connections: whoever balances may have to notice first.
        """
        self._begun = True
        await asyncio.sleep(drain_seconds)
        for site in runner.sites:
            await site.stop()
        await asyncio.gather(runner.app.shutdown(), _linger(runner))


async def _linger(runner: Runner) -> None:
    """Go on answering over the connections that there are, as long as there are any."""
    end = asyncio.get_running_loop().time() + LINGER_SECONDS
    while runner.server is not None and runner.server.connections and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(POLL_SECONDS)


LEAVING = web.AppKey("leaving", Leaving)
