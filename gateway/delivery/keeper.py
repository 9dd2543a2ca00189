"""Looks after endpoints that fail: warns their owners, and disables what failed for days or wants nothing any more."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import structlog

from gateway.model.endpoint import DISABLED_AFTER
from gateway.model.log import Entry
from gateway.people.letters import Letter, Post
from gateway.store import endpoint_health, log
from gateway.store.endpoint_health import Ailing
from gateway.store.pool import DatabaseUnavailable, TenantTx, tenant_tx

logger = structlog.get_logger(__name__)

UPDATED = "webhook_endpoint.updated"
#: After so long of nothing but failures a warning is due.
WARN_AFTER = (timedelta(days=1), timedelta(days=3))

Reason = Literal["gone", "failing"]


def warnings_due(failing_since: float | None, now: float) -> int:
    """Tell how many warnings an endpoint's owner should have got; one more than there are: it is to be disabled."""
    if failing_since is None:
        return 0
    age = timedelta(seconds=now - failing_since)
    return sum(age >= step for step in (*WARN_AFTER, DISABLED_AFTER))


class Keeper:
    """Acts in tasks of its own; what the database does not take is tried again when the endpoint fails again.

    Args:
        pool: of the role ``app``.
        announce: told new log entries after their commit.
        changed: told the endpoint, after the commit.
        clock: the time, in UTC.
        new_id: makes an id of this moment.
        post: sends a letter; None when there is no mail server.
        public_url: of this gateway, for the letters.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        announce: Callable[[Sequence[Entry]], None],
        changed: Callable[[UUID], None],
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
        post: Post | None,
        public_url: str,
    ) -> None:
        self._pool = pool
        self._announce = announce
        self._changed = changed
        self._clock = clock
        self._new_id = new_id
        self._post = post
        self._public_url = public_url
        self._at_work: dict[UUID, asyncio.Task[None]] = {}

    def gone(self, tenant_id: UUID, endpoint_id: UUID) -> None:
        """Disable an endpoint that answered 410."""
        self._begin(tenant_id, endpoint_id, "gone", 0, None)

    def ails(self, tenant_id: UUID, endpoint_id: UUID, due: int, since: float | None) -> None:
        """Bring an endpoint's warnings to where they should be.

        Args:
            due: see ``warnings_due``.
            since: when it began to fail, in seconds since 1970; None: it is well again.
        """
        began = None if since is None else datetime.fromtimestamp(since, UTC)
        self._begin(tenant_id, endpoint_id, "failing" if due > len(WARN_AFTER) else None, due, began)

    async def stop(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._at_work.values(), return_exceptions=True)

    def _begin(
        self, tenant_id: UUID, endpoint_id: UUID, reason: Reason | None, due: int, since: datetime | None
    ) -> None:
        if endpoint_id in self._at_work:
            return
        task = asyncio.create_task(self._act(tenant_id, endpoint_id, reason, due, since), name="keep endpoint")
        self._at_work[endpoint_id] = task
        task.add_done_callback(lambda _task: self._at_work.pop(endpoint_id, None))

    async def _act(
        self, tenant_id: UUID, endpoint_id: UUID, reason: Reason | None, due: int, since: datetime | None
    ) -> None:
        try:
            async with tenant_tx(self._pool, tenant_id) as tx:
                found = await endpoint_health.lock(tx, endpoint_id)
                if found is None or not found.serves or (reason is None and found.warnings == due):
                    return
                if reason is None:
                    await endpoint_health.warn(tx, endpoint_id, due, since)
                else:
                    await endpoint_health.disable(tx, endpoint_id, reason, self._clock(), since)
                entry = await self._tell(tx, endpoint_id)
                readers = await endpoint_health.addresses(tx)
        except (DatabaseUnavailable, asyncpg.PostgresError) as error:
            logger.warning("delivery.endpoint_not_kept", endpoint=str(endpoint_id), error=type(error).__name__)
            return
        self._announce([entry])
        self._changed(endpoint_id)
        logger.warning("delivery.endpoint", endpoint=str(endpoint_id), reason=reason, warnings=due)
        if reason is not None or due > found.warnings:
            await self._write_to(readers, found, reason, since)

    async def _tell(self, tx: TenantTx, endpoint_id: UUID) -> Entry:
        await log.lock_head(tx)
        return await log.append(tx, UPDATED, None, await endpoint_health.news(tx, endpoint_id), self._new_id())

    async def _write_to(
        self, readers: Sequence[str], endpoint: Ailing, reason: Reason | None, since: datetime | None
    ) -> None:
        if self._post is None:
            return
        for reader in readers:
            await self._post(letter(reader, endpoint.tenant, endpoint.url, reason, since, self._public_url))


def letter(to: str, tenant: str, url: str, reason: Reason | None, since: datetime | None, public_url: str) -> Letter:
    """Tell somebody that an endpoint fails, or was disabled."""
    host = urlsplit(url).hostname or url
    page = f"{public_url}/settings/endpoints"
    held = "Events for it are kept, and are sent when you enable it again"
    if reason == "gone":
        subject = f"{host} wants no more events"
        text = f"the endpoint {url} of {tenant} answered 410 Gone, so it was disabled. {held}: {page}"
    elif reason == "failing":
        subject = f"{host} was disabled"
        began = f"{since:%Y-%m-%d %H:%M} UTC"
        text = f"every delivery to {url} of {tenant} failed since {began}, so it was disabled. {held}: {page}"
    else:
        subject = f"Deliveries to {host} fail"
        text = (
            f"every delivery to {url} of {tenant} failed since {since:%Y-%m-%d %H:%M} UTC. If that goes on, it is"
            f" disabled after {DISABLED_AFTER.days} days. What the receiver answers is shown here: {page}"
        )
    return Letter(to, subject, f"Hello,\n\n{text}\n")
