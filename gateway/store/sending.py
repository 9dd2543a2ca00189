"""Messages on their way out, as the API writes them: accepting, sending again, taking back.

Locks are taken in the order of everything that writes: external ids, conversations, sends, messages, the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.model.reply_tokens import thread_name
from gateway.store.pool import TenantTx
from gateway.store.targets import Target


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file of a message that is accepted: an uploaded one, or a link."""

    id: UUID
    type: str
    url: str | None
    file_id: UUID | None
    filename: str | None
    mime_type: str | None
    size_bytes: int | None
    width: int | None
    height: int | None
    duration_ms: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that is accepted; what is not self-evident stands at the columns of ``messages`` and ``sends``.

    ``parts``, ``mail``, ``extra`` and ``content`` are JSON texts.
    """

    id: UUID
    medium: str
    kind: str
    text: str | None
    preview: str
    parts: str | None
    recipient: str
    in_reply_to: str | None
    subject: str | None
    mail: str | None
    extra: str
    html: str | None
    author_id: UUID | None
    moment: datetime
    reference: str
    content: str
    per_second: float
    files: Sequence[NewFile]


ADD_MESSAGE = """
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, direction, medium, kind, text, preview, parts,
    sender_address, recipients, in_reply_to, subject, mail, extra, status, status_at, author_id, occurred_at,
    received_at, created_at)
VALUES ($1, $2, $3, $4, 'outbound', $5, $6, $7, $8, $9::text::jsonb, $10, ARRAY[$11::text], $12, $13, $14::text::jsonb,
    $15::text::jsonb, 'queued', jsonb_build_object('queued', iso($17)), $16, $17, $17, $17)
"""
ADD_FILE = """
INSERT INTO attachments (tenant_id, id, message_id, position, type, provider_url, file_id, filename, mime_type,
    size_bytes, width, height, duration_ms, sha256, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
KEEP_FILE = "UPDATE files SET expires_at = NULL WHERE tenant_id = $1 AND id = $2"
ADD_HTML = "INSERT INTO message_html (tenant_id, message_id, html) VALUES ($1, $2, $3)"
ADD_THREAD = """
INSERT INTO mail_threads (tenant_id, channel_id, message_id, conversation_id) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
ADD_SEND = """
INSERT INTO sends (tenant_id, message_id, conversation_id, channel_id, reference, content)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb)
"""
LANE = """
INSERT INTO send_lanes AS l (tenant_id, channel_id, per_second, due_at) VALUES ($1, $2, $3, now())
ON CONFLICT (tenant_id, channel_id) DO UPDATE
SET per_second = excluded.per_second, due_at = least(l.due_at, excluded.due_at)
"""
# An answer means that the conversation was read.
ANSWERED = """
UPDATE conversations SET unread_count = 0, last_message_at = greatest(last_message_at, $3)
WHERE tenant_id = $1 AND id = $2
"""


async def add(tx: TenantTx, to: Target, message: NewMessage) -> None:
    """Store a message and queue it; its conversation is locked."""
    run = tx.connection.execute
    await run(
        ADD_MESSAGE, tx.tenant_id, message.id, to.conversation_id, to.channel_id, message.medium, message.kind,
        message.text, message.preview, message.parts, to.address, message.recipient, message.in_reply_to,
        message.subject, message.mail, message.extra, message.author_id, message.moment,
    )  # fmt: skip
    for place, file in enumerate(message.files):
        await run(
            ADD_FILE, tx.tenant_id, file.id, message.id, place, file.type, file.url, file.file_id, file.filename,
            file.mime_type, file.size_bytes, file.width, file.height, file.duration_ms, file.sha256,
            "pending" if file.file_id is None else "stored",
        )  # fmt: skip
        if file.file_id is not None:
            await run(KEEP_FILE, tx.tenant_id, file.file_id)
    if message.html is not None:
        await run(ADD_HTML, tx.tenant_id, message.id, message.html)
        for name in (message.reference, thread_name(message.id.hex)):
            await run(ADD_THREAD, tx.tenant_id, to.channel_id, name, to.conversation_id)
    await run(ADD_SEND, tx.tenant_id, message.id, to.conversation_id, to.channel_id, message.reference, message.content)
    await run(LANE, tx.tenant_id, to.channel_id, message.per_second)
    await run(ANSWERED, tx.tenant_id, to.conversation_id, message.moment)


MESSAGE_JSON = "SELECT message_json(m)::text FROM messages m WHERE m.tenant_id = $1 AND m.id = $2"
CONVERSATION_JSON = "SELECT conversation_json(c)::text FROM conversations c WHERE c.tenant_id = $1 AND c.id = $2"
CUSTOMER_JSON = "SELECT customer_json(k)::text FROM customers k WHERE k.tenant_id = $1 AND k.id = $2"


async def message_json(tx: TenantTx, message_id: UUID) -> str:
    """Return a message that is there, as JSON text."""
    found: str = await tx.connection.fetchval(MESSAGE_JSON, tx.tenant_id, message_id)
    return found


async def conversation_json(tx: TenantTx, conversation_id: UUID) -> str:
    """Return a conversation that is there, as JSON text."""
    found: str = await tx.connection.fetchval(CONVERSATION_JSON, tx.tenant_id, conversation_id)
    return found


async def customer_json(tx: TenantTx, customer_id: UUID) -> str:
    """Return a customer who is there, as JSON text."""
    found: str = await tx.connection.fetchval(CUSTOMER_JSON, tx.tenant_id, customer_id)
    return found


@dataclass(frozen=True, slots=True)
class Queued:
    """A message as it stands in the queue; ``leased`` while a worker has it."""

    message_id: UUID
    conversation_id: UUID
    status: str
    state: str
    leased: bool
    medium: str
    reference: str
    round: int
    content: str


CONVERSATION_OF = "SELECT conversation_id FROM sends WHERE tenant_id = $1 AND message_id = $2"


async def conversation_of(tx: TenantTx, message_id: UUID) -> UUID | None:
    """Return the conversation of a message that was queued here."""
    found: UUID | None = await tx.connection.fetchval(CONVERSATION_OF, tx.tenant_id, message_id)
    return found


LOCK_SEND = """
SELECT s.message_id, s.conversation_id, m.status, s.state, coalesce(s.lease_until > now(), false) AS leased, m.medium,
    s.reference, s.round, s.content::text AS content
FROM sends s JOIN messages m ON m.tenant_id = s.tenant_id AND m.id = s.message_id
WHERE s.tenant_id = $1 AND s.message_id = $2
FOR NO KEY UPDATE OF s
"""


async def lock_send(tx: TenantTx, message_id: UUID) -> Queued | None:
    """Return a message of ours as it stands in the queue; no worker takes it until the transaction ends."""
    row = await tx.connection.fetchrow(LOCK_SEND, tx.tenant_id, message_id)
    return None if row is None else Queued(**dict(row))


QUEUE_AGAIN = """
UPDATE sends
SET state = 'queued', position = DEFAULT, round = round + 1, reference = $3, attempts = 0, queued_at = now(),
    next_attempt_at = now(), lease_token = NULL, lease_until = NULL
WHERE tenant_id = $1 AND message_id = $2
"""
# What is told of the former sending finds the message no more: it has another external id.
BEGIN_ANEW = """
UPDATE messages SET external_id = NULL, status = 'queued', status_rank = 0, error = NULL,
    status_at = jsonb_build_object('queued', iso(now()))
WHERE tenant_id = $1 AND id = $2
"""
NEW_MESSAGE_ID = (
    "UPDATE messages SET mail = mail || jsonb_build_object('message_id', $3::text) WHERE tenant_id = $1 AND id = $2"
)


async def queue_again(tx: TenantTx, send: Queued, to: Target, reference: str, per_second: float) -> None:
    """Put a message into the queue once more, behind the others of its conversation."""
    run = tx.connection.execute
    await run(QUEUE_AGAIN, tx.tenant_id, send.message_id, reference)
    await run(BEGIN_ANEW, tx.tenant_id, send.message_id)
    if send.medium == "email" and reference != send.reference:
        await run(NEW_MESSAGE_ID, tx.tenant_id, send.message_id, reference)
        await run(ADD_THREAD, tx.tenant_id, to.channel_id, reference, to.conversation_id)
    await run(LANE, tx.tenant_id, to.channel_id, per_second)


CANCEL = """
UPDATE sends SET state = 'canceled', lease_token = NULL, lease_until = NULL WHERE tenant_id = $1 AND message_id = $2
"""
TAKE_BACK = """
UPDATE messages SET status = 'canceled', text = NULL, preview = '', deleted_at = now(), mail = mail - 'reply_text',
    status_at = status_at || jsonb_build_object('canceled', iso(now()))
WHERE tenant_id = $1 AND id = $2
"""


async def cancel(tx: TenantTx, message_id: UUID) -> None:
    """Take a message back before it was sent."""
    await tx.connection.execute(CANCEL, tx.tenant_id, message_id)
    await tx.connection.execute(TAKE_BACK, tx.tenant_id, message_id)
