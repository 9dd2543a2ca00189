"""Messages on their way out: accepting them, leasing them to workers, and what became of them.

Locks are taken in the order of everything that writes: external ids, conversations, sends, messages, the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from channels.adapter import Adapter, Credentials
from channels.registry import ADAPTERS
from gateway.keys import Keyring, WrappedKey, credentials_of, unseal
from gateway.model.sending import MAIL_FAILED, PHONE_FAILED, Obstacle, window_closed
from gateway.store.files import StoredFile
from gateway.store.pool import TenantTx


class LeaseLost(Exception):
    """Somebody else has the send by now: nothing that this worker found out is to be recorded."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes: a conversation, its channel, connection and customer, as they are now.

    Attributes:
        recipient: the customer's address: where the last message came from, or else one that is known.
        last_message_id: of the latest mail that came in; its Message-ID.
        opted_out: whether the customer wants nothing from this channel.
        status: of the connection.
        usable: whether channel and connection are there and enabled.
    """

    conversation_id: UUID
    channel_id: UUID
    kind: str
    address: str
    provider: str
    integration_id: UUID
    status: str
    usable: bool
    settings: Mapping[str, Any]
    credentials_sealed: bytes
    key: WrappedKey
    customer_id: UUID
    customer_status: str
    window_expires_at: datetime | None
    subject: str | None
    unread_count: int
    opted_out: bool
    recipient: str | None
    last_message_id: str | None

    @property
    def adapter(self) -> Adapter | None:
        """The provider's; None when this version of the gateway does not know it."""
        return ADAPTERS.get(self.provider)

    def credentials(self, keyring: Keyring, tenant_id: UUID) -> Credentials:
        """Open the connection's credentials.

        Raises:
            KeyUnusable: when the master key that they were sealed under is not here.
        """
        place = credentials_of(tenant_id, self.integration_id)
        opened = unseal(keyring.unwrap(self.key), self.credentials_sealed, place)
        return ADAPTERS[self.provider].credentials.model_validate_json(opened)


def obstacle(to: Target, now: datetime, *, template: bool) -> Obstacle | None:
    """Return what keeps a message from being sent there now.

    Args:
        to: where it goes.
        now: the time.
        template: whether it is a template.
    """
    if not to.usable or to.adapter is None:
        return "connection_disabled"
    if to.customer_status == "blocked":
        return "customer_blocked"
    if to.opted_out:
        return "opted_out"
    closed = window_closed(to.kind, to.adapter.capabilities, to.window_expires_at, now, template=template)
    return "window_closed" if closed else None


LOCK_CONVERSATION = """
SELECT 1 FROM conversations WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
"""
TARGET = """
SELECT c.id AS conversation_id, c.channel_id, h.kind, h.address, i.provider, i.id AS integration_id, i.status,
    h.deleted_at IS NULL AND i.deleted_at IS NULL AND i.status <> 'disabled' AS usable, i.config::text AS settings,
    i.credentials_sealed, k.wrapped_key, k.master_key_id, c.customer_id, u.status AS customer_status,
    c.window_expires_at, c.subject, c.unread_count,
    EXISTS (SELECT FROM opt_outs_of(u) o WHERE o.channel_id = c.channel_id AND o.category = 'all') AS opted_out,
    coalesce(last.sender_address, (
        SELECT a.value FROM customer_identities a
        WHERE a.tenant_id = c.tenant_id AND a.customer_id = c.customer_id
          AND a.kind = ANY (CASE h.kind WHEN 'email' THEN ARRAY['email'] WHEN 'sms' THEN ARRAY['phone', 'whatsapp']
            ELSE ARRAY['phone', 'whatsapp', 'bsuid'] END)
        ORDER BY a.kind = 'bsuid', a.position LIMIT 1)) AS recipient,
    last.message_id AS last_message_id
FROM conversations c
JOIN channels h ON h.tenant_id = c.tenant_id AND h.id = c.channel_id
JOIN external_integrations i ON i.tenant_id = h.tenant_id AND i.id = h.integration_id
JOIN encryption_keys k ON k.tenant_id = i.tenant_id AND k.id = i.key_id
JOIN customers u ON u.tenant_id = c.tenant_id AND u.id = c.customer_id
LEFT JOIN LATERAL (
    SELECT m.sender_address, m.mail ->> 'message_id' AS message_id FROM messages m
    WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.id AND m.direction = 'inbound'
      AND m.sender_address IS NOT NULL
    ORDER BY m.occurred_at DESC, m.id DESC LIMIT 1) last ON true
WHERE c.tenant_id = $1 AND c.id = $2
"""


async def lock_target(tx: TenantTx, conversation_id: UUID) -> Target | None:
    """Return where a conversation's messages go; nobody else writes to it until the transaction ends."""
    if await tx.connection.fetchval(LOCK_CONVERSATION, tx.tenant_id, conversation_id) is None:
        return None
    return await target_of(tx, conversation_id)


async def target_of(tx: TenantTx, conversation_id: UUID) -> Target | None:
    """Return where a conversation's messages go."""
    row = await tx.connection.fetchrow(TARGET, tx.tenant_id, conversation_id)
    if row is None:
        return None
    fields = dict(row)
    key = WrappedKey(fields.pop("wrapped_key"), fields.pop("master_key_id"))
    return Target(**{**fields, "settings": orjson.loads(fields["settings"]), "key": key})


@dataclass(frozen=True, slots=True)
class Address:
    """A channel to write to somebody on, and the settings of its connection."""

    channel_id: UUID
    kind: str
    settings: Mapping[str, Any]


CHANNEL = """
SELECT h.id, h.kind, i.config::text AS settings
FROM channels h JOIN external_integrations i ON i.tenant_id = h.tenant_id AND i.id = h.integration_id
WHERE h.tenant_id = $1 AND h.id = $2 AND h.deleted_at IS NULL
"""


async def channel(tx: TenantTx, channel_id: UUID) -> Address | None:
    """Return a channel."""
    row = await tx.connection.fetchrow(CHANNEL, tx.tenant_id, channel_id)
    return None if row is None else Address(row["id"], row["kind"], orjson.loads(row["settings"]))


FIND_CUSTOMER = """
SELECT customer_id FROM customer_identities
WHERE tenant_id = $1 AND kind = ANY ($2::text[]) AND value = ANY ($3::text[])
ORDER BY value = $3[1] DESC, kind = $2[1] DESC, position LIMIT 1
"""
# Whoever takes the identity makes the customer; another process may be making the same one.
MAKE_CUSTOMER = """
WITH taken AS (
    INSERT INTO customer_identities (tenant_id, kind, value, customer_id) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING RETURNING customer_id
)
INSERT INTO customers (tenant_id, id, name) SELECT $1, t.customer_id, $5 FROM taken t
"""


async def find_or_make_customer(
    tx: TenantTx, kinds: Sequence[str], values: Sequence[str], new_id: UUID, name: str | None
) -> UUID:
    """Return the customer who is known under an address; made if nobody is.

    Args:
        kinds: of the address; a new customer gets it under the first one.
        values: its spellings, the one to keep first.
        new_id: for a new customer.
        name: of a new customer.
    """
    find = (FIND_CUSTOMER, tx.tenant_id, list(kinds), list(values))
    found: UUID | None = await tx.connection.fetchval(*find)
    if found is None:
        await tx.connection.execute(MAKE_CUSTOMER, tx.tenant_id, kinds[0], values[0], new_id, name)
        found = await tx.connection.fetchval(*find)
    if found is None:
        raise LookupError("a customer's identity vanished while it was being made")
    return found


FIND_CONVERSATION = """
SELECT id FROM conversations
WHERE tenant_id = $1 AND channel_id = $2 AND customer_id = $3 AND threading = 'customer'
"""
MAKE_CONVERSATION = """
INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, subject, last_message_at)
VALUES ($1, $4, $2, $3, $5, $6, $7)
ON CONFLICT (tenant_id, channel_id, customer_id) WHERE threading = 'customer' DO NOTHING
"""


async def find_or_make_conversation(
    tx: TenantTx, address: Address, customer_id: UUID, new_id: UUID, subject: str | None, moment: datetime
) -> UUID:
    """Return the conversation with a customer over a channel; by mail, always a new one."""
    find = (FIND_CONVERSATION, tx.tenant_id, address.channel_id, customer_id)
    threading = "mail" if address.kind == "email" else "customer"
    found: UUID | None = None if threading == "mail" else await tx.connection.fetchval(*find)
    if found is not None:
        return found
    make = (MAKE_CONVERSATION, tx.tenant_id, address.channel_id, customer_id, new_id, threading, subject, moment)
    if await tx.connection.execute(*make) == "INSERT 0 1":
        return new_id
    found = await tx.connection.fetchval(*find)
    if found is None:
        raise LookupError("a conversation vanished while it was being made")
    return found


@dataclass(frozen=True, slots=True)
class QuotedMessage:
    """A message that is answered: the provider's id of it and, of a mail, its Message-ID."""

    external_id: str | None
    message_id: str | None


QUOTED = """
SELECT m.external_id, m.mail ->> 'message_id' AS message_id FROM messages m
WHERE m.tenant_id = $1 AND m.id = $2 AND m.conversation_id = $3 AND m.direction <> 'internal'
"""


async def quoted(tx: TenantTx, message_id: UUID, conversation_id: UUID) -> QuotedMessage | None:
    """Return a message of a conversation as it is answered."""
    row = await tx.connection.fetchrow(QUOTED, tx.tenant_id, message_id, conversation_id)
    return None if row is None else QuotedMessage(row["external_id"], row["message_id"])


TEMPLATE = """
SELECT t.status, t.body FROM message_templates t
WHERE t.tenant_id = $1 AND t.integration_id = $2 AND t.language = $4 AND $3 IN (t.name, t.external_id)
ORDER BY t.name = $3 DESC LIMIT 1
"""


async def template(tx: TenantTx, integration_id: UUID, name: str, language: str) -> tuple[str, str | None] | None:
    """Return status and text of a template as it was listed last; None when it was not."""
    row = await tx.connection.fetchrow(TEMPLATE, tx.tenant_id, integration_id, name, language)
    return None if row is None else (row["status"], row["body"])


@dataclass(frozen=True, slots=True)
class OwnFile:
    """An uploaded file."""

    id: UUID
    mime_type: str
    filename: str | None
    size_bytes: int
    width: int | None
    height: int | None
    duration_ms: int | None
    sha256: str


# Locked, so that nobody removes them as unused meanwhile.
FILES = """
SELECT f.id, f.mime_type, f.filename, f.size_bytes, f.width, f.height, f.duration_ms, f.sha256 FROM files f
WHERE f.tenant_id = $1 AND f.id = ANY ($2::uuid[]) AND f.state = 'stored'
  AND (f.expires_at IS NULL OR f.expires_at > now())
ORDER BY f.id FOR UPDATE
"""


async def files(tx: TenantTx, ids: Sequence[UUID]) -> Mapping[UUID, OwnFile]:
    """Return those of some files that are there."""
    rows = await tx.connection.fetch(FILES, tx.tenant_id, list(ids)) if ids else ()
    return {row["id"]: OwnFile(**dict(row)) for row in rows}


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
        await run(ADD_THREAD, tx.tenant_id, to.channel_id, message.reference, to.conversation_id)
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
UPDATE messages SET status = 'canceled', text = NULL, preview = '', deleted_at = now(),
    status_at = status_at || jsonb_build_object('canceled', iso(now()))
WHERE tenant_id = $1 AND id = $2
"""


async def cancel(tx: TenantTx, message_id: UUID) -> None:
    """Take a message back before it was sent."""
    await tx.connection.execute(CANCEL, tx.tenant_id, message_id)
    await tx.connection.execute(TAKE_BACK, tx.tenant_id, message_id)


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


# Ids are claimed before the send is locked: whoever stores a status takes them in that order.
CLAIM_ID = """
INSERT INTO external_message_mappings AS x (tenant_id, channel_id, external_id, message_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, channel_id, external_id) DO UPDATE SET message_id = excluded.message_id, reference = NULL
WHERE x.message_id IS NULL OR x.message_id = excluded.message_id
RETURNING x.message_id
"""
HOLDER = """
SELECT message_id FROM external_message_mappings
WHERE tenant_id = $1 AND channel_id = $2 AND external_id = $3 FOR UPDATE
"""
TAKE_ID = """
UPDATE external_message_mappings SET message_id = $4 WHERE tenant_id = $1 AND channel_id = $2 AND external_id = $3
"""
DROP_DOUBLE = """
UPDATE messages SET external_id = NULL, text = NULL, preview = '', deleted_at = now()
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL
"""
FINISH = """
UPDATE sends SET state = $4, lease_token = NULL, lease_until = NULL
WHERE tenant_id = $1 AND message_id = $2 AND lease_token = $3
"""
SENT = """
UPDATE messages m
SET external_id = $3, status = 'sent', status_rank = 2, error = NULL,
    status_at = m.status_at - 'unknown' || jsonb_build_object('sent', iso(now()))
WHERE m.tenant_id = $1 AND m.id = $2
"""
# As ingest_fold does: the highest rank wins, every time is kept.
FOLD = """
UPDATE messages m
SET status = CASE WHEN f.rank >= m.status_rank THEN f.status ELSE m.status END,
    error = CASE WHEN f.rank >= m.status_rank THEN f.error ELSE m.error END,
    status_rank = greatest(m.status_rank, f.rank), status_at = m.status_at || f.status_at
FROM (
    SELECT (array_agg(s.status ORDER BY s.rank DESC, s.status))[1] AS status, max(s.rank) AS rank,
        (array_agg(s.error ORDER BY s.rank DESC, s.status))[1] AS error,
        jsonb_object_agg(s.status, iso(s.first_at)) AS status_at
    FROM (
        SELECT a.status, max(a.rank) AS rank, min(a.occurred_at) AS first_at,
            (array_agg(a.error ORDER BY a.occurred_at, a.key))[1] AS error
        FROM message_statuses a WHERE a.tenant_id = $1 AND a.channel_id = $3 AND a.external_id = $4
        GROUP BY a.status) s
    HAVING count(*) > 0) f
WHERE m.tenant_id = $1 AND m.id = $2
"""
HELD = """
SELECT x.external_id FROM external_message_mappings x
WHERE x.tenant_id = $1 AND x.channel_id = $2 AND x.reference = $3 AND x.message_id IS NULL
ORDER BY x.created_at, x.external_id LIMIT 1
"""
ADOPT = "SELECT adopt_send($1, $2, $3, $4)"


async def accepted(tx: TenantTx, claimed: Claimed, channel_id: UUID, external_id: str) -> UUID | None:
    """Note that the provider took a message; what it told of it before is applied now.

    Returns a message that turned out to be the same one, and is gone: an echo that was here first.

    Raises:
        LeaseLost: when somebody else has the send.
    """
    key = (tx.tenant_id, channel_id, external_id)
    double: UUID | None = None
    if await tx.connection.fetchval(CLAIM_ID, *key, claimed.message_id) is None:
        double = await tx.connection.fetchval(HOLDER, *key)
        await tx.connection.execute(TAKE_ID, *key, claimed.message_id)
    await _finish(tx, claimed, "sent")
    if double is not None:
        await tx.connection.execute(DROP_DOUBLE, tx.tenant_id, double)
    await tx.connection.execute(SENT, tx.tenant_id, claimed.message_id, external_id)
    await tx.connection.execute(FOLD, tx.tenant_id, claimed.message_id, channel_id, external_id)
    return double


FAILED = """
UPDATE messages m
SET status = 'failed', status_rank = CASE m.medium WHEN 'email' THEN $4::integer ELSE $5::integer END,
    error = $3::text::jsonb, status_at = m.status_at || jsonb_build_object('failed', iso(now()))
WHERE m.tenant_id = $1 AND m.id = $2
"""


async def failed(tx: TenantTx, claimed: Claimed, error: Mapping[str, Any]) -> None:
    """Note that a message was not sent, and will not be.

    Args:
        error: as the message shows it: code, message, retryable.

    Raises:
        LeaseLost: when somebody else has the send.
    """
    await _finish(tx, claimed, "failed")
    shown = orjson.dumps(error).decode()
    await tx.connection.execute(FAILED, tx.tenant_id, claimed.message_id, shown, MAIL_FAILED, PHONE_FAILED)


UNKNOWN = """
UPDATE messages m
SET status = 'unknown', error = $3::text::jsonb, status_at = m.status_at || jsonb_build_object('unknown', iso(now()))
WHERE m.tenant_id = $1 AND m.id = $2
"""


async def unknown(tx: TenantTx, claimed: Claimed, channel_id: UUID, reference: str, error: Mapping[str, Any]) -> None:
    """Note that nobody knows whether a message was sent; unless its provider has told of it already.

    Args:
        channel_id: of the message.
        reference: under which it was sent.
        error: as the message shows it.

    Raises:
        LeaseLost: when somebody else has the send.
    """
    await _finish(tx, claimed, "unknown")
    shown = orjson.dumps(error).decode()
    await tx.connection.execute(UNKNOWN, tx.tenant_id, claimed.message_id, shown)
    external_id = await tx.connection.fetchval(HELD, tx.tenant_id, channel_id, reference)
    if external_id is not None:
        await tx.connection.execute(ADOPT, tx.tenant_id, channel_id, claimed.message_id, external_id)
        await tx.connection.execute(FOLD, tx.tenant_id, claimed.message_id, channel_id, external_id)


AGAIN = """
UPDATE sends SET state = 'queued', lease_token = NULL, lease_until = NULL, next_attempt_at = now() + $4,
    attempts = attempts + CASE WHEN state = 'queued' AND $5 THEN 1 ELSE 0 END
WHERE tenant_id = $1 AND message_id = $2 AND lease_token = $3
RETURNING channel_id
"""
SLOWED = """
UPDATE send_lanes
SET due_at = least(due_at, now() + $3), slowed_until = CASE WHEN $4 THEN greatest(slowed_until, now() + $3)
    ELSE slowed_until END
WHERE tenant_id = $1 AND channel_id = $2
"""


async def again(tx: TenantTx, claimed: Claimed, wait: timedelta, *, slow: bool = False, counts: bool = True) -> None:
    """Give a send back, to be tried again later.

    Args:
        wait: until then.
        slow: whether the whole channel is to wait as long.
        counts: whether it was an attempt; one that came to a call was counted then.

    Raises:
        LeaseLost: when somebody else has the send.
    """
    channel_id = await tx.connection.fetchval(AGAIN, tx.tenant_id, claimed.message_id, claimed.token, wait, counts)
    if channel_id is None:
        raise LeaseLost
    await tx.connection.execute(SLOWED, tx.tenant_id, channel_id, wait, slow)


IN_TROUBLE = """
UPDATE external_integrations SET status = $3, error_message = $4
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL AND status <> 'disabled' AND status <> $3
"""


async def connection_fails(tx: TenantTx, integration_id: UUID, sentence: str) -> None:
    """Note that a provider does not take a connection's login."""
    await tx.connection.execute(IN_TROUBLE, tx.tenant_id, integration_id, "error", sentence)


async def connection_works(tx: TenantTx, integration_id: UUID) -> None:
    """Note that a provider takes a connection's login."""
    await tx.connection.execute(IN_TROUBLE, tx.tenant_id, integration_id, "active", None)


async def _finish(tx: TenantTx, claimed: Claimed, state: str) -> None:
    done = await tx.connection.execute(FINISH, tx.tenant_id, claimed.message_id, claimed.token, state)
    if done != "UPDATE 1":
        raise LeaseLost


def _sent_file(row: asyncpg.Record) -> SentFile:
    kind, url, filename, mime_type, *stored = row
    return SentFile(kind, url, filename, mime_type, None if stored[0] is None else StoredFile(*stored))
