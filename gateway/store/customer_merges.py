"""Making one customer of two, and two of one again: what a merge took, link by link.

The customers are locked by whoever calls this (``customers.lock``): nobody brings them an identity or a conversation
meanwhile. Then come conversations, sorted, and messages, and the log last, as everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from gateway.store.customers import Address
from gateway.store.pool import TenantTx


@dataclass(frozen=True, slots=True)
class Card:
    """What merging compares and changes of a customer's row."""

    name: str | None
    business_name: str | None
    customer_code: str | None
    status: str
    custom_fields: Mapping[str, Any]  # Any: as the tenant's fields tell
    merged_into: UUID | None


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge, as it is stored."""

    id: UUID
    customer_id: UUID
    merged_id: UUID
    merged_status: str
    created_at: datetime
    undone: bool


@dataclass(frozen=True, slots=True)
class Link:
    """One thing that a merge took; see the table's comments."""

    kind: str
    key: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation, as far as merging goes."""

    id: UUID
    customer_id: UUID
    channel_id: UUID
    threading: str
    created_at: datetime


CARD = """
SELECT name, business_name, customer_code, status, custom_fields::text, merged_into FROM customers
WHERE tenant_id = $1 AND id = $2
"""


async def card(tx: TenantTx, customer_id: UUID) -> Card:
    """Return the card of a locked customer."""
    name, business, code, status, fields, into = await tx.connection.fetchrow(CARD, tx.tenant_id, customer_id)
    return Card(name, business, code, status, orjson.loads(fields), into)


ADD = """
INSERT INTO customer_merges (tenant_id, id, customer_id, merged_id, merged_status, user_id)
VALUES ($1, $2, $3, $4, $5, $6)
"""
LEAD_ON = "UPDATE customers SET status = 'merged', merged_into = $3 WHERE tenant_id = $1 AND id = $2"


async def add(tx: TenantTx, merge_id: UUID, kept: UUID, merged: UUID, status: str, user_id: UUID | None) -> None:
    """Note a merge, and let the merged customer lead on to the kept one."""
    await tx.connection.execute(ADD, tx.tenant_id, merge_id, kept, merged, status, user_id)
    await tx.connection.execute(LEAD_ON, tx.tenant_id, merged, kept)


GET = """
SELECT id, customer_id, merged_id, merged_status, created_at, undone_at IS NOT NULL FROM customer_merges
WHERE tenant_id = $1 AND id = $2
"""


async def get(tx: TenantTx, merge_id: UUID) -> Merge | None:
    """Return a merge."""
    row = await tx.connection.fetchrow(GET, tx.tenant_id, merge_id)
    return Merge(*row) if row else None


FORGET_CODE = "UPDATE customers SET customer_code = NULL WHERE tenant_id = $1 AND id = $2"
END = "UPDATE customer_merges SET undone_at = now(), undone_by = $3 WHERE tenant_id = $1 AND id = $2"
BE_ONESELF = "UPDATE customers SET status = $3, merged_into = NULL WHERE tenant_id = $1 AND id = $2"


async def end(tx: TenantTx, merge: Merge, user_id: UUID | None) -> None:
    """Note that a merge was undone, and let the merged customer be one of their own.

    A code that somebody else got meanwhile stays with them.
    """
    await tx.connection.execute(END, tx.tenant_id, merge.id, user_id)
    oneself = (tx.tenant_id, merge.merged_id, merge.merged_status)
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(BE_ONESELF, *oneself)
    except asyncpg.UniqueViolationError:
        await tx.connection.execute(FORGET_CODE, tx.tenant_id, merge.merged_id)
        await tx.connection.execute(BE_ONESELF, *oneself)


SHOWN = """
SELECT v.data::text FROM customer_merges g CROSS JOIN LATERAL customer_merge_json(g) v
WHERE g.tenant_id = $1 AND g.id = $2
"""


async def shown(tx: TenantTx, merge_id: UUID) -> str:
    """Return a merge that is there as JSON text."""
    found: str = await tx.connection.fetchval(SHOWN, tx.tenant_id, merge_id)
    return found


LINKS = "SELECT kind, key, was FROM customer_merge_links WHERE tenant_id = $1 AND merge_id = $2 ORDER BY kind, key"
LINK = """
INSERT INTO customer_merge_links (tenant_id, merge_id, kind, key, was)
SELECT $1, $2, l.kind, l.key, l.was FROM unnest($3::text[], $4::text[], $5::text[]) AS l (kind, key, was)
"""


async def links(tx: TenantTx, merge_id: UUID) -> Sequence[Link]:
    """Return what a merge took."""
    return [Link(*row) for row in await tx.connection.fetch(LINKS, tx.tenant_id, merge_id)]


LINKED_BY_OTHERS = """
SELECT DISTINCT l.kind, l.key FROM customer_merges g
JOIN customer_merge_links l ON l.tenant_id = g.tenant_id AND l.merge_id = g.id
WHERE g.tenant_id = $1 AND g.customer_id = $2 AND g.undone_at IS NULL AND g.id <> $3
  AND l.kind IN ('identity', 'conversation')
"""


async def linked_by_others(tx: TenantTx, merge: Merge) -> set[tuple[str, str]]:
    """Return kind and key of the identities and conversations that other merges into the same customer took."""
    rows = await tx.connection.fetch(LINKED_BY_OTHERS, tx.tenant_id, merge.customer_id, merge.id)
    return {(row["kind"], row["key"]) for row in rows}


async def link(tx: TenantTx, merge_id: UUID, taken: Sequence[Link]) -> None:
    """Note what a merge takes."""
    columns = ([one.kind for one in taken], [one.key for one in taken], [one.was for one in taken])
    await tx.connection.execute(LINK, tx.tenant_id, merge_id, *columns)


IDENTITIES = """
SELECT kind, value, created_at FROM customer_identities WHERE tenant_id = $1 AND customer_id = $2 ORDER BY position
"""
MOVE_IDENTITIES = """
UPDATE customer_identities i SET customer_id = $3
FROM unnest($4::text[], $5::text[]) AS moved (kind, value)
WHERE i.tenant_id = $1 AND i.kind = moved.kind AND i.value = moved.value AND i.customer_id = $2
"""


async def identities(tx: TenantTx, customer_id: UUID) -> Mapping[Address, datetime]:
    """Return a customer's addresses, and since when they have each."""
    rows = await tx.connection.fetch(IDENTITIES, tx.tenant_id, customer_id)
    return {Address(row["kind"], row["value"]): row["created_at"] for row in rows}


async def move_identities(tx: TenantTx, source: UUID, target: UUID, moved: Sequence[Address]) -> None:
    """Give those of some addresses that one customer has to another one."""
    columns = ([one.kind for one in moved], [one.value for one in moved])
    await tx.connection.execute(MOVE_IDENTITIES, tx.tenant_id, source, target, *columns)


LABELS = "SELECT customer_id, label_id FROM customer_labels WHERE tenant_id = $1 AND customer_id = ANY ($2::uuid[])"
ADD_LABELS = """
INSERT INTO customer_labels (tenant_id, customer_id, label_id) SELECT $1, $2, unnest($3::uuid[]) ON CONFLICT DO NOTHING
"""
# Another merge that is not undone brought the label too: it is that one's now, and stays.
HAND_ON_LABELS = """
UPDATE customer_merge_links l SET was = 'new'
WHERE l.tenant_id = $1 AND l.kind = 'label' AND l.key = ANY ($2::text[]) AND l.merge_id IN (
    SELECT DISTINCT ON (o.key) o.merge_id
    FROM customer_merges g
    JOIN customer_merge_links o ON o.tenant_id = g.tenant_id AND o.merge_id = g.id
    WHERE g.tenant_id = $1 AND g.customer_id = $3 AND g.undone_at IS NULL AND g.id <> $4
      AND o.kind = 'label' AND o.key = l.key
    ORDER BY o.key, g.created_at, g.id)
RETURNING l.key
"""
DROP_LABELS = "DELETE FROM customer_labels WHERE tenant_id = $1 AND customer_id = $2 AND label_id = ANY ($3::uuid[])"


async def labels(tx: TenantTx, *customer_ids: UUID) -> Mapping[UUID, set[UUID]]:
    """Return the labels of customers."""
    found: dict[UUID, set[UUID]] = {customer_id: set() for customer_id in customer_ids}
    for customer_id, label_id in await tx.connection.fetch(LABELS, tx.tenant_id, list(customer_ids)):
        found[customer_id].add(label_id)
    return found


async def add_labels(tx: TenantTx, customer_id: UUID, label_ids: Sequence[UUID]) -> None:
    """Give a customer more labels."""
    await tx.connection.execute(ADD_LABELS, tx.tenant_id, customer_id, list(label_ids))


async def drop_labels(tx: TenantTx, merge: Merge, label_ids: Sequence[UUID]) -> None:
    """Take off the kept customer what only this merge brought."""
    keys = [str(label) for label in label_ids]
    handed = await tx.connection.fetch(HAND_ON_LABELS, tx.tenant_id, keys, merge.customer_id, merge.id)
    kept = {row[0] for row in handed}
    gone = [label for label in label_ids if str(label) not in kept]
    await tx.connection.execute(DROP_LABELS, tx.tenant_id, merge.customer_id, gone)


NOTES = "SELECT id FROM customer_notes WHERE tenant_id = $1 AND customer_id = $2 ORDER BY id"
MOVE_NOTES = """
UPDATE customer_notes SET customer_id = $3 WHERE tenant_id = $1 AND customer_id = $2 AND id = ANY ($4::uuid[])
"""


async def notes(tx: TenantTx, customer_id: UUID) -> Sequence[UUID]:
    """Return a customer's notes, deleted ones too."""
    return [row[0] for row in await tx.connection.fetch(NOTES, tx.tenant_id, customer_id)]


async def move_notes(tx: TenantTx, source: UUID, target: UUID, moved: Sequence[UUID]) -> None:
    """Give those of some notes that are of one customer to another one."""
    await tx.connection.execute(MOVE_NOTES, tx.tenant_id, source, target, list(moved))


# Locked, in the order in which all writers lock them.
THREADS = """
SELECT id, customer_id, channel_id, threading, created_at FROM conversations
WHERE tenant_id = $1 AND customer_id = ANY ($2::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
MOVE_THREADS = """
UPDATE conversations c SET customer_id = $2, threading = moved.threading
FROM unnest($3::uuid[], $4::text[]) AS moved (id, threading)
WHERE c.tenant_id = $1 AND c.id = moved.id
"""
OPEN_THREAD = """
INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, last_message_at)
VALUES ($1, $2, $3, $4, 'customer', $5)
"""


async def threads(tx: TenantTx, *customer_ids: UUID) -> Sequence[Thread]:
    """Lock the conversations of customers, and return them."""
    return [Thread(*row) for row in await tx.connection.fetch(THREADS, tx.tenant_id, list(customer_ids))]


async def move_threads(tx: TenantTx, target: UUID, moved: Mapping[UUID, str]) -> None:
    """Give conversations to a customer; ``moved`` is the threading that each is to have."""
    await tx.connection.execute(MOVE_THREADS, tx.tenant_id, target, list(moved), list(moved.values()))


async def open_thread(tx: TenantTx, thread_id: UUID, channel_id: UUID, customer_id: UUID, at: datetime) -> None:
    """Make a conversation of a customer at a channel where they have none."""
    await tx.connection.execute(OPEN_THREAD, tx.tenant_id, thread_id, channel_id, customer_id, at)


# Whose a message is: of whoever sent it, or of those it was sent to.
PARTIES = """
SELECT m.conversation_id, m.id, m.direction, lower(m.sender_address) AS sender, m.extra ->> 'user_id' AS user_id,
    m.recipients, m.occurred_at
FROM messages m
WHERE m.tenant_id = $1 AND m.conversation_id = ANY ($2::uuid[]) AND m.created_at >= $3 AND m.direction <> 'internal'
ORDER BY m.occurred_at, m.id
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A message, as far as it tells whose it is."""

    conversation_id: UUID
    id: UUID
    direction: str
    sender: str | None
    user_id: str | None
    recipients: Sequence[str]
    occurred_at: datetime

    def is_of(self, addresses: set[str]) -> bool:
        """Tell whether it was written by, or to, one of some addresses."""
        if self.direction == "inbound":
            return self.sender in addresses or self.user_id in addresses
        return any(recipient.lower() in addresses for recipient in self.recipients)


async def written(tx: TenantTx, conversations: Sequence[UUID], since: datetime) -> Sequence[Written]:
    """Return the messages that came into some conversations since a moment, oldest first."""
    rows = await tx.connection.fetch(PARTIES, tx.tenant_id, list(conversations), since)
    return [Written(*row) for row in rows]


# Unread are the newest inbound messages, as many as the conversation counts.
UNREAD_AMONG = """
SELECT count(*) FROM (
    SELECT m.id FROM messages m
    WHERE m.tenant_id = $1 AND m.conversation_id = $2 AND m.direction = 'inbound'
    ORDER BY m.occurred_at DESC, m.id DESC
    LIMIT (SELECT c.unread_count FROM conversations c WHERE c.tenant_id = $1 AND c.id = $2)) unread
WHERE unread.id = ANY ($3::uuid[])
"""
# Those of ours first, as their senders lock them: what is told of them, and where they wait, goes with them.
MOVE_SENDS = "UPDATE sends SET conversation_id = $2 WHERE tenant_id = $1 AND message_id = ANY ($3::uuid[])"
MOVE_MESSAGES = "UPDATE messages SET conversation_id = $2 WHERE tenant_id = $1 AND id = ANY ($3::uuid[])"
# A window belongs to the newest message of a customer on WhatsApp; where none was open none opens.
SETTLE = """
UPDATE conversations c
SET unread_count = greatest(c.unread_count + $3, 0),
    last_message_at = coalesce(n.latest, c.last_message_at),
    window_expires_at = n.heard + interval '24 hours'
FROM (
    SELECT max(m.occurred_at) AS latest,
        max(m.occurred_at) FILTER (WHERE m.direction = 'inbound' AND m.medium = 'whatsapp') AS heard
    FROM messages m WHERE m.tenant_id = $1 AND m.conversation_id = $2 AND m.direction <> 'internal') n
WHERE c.tenant_id = $1 AND c.id = $2
"""


async def move_messages(tx: TenantTx, source: UUID, target: UUID, moved: Sequence[UUID]) -> None:
    """Move messages to another conversation, and bring both up to date."""
    unread: int = await tx.connection.fetchval(UNREAD_AMONG, tx.tenant_id, source, list(moved))
    await tx.connection.execute(MOVE_SENDS, tx.tenant_id, target, list(moved))
    await tx.connection.execute(MOVE_MESSAGES, tx.tenant_id, target, list(moved))
    await tx.connection.execute(SETTLE, tx.tenant_id, source, -unread)
    await tx.connection.execute(SETTLE, tx.tenant_id, target, unread)


CONVERSATIONS_SHOWN = """
SELECT c.id, v.data::text FROM conversations c CROSS JOIN LATERAL conversation_json(c) v
WHERE c.tenant_id = $1 AND c.id = ANY ($2::uuid[]) AND c.deleted_at IS NULL ORDER BY c.id
"""
MESSAGES_SHOWN = """
SELECT m.id, m.conversation_id, v.data::text FROM messages m CROSS JOIN LATERAL message_json(m) v
WHERE m.tenant_id = $1 AND m.id = ANY ($2::uuid[]) ORDER BY m.occurred_at, m.id
"""


async def conversations_shown(tx: TenantTx, ids: Sequence[UUID]) -> Sequence[tuple[UUID, str]]:
    """Return conversations as JSON texts."""
    return [tuple(row) for row in await tx.connection.fetch(CONVERSATIONS_SHOWN, tx.tenant_id, list(ids))]


async def messages_shown(tx: TenantTx, ids: Sequence[UUID]) -> Sequence[tuple[UUID, UUID, str]]:
    """Return messages as JSON texts, with their conversations."""
    return [tuple(row) for row in await tx.connection.fetch(MESSAGES_SHOWN, tx.tenant_id, list(ids))]
