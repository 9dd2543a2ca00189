"""What is known of an event at an endpoint: whether it was owed, and if not, what was in the way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gateway.model.ids import moment_of
from gateway.store.pool import TenantTx

#: Entries of the log that are looked at on either side of where one with an id should be.
NEAR = 5000
#: The newest ones, where an id tells no time.
NEWEST = 20_000

ENDPOINT = """
SELECT e.deleted_at, e.disabled_at, e.disabled_reason, CASE WHEN l.backoff_until > now() THEN l.backoff_until END,
    e.since_seq, coalesce(h.dispatched_seq, e.since_seq)
FROM webhook_endpoints e
LEFT JOIN webhook_lanes l ON l.tenant_id = e.tenant_id AND l.endpoint_id = e.id
LEFT JOIN delivery_heads h ON h.tenant_id = e.tenant_id
WHERE e.tenant_id = $1 AND e.id = $2
"""


@dataclass(frozen=True, slots=True)
class EndpointNow:
    """How an endpoint is.

    Attributes:
        deleted_at: when somebody removed it.
        disabled_at: since when nothing is sent; None: it is enabled.
        disabled_reason: ``member``, ``gone`` or ``failing``.
        backoff_until: nothing is sent before; None: it does not back off.
        since_seq: it is owed what comes after this.
        dispatched_seq: up to here the log was shared out among the endpoints.
    """

    deleted_at: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    backoff_until: datetime | None
    since_seq: int
    dispatched_seq: int


async def endpoint(tx: TenantTx, endpoint_id: UUID) -> EndpointNow | None:
    """Tell how an endpoint is; None when there is none."""
    row = await tx.connection.fetchrow(ENDPOINT, tx.tenant_id, endpoint_id)
    return None if row is None else EndpointNow(*row)


BY_SEQ = """
SELECT delivery_json(d)::text FROM webhook_deliveries d WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.seq = $3
"""
BY_EVENT = """
SELECT delivery_json(d)::text FROM webhook_deliveries d
WHERE d.tenant_id = $1 AND d.event_id = $3 AND d.endpoint_id = $2 ORDER BY d.id DESC LIMIT 1
"""


async def delivery(tx: TenantTx, endpoint_id: UUID, seq: int | None, event_id: UUID | None) -> str | None:
    """Return what an endpoint is owed of an event, as JSON text."""
    statement, key = (BY_SEQ, seq) if event_id is None else (BY_EVENT, event_id)
    found: str | None = await tx.connection.fetchval(statement, tx.tenant_id, endpoint_id, key)
    return found


# The log has no index by id: it would cost each entry something, and is wanted here only. Another endpoint's delivery
# may tell where the event is. Otherwise ids that hold a time tell the place, and others are looked for in the newest.
ELSEWHERE = "SELECT seq FROM webhook_deliveries WHERE tenant_id = $1 AND event_id = $2 AND seq IS NOT NULL LIMIT 1"
AROUND = """
SELECT v.seq FROM all_events v
WHERE v.tenant_id = $1 AND v.seq >= $3::bigint - $4 AND v.seq < $3::bigint + $4 AND v.id = $2 LIMIT 1
"""
PLACE = "SELECT log_seq_at($1, $2)"
LAST = "SELECT last_seq FROM tenant_heads WHERE tenant_id = $1"


async def seq_of(tx: TenantTx, event_id: UUID) -> int | None:
    """Find an entry of the log by its id."""
    found: int | None = await tx.connection.fetchval(ELSEWHERE, tx.tenant_id, event_id)
    if found is None:
        moment = moment_of(event_id)
        if moment is None:
            args = (await tx.connection.fetchval(LAST, tx.tenant_id), NEWEST)
        else:
            args = (await tx.connection.fetchval(PLACE, tx.tenant_id, moment - timedelta(seconds=1)), NEAR)
        found = await tx.connection.fetchval(AROUND, tx.tenant_id, event_id, *args)
    return found


# Each part of endpoint_matches by itself, to say which of them is in the way; it has the last word.
EVENT = """
SELECT v.seq, v.id, v.type, v.conversation_id, v.created_at,
    v.type = 'delivery.exhausted' AND v.data ->> 'endpoint_id' = public_id('ep_', e.id) AS own,
    v.type LIKE ANY (e.type_patterns) AS of_type,
    e.channel_ids IS NULL OR EXISTS (
        SELECT FROM conversations c
        WHERE c.tenant_id = v.tenant_id AND c.id = v.conversation_id AND c.channel_id = ANY (e.channel_ids))
        AS on_channel,
    e.label_ids IS NULL OR EXISTS (
        SELECT FROM conversation_labels l
        WHERE l.tenant_id = v.tenant_id AND l.conversation_id = v.conversation_id
          AND l.label_id = ANY (e.label_ids)) AS labelled,
    endpoint_matches(e, v.type, v.conversation_id) AS matches
FROM all_events v JOIN webhook_endpoints e ON e.tenant_id = v.tenant_id AND e.id = $2
WHERE v.tenant_id = $1 AND v.seq = $3
"""


@dataclass(frozen=True, slots=True)
class EventAt:
    """An event, held against the filters of an endpoint as they are now.

    Attributes:
        own: it tells that a delivery to this endpoint was given up.
        of_type: its type is wanted.
        on_channel: it belongs to a conversation on a channel that is wanted, or all are.
        labelled: it belongs to a conversation that has a label that is wanted, or all are.
        matches: all of these.
    """

    seq: int
    id: UUID
    type: str
    conversation_id: UUID | None
    created_at: datetime
    own: bool
    of_type: bool
    on_channel: bool
    labelled: bool
    matches: bool


async def event(tx: TenantTx, endpoint_id: UUID, seq: int) -> EventAt | None:
    """Hold an entry of the log against an endpoint's filters; None when it is not there."""
    row = await tx.connection.fetchrow(EVENT, tx.tenant_id, endpoint_id, seq)
    return None if row is None else EventAt(*row)
