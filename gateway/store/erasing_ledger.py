"""Erasing what raw webhooks hold of a customer: looked through in the order in which they came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.keys import WrappedKey
from gateway.model.page import Position
from gateway.store.pool import TenantTx
from gateway.store.raw_webhooks import RawWebhook

#: Bytes of contents that are read at once, unless one has more by itself.
BYTES_AT_ONCE = 8 * 1024 * 1024
READ = """
WITH ahead AS (
    SELECT w.received_at, w.id, octet_length(w.body) AS bytes FROM inbound_webhooks w
    WHERE w.tenant_id = $1 AND (w.received_at, w.id) > ($2, $3) AND w.received_at <= $4
    ORDER BY w.received_at, w.id LIMIT $5
), summed AS (
    SELECT a.*, sum(a.bytes) OVER (ORDER BY a.received_at, a.id) - a.bytes AS before FROM ahead a
)
SELECT w.received_at, w.id, w.url, w.headers::text AS headers, w.body, w.items::text AS items, w.error_detail,
    k.id AS key_id, k.wrapped_key, k.master_key_id
FROM summed s JOIN inbound_webhooks w ON w.tenant_id = $1 AND w.received_at = s.received_at AND w.id = s.id
LEFT JOIN encryption_keys k ON k.tenant_id = w.tenant_id AND k.id = w.key_id
WHERE s.before < $6
ORDER BY w.received_at, w.id
"""
# What was not understood of it can't be read any more either. The counts still tell of every item.
EMPTY = """
UPDATE inbound_webhooks w
SET body = '', key_id = NULL, url = split_part(w.url, '?', 1), headers = '{}', error_code = NULL, error_detail = NULL,
    items = CASE WHEN w.items IS NOT NULL THEN '[]'::jsonb END, lease_until = NULL,
    received = CASE w.state WHEN 'pending' THEN 1 ELSE w.received END,
    ignored = CASE w.state WHEN 'pending' THEN 1 ELSE w.ignored + w.quarantined END, quarantined = 0,
    stored = CASE w.state WHEN 'pending' THEN 0 ELSE w.stored END,
    duplicate = CASE w.state WHEN 'pending' THEN 0 ELSE w.duplicate END,
    state = CASE WHEN w.stored > 0 THEN 'stored' WHEN w.duplicate > 0 THEN 'duplicate' ELSE 'ignored' END
FROM unnest($2::timestamptz[], $3::uuid[]) AS gone (received_at, id)
WHERE w.tenant_id = $1 AND w.received_at = gone.received_at AND w.id = gone.id
  AND (w.body <> '' OR w.headers <> '{}' OR position('?' IN w.url) > 0)
"""


@dataclass(frozen=True, slots=True)
class Raw:
    """A webhook as it came: its place in the ledger, URL and body as they are stored, and what else stands there."""

    place: Position
    raw: RawWebhook
    around: Sequence[bytes]


async def read(tx: TenantTx, after: Position, until: datetime, most: int) -> Sequence[Raw]:
    """Return the webhooks that follow a place, up to a moment: so many at most, and fewer of large ones."""
    return [
        Raw(
            Position(row["received_at"], row["id"]),
            RawWebhook(tx.tenant_id, row["id"], row["url"], row["body"], _key(row)),
            [(row[name] or "").encode() for name in ("headers", "items", "error_detail")],
        )
        for row in await tx.connection.fetch(READ, tx.tenant_id, after.moment, after.id, until, most, BYTES_AT_ONCE)
    ]


async def empty(tx: TenantTx, places: Sequence[Position]) -> int:
    """Take away what some webhooks said; returns how many did."""
    moments: list[datetime] = [place.moment for place in places]
    ids: list[UUID] = [place.id for place in places]
    done: str = await tx.connection.execute(EMPTY, tx.tenant_id, moments, ids)
    return int(done.rsplit(maxsplit=1)[-1])


AT = "SELECT received_at, id FROM inbound_webhooks WHERE tenant_id = $1 AND received_at = ANY ($2::timestamptz[])"


async def places_at(tx: TenantTx, moments: Sequence[datetime]) -> Sequence[Position]:
    """Return where the webhooks are that came at some moments, to the microsecond."""
    found = await tx.connection.fetch(AT, tx.tenant_id, list(moments)) if moments else ()
    return [Position(row["received_at"], row["id"]) for row in found]


def _key(row: Mapping[str, Any]) -> WrappedKey | None:  # Any: asyncpg ships no types
    if row["key_id"] is None:
        return None
    return WrappedKey(row["wrapped_key"] or b"", row["master_key_id"] or "")
