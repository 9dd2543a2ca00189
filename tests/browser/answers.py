"""Answers of a tenant's own people, put into the database: the gateway itself does not send yet."""

from datetime import timedelta

import asyncpg

from tests.conftest import Tenant, new_id

ADD = """
WITH answered AS (
    SELECT m.tenant_id, m.conversation_id, m.channel_id, m.medium, m.sender_address, m.occurred_at, h.address
    FROM messages m JOIN channels h ON h.tenant_id = m.tenant_id AND h.id = m.channel_id
    WHERE m.tenant_id = $1 AND m.external_id = $2
), added AS (
    INSERT INTO messages (tenant_id, id, conversation_id, channel_id, external_id, direction, medium, kind, text,
        preview, sender_address, recipients, status, occurred_at, received_at)
    SELECT tenant_id, $3, conversation_id, channel_id, $4, 'outbound', medium, 'text', $5, $5, address,
        ARRAY[sender_address], 'sent', occurred_at + $6, occurred_at + $6
    FROM answered
    RETURNING tenant_id, id, conversation_id, channel_id, external_id, occurred_at
), keyed AS (
    INSERT INTO external_message_mappings (tenant_id, channel_id, external_id, message_id)
    SELECT tenant_id, channel_id, external_id, id FROM added
)
UPDATE conversations c SET last_message_at = greatest(c.last_message_at, a.occurred_at), unread_count = 0
FROM added a WHERE c.tenant_id = a.tenant_id AND c.id = a.conversation_id
"""


async def answer(
    admin_url: str, tenant: Tenant, to: str, external_id: str, text: str, after: timedelta = timedelta(minutes=2)
) -> None:
    """Add an answer to the message with the external id ``to``, so much later; pages see it when they are loaded."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(ADD, tenant.id, to, new_id(), external_id, text, after)
    finally:
        await connection.close()
