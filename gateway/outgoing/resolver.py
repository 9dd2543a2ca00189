"""Names to addresses, under the guard, in threads of its own: a hanging name server takes nobody else's."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.outgoing.egress import Guard

THREADS = 8
LOOK_SECONDS = 5.0


class GuardedResolver(AbstractResolver):
    """Asks the system, and refuses a name if any of its addresses is blocked.

    Args:
        guard: decides.
        threads: how many names may be asked for at a time.
    """

    def __init__(self, guard: Guard, threads: int = THREADS) -> None:
        self._guard = guard
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolver")
        self._asked: dict[tuple[str, int, int], asyncio.Future[Sequence[Any]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            AddressBlocked: when any of them must not be called.
            OSError: when the name has none, or nobody answers.
        """
        found = await self._ask(host, port, family)
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
            OSError: when the name has none, or nobody answers within ``LOOK_SECONDS``.
        """
        async with asyncio.timeout(LOOK_SECONDS):
            return [str(address[0]) for *_, address in await self._ask(host, 0, socket.AF_UNSPEC)]

    async def _ask(self, host: str, port: int, family: socket.AddressFamily) -> Sequence[Any]:
        """Ask once for all who ask for the same at a time: a name that hangs takes one thread."""
        asked = (host, port, family)
        answer = self._asked.get(asked)
        if answer is None:
            loop = asyncio.get_running_loop()
            answer = self._asked[asked] = loop.run_in_executor(
                self._threads, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            )
            answer.add_done_callback(partial(self._answered, asked))
        try:
            return await asyncio.shield(answer)
        except UnicodeError as error:  # a label that is empty or too long
            raise OSError(f"{host!r} is no host name") from error

    def _answered(self, asked: tuple[str, int, int], answer: "asyncio.Future[Sequence[Any]]") -> None:
        self._asked.pop(asked, None)
        if not answer.cancelled():
            answer.exception()  # nobody may be left to hear it

    async def close(self) -> None:
        """Let the threads go; those that still wait for an answer end with it."""
        self._threads.shutdown(wait=False, cancel_futures=True)
