"""Filling a tenant with made-up customers, conversations and messages, in a few large statements.

The rows go into the tables as they would be after a year of use, and into the search. The log says nothing of them, so
whoever looks on has to reload. Chance is the database's ``random()``, its seed set beforehand.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import asyncpg

from gateway.seed import words

#: Conversations made in one transaction.
STEP = 20_000

ENTER = "SELECT set_config('app.tenant_id', $1, true)"
CHANCE = "SELECT setseed($1)"
CHANNELS = """
SELECT array_agg(id ORDER BY kind = 'email', kind, id) AS ids,
    array_agg(kind ORDER BY kind = 'email', kind, id) AS kinds
FROM channels WHERE tenant_id = $1 AND deleted_at IS NULL
"""
MEMBERS = "SELECT coalesce(array_agg(user_id ORDER BY user_id), '{}') FROM memberships WHERE tenant_id = $1"
KNOWN = "SELECT count(*) FROM customer_identities WHERE tenant_id = $1"
LABELS = """
INSERT INTO labels (tenant_id, id, name, color)
SELECT $1, gen_random_uuid(), l.name, l.color FROM unnest($2::text[], $3::text[]) AS l (name, color)
ON CONFLICT DO NOTHING
"""

# Ids begin with a time, as all ids do (RFC 9562 section 5.7); what follows is made of a number, so that statements can
# make the same id without looking it up.
ID_AT = """
CREATE OR REPLACE FUNCTION pg_temp.id_at(at timestamptz, what text) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN (lpad(to_hex(floor(extract(epoch FROM at - timestamptz '1970-01-01T00:00:00Z') * 1000)::bigint), 12, '0')
    || '7' || left(md5(what), 3) || '8' || right(md5(what), 15))::uuid
"""
# What all other statements of a step are made from.
PLAN = """
CREATE TEMPORARY TABLE sown ON COMMIT DROP AS
SELECT n, channel.id AS channel_id, channel.kind, chance.last, chance.length, chance.name, chance.dice,
    chance.messages, pg_temp.id_at(chance.last - chance.length, 'customer' || n || $1::uuid) AS customer_id,
    pg_temp.id_at(chance.last - chance.length, 'conversation' || n || $1::uuid) AS id,
    CASE WHEN channel.kind = 'email' THEN 'customer' || n || '@example.org'
        ELSE '+155501' || lpad(n::text, 8, '0') END AS address,
    CASE channel.kind WHEN 'email' THEN 'email' WHEN 'whatsapp' THEN 'whatsapp' ELSE 'phone' END AS identity
FROM generate_series($2::bigint, $3::bigint) n
CROSS JOIN LATERAL (
    SELECT ($4::uuid[])[1 + n % cardinality($4::uuid[])] AS id, ($5::text[])[1 + n % cardinality($4::uuid[])] AS kind
) channel
CROSS JOIN LATERAL (
    SELECT $6::timestamptz - random() ^ 2 * interval '400 days' - n * interval '1 ms' AS last,
        interval '1 hour' + random() * interval '9 days' AS length, random() AS dice,
        greatest(1, round($7::float8 * 2 * random()))::integer AS messages,
        ($8::text[])[1 + floor(random() * cardinality($8::text[]))::int] || ' ' ||
            ($9::text[])[1 + floor(random() * cardinality($9::text[]))::int] AS name) chance
"""
CUSTOMERS = """
INSERT INTO customers (tenant_id, id, name, business_name, customer_code, created_at)
SELECT $1, s.customer_id, s.name, CASE WHEN s.n % 9 = 0 THEN ($2::text[])[1 + s.n % cardinality($2::text[])] END,
    CASE WHEN s.n % 3 = 0 THEN 'C-' || s.n END, s.last - s.length
FROM sown s
"""
IDENTITIES = """
INSERT INTO customer_identities (tenant_id, kind, value, customer_id)
SELECT $1, s.identity, s.address, s.customer_id FROM sown s
"""
CONVERSATIONS = """
INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, status, priority, assignee_id, subject,
    unread_count, last_message_at, window_expires_at, snoozed_until, created_at)
SELECT $1, s.id, s.channel_id, s.customer_id, CASE s.kind WHEN 'email' THEN 'mail' ELSE 'customer' END, state.status,
    (ARRAY['low', 'normal', 'normal', 'normal', 'normal', 'normal', 'high', 'urgent'])[1 + s.n % 8],
    CASE WHEN s.n % 5 > 1 THEN ($2::uuid[])[1 + s.n / 5 % nullif(cardinality($2::uuid[]), 0)] END,
    CASE WHEN s.kind = 'email' THEN replace(replace(($3::text[])[1 + s.n % cardinality($3::text[])], '#', s.n::text),
        '*', ($4::text[])[1 + s.n % cardinality($4::text[])]) END,
    CASE WHEN state.status = 'open' AND s.dice < 0.15 THEN least(s.messages, 1 + (s.n % 4)::integer) ELSE 0 END, s.last,
    CASE WHEN s.kind = 'whatsapp' THEN s.last + interval '24 hours' END,
    CASE WHEN state.status = 'snoozed' THEN now() + s.dice * interval '9 days' END, s.last - s.length
FROM sown s
CROSS JOIN LATERAL (
    SELECT CASE WHEN s.dice < 0.4 THEN 'open' WHEN s.dice < 0.5 THEN 'pending' WHEN s.dice < 0.55 THEN 'snoozed'
        ELSE 'resolved' END AS status) state
"""
LABELLED = """
INSERT INTO conversation_labels (tenant_id, conversation_id, label_id)
SELECT $1, s.id, l.ids[1 + s.n / 4 % cardinality(l.ids)]
FROM sown s, (SELECT array_agg(l.id ORDER BY l.name) AS ids FROM labels l WHERE l.tenant_id = $1
    AND l.deleted_at IS NULL) l
WHERE s.n % 4 = 0
"""
# The newest is the customer's while it is unread; before it, question and answer take turns, with a note now and then.
MESSAGES = """
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, external_id, direction, medium, kind, text, preview,
    sender_name, sender_address, subject, mail, status, occurred_at, received_at, created_at, author_id)
SELECT $1, pg_temp.id_at(m.at, 'message' || s.n || '/' || m.place || $1::uuid), s.id, s.channel_id,
    CASE WHEN m.direction <> 'internal' THEN 'sample-' || s.n || '-' || m.place END, m.direction, s.kind,
    CASE m.direction WHEN 'internal' THEN 'note' ELSE 'text' END, t.text, left(t.text, 160),
    CASE m.direction WHEN 'inbound' THEN s.name END,
    CASE m.direction WHEN 'inbound' THEN s.address WHEN 'outbound' THEN h.address END,
    CASE WHEN m.direction <> 'internal' THEN c.subject END,
    CASE WHEN s.kind = 'email' AND m.direction <> 'internal' THEN jsonb_build_object('cc', '[]'::jsonb, 'message_id',
        s.n || '.' || m.place || '@example.org', 'from_verified', true, 'reply_text', t.text) END,
    CASE m.direction WHEN 'outbound' THEN 'delivered' ELSE 'received' END, m.at, m.at + interval '400 ms',
    m.at + interval '400 ms',
    CASE WHEN m.direction <> 'inbound' THEN ($2::uuid[])[1 + s.n % nullif(cardinality($2::uuid[]), 0)] END
FROM sown s
JOIN conversations c ON c.tenant_id = $1 AND c.id = s.id
JOIN channels h ON h.tenant_id = $1 AND h.id = s.channel_id
CROSS JOIN LATERAL (
    SELECT place, s.last - place::float8 / s.messages * s.length AS at,
        CASE WHEN place > 0 AND (s.n + place) % 23 = 0 THEN 'internal'
            WHEN (s.dice < 0.4) = (place % 2 = 0) THEN 'inbound' ELSE 'outbound' END AS direction
    FROM generate_series(0, s.messages - 1) place) m
CROSS JOIN LATERAL (
    SELECT CASE m.direction WHEN 'inbound' THEN $3::text[] WHEN 'outbound' THEN $4::text[] ELSE $5::text[] END AS texts
) of
CROSS JOIN LATERAL (
    SELECT replace(replace(of.texts[1 + floor(random() * cardinality(of.texts))::int], '#',
            (10000 + floor(random() * 9990000))::text),
        '*', ($6::text[])[1 + floor(random() ^ 2 * cardinality($6::text[]))::int]) AS text) t
"""
INDEX = "SELECT search_from_rows()"


class NoChannel(Exception):
    """A tenant without any channel, so that no conversation can be made in it."""


async def sow(
    connection: asyncpg.Connection,
    tenant_id: UUID,
    conversations: int,
    messages: int,
    *,
    now: datetime,
    chance: float = 0.5,
    told: Callable[[int], None] = lambda _done: None,
) -> None:
    """Make conversations, each with a customer of its own, and about as many messages as wanted among them.

    Args:
        connection: of the role ``app``, with nothing open.
        tenant_id: whom they are made for; it has channels.
        conversations: how many.
        messages: how many in all, roughly; at least one in each conversation.
        now: when the newest message was written.
        chance: from -1 to 1, decides what chance decides.
        told: called with the number of conversations that are done.

    Raises:
        NoChannel: when the tenant has none.
    """
    await connection.execute(ID_AT)
    await connection.execute(CHANCE, chance)
    async with connection.transaction():
        await connection.execute(ENTER, str(tenant_id))
        ids, kinds = await connection.fetchrow(CHANNELS, tenant_id)
        if not ids:
            raise NoChannel("the tenant has no channel: connect one first")
        members = await connection.fetchval(MEMBERS, tenant_id)
        names, colors = zip(*words.LABELS, strict=True)
        await connection.execute(LABELS, tenant_id, names, colors)
        known = await connection.fetchval(KNOWN, tenant_id)
    for first in range(0, conversations, STEP):
        last = min(first + STEP, conversations)
        async with connection.transaction():
            await connection.execute(ENTER, str(tenant_id))
            await connection.execute(
                PLAN, tenant_id, known + first + 1, known + last, ids, kinds, now, messages / conversations,
                words.FIRST, words.LAST,
            )  # fmt: skip
            await connection.execute("ANALYZE sown")
            await connection.execute(CUSTOMERS, tenant_id, words.COMPANIES)
            await connection.execute(IDENTITIES, tenant_id)
            await connection.execute(CONVERSATIONS, tenant_id, members, words.SUBJECTS, words.PRODUCTS)
            await connection.execute(LABELLED, tenant_id)
            await connection.execute(
                MESSAGES, tenant_id, members, words.SENTENCES, words.ANSWERS, words.NOTES, words.PRODUCTS
            )
        told(last)
    async with connection.transaction():
        await connection.execute(ENTER, str(tenant_id))
        await connection.execute(INDEX)
