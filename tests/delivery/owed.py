"""Endpoints, events and what is owed of them, put into the database directly."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from gateway.model.ids import new_id as id_of_moment
from tests.conftest import Tenant, new_id

ADD_ENDPOINT = """
INSERT INTO webhook_endpoints (tenant_id, id, url, key_id, sealed, since_seq, type_patterns, channel_ids, label_ids,
    ordering)
SELECT $1, $2, 'https://integrator.example.org/hooks', k.id, '\\x00', $3, $4, $5, $6, $7
FROM encryption_keys k WHERE k.tenant_id = $1 LIMIT 1
"""
ADD_LANE = "INSERT INTO webhook_lanes (tenant_id, endpoint_id) VALUES ($1, $2)"
ADD_HEAD = "INSERT INTO delivery_heads (tenant_id, dispatched_seq) VALUES ($1, 0) ON CONFLICT DO NOTHING"
ADD_EVENT = """
WITH head AS (UPDATE tenant_heads SET last_seq = last_seq + 1 WHERE tenant_id = $1 RETURNING last_seq), shared AS (
    UPDATE delivery_heads d SET dispatched_seq = head.last_seq FROM head WHERE d.tenant_id = $1)
INSERT INTO events (tenant_id, seq, id, type, conversation_id, data, created_at)
SELECT $1, last_seq, $2, $3, $4, $5, $6 FROM head RETURNING seq
"""
ADD_DELIVERY = """
INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, seq, conversation_id, status,
    next_attempt_at, error_kind, error, last_attempt_at, finished_at, created_at, conversation_sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text, $9, $10, $11, $12::timestamptz,
    CASE WHEN $8 IN ('SUCCESS', 'FAILED') THEN $12 END, $13, $14)
"""
UNDONE = {"PENDING", "RETRYING"}


@dataclass(frozen=True)
class Event:
    """An entry of the log."""

    seq: int
    id: UUID
    type: str
    conversation: UUID | None


@dataclass(frozen=True)
class Owed:
    """Puts rows of one tenant into a database, by a connection of the superuser."""

    connection: Any
    tenant: Tenant

    async def endpoint(
        self, *, types: str = "%", channels: Any = None, labels: Any = None, since: int = 0, ordering: str = "none"
    ) -> UUID:
        """Add an endpoint with its lane; ``types`` is a pattern for LIKE."""
        key = new_id()
        args = (key, since, [types], channels, labels, ordering)
        await self.connection.execute(ADD_ENDPOINT, self.tenant.id, *args)
        await self.connection.execute(ADD_LANE, self.tenant.id, key)
        await self.connection.execute(ADD_HEAD, self.tenant.id)
        return key

    async def event(
        self, kind: str = "message.created", conversation: UUID | None = None, data: str = "{}", *, hours: float = 0
    ) -> Event:
        """Add an entry of the log, so many hours ago; it was shared out among the endpoints."""
        moment = datetime.now(UTC) - timedelta(hours=hours)
        key = id_of_moment(int(moment.timestamp() * 1000))
        seq = await self.connection.fetchval(ADD_EVENT, self.tenant.id, key, kind, conversation, data, moment)
        return Event(seq, key, kind, conversation)

    async def delivery(
        self, endpoint: UUID, event: Event, status: str = "PENDING", *, hours: float = 0, ahead: float = 0,
        error: tuple[str, str] | None = None, number: int | None = None,
    ) -> UUID:  # fmt: skip
        """Add what an endpoint is owed; last attempted so many hours ago, and due in ``ahead`` hours."""
        moment = datetime.now(UTC) - timedelta(hours=hours)
        key = id_of_moment(int(moment.timestamp() * 1000))
        due = moment + timedelta(hours=ahead) if status in UNDONE else None
        tried = None if status == "PENDING" else moment
        kind, text = error or (
            ("answered_500", "it answered 500") if status in {"RETRYING", "FAILED"} else (None, None)
        )
        await self.connection.execute(
            ADD_DELIVERY, self.tenant.id, key, endpoint, event.id, event.type, event.seq, event.conversation, status,
            due, kind, text, tried, moment, number,
        )  # fmt: skip
        return key

    async def failed(self, endpoint: UUID, *, hours: float = 0) -> UUID:
        """Add an event that was given up, so many hours ago."""
        return await self.delivery(endpoint, await self.event(hours=hours), "FAILED", hours=hours)
