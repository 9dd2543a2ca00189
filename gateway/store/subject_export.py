"""What is known of a customer, row by row as JSON text, for an export."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from gateway.store.files import StoredFile
from gateway.store.pool import TenantTx

#: Rows that are fetched at once.
AHEAD = 200

PEOPLE = """
WITH RECURSIVE part AS (
    SELECT k.id FROM customers k WHERE k.tenant_id = $1 AND k.id = $2
    UNION
    SELECT k.id FROM part p JOIN customers k ON k.tenant_id = $1 AND k.merged_into = p.id
)
SELECT p.id FROM part p ORDER BY p.id
"""
THREADS = "SELECT id FROM conversations WHERE tenant_id = $1 AND customer_id = ANY ($2::uuid[]) ORDER BY id"
ADDRESSES = """
SELECT value FROM customer_identities WHERE tenant_id = $1 AND customer_id = ANY ($2::uuid[]) ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """A customer with all that were merged into them, their conversations and addresses."""

    people: Sequence[UUID]
    threads: Sequence[UUID]
    addresses: Sequence[str]


async def subject(tx: TenantTx, customer_id: UUID) -> Subject:
    """Tell who a customer is; nobody when they were erased meanwhile."""
    people = [row["id"] for row in await tx.connection.fetch(PEOPLE, tx.tenant_id, customer_id)]
    threads = [row["id"] for row in await tx.connection.fetch(THREADS, tx.tenant_id, people)]
    addresses = [row["value"] for row in await tx.connection.fetch(ADDRESSES, tx.tenant_id, people)]
    return Subject(people, threads, addresses)


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the archive: the tables whose rows are in it, what of the subject finds them, and how."""

    name: str
    tables: Sequence[str]
    of: Literal["people", "threads", "addresses"]
    query: str


PARTS: Sequence[Part] = (
    Part(
        "customer",
        ("customers", "customer_identities", "customer_labels"),
        "people",
        """
SELECT v.data::text FROM customers k CROSS JOIN LATERAL customer_json(k) v
WHERE k.tenant_id = $1 AND k.id = ANY ($2::uuid[]) ORDER BY k.id
""",
    ),
    Part(
        "notes",
        ("customer_notes",),
        "people",
        """
SELECT v.data::text FROM customer_notes n CROSS JOIN LATERAL customer_note_json(n) v
WHERE n.tenant_id = $1 AND n.customer_id = ANY ($2::uuid[]) ORDER BY n.created_at, n.id
""",
    ),
    Part(
        "merges",
        ("customer_merges", "customer_merge_links"),
        "people",
        """
SELECT json_build_object('merge', v.data, 'moved', (
    SELECT coalesce(json_agg(json_build_object('kind', l.kind, 'key', l.key, 'was', l.was)
        ORDER BY l.kind, l.key), '[]')
    FROM customer_merge_links l WHERE l.tenant_id = g.tenant_id AND l.merge_id = g.id))::text
FROM customer_merges g CROSS JOIN LATERAL customer_merge_json(g) v
WHERE g.tenant_id = $1 AND g.customer_id = ANY ($2::uuid[]) ORDER BY g.created_at, g.id
""",
    ),
    Part(
        "consents",
        ("consents",),
        "addresses",
        """
SELECT json_build_object('address', o.address, 'channel_id', public_id('ch_', o.channel_id), 'category', o.category,
    'word', o.word, 'told_at', iso(o.told_at))::text
FROM consents o WHERE o.tenant_id = $1 AND o.address = ANY ($2::text[]) ORDER BY o.told_at
""",
    ),
    Part(
        "conversations",
        ("conversations", "conversation_labels", "reads"),
        "threads",
        """
SELECT v.data::text FROM conversations c CROSS JOIN LATERAL conversation_json(c) v
WHERE c.tenant_id = $1 AND c.id = ANY ($2::uuid[]) ORDER BY c.created_at, c.id
""",
    ),
    Part(
        "messages",
        ("messages", "attachments", "message_html", "mentions"),
        "threads",
        """
SELECT (v.data::jsonb || jsonb_build_object('html', h.html, 'files', (
    SELECT coalesce(jsonb_agg(jsonb_build_object('attachment_id', public_id('att_', a.id),
        'provider_url', a.provider_url, 'provider_media_id', a.provider_media_id) ORDER BY a.position), '[]')
    FROM attachments a WHERE a.tenant_id = m.tenant_id AND a.message_id = m.id)))::text
FROM messages m CROSS JOIN LATERAL message_json(m) v
LEFT JOIN message_html h ON h.tenant_id = m.tenant_id AND h.message_id = m.id
WHERE m.tenant_id = $1 AND m.conversation_id = ANY ($2::uuid[]) ORDER BY m.occurred_at, m.id
""",
    ),
    Part(
        "message_statuses",
        ("message_statuses", "external_message_mappings"),
        "threads",
        """
SELECT json_build_object('message_id', public_id('msg_', m.id), 'external_id', s.external_id, 'status', s.status,
    'occurred_at', iso(s.occurred_at), 'error', s.error)::text
FROM messages m JOIN message_statuses s
    ON s.tenant_id = m.tenant_id AND s.channel_id = m.channel_id AND s.external_id = m.external_id
WHERE m.tenant_id = $1 AND m.conversation_id = ANY ($2::uuid[]) ORDER BY m.occurred_at, m.id, s.occurred_at
""",
    ),
    Part(
        "message_changes",
        ("message_changes",),
        "threads",
        """
SELECT json_build_object('message_id', public_id('msg_', m.id), 'kind', g.kind, 'text', g.text,
    'occurred_at', iso(g.occurred_at))::text
FROM messages m JOIN message_changes g
    ON g.tenant_id = m.tenant_id AND g.channel_id = m.channel_id AND g.external_id = m.external_id
WHERE m.tenant_id = $1 AND m.conversation_id = ANY ($2::uuid[]) ORDER BY m.occurred_at, m.id, g.occurred_at
""",
    ),
    Part(
        "sends",
        ("sends",),
        "threads",
        """
SELECT json_build_object('message_id', public_id('msg_', s.message_id), 'state', s.state, 'content', s.content,
    'queued_at', iso(s.queued_at))::text
FROM sends s WHERE s.tenant_id = $1 AND s.conversation_id = ANY ($2::uuid[]) ORDER BY s.queued_at, s.message_id
""",
    ),
    Part(
        "drafts",
        ("drafts",),
        "threads",
        """
SELECT json_build_object('conversation_id', public_id('cnv_', d.conversation_id),
    'user_id', public_id('usr_', d.user_id), 'content', d.content, 'updated_at', iso(d.updated_at))::text
FROM drafts d WHERE d.tenant_id = $1 AND d.conversation_id = ANY ($2::uuid[]) AND d.content IS NOT NULL
ORDER BY d.updated_at, d.user_id
""",
    ),
    Part(
        "deliveries",
        ("webhook_deliveries", "webhook_attempts"),
        "threads",
        """
SELECT json_build_object('event_type', d.event_type, 'conversation_id', public_id('cnv_', d.conversation_id),
    'endpoint_id', public_id('ep_', d.endpoint_id), 'endpoint_url', e.url, 'status', d.status,
    'attempts', d.attempts, 'created_at', iso(d.created_at), 'finished_at', iso(d.finished_at))::text
FROM webhook_deliveries d JOIN webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
WHERE d.tenant_id = $1 AND d.conversation_id = ANY ($2::uuid[]) ORDER BY d.created_at, d.id
""",
    ),
    Part(
        "personal_data",
        ("pii_detection_results",),
        "people",
        """
SELECT json_build_object('kind', p.kind, 'customer_id', public_id('cus_', p.customer_id),
    'message_id', public_id('msg_', p.message_id), 'field', p.field, 'sample', p.sample, 'state', p.state)::text
FROM pii_detection_results p
WHERE p.tenant_id = $1 AND (p.customer_id = ANY ($2::uuid[]) OR p.conversation_id IN (
    SELECT c.id FROM conversations c WHERE c.tenant_id = $1 AND c.customer_id = ANY ($2::uuid[])))
ORDER BY p.created_at, p.id
""",
    ),
    Part(
        "data_requests",
        ("data_requests",),
        "people",
        """
SELECT v.data::text FROM data_requests r CROSS JOIN LATERAL data_request_json(r) v
WHERE r.tenant_id = $1 AND r.customer_id = ANY ($2::uuid[]) AND r.state NOT IN ('waiting', 'running')
ORDER BY r.created_at, r.id
""",
    ),
)


async def rows(tx: TenantTx, part: Part, who: Subject) -> AsyncIterator[str]:
    """Yield the rows of a part, as JSON text."""
    ids: Sequence[UUID | str] = getattr(who, part.of)
    async for row in tx.connection.cursor(part.query, tx.tenant_id, list(ids), prefetch=AHEAD):
        yield row[0]


STRAYS = """
SELECT w.id, CASE WHEN w.theirs THEN (SELECT message_json(m)::text FROM messages m
    WHERE m.tenant_id = $1 AND m.id = w.id) END AS json
FROM (
    SELECT m.id, m.medium = 'email' AND m.direction = 'inbound' AND lower(m.sender_address) = ANY ($2::text[])
        AND m.conversation_id <> ALL ($3::uuid[]) AS theirs
    FROM messages m WHERE m.tenant_id = $1 AND m.id > $4 ORDER BY m.id LIMIT $5) w
ORDER BY w.id
"""
FILES = """
SELECT a.id AS attachment_id, a.message_id, a.position, f.id, f.sha256, f.size_bytes, f.mime_type, f.filename,
    f.storage_key, f.width, f.height, f.duration_ms
FROM messages m
JOIN attachments a ON a.tenant_id = m.tenant_id AND a.message_id = m.id
JOIN files f ON f.tenant_id = a.tenant_id AND f.id = a.file_id AND f.state = 'stored'
WHERE m.tenant_id = $1 AND m.conversation_id = ANY ($2::uuid[])
ORDER BY m.occurred_at, m.id, a.position
"""
RAW = """
SELECT DISTINCT m.received_at, h.integration_id FROM messages m
JOIN channels h ON h.tenant_id = m.tenant_id AND h.id = m.channel_id
WHERE m.tenant_id = $1 AND m.conversation_id = ANY ($2::uuid[]) AND m.direction = 'inbound'
ORDER BY m.received_at
"""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came or went with a message."""

    attachment_id: UUID
    message_id: UUID
    position: int
    file: StoredFile


async def files(tx: TenantTx, who: Subject) -> Sequence[Attached]:
    """Return the files of the customer's messages whose bytes are here."""
    found = await tx.connection.fetch(FILES, tx.tenant_id, list(who.threads))
    return [Attached(row[0], row[1], row[2], StoredFile(*row[3:])) for row in found]


async def raw(tx: TenantTx, who: Subject) -> Sequence[tuple[datetime, UUID]]:
    """Return when webhooks came that brought the customer's messages, and the connection that each came by."""
    found = await tx.connection.fetch(RAW, tx.tenant_id, list(who.threads))
    return [(row["received_at"], row["integration_id"]) for row in found]


async def strays(tx: TenantTx, who: Subject, after: UUID, most: int) -> tuple[UUID | None, Sequence[str]]:
    """Return mails that the customer wrote into the threads of others, among the next messages; and where to go on."""
    args = (tx.tenant_id, list(who.addresses), list(who.threads), after, most)
    found = await tx.connection.fetch(STRAYS, *args)
    last: UUID | None = found[-1]["id"] if len(found) == most else None
    return last, [row["json"] for row in found if row["json"] is not None]


ITEMS = "SELECT received FROM inbound_webhooks WHERE tenant_id = $1 AND received_at = $2 AND id = $3"


async def items_of(tx: TenantTx, received_at: datetime, webhook_id: UUID) -> int:
    """Tell how many things a webhook told of: of one, they are all the customer's."""
    found: int | None = await tx.connection.fetchval(ITEMS, tx.tenant_id, received_at, webhook_id)
    return found or 0
