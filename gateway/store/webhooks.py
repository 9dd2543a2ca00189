"""The ledger of raw webhooks, as its tenant sees it. It is partitioned by the time of receipt."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.keys import WrappedKey
from gateway.model.page import Page, Position
from gateway.store.pages import page_of
from gateway.store.pool import TenantTx
from gateway.store.raw_webhooks import RawWebhook

#: How much of a body is shown: a mail may have 40 MiB.
SHOWN_BODY = 4 * 1024 * 1024

#: The states that the index "webhooks_that_need_a_look" holds.
NEED_A_LOOK = frozenset({"pending", "partial", "quarantined"})

# webhook_json is called on the scanned row itself, so that it is inlined: a row that is passed on as a value would
# drag its whole body along.
LIST = """
SELECT webhook_json(w)::text AS json, w.received_at AS moment, w.id
FROM inbound_webhooks w
WHERE w.tenant_id = $1 AND ($2::text[] IS NULL OR w.state = ANY ($2))
  AND (w.received_at, w.id) < ($3, $4)
  AND ($6::text IS NULL OR w.provider = $6) AND ($7::uuid IS NULL OR w.integration_id = $7)
ORDER BY w.received_at DESC, w.id DESC LIMIT $5
"""
LIST_OF_NEEDY = """
SELECT one.json, one.moment, one.id
FROM unnest($2::text[]) AS wanted (state)
CROSS JOIN LATERAL (
    SELECT webhook_json(w)::text AS json, w.received_at AS moment, w.id
    FROM inbound_webhooks w
    WHERE w.tenant_id = $1 AND w.state = wanted.state AND w.state IN ('pending', 'partial', 'quarantined')
      AND (w.received_at, w.id) < ($3, $4)
      AND ($6::text IS NULL OR w.provider = $6) AND ($7::uuid IS NULL OR w.integration_id = $7)
    ORDER BY w.received_at DESC, w.id DESC LIMIT $5) one
ORDER BY one.moment DESC, one.id DESC LIMIT $5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which webhooks; what is left out narrows nothing."""

    states: Sequence[str] = ()
    provider: str | None = None
    integration_id: UUID | None = None


async def newest_first(tx: TenantTx, wanted: Wanted, after: Position, limit: int) -> Page:
    """Return a page of webhooks."""
    states = list(wanted.states)
    statement = LIST_OF_NEEDY if states and NEED_A_LOOK.issuperset(states) else LIST
    found = await tx.connection.fetch(
        statement, tx.tenant_id, states or None, after.moment, after.id, limit + 1, wanted.provider,
        wanted.integration_id,
    )  # fmt: skip
    return page_of(found, limit)


# A webhook's id holds the millisecond in which it was received; that finds its partition.
GET = """
SELECT webhook_json(w)::text FROM inbound_webhooks w
WHERE w.tenant_id = $1 AND w.id = $2
  AND w.received_at >= to_timestamp($3) - interval '2 ms' AND w.received_at < to_timestamp($3) + interval '2 ms'
"""
GET_IN_FULL = """
SELECT (left(webhook_json(w)::text, -1) || ', "connection_id" : ' || to_json(public_id('int_', w.integration_id))
    || ', "method" : ' || to_json(w.method) || ', "path" : ' || to_json(split_part(w.url, '?', 1))
    || ', "headers" : ' || w.headers || ', "items" : ' || coalesce(w.items, '[]') || '}') AS json,
    w.url, CASE WHEN w.key_id IS NULL THEN substr(w.body, 1, $4) ELSE w.body END AS body,
    w.key_id, k.wrapped_key, k.master_key_id
FROM inbound_webhooks w LEFT JOIN encryption_keys k ON k.tenant_id = w.tenant_id AND k.id = w.key_id
WHERE w.tenant_id = $1 AND w.id = $2
  AND w.received_at >= to_timestamp($3) - interval '2 ms' AND w.received_at < to_timestamp($3) + interval '2 ms'
"""


async def get(tx: TenantTx, webhook_id: UUID) -> str | None:
    """Return a webhook as JSON text."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, webhook_id, _seconds(webhook_id))
    return found


@dataclass(frozen=True, slots=True)
class WebhookInFull:
    """A webhook with its headers and what was not stored, as JSON text; and its body, which has to be opened."""

    json: str
    raw: RawWebhook

    def with_body(self, body: bytes) -> str:
        """Return the whole as JSON text; a long body is cut."""
        return f'{self.json[:-1]}, "body_base64" : "{b64encode(body[:SHOWN_BODY]).decode()}"}}'


async def get_in_full(tx: TenantTx, webhook_id: UUID) -> WebhookInFull | None:
    """Return a webhook with everything that is stored of it."""
    row = await tx.connection.fetchrow(GET_IN_FULL, tx.tenant_id, webhook_id, _seconds(webhook_id), SHOWN_BODY)
    if row is None:
        return None
    key = None if row["key_id"] is None else WrappedKey(row["wrapped_key"] or b"", row["master_key_id"] or "")
    return WebhookInFull(row["json"], RawWebhook(tx.tenant_id, webhook_id, row["url"], row["body"], key))


def _seconds(webhook_id: UUID) -> float:
    """Return the time in a UUIDv7 (RFC 9562 section 5.7), in seconds since 1970."""
    return (webhook_id.int >> 80) / 1000
