"""Names to addresses, under the guard."""

import asyncio
import socket
import time
from collections.abc import Callable

from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.outgoing.egress import Guard
from gateway.outgoing.names import Found, Names, NotLookedUp

THREADS = 8
LOOK_SECONDS = 5.0


class GuardedResolver(AbstractResolver):
    """Asks the system, and refuses a name if any of its addresses is blocked: at every use, whoever asked before.

    Args:
        guard: decides.
        threads: how many names may be asked for at a time, besides those that are late.
        clock: tells the time, in seconds that only grow.
    """

    def __init__(self, guard: Guard, threads: int = THREADS, clock: Callable[[], float] = time.monotonic) -> None:
        self._guard = guard
        self._names = Names(threads, clock)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            AddressBlocked: when any of them must not be called.
            NotLookedUp: when it is known to take too long.
            OSError: when the name has none, or nobody answers.
        """
        found = await self._find(host, family)
        self._guard.require(host, [str(address[0]) for *_, address in found])
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]

    async def addresses(self, host: str) -> list[str]:
        """Return the addresses of a name, blocked or not: for who looks, and calls nobody.

        Raises:
            NotLookedUp: when nobody answers within ``LOOK_SECONDS``.
            OSError: when the name has none.
        """
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                found = await self._find(host, socket.AF_UNSPEC)
        except TimeoutError as error:
            raise NotLookedUp from error
        return [str(address[0]) for *_, address in found]

    async def _find(self, host: str, family: int) -> Found:
        try:
            return await self._names.find(host, family)
        except UnicodeError as error:  # a label that is empty or too long
            raise OSError(f"{host!r} is no host name") from error

    async def close(self) -> None:
        """Ask for no more names."""
        await self._names.close()
