"""Stored webhooks that are to be parsed: mails that wait, and any one that somebody replays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from gateway.store.pool import TenantTx

CLAIM = "SELECT * FROM claim_mails($1, $2, $3)"
POSTPONE = "SELECT postpone_mail($1, $2, $3, $4, $5, $6)"
LOAD = """
SELECT tenant_id, id, received_at, integration_id, provider, method, url, headers::text AS headers, body,
    verdict, attempts, fetches
FROM inbound_webhooks WHERE tenant_id = $1 AND id = $2 AND received_at >= $3 AND received_at < $4
"""


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """A webhook as the ledger holds it: ``verdict`` on its proof, ``attempts`` to parse, ``fetches`` to complete it."""

    tenant_id: UUID
    id: UUID
    received_at: datetime
    integration_id: UUID
    provider: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    verdict: str
    attempts: int
    fetches: int


async def claim_mails(
    pool: asyncpg.Pool, wanted: int, lease_seconds: float, after: UUID | None = None
) -> list[StoredWebhook]:
    """Lease up to ``wanted`` mails: one of each tenant in turn, from the one that follows ``after``, its oldest."""
    rows = await pool.fetch(CLAIM, wanted, timedelta(seconds=lease_seconds), after, timeout=30)
    return [_read(row) for row in rows]


async def postpone(
    pool: asyncpg.Pool, mail: StoredWebhook, seconds: float, *, parsed: bool = False, fetched: bool = False
) -> None:
    """Give a leased mail back for a while; the flags count that as an attempt to parse, or to complete it."""
    wait = timedelta(seconds=seconds)
    await pool.execute(POSTPONE, mail.tenant_id, mail.received_at, mail.id, wait, parsed, fetched, timeout=30)


async def load(tx: TenantTx, webhook_id: UUID) -> StoredWebhook | None:
    """Return one stored webhook of the tenant; its id tells the millisecond of its partition."""
    moment = datetime.fromtimestamp((webhook_id.int >> 80) / 1000, tz=UTC)
    row = await tx.connection.fetchrow(
        LOAD, tx.tenant_id, webhook_id, moment - timedelta(milliseconds=2), moment + timedelta(milliseconds=2)
    )
    return None if row is None else _read(row)


RECEIVED_AT = """
SELECT tenant_id, id, received_at, integration_id, provider, method, url, headers::text AS headers, body,
    verdict, attempts, fetches
FROM inbound_webhooks WHERE tenant_id = $1 AND received_at = $2 AND integration_id = $3
"""


async def received_at(tx: TenantTx, integration_id: UUID, moment: datetime) -> list[StoredWebhook]:
    """Return what a connection received at a moment, to the microsecond."""
    return [_read(row) for row in await tx.connection.fetch(RECEIVED_AT, tx.tenant_id, moment, integration_id)]


def _read(row: asyncpg.Record) -> StoredWebhook:
    fields = dict(row)
    return StoredWebhook(**{**fields, "headers": orjson.loads(fields["headers"])})


WAITING = """
SELECT id FROM inbound_webhooks WHERE tenant_id = $1 AND state IN ('quarantined', 'partial')
ORDER BY received_at, id
"""


async def waiting_for_a_look(tx: TenantTx) -> list[UUID]:
    """Return the webhooks of which something is quarantined, oldest first."""
    return [row["id"] for row in await tx.connection.fetch(WAITING, tx.tenant_id)]
