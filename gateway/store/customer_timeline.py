"""What happened with a customer over all channels: messages, notes, merges, and words on not being written to."""

from uuid import UUID

from gateway.model.page import Page, Position
from gateway.store.pages import page_of
from gateway.store.pool import TenantTx

# Each kind comes in order from an index of its own, and no further than a page; messages from each conversation.
# The JSON is made for the rows of the page only. Opt-outs have no id: one is made of what they say.
LIST = """
SELECT json_build_object('type', page.type, 'at', iso(page.moment), page.type, CASE page.type
        WHEN 'message' THEN (
            SELECT v.data FROM messages m CROSS JOIN LATERAL message_json(m) v
            WHERE m.tenant_id = $1 AND m.id = page.id)
        WHEN 'note' THEN (
            SELECT v.data FROM customer_notes n CROSS JOIN LATERAL customer_note_json(n) v
            WHERE n.tenant_id = $1 AND n.id = page.id)
        WHEN 'merge' THEN (
            SELECT v.data FROM customer_merges g CROSS JOIN LATERAL customer_merge_json(g) v
            WHERE g.tenant_id = $1 AND g.id = page.id)
        ELSE page.told END)::text AS json, page.moment, page.id
FROM (
    (SELECT 'message' AS type, one.moment, one.id, NULL::json AS told
    FROM conversations c
    CROSS JOIN LATERAL (
        SELECT m.occurred_at AS moment, m.id FROM messages m
        WHERE m.tenant_id = $1 AND m.conversation_id = c.id AND (m.occurred_at, m.id) < ($3, $4)
        ORDER BY m.occurred_at DESC, m.id DESC LIMIT $5) one
    WHERE c.tenant_id = $1 AND c.customer_id = $2 AND c.deleted_at IS NULL
    ORDER BY 2 DESC, 3 DESC LIMIT $5)
    UNION ALL
    (SELECT 'note', n.created_at, n.id, NULL FROM customer_notes n
    WHERE n.tenant_id = $1 AND n.customer_id = $2 AND n.deleted_at IS NULL AND (n.created_at, n.id) < ($3, $4)
    ORDER BY n.created_at DESC, n.id DESC LIMIT $5)
    UNION ALL
    (SELECT 'merge', g.created_at, g.id, NULL FROM customer_merges g
    WHERE g.tenant_id = $1 AND g.customer_id = $2 AND (g.created_at, g.id) < ($3, $4)
    ORDER BY g.created_at DESC, g.id DESC LIMIT $5)
    UNION ALL
    (SELECT 'opt_out', o.opted_out_at, o.id, json_build_object('channel_id', public_id('ch_', o.channel_id),
        'address', o.address, 'category', o.category, 'opted_out_at', iso(o.opted_out_at))
    FROM (
        SELECT s.*, md5(s.channel_id::text || ' ' || s.address || ' ' || s.category)::uuid AS id
        FROM customers k CROSS JOIN LATERAL opt_outs_of(k) s WHERE k.tenant_id = $1 AND k.id = $2) o
    WHERE (o.opted_out_at, o.id) < ($3, $4)
    ORDER BY o.opted_out_at DESC, o.id DESC LIMIT $5)
    ORDER BY 2 DESC, 3 DESC LIMIT $5) page
ORDER BY page.moment DESC, page.id DESC
"""


async def newest_first(tx: TenantTx, customer_id: UUID, after: Position, limit: int) -> Page:
    """Return a page of what happened with a customer."""
    found = await tx.connection.fetch(LIST, tx.tenant_id, customer_id, after.moment, after.id, limit + 1)
    return page_of(found, limit)


CONVERSATIONS = """
SELECT v.data::text AS json, page.moment, page.id
FROM (
    SELECT c, c.last_message_at AS moment, c.id FROM conversations c
    WHERE c.tenant_id = $1 AND c.customer_id = $2 AND c.deleted_at IS NULL AND (c.last_message_at, c.id) < ($3, $4)
    ORDER BY c.last_message_at DESC, c.id DESC LIMIT $5) page
CROSS JOIN LATERAL conversation_json(page.c) v
ORDER BY page.moment DESC, page.id DESC
"""


async def conversations(tx: TenantTx, customer_id: UUID, after: Position, limit: int) -> Page:
    """Return a page of a customer's conversations."""
    found = await tx.connection.fetch(CONVERSATIONS, tx.tenant_id, customer_id, after.moment, after.id, limit + 1)
    return page_of(found, limit)
