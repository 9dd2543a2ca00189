"""The log as sessions read it: for a few at the same time, and tenants take turns.

A thousand browsers of one tenant that come back at the same moment delay each other, and nobody else.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol
from uuid import UUID

from gateway.model.log import Entry
from gateway.store.log import Head
from gateway.turns import Turns


class Source(Protocol):
    """The logs of all tenants."""

    async def heads(self, tenants: Collection[UUID]) -> Mapping[UUID, Head]:
        """Tell how far the logs of some tenants reach."""

    async def after(self, cursors: Mapping[UUID, int], limit: int) -> Sequence[Entry]:
        """Read on after a position in each tenant's log."""


class InTurns:
    """Reads for one tenant at a time.

    Args:
        source: where the logs are.
        at_once: reads at the same time.
    """

    def __init__(self, source: Source, at_once: int) -> None:
        self._source = source
        self._free = at_once
        self._waiting: Turns[UUID, asyncio.Future[None]] = Turns()

    async def heads(self, tenants: Collection[UUID]) -> Mapping[UUID, Head]:
        """Tell how far a tenant's log reaches."""
        [tenant_id] = tenants
        async with self._turn(tenant_id):
            return await self._source.heads(tenants)

    async def after(self, cursors: Mapping[UUID, int], limit: int) -> Sequence[Entry]:
        """Read on after a position in a tenant's log."""
        [tenant_id] = cursors
        async with self._turn(tenant_id):
            return await self._source.after(cursors, limit)

    @asynccontextmanager
    async def _turn(self, tenant_id: UUID) -> AsyncIterator[None]:
        if self._free:
            self._free -= 1
        else:
            await self._called(tenant_id)
        try:
            yield
        finally:
            self._call_next()

    async def _called(self, tenant_id: UUID) -> None:
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put(tenant_id, called)
        try:
            await called
        except asyncio.CancelledError:
            if not called.cancelled():  # it was called, and does not come
                self._call_next()
            raise

    def _call_next(self) -> None:
        while self._waiting:
            called = self._waiting.take()
            if not called.done():
                called.set_result(None)
                return
        self._free += 1
