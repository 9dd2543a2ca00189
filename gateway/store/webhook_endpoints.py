"""Endpoints that a tenant's events are posted to: as they are set up, not how they fare."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from gateway.keys import WrappedKey
from gateway.store.connections import DataKey
from gateway.store.pool import TenantTx


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is set of an endpoint, as it is stored.

    Attributes:
        url: where events are posted to.
        description: for people.
        event_types: patterns, as they were entered.
        type_patterns: the same, for LIKE.
        channel_ids: None: everything.
        label_ids: None: everything.
        auth: what may be shown of how we log in; always with its ``type``.
        headers: further ones, by name.
        schemes: signatures beside v1.
        public_key: of v1a.
        secrets: what may be shown of the signing secrets, the newest first.
        sealed: ``EndpointSecrets``, under the endpoint's data key.
        timeout_ms: in milliseconds.
        retry_seconds: in seconds.
        max_in_flight: deliveries at a time.
        per_second: deliveries in a second; None: as many as it takes.
        ordering: none or conversation.
        mask_pii: none or detected.
    """

    url: str
    description: str
    event_types: Sequence[str]
    type_patterns: Sequence[str]
    channel_ids: Sequence[UUID] | None
    label_ids: Sequence[UUID] | None
    auth: Mapping[str, Any]
    headers: Mapping[str, str]
    schemes: Sequence[str]
    public_key: str | None
    secrets: Sequence[Mapping[str, str | None]]
    sealed: bytes
    timeout_ms: int
    retry_seconds: Sequence[int]
    max_in_flight: int
    per_second: float | None
    ordering: str
    mask_pii: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as it is stored; ``shown`` is the JSON text that the outside sees."""

    id: UUID
    setup: Setup
    status: str
    key: DataKey
    shown: str


ALL = """
SELECT endpoint_json(e)::text AS json FROM webhook_endpoints e
WHERE e.tenant_id = $1 AND e.deleted_at IS NULL ORDER BY e.id
"""
GET = """
SELECT endpoint_json(e)::text FROM webhook_endpoints e
WHERE e.tenant_id = $1 AND e.id = $2 AND e.deleted_at IS NULL
"""
SHOWN = "SELECT endpoint_json(e)::text FROM webhook_endpoints e WHERE e.tenant_id = $1 AND e.id = $2"
COUNT = "SELECT count(*) FROM webhook_endpoints WHERE tenant_id = $1 AND deleted_at IS NULL"


async def all_of(tx: TenantTx) -> Sequence[str]:
    """Return all endpoints as JSON texts, the oldest first."""
    return [row["json"] for row in await tx.connection.fetch(ALL, tx.tenant_id)]


async def get(tx: TenantTx, endpoint_id: UUID) -> str | None:
    """Return an endpoint as JSON text."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, endpoint_id)
    return found


async def shown(tx: TenantTx, endpoint_id: UUID) -> str:
    """Return an endpoint as JSON text, also one that was removed."""
    found: str = await tx.connection.fetchval(SHOWN, tx.tenant_id, endpoint_id)
    return found


async def count(tx: TenantTx) -> int:
    """Tell how many endpoints there are."""
    found: int = await tx.connection.fetchval(COUNT, tx.tenant_id)
    return found


LOCK = "SELECT 1 FROM webhook_endpoints WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE"
# A statement of its own, which begins once the lock is there: its key may have been exchanged until then.
LOCKED = """
SELECT e.*, e.auth::text AS auth_json, e.headers::text AS headers_json, e.secrets::text AS secrets_json,
    k.wrapped_key, k.master_key_id, endpoint_json(e)::text AS json
FROM webhook_endpoints e JOIN encryption_keys k ON k.tenant_id = e.tenant_id AND k.id = e.key_id
WHERE e.tenant_id = $1 AND e.id = $2
"""


async def lock(tx: TenantTx, endpoint_id: UUID) -> Endpoint | None:
    """Return an endpoint, which nobody else changes until the transaction ends."""
    if await tx.connection.fetchval(LOCK, tx.tenant_id, endpoint_id) is None:
        return None
    row = await tx.connection.fetchrow(LOCKED, tx.tenant_id, endpoint_id)
    setup = Setup(
        url=row["url"],
        description=row["description"],
        event_types=row["event_types"],
        type_patterns=row["type_patterns"],
        channel_ids=row["channel_ids"],
        label_ids=row["label_ids"],
        auth=orjson.loads(row["auth_json"]),
        headers=orjson.loads(row["headers_json"]),
        schemes=row["schemes"],
        public_key=row["public_key"],
        secrets=orjson.loads(row["secrets_json"]),
        sealed=row["sealed"],
        timeout_ms=row["timeout_ms"],
        retry_seconds=row["retry_seconds"],
        max_in_flight=row["max_in_flight"],
        per_second=row["per_second"],
        ordering=row["ordering"],
        mask_pii=row["mask_pii"],
    )
    key = DataKey(row["key_id"], WrappedKey(row["wrapped_key"], row["master_key_id"]))
    return Endpoint(row["id"], setup, row["status"], key, row["json"])


ADD = """
INSERT INTO webhook_endpoints (tenant_id, id, url, description, event_types, type_patterns, channel_ids, label_ids,
    auth, headers, schemes, public_key, secrets, sealed, timeout_ms, retry_seconds, max_in_flight, per_second, ordering,
    mask_pii, key_id, created_by, since_seq)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11, $12, $13::jsonb, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, 0)
"""
ADD_LANE = "INSERT INTO webhook_lanes (tenant_id, endpoint_id) VALUES ($1, $2)"


async def add(tx: TenantTx, endpoint_id: UUID, setup: Setup, key_id: UUID, created_by: UUID | None) -> None:
    """Make an endpoint; ``begin`` says from where on it is owed events."""
    await tx.connection.execute(ADD, tx.tenant_id, endpoint_id, *_columns(setup), key_id, created_by)
    await tx.connection.execute(ADD_LANE, tx.tenant_id, endpoint_id)


BEGIN = """
UPDATE webhook_endpoints SET since_seq = h.last_seq + 1 FROM tenant_heads h
WHERE webhook_endpoints.tenant_id = $1 AND webhook_endpoints.id = $2 AND h.tenant_id = $1
RETURNING since_seq
"""
ADD_HEAD = """
INSERT INTO delivery_heads (tenant_id, dispatched_seq) VALUES ($1, $2) ON CONFLICT (tenant_id) DO NOTHING
"""


async def begin(tx: TenantTx, endpoint_id: UUID) -> None:
    """Let a new endpoint be owed what follows the next entry of the log, whose head is locked: its own creation."""
    since = await tx.connection.fetchval(BEGIN, tx.tenant_id, endpoint_id)
    await tx.connection.execute(ADD_HEAD, tx.tenant_id, since)


CHANGE = """
UPDATE webhook_endpoints
SET url = $3, description = $4, event_types = $5, type_patterns = $6, channel_ids = $7, label_ids = $8,
    auth = $9::jsonb, headers = $10::jsonb, schemes = $11, public_key = $12, secrets = $13::jsonb, sealed = $14,
    timeout_ms = $15, retry_seconds = $16, max_in_flight = $17, per_second = $18, ordering = $19, mask_pii = $20,
    version = version + 1
WHERE tenant_id = $1 AND id = $2
"""


async def change(tx: TenantTx, endpoint_id: UUID, setup: Setup) -> None:
    """Store a locked endpoint anew; it is sealed with the data key that it has."""
    await tx.connection.execute(CHANGE, tx.tenant_id, endpoint_id, *_columns(setup))


DISABLE = """
UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = 'member', disabled_at = now()
WHERE tenant_id = $1 AND id = $2
"""
ENABLE = """
UPDATE webhook_endpoints
SET status = 'enabled', disabled_reason = NULL, disabled_at = NULL, failing_since = NULL, warnings = 0
WHERE tenant_id = $1 AND id = $2
"""
# Before the lane, as whoever goes on with a job locks them.
WAKE_JOB = """
UPDATE webhook_recoveries SET next_step_at = now(), pause = DEFAULT
WHERE tenant_id = $1 AND endpoint_id = $2 AND status = 'running'
"""
BEGIN_ANEW = """
UPDATE webhook_lanes
SET cap = 1, failures = 0, backoff_until = '-infinity', failing_since = NULL, due_at = now()
WHERE tenant_id = $1 AND endpoint_id = $2
"""


async def disable(tx: TenantTx, endpoint_id: UUID) -> None:
    """Hold from now on what a locked endpoint is owed, because a member says so."""
    await tx.connection.execute(DISABLE, tx.tenant_id, endpoint_id)


async def enable(tx: TenantTx, endpoint_id: UUID) -> None:
    """Deliver to a locked endpoint again, one thing at a time first; what it did before is forgotten.

    A job that sends to it again and waits goes on at once.
    """
    await tx.connection.execute(ENABLE, tx.tenant_id, endpoint_id)
    await tx.connection.execute(WAKE_JOB, tx.tenant_id, endpoint_id)
    await tx.connection.execute(BEGIN_ANEW, tx.tenant_id, endpoint_id)


REMOVE = """
UPDATE webhook_endpoints
SET deleted_at = now(), auth = '{"type": "none"}', headers = '{}', secrets = '[]', sealed = $3, version = version + 1
WHERE tenant_id = $1 AND id = $2
"""
STOP_LANE = "UPDATE webhook_lanes SET due_at = NULL WHERE tenant_id = $1 AND endpoint_id = $2"


async def remove(tx: TenantTx, endpoint_id: UUID, sealed: bytes) -> None:
    """Remove a locked endpoint from view; ``sealed``, which holds nothing, takes the place of its secrets.

    The row stays: deliveries refer to it.
    """
    await tx.connection.execute(REMOVE, tx.tenant_id, endpoint_id, sealed)
    await tx.connection.execute(WAKE_JOB, tx.tenant_id, endpoint_id)  # and so end
    await tx.connection.execute(STOP_LANE, tx.tenant_id, endpoint_id)


CHANNELS = "SELECT id FROM channels WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND deleted_at IS NULL"
LABELS = "SELECT id FROM labels WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND deleted_at IS NULL"


async def channels_there(tx: TenantTx, channels: Collection[UUID]) -> frozenset[UUID]:
    """Return those channels that are there."""
    return frozenset(row["id"] for row in await tx.connection.fetch(CHANNELS, tx.tenant_id, list(channels)))


async def labels_there(tx: TenantTx, labels: Collection[UUID]) -> frozenset[UUID]:
    """Return those labels that are there."""
    return frozenset(row["id"] for row in await tx.connection.fetch(LABELS, tx.tenant_id, list(labels)))


def _columns(setup: Setup) -> Sequence[object]:
    """Return what is set in the order in which ``ADD`` and ``CHANGE`` take it."""
    return (
        setup.url,
        setup.description,
        setup.event_types,
        setup.type_patterns,
        setup.channel_ids,
        setup.label_ids,
        orjson.dumps(setup.auth).decode(),
        orjson.dumps(setup.headers).decode(),
        setup.schemes,
        setup.public_key,
        orjson.dumps(setup.secrets).decode(),
        setup.sealed,
        setup.timeout_ms,
        setup.retry_seconds,
        setup.max_in_flight,
        setup.per_second,
        setup.ordering,
        setup.mask_pii,
    )
