"""Messages on their way out, as workers take them: leased, with all that it takes to send them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from gateway.store.files import StoredFile
from gateway.store.pool import TenantTx
from gateway.store.targets import Target, target_of


class LeaseLost(Exception):
    """Somebody else has the send by now: nothing that this worker found out is to be recorded."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A send that is leased to this worker; ``lost`` when another one died while it called the provider."""

    tenant_id: UUID
    message_id: UUID
    token: UUID
    lost: bool


CLAIM = "SELECT tenant_id, message_id, token, lost FROM claim_sends($1, $2, $3, $4)"


async def claim(
    pool: asyncpg.Pool, wanted: int, lease: timedelta, *, per_channel: int, per_tenant: int
) -> Sequence[Claimed]:
    """Lease up to ``wanted`` sends of any tenant; the pool is of the role ``hook``."""
    rows = await pool.fetch(CLAIM, wanted, lease, per_channel, per_tenant, timeout=30)
    return [Claimed(**dict(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits; ``overdue`` is the seconds since the oldest was due."""

    queued: int
    in_flight: int
    overdue: float


WAITING = "SELECT queued, in_flight, overdue FROM sends_waiting()"


async def waiting(pool: asyncpg.Pool) -> Waiting:
    """Tell how much waits, of all tenants; the pool is of the role ``hook``."""
    return Waiting(**dict(await pool.fetchrow(WAITING, timeout=30)))


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a message that is to be sent: a link, or one of ours."""

    type: str
    url: str | None
    filename: str | None
    mime_type: str | None
    stored: StoredFile | None


@dataclass(frozen=True, slots=True)
class Job:
    """A message to be sent, with all that it takes."""

    message_id: UUID
    target: Target
    medium: str
    text: str | None
    html: str | None
    recipient: str
    in_reply_to: str | None
    subject: str | None
    references: Sequence[str]
    reference: str
    content: str
    attempts: int
    queued_at: datetime
    files: Sequence[SentFile]


JOB = """
SELECT m.conversation_id, m.medium, m.text, m.recipients[1] AS recipient, m.in_reply_to, m.subject, s.reference,
    s.content::text AS content, s.attempts, s.queued_at, (
        SELECT h.html FROM message_html h WHERE h.tenant_id = m.tenant_id AND h.message_id = m.id) AS html, (
        SELECT coalesce(array_agg(t.message_id ORDER BY t.occurred_at, t.id), '{}') FROM (
            SELECT e.mail ->> 'message_id' AS message_id, e.occurred_at, e.id FROM messages e
            WHERE e.tenant_id = m.tenant_id AND e.conversation_id = m.conversation_id AND m.medium = 'email'
              AND e.mail IS NOT NULL AND e.id <> m.id
            ORDER BY e.occurred_at DESC, e.id DESC LIMIT 20) t
        WHERE t.message_id IS NOT NULL) AS "references"
FROM sends s JOIN messages m ON m.tenant_id = s.tenant_id AND m.id = s.message_id
WHERE s.tenant_id = $1 AND s.message_id = $2 AND s.lease_token = $3
"""
JOB_FILES = """
SELECT a.type, a.provider_url, a.filename, a.mime_type, f.id, f.sha256, f.size_bytes, f.mime_type AS true_type,
    f.filename AS true_name, f.storage_key, f.width, f.height, f.duration_ms
FROM attachments a LEFT JOIN files f ON f.tenant_id = a.tenant_id AND f.id = a.file_id AND f.state = 'stored'
WHERE a.tenant_id = $1 AND a.message_id = $2 ORDER BY a.position
"""


async def job(tx: TenantTx, claimed: Claimed) -> Job | None:
    """Return what is to be sent; None when the lease is lost."""
    row = await tx.connection.fetchrow(JOB, tx.tenant_id, claimed.message_id, claimed.token)
    target = None if row is None else await target_of(tx, row["conversation_id"])
    if row is None or target is None:
        return None
    fields = dict(row)
    del fields["conversation_id"]
    found = await tx.connection.fetch(JOB_FILES, tx.tenant_id, claimed.message_id)
    return Job(message_id=claimed.message_id, target=target, files=[_sent_file(one) for one in found], **fields)


BEGIN_CALL = """
UPDATE sends SET state = 'calling', attempts = attempts + 1, lease_until = now() + $4
WHERE tenant_id = $1 AND message_id = $2 AND lease_token = $3 AND state = 'queued'
"""


async def begin_call(tx: TenantTx, claimed: Claimed, lease: timedelta) -> None:
    """Note that the provider is going to be called.

    Raises:
        LeaseLost: when somebody else has the send.
    """
    done = await tx.connection.execute(BEGIN_CALL, tx.tenant_id, claimed.message_id, claimed.token, lease)
    if done != "UPDATE 1":
        raise LeaseLost


def _sent_file(row: asyncpg.Record) -> SentFile:
    kind, url, filename, mime_type, *stored = row
    return SentFile(kind, url, filename, mime_type, None if stored[0] is None else StoredFile(*stored))
