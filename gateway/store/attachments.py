"""Files of messages: those that wait to be fetched, what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from gateway.store.files import StoredFile
from gateway.store.pool import TenantTx


@dataclass(frozen=True, slots=True)
class DueFile:
    """A file that is leased to be fetched; ``lease_until`` tells this lease from others."""

    tenant_id: UUID
    id: UUID
    message_id: UUID
    integration_id: UUID
    channel_address: str
    medium: str
    external_id: str | None
    received_at: datetime
    position: int
    type: str
    provider_media_id: str | None
    provider_url: str | None
    filename: str | None
    mime_type: str | None
    tries: int
    lease_until: datetime


CLAIM = """
SELECT tenant_id, attachment_id, message_id, integration_id, channel_address, medium, external_id, received_at,
    "position", type, provider_media_id, provider_url, filename, mime_type, tries, lease_until
FROM claim_files($1, $2, $3)
"""


async def claim(
    pool: asyncpg.Pool, busy: Sequence[UUID], lease: timedelta, after: UUID | None = None
) -> Sequence[DueFile]:
    """Lease the files of one message that are due; empty when there is none.

    Args:
        pool: of the role ``hook``.
        busy: connections and tenants from which nothing more is to be fetched now.
        lease: how long nobody else takes them up.
        after: the tenant that was served last.
    """
    return [DueFile(*row) for row in await pool.fetch(CLAIM, list(busy), lease, after)]


POSTPONE = """
UPDATE attachments SET due_at = now() + $4, tries = tries - CASE WHEN $5 THEN 0 ELSE 1 END
WHERE tenant_id = $1 AND id = $2 AND state = 'pending' AND due_at = $3
"""


async def postpone(tx: TenantTx, due: DueFile, wait: timedelta, *, tried: bool) -> None:
    """Give a leased file back for a while; ``tried`` counts that as a try."""
    await tx.connection.execute(POSTPONE, tx.tenant_id, due.id, due.lease_until, wait, tried)


LOCK_MESSAGE = """
SELECT conversation_id FROM messages
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
"""
STORED = """
UPDATE attachments
SET state = 'stored', file_id = $4, type = $5, mime_type = $6, size_bytes = $7, sha256 = $8, width = $9, height = $10,
    duration_ms = $11, filename = coalesce(filename, $12), error = NULL
WHERE tenant_id = $1 AND id = $2 AND state = 'pending' AND due_at = $3
RETURNING 1
"""
KEEP = "UPDATE files SET expires_at = NULL WHERE tenant_id = $1 AND id = $2"


async def stored(tx: TenantTx, due: DueFile, file: StoredFile, kind: str) -> UUID | None:
    """Note that a leased file was stored; returns its conversation, None when the lease or the message is gone."""
    conversation_id: UUID | None = await tx.connection.fetchval(LOCK_MESSAGE, tx.tenant_id, due.message_id)
    if conversation_id is None:
        return None
    done = await tx.connection.fetchval(
        STORED, tx.tenant_id, due.id, due.lease_until, file.id, kind, file.mime_type, file.size, file.sha256,
        file.width, file.height, file.duration_ms, file.filename,
    )  # fmt: skip
    if not done:
        return None
    await tx.connection.execute(KEEP, tx.tenant_id, file.id)
    return conversation_id


MISSING = """
UPDATE attachments SET state = $4, error = $5
WHERE tenant_id = $1 AND id = $2 AND state = 'pending' AND due_at = $3
RETURNING 1
"""


async def missing(tx: TenantTx, due: DueFile, state: str, error: str) -> UUID | None:
    """Note that a leased file can't be had; returns as ``stored`` does.

    Args:
        tx: of the file's tenant.
        due: the file.
        state: ``failed`` or ``expired``.
        error: why, for people.
    """
    conversation_id: UUID | None = await tx.connection.fetchval(LOCK_MESSAGE, tx.tenant_id, due.message_id)
    if conversation_id is None:
        return None
    done = await tx.connection.fetchval(MISSING, tx.tenant_id, due.id, due.lease_until, state, error)
    return conversation_id if done else None


AGAIN = """
UPDATE attachments a SET state = 'pending', error = NULL, tries = 0, due_at = now()
FROM messages m
WHERE a.tenant_id = $1 AND a.id = $2 AND a.state IN ('failed', 'expired')
  AND m.tenant_id = a.tenant_id AND m.id = a.message_id AND m.deleted_at IS NULL
RETURNING 1
"""


async def again(tx: TenantTx, attachment_id: UUID) -> bool:
    """Have a file fetched anew; False when it is not one that could not be had."""
    return bool(await tx.connection.fetchval(AGAIN, tx.tenant_id, attachment_id))


@dataclass(frozen=True, slots=True)
class Shown:
    """A file of a message: where it is, and ATTACHMENT as JSON text."""

    message_id: UUID
    conversation_id: UUID
    file_id: UUID | None
    json: str


SHOW = """
SELECT a.message_id, m.conversation_id, a.file_id, j.data::text
FROM attachments a
JOIN messages m ON m.tenant_id = a.tenant_id AND m.id = a.message_id AND m.deleted_at IS NULL
CROSS JOIN LATERAL attachment_json(a) j
WHERE a.tenant_id = $1 AND a.id = $2
"""


async def show(tx: TenantTx, attachment_id: UUID) -> Shown | None:
    """Return a file of a message; None when there is none, or its message was taken back."""
    row = await tx.connection.fetchrow(SHOW, tx.tenant_id, attachment_id)
    return None if row is None else Shown(*row)


NAMED = """
SELECT content_id, file_id FROM attachments
WHERE tenant_id = $1 AND message_id = $2 AND content_id IS NOT NULL AND file_id IS NOT NULL
ORDER BY position DESC
"""


async def named(tx: TenantTx, message_id: UUID) -> Sequence[tuple[str, UUID]]:
    """Return the stored files that a mail's HTML may show, with their content ids; the first of a name comes last."""
    rows = await tx.connection.fetch(NAMED, tx.tenant_id, message_id)
    return [(row["content_id"], row["file_id"]) for row in rows]
