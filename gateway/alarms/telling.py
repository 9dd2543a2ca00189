"""Telling a tenant of an alarm that begins, or ends: it stands or stands no more, and the log says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from prometheus_client import Counter, Gauge

from gateway.model.ids import public
from gateway.model.log import Entry, iso
from gateway.store import log as tenants_log
from gateway.store import standing_alarms as store
from gateway.store.pool import TenantTx, tenant_tx
from gateway.store.standing_alarms import Alarm

log = structlog.get_logger(__name__)

STANDING = Gauge(
    "postgate_channel_alarms",
    "Connections with an alarm, of all tenants, by kind; told by whichever process looked last.",
    ["kind"],
)
RAISED = Counter("postgate_channel_alarms_raised_total", "Alarms raised and ended, by what happened.", ["subtype"])


@dataclass(frozen=True, slots=True)
class Teller:
    """What it takes.

    Attributes:
        app_pool: of the role ``app``.
        announce: told new log entries after their commit.
        clock: the time, in UTC.
        new_id: makes an id of now.
    """

    app_pool: asyncpg.Pool
    announce: Callable[[Sequence[Entry]], None]
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def begins(self, tenant_id: UUID, integration_id: UUID, alarm: Alarm, subtype: str, extra: Any) -> None:
        """Let an alarm stand, and tell of it unless it stands like that already.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        async with tenant_tx(self.app_pool, tenant_id) as tx:
            if not await store.put(tx, integration_id, alarm):
                return
            entry = await self._append(tx, integration_id, alarm.level, alarm.sentence, subtype, extra)
        self.told(entry, integration_id, subtype)

    async def ends(self, tenant_id: UUID, integration_id: UUID, kind: str, sentence: str, subtype: str) -> None:
        """End an alarm, if it stands, and tell of that.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        async with tenant_tx(self.app_pool, tenant_id) as tx:
            entry = await self.end_in(tx, integration_id, kind, sentence, subtype)
        if entry is not None:
            self.told(entry, integration_id, subtype)

    async def end_in(self, tx: TenantTx, integration_id: UUID, kind: str, sentence: str, subtype: str) -> Entry | None:
        """End an alarm, if it stands, in a transaction that does something else as well; its lock is taken last.

        Returns:
            What the log says of that; ``told`` announces it after the commit.
        """
        if not await store.end(tx, integration_id, kind):
            return None
        return await self._append(tx, integration_id, "info", sentence, subtype, {})

    async def _append(
        self, tx: TenantTx, integration_id: UUID, level: str, sentence: str, subtype: str, extra: Any
    ) -> Entry:
        told = {
            "channel_id": None,
            "connection_id": public("int", integration_id),
            "level": level,
            "sentence": sentence,
            "subtype": subtype,
            "occurred_at": iso(self.clock()),
            "extra": extra,
        }
        await tenants_log.lock_head(tx)
        return await tenants_log.append(tx, "channel.alarm", None, orjson.dumps(told).decode(), self.new_id())

    def told(self, entry: Entry, integration_id: UUID, subtype: str) -> None:
        """Announce and count what was told, after the commit."""
        self.announce([entry])
        RAISED.labels(subtype).inc()
        log.info("alarms.told", tenant=str(entry.tenant_id), connection=public("int", integration_id), subtype=subtype)


async def count(pool: asyncpg.Pool) -> None:
    """Count the alarms that stand, for ``/metrics``."""
    for kind, standing in (await store.count(pool)).items():
        STANDING.labels(kind).set(standing)
