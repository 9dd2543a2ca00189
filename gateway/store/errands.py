"""What is to be done by itself: found over all tenants by the role ``hook``, done inside one by the role ``app``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx

AT_ONCE = 100
ERRANDS = "SELECT kind, tenant_id, about, wait FROM errands($1)"


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to do.

    Attributes:
        kind: ``wake``, ``reopened``, ``assign``, ``team`` or ``label``.
        tenant_id: where.
        about: the conversation, team or label; None for all of the tenant.
        wait: seconds until it is due.
    """

    kind: str
    tenant_id: UUID
    about: UUID | None
    wait: float


async def due(pool: asyncpg.Pool) -> Sequence[Errand]:
    """Return what is to be done now and next, at most so many of a kind.

    Args:
        pool: of the role ``hook``.

    Raises:
        DatabaseUnavailable: when it can't be asked.
    """
    try:
        return [Errand(**row) for row in await pool.fetch(ERRANDS, AT_ONCE)]
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error


NOW = "SELECT clock_timestamp()"


async def now(tx: TenantTx) -> datetime:
    """Return the database's time: all processes go by the same clock."""
    moment: datetime = await tx.connection.fetchval(NOW)
    return moment


TAKE_REOPENINGS = """
DELETE FROM reopenings WHERE tenant_id = $1 AND conversation_id = $2 RETURNING reopened_at, before
"""


async def take_reopenings(tx: TenantTx, conversation_id: UUID) -> Sequence[tuple[datetime, str]]:
    """Take the word that ingest left of a conversation; whoever else is about to take it waits, and finds none."""
    found = await tx.connection.fetch(TAKE_REOPENINGS, tx.tenant_id, conversation_id)
    return sorted((row["reopened_at"], row["before"]) for row in found)


# One process at a time hands out a tenant's conversations; the lock ends with the transaction.
TAKE_TURN = "SELECT pg_try_advisory_xact_lock(hashtextextended('postgate rotation ' || $1::text, 0))"
NEXT = """
SELECT c.id AS conversation_id, t.id AS team_id, m.user_id
FROM teams t
CROSS JOIN LATERAL (
    SELECT m.user_id FROM team_members m
    JOIN memberships p ON p.tenant_id = m.tenant_id AND p.user_id = m.user_id AND p.status = 'active'
        AND p.availability = 'online'
    JOIN users u ON u.id = m.user_id AND u.status = 'active'
    WHERE m.tenant_id = t.tenant_id AND m.team_id = t.id AND (t.capacity IS NULL OR t.capacity > (
        SELECT count(*) FROM conversations k WHERE k.tenant_id = m.tenant_id AND k.assignee_id = m.user_id
            AND k.status = 'open' AND k.deleted_at IS NULL))
    ORDER BY m.assigned_at NULLS FIRST, m.user_id LIMIT 1) m
CROSS JOIN LATERAL (
    SELECT c.id FROM conversations c
    WHERE c.tenant_id = t.tenant_id AND c.team_id = t.id AND c.assignee_id IS NULL AND c.status = 'open'
        AND c.deleted_at IS NULL
    ORDER BY c.last_message_at, c.id LIMIT 1) c
WHERE t.tenant_id = $1 AND t.auto_assign AND t.deleted_at IS NULL
ORDER BY t.id LIMIT 1
"""
TOOK_TURN = """
UPDATE team_members SET assigned_at = clock_timestamp() WHERE tenant_id = $1 AND team_id = $2 AND user_id = $3
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A conversation that nobody has, and the member of its team whose turn it is."""

    conversation_id: UUID
    team_id: UUID
    user_id: UUID


async def take_turn(tx: TenantTx) -> bool:
    """Begin to hand out; False when another process is at it."""
    taken: bool = await tx.connection.fetchval(TAKE_TURN, str(tx.tenant_id))
    return taken


async def next_turn(tx: TenantTx) -> Turn | None:
    """Return who gets what next; None when nothing is there to be given, or nobody can take it."""
    row = await tx.connection.fetchrow(NEXT, tx.tenant_id)
    return None if row is None else Turn(**row)


async def took_turn(tx: TenantTx, turn: Turn) -> None:
    """Put a member at the end of the row."""
    await tx.connection.execute(TOOK_TURN, tx.tenant_id, turn.team_id, turn.user_id)


OF_TEAM = """
SELECT id FROM conversations WHERE tenant_id = $1 AND team_id = $2 AND deleted_at IS NULL ORDER BY id LIMIT $3
"""
OF_LABEL = """
SELECT c.id FROM conversation_labels x
JOIN conversations c ON c.tenant_id = x.tenant_id AND c.id = x.conversation_id AND c.deleted_at IS NULL
WHERE x.tenant_id = $1 AND x.label_id = $2 ORDER BY c.id LIMIT $3
"""
CUSTOMERS_OF_LABEL = """
SELECT customer_id AS id FROM customer_labels WHERE tenant_id = $1 AND label_id = $2 ORDER BY customer_id LIMIT $3
"""


async def conversations_of_team(tx: TenantTx, team_id: UUID) -> Sequence[UUID]:
    """Return some conversations of a team."""
    return [row["id"] for row in await tx.connection.fetch(OF_TEAM, tx.tenant_id, team_id, AT_ONCE)]


async def conversations_of_label(tx: TenantTx, label_id: UUID) -> Sequence[UUID]:
    """Return some conversations that have a label."""
    return [row["id"] for row in await tx.connection.fetch(OF_LABEL, tx.tenant_id, label_id, AT_ONCE)]


async def customers_of_label(tx: TenantTx, label_id: UUID) -> Sequence[UUID]:
    """Return some customers that have a label."""
    return [row["id"] for row in await tx.connection.fetch(CUSTOMERS_OF_LABEL, tx.tenant_id, label_id, AT_ONCE)]


LOCK_CUSTOMER = "SELECT FROM customers WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE"
UNLABEL_CUSTOMER = "DELETE FROM customer_labels WHERE tenant_id = $1 AND customer_id = $2 AND label_id = $3"
CUSTOMER = "SELECT customer_json(k)::text FROM customers k WHERE k.tenant_id = $1 AND k.id = $2"


async def unlabel_customer(tx: TenantTx, customer_id: UUID, label_id: UUID) -> bool:
    """Take a label off a customer; False when it is off already."""
    await tx.connection.execute(LOCK_CUSTOMER, tx.tenant_id, customer_id)
    done: str = await tx.connection.execute(UNLABEL_CUSTOMER, tx.tenant_id, customer_id, label_id)
    return done == "DELETE 1"


async def customer(tx: TenantTx, customer_id: UUID) -> str:
    """Return a customer as the log tells it."""
    found: str = await tx.connection.fetchval(CUSTOMER, tx.tenant_id, customer_id)
    return found
