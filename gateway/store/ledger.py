"""Stored webhooks that are to be parsed: mails that wait, and any one that somebody replays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from gateway.keys import WrappedKey
from gateway.store.pool import TenantTx
from gateway.store.raw_webhooks import RawWebhook

CLAIM = "SELECT * FROM claim_raw_mails($1, $2, $3)"
POSTPONE = "SELECT postpone_mail($1, $2, $3, $4, $5, $6)"
ROW = """
SELECT w.tenant_id, w.id, w.received_at, w.integration_id, w.provider, w.method, w.url, w.headers::text AS headers,
    w.body, w.verdict, w.attempts, w.fetches, w.key_id, k.wrapped_key, k.master_key_id
FROM inbound_webhooks w LEFT JOIN encryption_keys k ON k.tenant_id = w.tenant_id AND k.id = w.key_id
"""
LOAD = f"{ROW} WHERE w.tenant_id = $1 AND w.id = $2 AND w.received_at >= $3 AND w.received_at < $4"


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """A webhook as the ledger holds it.

    Attributes:
        raw: its URL and body, sealed.
        verdict: on its proof.
        attempts: to parse it.
        fetches: to complete it.
    """

    tenant_id: UUID
    id: UUID
    received_at: datetime
    integration_id: UUID
    provider: str
    method: str
    headers: Mapping[str, str]
    raw: RawWebhook
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


RECEIVED_AT = f"{ROW} WHERE w.tenant_id = $1 AND w.received_at = $2 AND w.integration_id = $3"


async def received_at(tx: TenantTx, integration_id: UUID, moment: datetime) -> list[StoredWebhook]:
    """Return what a connection received at a moment, to the microsecond."""
    return [_read(row) for row in await tx.connection.fetch(RECEIVED_AT, tx.tenant_id, moment, integration_id)]


def _read(row: asyncpg.Record) -> StoredWebhook:
    key = None if row["key_id"] is None else WrappedKey(row["wrapped_key"] or b"", row["master_key_id"] or "")
    return StoredWebhook(
        tenant_id=row["tenant_id"],
        id=row["id"],
        received_at=row["received_at"],
        integration_id=row["integration_id"],
        provider=row["provider"],
        method=row["method"],
        headers=orjson.loads(row["headers"]),
        raw=RawWebhook(row["tenant_id"], row["id"], row["url"], row["body"], key),
        verdict=row["verdict"],
        attempts=row["attempts"],
        fetches=row["fetches"],
    )


WAITING = """
SELECT id FROM inbound_webhooks WHERE tenant_id = $1 AND state IN ('quarantined', 'partial')
ORDER BY received_at, id
"""


async def waiting_for_a_look(tx: TenantTx) -> list[UUID]:
    """Return the webhooks of which something is quarantined, oldest first."""
    return [row["id"] for row in await tx.connection.fetch(WAITING, tx.tenant_id)]
