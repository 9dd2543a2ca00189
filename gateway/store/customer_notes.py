"""Notes on customers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.model.page import Page, Position
from gateway.store.pages import page_of
from gateway.store.pool import TenantTx

LIST = """
SELECT v.data::text AS json, page.moment, page.id
FROM (
    SELECT n, n.created_at AS moment, n.id FROM customer_notes n
    WHERE n.tenant_id = $1 AND n.customer_id = $2 AND n.deleted_at IS NULL AND (n.created_at, n.id) < ($3, $4)
    ORDER BY n.created_at DESC, n.id DESC LIMIT $5) page
CROSS JOIN LATERAL customer_note_json(page.n) v
ORDER BY page.moment DESC, page.id DESC
"""


async def newest_first(tx: TenantTx, customer_id: UUID, after: Position, limit: int) -> Page:
    """Return a page of a customer's notes."""
    found = await tx.connection.fetch(LIST, tx.tenant_id, customer_id, after.moment, after.id, limit + 1)
    return page_of(found, limit)


SHOWN = """
SELECT v.data::text FROM customer_notes n CROSS JOIN LATERAL customer_note_json(n) v
WHERE n.tenant_id = $1 AND n.id = $2
"""


async def shown(tx: TenantTx, note_id: UUID) -> str:
    """Return a note that is there as JSON text; deleted ones too."""
    found: str = await tx.connection.fetchval(SHOWN, tx.tenant_id, note_id)
    return found


ADD = "INSERT INTO customer_notes (tenant_id, id, customer_id, author_id, text) VALUES ($1, $2, $3, $4, $5)"
LOCK = """
SELECT author_id, text FROM customer_notes WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE
"""
CHANGE = "UPDATE customer_notes SET text = $3, edited_at = $4 WHERE tenant_id = $1 AND id = $2"
REMOVE = "UPDATE customer_notes SET deleted_at = $3 WHERE tenant_id = $1 AND id = $2"


async def add(tx: TenantTx, note_id: UUID, customer_id: UUID, author_id: UUID | None, text: str) -> None:
    """Store a note."""
    await tx.connection.execute(ADD, tx.tenant_id, note_id, customer_id, author_id, text)


async def lock(tx: TenantTx, note_id: UUID) -> Mapping[str, Any] | None:  # Any: values of columns
    """Return author_id and text of a note that is not deleted."""
    row = await tx.connection.fetchrow(LOCK, tx.tenant_id, note_id)
    return dict(row) if row else None


async def change(tx: TenantTx, note_id: UUID, text: str, at: datetime) -> None:
    """Set a note's text."""
    await tx.connection.execute(CHANGE, tx.tenant_id, note_id, text, at)


async def remove(tx: TenantTx, note_id: UUID, at: datetime) -> None:
    """Delete a note."""
    await tx.connection.execute(REMOVE, tx.tenant_id, note_id, at)
