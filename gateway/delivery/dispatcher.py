"""Shares the tenants' logs out among their endpoints, as they grow."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from gateway.lasting import keep_at
from gateway.model.log import Entry
from gateway.store import deliveries
from gateway.store.pool import UNAVAILABLE

log = structlog.get_logger(__name__)

#: What no commit of this process told of is found after that long.
LOOK_SECONDS = 1.0
TROUBLE_SECONDS = 1.0
#: After an endpoint was changed every tenant's commits are looked at for so long: it may be a tenant's first one.
CURIOUS_SECONDS = 60.0
#: Entries of one tenant's log at once.
ENTRIES = 200


class Dispatcher:
    """Looks at once when a commit of this process is told of, and regularly.

    Args:
        pool: of the role ``hook``.
        clock: the time, in UTC.
        owed: told the endpoints that are owed something, as tenant and id, after the commit.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Callable[[], datetime],
        owed: Callable[[Sequence[tuple[UUID, UUID]]], None],
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._owed = owed
        self._grown: set[UUID] = set()
        self._wake = asyncio.Event()
        #: Tenants that have endpoints: the others' commits are nobody's business here.
        self._tenants: set[UUID] = set()
        self._curious_until = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("dispatcher", self._run)

    async def stop(self) -> None:
        """Stop; what was not committed is shared out by whoever looks next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def grown(self, entries: Iterable[Entry]) -> None:
        """Note that logs have grown."""
        self.written({entry.tenant_id for entry in entries})

    def written(self, tenants: AbstractSet[UUID]) -> None:
        """Note that the logs of tenants have grown."""
        found = set(tenants)
        if asyncio.get_running_loop().time() >= self._curious_until:
            found &= self._tenants
        if found:
            self._grown |= found
            self._wake.set()

    def changed(self) -> None:
        """Note that an endpoint is new, or was changed."""
        self._curious_until = asyncio.get_running_loop().time() + CURIOUS_SECONDS

    async def _run(self) -> None:
        time = asyncio.get_running_loop().time
        looked = float("-inf")
        while True:
            since = time() - looked
            if since < LOOK_SECONDS and not self._grown:
                await self._woken(LOOK_SECONDS - since)
                continue
            everybody = since >= LOOK_SECONDS
            try:
                if not await self.dispatch(everybody=everybody) and everybody:
                    looked = time()
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("delivery.not_dispatched", error=type(error).__name__)
                looked = float("-inf")
                await asyncio.sleep(TROUBLE_SECONDS)

    async def _woken(self, seconds: float) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def dispatch(self, *, everybody: bool) -> bool:
        """Share out once; tells whether there may be more.

        Args:
            everybody: look at all tenants instead of those whose logs are known to have grown.
        """
        tenants, self._grown = self._grown, set()
        found = await deliveries.dispatch(self._pool, self._clock(), None if everybody else sorted(tenants), ENTRIES)
        self._tenants.update(found.left)
        self._grown.update(tenant_id for tenant_id, left in found.left.items() if left)
        if found.owed:
            self._owed(found.owed)
        return bool(self._grown) or (everybody and bool(found.left))
