"""What was found of personal data, and what people say of it. No text that was found is here, only samples of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from gateway.model.page import Page, Position
from gateway.pii.finding import Kind
from gateway.store.pages import page_of
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx

State = Literal["open", "confirmed", "dismissed"]


@dataclass(frozen=True, slots=True)
class Record:
    """Where texts stand: a message or a note in a conversation, or a customer.

    Attributes:
        id: of the message or of the customer.
        conversation_id: of a message; None: it is a customer.
    """

    id: UUID
    conversation_id: UUID | None


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was found in a field of a record; see the columns of ``pii_detection_results``."""

    id: UUID
    record: Record
    field: str
    kind: Kind
    detector: str
    start_at: int
    end_at: int
    confidence: float
    sample: str


BEHIND = "SELECT tenant_id FROM logs_to_detect($1)"


async def behind(pool: asyncpg.Pool, most: int) -> Sequence[UUID]:
    """Return tenants whose logs were not read to the end, those first that have waited longest.

    Args:
        pool: of the role ``hook``.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        return [row["tenant_id"] for row in await pool.fetch(BEHIND, most)]
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error


BEGIN = "INSERT INTO pii_heads (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING"
TAKE = "SELECT read_seq FROM pii_heads WHERE tenant_id = $1 FOR UPDATE SKIP LOCKED"
MOVE = "UPDATE pii_heads SET read_seq = $2 WHERE tenant_id = $1"
AGAIN = """
INSERT INTO pii_heads (tenant_id) VALUES ($1) ON CONFLICT (tenant_id) DO UPDATE SET read_seq = 0
"""


async def take(tx: TenantTx) -> int | None:
    """Take the tenant's log until the transaction ends; returns how far it was read, None: somebody else has it."""
    await tx.connection.execute(BEGIN, tx.tenant_id)
    found: int | None = await tx.connection.fetchval(TAKE, tx.tenant_id)
    return found


async def move(tx: TenantTx, seq: int) -> None:
    """Note how far the log that was taken is read now."""
    await tx.connection.execute(MOVE, tx.tenant_id, seq)


async def begin_anew(tx: TenantTx) -> None:
    """Have all of the log that is kept read once more."""
    await tx.connection.execute(AGAIN, tx.tenant_id)


DISMISSED = """
SELECT coalesce(message_id, customer_id) AS id, kind, sample FROM pii_detection_results
WHERE tenant_id = $1 AND message_id = ANY ($2::uuid[]) AND state = 'dismissed'
"""


async def dismissed(tx: TenantTx, messages: Sequence[UUID]) -> frozenset[tuple[UUID, str, str]]:
    """Return what people said is none, as message, kind and sample."""
    return frozenset(tuple(row) for row in await tx.connection.fetch(DISMISSED, tx.tenant_id, list(messages)))


HOLD_THREADS = (
    "SELECT id FROM conversations WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR NO KEY UPDATE"
)


async def hold_threads(tx: TenantTx, threads: Sequence[UUID]) -> None:
    """Lock conversations whose subjects are looked through: they come before their messages."""
    await tx.connection.execute(HOLD_THREADS, tx.tenant_id, list(threads))


# What was there when the text was read may be gone by now, together with its text.
CUSTOMERS_THERE = "SELECT id FROM customers WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR KEY SHARE"
MESSAGES_THERE = "SELECT id FROM messages WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR KEY SHARE"
CLEAR_MESSAGES = """
DELETE FROM pii_detection_results r USING unnest($2::uuid[], $3::text[]) AS t (id, field)
WHERE r.tenant_id = $1 AND r.message_id = t.id AND r.field = t.field
  AND NOT EXISTS (SELECT FROM unnest($4::uuid[], $5::text[], $6::int[], $7::int[], $8::text[])
        AS f (id, field, start_at, end_at, kind)
    WHERE f.id = r.message_id AND f.field = r.field AND f.start_at = r.start_at AND f.end_at = r.end_at
      AND f.kind = r.kind)
"""
CLEAR_CUSTOMERS = CLEAR_MESSAGES.replace("message_id", "customer_id")
# A place whose text is another now is looked at anew by people too.
PUT = """
INSERT INTO pii_detection_results AS r (tenant_id, id, message_id, customer_id, conversation_id, field, kind, detector,
    start_at, end_at, confidence, sample)
SELECT $1, f.id, f.message_id, f.customer_id, f.conversation_id, f.field, f.kind, f.detector, f.start_at, f.end_at,
    f.confidence, f.sample
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::int[], $10::int[],
    $11::real[], $12::text[]) AS f (id, message_id, customer_id, conversation_id, field, kind, detector, start_at,
    end_at, confidence, sample)
ON CONFLICT (tenant_id, message_id, customer_id, field, start_at, end_at, kind) DO UPDATE
SET detector = excluded.detector, confidence = excluded.confidence, sample = excluded.sample,
    conversation_id = excluded.conversation_id,
    state = CASE WHEN r.sample = excluded.sample THEN r.state ELSE 'open' END
WHERE (r.detector, r.confidence, r.sample, r.conversation_id)
    IS DISTINCT FROM (excluded.detector, excluded.confidence, excluded.sample, excluded.conversation_id)
"""


async def replace(tx: TenantTx, read: Sequence[tuple[Record, str]], found: Sequence[Found]) -> None:
    """Write down what was found in fields that were read, in place of what was found in them before."""
    there = await _there(tx, found)
    found = [one for one in found if one.record.id in there]
    for statement, of_messages in ((CLEAR_MESSAGES, True), (CLEAR_CUSTOMERS, False)):
        fields = [(record.id, field) for record, field in read if (record.conversation_id is not None) is of_messages]
        kept = [one for one in found if (one.record.conversation_id is not None) is of_messages]
        if fields:
            await tx.connection.execute(
                statement, tx.tenant_id, [one[0] for one in fields], [one[1] for one in fields],
                [one.record.id for one in kept], [one.field for one in kept], [one.start_at for one in kept],
                [one.end_at for one in kept], [one.kind for one in kept],
            )  # fmt: skip
    if found:
        await tx.connection.execute(
            PUT, tx.tenant_id, [one.id for one in found],
            [one.record.id if one.record.conversation_id is not None else None for one in found],
            [one.record.id if one.record.conversation_id is None else None for one in found],
            [one.record.conversation_id for one in found], [one.field for one in found],
            [one.kind for one in found], [one.detector for one in found], [one.start_at for one in found],
            [one.end_at for one in found], [one.confidence for one in found], [one.sample for one in found],
        )  # fmt: skip


async def _there(tx: TenantTx, found: Sequence[Found]) -> frozenset[UUID]:
    """Return those records that are there, and stay until the transaction ends."""
    there: set[UUID] = set()
    for statement, of_messages in ((CUSTOMERS_THERE, False), (MESSAGES_THERE, True)):
        ids = {one.record.id for one in found if (one.record.conversation_id is not None) is of_messages}
        if ids:
            there.update(row["id"] for row in await tx.connection.fetch(statement, tx.tenant_id, sorted(ids)))
    return frozenset(there)


SHOWN = """
json_build_object('id', public_id('pii_', r.id), 'kind', r.kind, 'detector', r.detector,
    'message_id', public_id('msg_', r.message_id), 'conversation_id', public_id('cnv_', r.conversation_id),
    'customer_id', public_id('cus_', r.customer_id), 'field', r.field, 'start', r.start_at, 'end', r.end_at,
    'confidence', round(r.confidence::numeric, 2), 'sample', r.sample, 'state', r.state,
    'reviewed_by', public_id('usr_', r.reviewed_by), 'reviewed_at', iso(r.reviewed_at), 'created_at', iso(r.created_at)
)::text
"""
NEWEST = f"""
SELECT {SHOWN} AS json, r.created_at AS moment, r.id FROM pii_detection_results r
WHERE r.tenant_id = $1 AND (r.created_at, r.id) < ($2, $3) AND ($4::text IS NULL OR r.state = $4)
  AND ($5::text IS NULL OR r.kind = $5) AND ($6::uuid IS NULL OR r.message_id = $6)
  AND ($7::uuid IS NULL OR r.conversation_id = $7) AND ($8::uuid IS NULL OR r.customer_id = $8)
ORDER BY r.created_at DESC, r.id DESC LIMIT $9
"""  # noqa: S608 - made of constants
GET = f"SELECT {SHOWN} FROM pii_detection_results r WHERE r.tenant_id = $1 AND r.id = $2"  # noqa: S608 - the same
REVIEW = """
UPDATE pii_detection_results SET state = $3, reviewed_by = $4, reviewed_at = $5
WHERE tenant_id = $1 AND id = $2 RETURNING message_id
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which results; all that is given has to be true of each."""

    state: State | None = None
    kind: Kind | None = None
    message_id: UUID | None = None
    conversation_id: UUID | None = None
    customer_id: UUID | None = None


async def newest_first(tx: TenantTx, wanted: Wanted, after: Position, limit: int) -> Page:
    """Return a page of results."""
    rows = await tx.connection.fetch(
        NEWEST, tx.tenant_id, after.moment, after.id, wanted.state, wanted.kind, wanted.message_id,
        wanted.conversation_id, wanted.customer_id, limit + 1,
    )  # fmt: skip
    return page_of(rows, limit)


async def get(tx: TenantTx, result_id: UUID) -> str | None:
    """Return a result as JSON text."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, result_id)
    return found


class NotFound(LookupError):
    """There is no such result."""


async def review(tx: TenantTx, result_id: UUID, state: State, by: UUID | None, moment: datetime) -> UUID | None:
    """Say what a result is; returns the message that it stands in, None: a customer.

    Raises:
        NotFound: when there is none.
    """
    row = await tx.connection.fetchrow(REVIEW, tx.tenant_id, result_id, state, by, None if state == "open" else moment)
    if row is None:
        raise NotFound(str(result_id))
    message_id: UUID | None = row["message_id"]
    return message_id


# A conversation's subject is that of one of its mails, or what somebody called it.
THREADS = """
SELECT c.id, c.subject, coalesce(c.subject_preview, c.subject) AS shown FROM conversations c
WHERE c.tenant_id = $1 AND c.subject IS NOT NULL AND c.deleted_at IS NULL AND c.id IN (
    SELECT r.conversation_id FROM pii_detection_results r
    WHERE r.tenant_id = $1 AND r.message_id = ANY ($2::uuid[]) AND r.field = 'subject')
ORDER BY c.id FOR NO KEY UPDATE
"""
DISMISSED_SUBJECTS = """
SELECT r.conversation_id, r.kind, r.sample FROM messages m JOIN pii_detection_results r
    ON r.tenant_id = m.tenant_id AND r.message_id = m.id AND r.field = 'subject' AND r.state = 'dismissed'
WHERE m.tenant_id = $1 AND m.conversation_id = ANY ($2::uuid[])
"""
SET_SUBJECT = "UPDATE conversations SET subject_preview = $3 WHERE tenant_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class Thread:
    """A locked conversation: its subject, and what lists show of that."""

    id: UUID
    subject: str
    shown: str


async def lock_threads(tx: TenantTx, messages: Sequence[UUID]) -> Sequence[Thread]:
    """Make everybody else who changes them wait; returns the conversations of messages with findings in the subject."""
    return [Thread(*row) for row in await tx.connection.fetch(THREADS, tx.tenant_id, list(messages))]


async def dismissed_subjects(tx: TenantTx, threads: Sequence[UUID]) -> frozenset[tuple[UUID, str, str]]:
    """Return what people said is none in subjects, as conversation, kind and sample."""
    return frozenset(tuple(row) for row in await tx.connection.fetch(DISMISSED_SUBJECTS, tx.tenant_id, list(threads)))


async def set_subject(tx: TenantTx, thread: UUID, shown: str | None) -> None:
    """Change what lists show of a locked conversation's subject; None: all of it."""
    await tx.connection.execute(SET_SUBJECT, tx.tenant_id, thread, shown)


PREVIEWS = """
SELECT id, conversation_id, direction, preview, coalesce(mail ->> 'reply_text', text, '') AS text FROM messages
WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND deleted_at IS NULL AND preview <> '' ORDER BY id FOR NO KEY UPDATE
"""
SET_PREVIEWS = """
UPDATE messages m SET preview = n.preview FROM unnest($2::uuid[], $3::text[]) AS n (id, preview)
WHERE m.tenant_id = $1 AND m.id = n.id
"""


@dataclass(frozen=True, slots=True)
class Previewed:
    """A locked message: what lists show of it, and what it says."""

    id: UUID
    conversation_id: UUID
    direction: str
    preview: str
    text: str


async def lock_previews(tx: TenantTx, messages: Sequence[UUID]) -> Sequence[Previewed]:
    """Make everybody else who changes these messages wait; returns those that are there and show something."""
    return [Previewed(*row) for row in await tx.connection.fetch(PREVIEWS, tx.tenant_id, sorted(messages))]


async def set_previews(tx: TenantTx, previews: Sequence[tuple[UUID, str]]) -> None:
    """Change what lists show of locked messages."""
    await tx.connection.execute(SET_PREVIEWS, tx.tenant_id, [one[0] for one in previews], [one[1] for one in previews])
