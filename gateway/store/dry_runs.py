"""What an endpoint would have got of past events, judged as deliveries are, but with reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.store.pool import TenantTx


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody wants of all events.

    Attributes:
        type_patterns: for LIKE.
        channel_ids: None: everything.
        label_ids: None: everything.
    """

    type_patterns: Sequence[str]
    channel_ids: Sequence[UUID] | None
    label_ids: Sequence[UUID] | None


FILTERS = """
SELECT type_patterns, channel_ids, label_ids FROM webhook_endpoints
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL
"""


async def filters_of(tx: TenantTx, endpoint_id: UUID) -> Filters | None:
    """Return the filters of an endpoint; None when there is no such endpoint."""
    row = await tx.connection.fetchrow(FILTERS, tx.tenant_id, endpoint_id)
    return None if row is None else Filters(*row)


# The conditions of endpoint_matches(), one by one.
JUDGE = """
WITH newest AS MATERIALIZED (
    SELECT v.seq, v.id, v.type, v.conversation_id, v.created_at FROM all_events v
    WHERE v.tenant_id = $1 AND v.seq > $2 ORDER BY v.seq DESC LIMIT $3
), judged AS MATERIALIZED (
    SELECT n.*, CASE
        WHEN NOT n.type LIKE ANY ($4::text[]) THEN 'type'
        WHEN n.conversation_id IS NULL AND ($5::uuid[] IS NOT NULL OR $6::uuid[] IS NOT NULL) THEN 'no_conversation'
        WHEN $5::uuid[] IS NOT NULL AND NOT EXISTS (
            SELECT FROM conversations c
            WHERE c.tenant_id = $1 AND c.id = n.conversation_id AND c.channel_id = ANY ($5::uuid[])) THEN 'channel'
        WHEN $6::uuid[] IS NOT NULL AND NOT EXISTS (
            SELECT FROM conversation_labels l
            WHERE l.tenant_id = $1 AND l.conversation_id = n.conversation_id AND l.label_id = ANY ($6::uuid[]))
            THEN 'label'
        END AS reason
    FROM newest n
), shown AS (
    SELECT j.seq, j.reason, json_build_object('id', public_id('evt_', j.id), 'seq', j.seq, 'type', j.type,
        'timestamp', iso(j.created_at), 'conversation_id', public_id('cnv_', j.conversation_id)) AS event,
        json_build_object('id', public_id('evt_', j.id), 'seq', j.seq, 'type', j.type, 'timestamp', iso(j.created_at),
        'conversation_id', public_id('cnv_', j.conversation_id), 'reason', j.reason) AS other
    FROM (SELECT j.*, row_number() OVER (PARTITION BY j.reason IS NULL ORDER BY j.seq DESC) AS place FROM judged j) j
    WHERE j.place <= 20
)
SELECT json_build_object(
    'examined', count(*),
    'matched', count(*) FILTER (WHERE j.reason IS NULL),
    'from_seq', min(j.seq),
    'to_seq', max(j.seq),
    'types', (SELECT coalesce(json_agg(json_build_object('type', t.type, 'count', t.count) ORDER BY t.type), '[]')
        FROM (SELECT type, count(*) FROM judged WHERE reason IS NULL GROUP BY type) t),
    'not_matching', (SELECT coalesce(json_agg(
            json_build_object('type', t.type, 'reason', t.reason, 'count', t.count) ORDER BY t.type, t.reason), '[]')
        FROM (SELECT type, reason, count(*) FROM judged WHERE reason IS NOT NULL GROUP BY type, reason) t),
    'examples', (SELECT coalesce(json_agg(s.event ORDER BY s.seq DESC) FILTER (WHERE s.reason IS NULL), '[]')
        FROM shown s),
    'others', (SELECT coalesce(json_agg(s.other ORDER BY s.seq DESC) FILTER (WHERE s.reason IS NOT NULL), '[]')
        FROM shown s))::text
FROM judged j
"""


async def judge(tx: TenantTx, filters: Filters, after: int, limit: int) -> str:
    """Judge the newest events.

    Args:
        tx: the transaction.
        filters: by which they are judged.
        after: a position in the log; only what comes after it.
        limit: how many at most.

    Returns:
        JSON text, as the API answers it.
    """
    args = (after, limit, list(filters.type_patterns), filters.channel_ids, filters.label_ids)
    found: str = await tx.connection.fetchval(JUDGE, tx.tenant_id, *args)
    return found
