"""Where messages to customers go: conversations with their channels and connections, and what is sent there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from channels.adapter import Adapter, Credentials
from channels.registry import ADAPTERS
from gateway.keys import Keyring, WrappedKey, credentials_of, unseal
from gateway.model.sending import Obstacle, window_closed
from gateway.store.pool import TenantTx


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

    async def credentials(self, keyring: Keyring, tenant_id: UUID) -> Credentials:
        """Open the connection's credentials.

        Raises:
            KeyUnusable: when the master key that they were sealed under is not here.
            KeysUnavailable: when the service that has it does not answer.
        """
        place = credentials_of(tenant_id, self.integration_id)
        opened = unseal(await keyring.unwrap(self.key), self.credentials_sealed, place)
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


@dataclass(frozen=True, slots=True)
class EarlierMail:
    """A mail of a conversation, to be quoted."""

    text: str
    name: str | None
    address: str | None
    occurred_at: datetime


EARLIER_MAIL = """
SELECT coalesce(m.text, '') AS text, m.sender_name AS name, m.sender_address AS address, m.occurred_at
FROM messages m
WHERE m.tenant_id = $1 AND m.id = $2 AND m.conversation_id = $3 AND m.medium = 'email' AND m.direction <> 'internal'
  AND m.deleted_at IS NULL
"""


async def earlier_mail(tx: TenantTx, message_id: UUID, conversation_id: UUID) -> EarlierMail | None:
    """Return a mail of a conversation."""
    row = await tx.connection.fetchrow(EARLIER_MAIL, tx.tenant_id, message_id, conversation_id)
    return None if row is None else EarlierMail(**row)


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
