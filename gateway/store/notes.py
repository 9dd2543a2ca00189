"""Private notes: messages that no customer ever sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.store import thread
from gateway.store.pool import TenantTx

LOCK = """
SELECT m.conversation_id, m.author_id FROM messages m
WHERE m.tenant_id = $1 AND m.id = $2 AND m.direction = 'internal' AND m.kind = 'note' AND m.deleted_at IS NULL
FOR NO KEY UPDATE
"""


@dataclass(frozen=True, slots=True)
class Note:
    """A locked note; ``json`` is how the API shows it."""

    conversation_id: UUID
    author_id: UUID | None
    json: str


async def lock(tx: TenantTx, message_id: UUID) -> Note | None:
    """Make everybody else who changes a note wait; returns it as it is now."""
    row = await tx.connection.fetchrow(LOCK, tx.tenant_id, message_id)
    return None if row is None else Note(**row, json=await thread.shown(tx, message_id))


CHANGE = """
UPDATE messages SET text = $3, preview = $4, mentions = $5::uuid[], edited_at = $6 WHERE tenant_id = $1 AND id = $2
"""


async def change(
    tx: TenantTx, message_id: UUID, text: str, preview: str, mentions: Sequence[UUID], moment: datetime
) -> None:
    """Write a locked note anew."""
    await tx.connection.execute(CHANGE, tx.tenant_id, message_id, text, preview, list(mentions), moment)


REMOVE = """
UPDATE messages SET text = NULL, preview = '', mentions = '{}', deleted_at = $3 WHERE tenant_id = $1 AND id = $2
"""


async def remove(tx: TenantTx, message_id: UUID, moment: datetime) -> None:
    """Take a locked note back; that there was one stays."""
    await tx.connection.execute(REMOVE, tx.tenant_id, message_id, moment)
