"""A small world of customers at a few channels, written to and from, and a picture of all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from gateway.customers import merging
from gateway.model.ids import parse
from gateway.store import log
from gateway.store.pool import TenantTx, tenant_tx
from tests.conftest import Database, Tenant, new_id

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MEDIA = {"twilio": "sms", "whatsapp_cloud": "whatsapp", "postmark": "email"}

#: What an undone merge must leave as it was; when rows were touched is no part of it.
PICTURE = """
SELECT json_build_object(
    'customers', (SELECT json_agg(to_jsonb(k) - 'updated_at' ORDER BY k.id) FROM customers k WHERE k.tenant_id = $1),
    'identities', (SELECT json_agg(to_jsonb(i) - 'updated_at' ORDER BY i.kind, i.value) FROM customer_identities i
        WHERE i.tenant_id = $1),
    'conversations', (SELECT json_agg(to_jsonb(c) - 'updated_at' ORDER BY c.id) FROM conversations c
        WHERE c.tenant_id = $1),
    'messages', (SELECT json_agg(to_jsonb(m) - 'updated_at' ORDER BY m.id) FROM messages m WHERE m.tenant_id = $1),
    'labels', (SELECT json_agg(jsonb_build_array(l.customer_id, l.label_id) ORDER BY l.customer_id, l.label_id)
        FROM customer_labels l WHERE l.tenant_id = $1),
    'notes', (SELECT json_agg(to_jsonb(n) - 'updated_at' ORDER BY n.id) FROM customer_notes n WHERE n.tenant_id = $1)
)::text
"""
CLEAR = """
DELETE FROM customer_merge_links; DELETE FROM customer_merges; DELETE FROM customer_notes; DELETE FROM customer_labels;
DELETE FROM labels; DELETE FROM messages; DELETE FROM conversations; DELETE FROM customer_identities;
DELETE FROM customers; DELETE FROM events; UPDATE tenant_heads SET last_seq = 0;
"""
ADD_CUSTOMER = """
INSERT INTO customers (tenant_id, id, name, business_name, customer_code, status, custom_fields)
VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb)
"""
ADD_IDENTITY = "INSERT INTO customer_identities (tenant_id, kind, value, customer_id) VALUES ($1, $2, $3, $4)"
ADD_CONVERSATION = """
INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, last_message_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
ADD_MESSAGE = """
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, direction, medium, kind, text, sender_address,
    recipients, status, occurred_at, received_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, 'text', 'Hello', $7, $8, 'received', $9, $9, $10)
"""
COUNT = """
UPDATE conversations SET unread_count = unread_count + 1, last_message_at = greatest(last_message_at, $3)
WHERE tenant_id = $1 AND id = $2
"""
ADD_LABEL = "INSERT INTO labels (tenant_id, id, name, color) VALUES ($1, $2, $3, 'grey')"
ADD_LABELLED = "INSERT INTO customer_labels (tenant_id, customer_id, label_id) VALUES ($1, $2, $3)"
ADD_NOTE = "INSERT INTO customer_notes (tenant_id, id, customer_id, text) VALUES ($1, $2, $3, $4)"
OF_ADDRESS = "SELECT customer_id FROM customer_identities WHERE tenant_id = $1 AND value = $2"
THREAD = """
SELECT id FROM conversations
WHERE tenant_id = $1 AND channel_id = $2 AND customer_id = $3 AND threading = 'customer'
"""


@dataclass
class World:
    """Customers of one tenant, put there directly, and merged as the API does it.

    Args:
        admin: a connection as the superuser.
        pool: of the role ``app``.
        tenant: whose customers.
    """

    admin: asyncpg.Connection
    pool: asyncpg.Pool
    tenant: Tenant
    minutes: int = 0
    labels: dict[str, UUID] = field(default_factory=dict)

    def channel(self, provider: str) -> UUID:
        """Return the first channel of a provider."""
        return parse("ch", self.tenant.integration(provider)["channels"][0]["id"])

    async def clear(self) -> None:
        """Remove everybody."""
        await self.admin.execute(CLEAR)
        self.labels.clear()

    async def customer(self, card: Mapping[str, Any] | None = None, addresses: Sequence[tuple[str, str]] = ()) -> UUID:
        """Add a customer."""
        key, card = new_id(), card or {}
        await self._run(
            ADD_CUSTOMER, key, card.get("name"), card.get("business_name"), card.get("customer_code"),
            card.get("status", "active"), orjson.dumps(card.get("custom_fields", {})).decode(),
        )  # fmt: skip
        for kind, value in addresses:
            await self._run(ADD_IDENTITY, kind, value, key)
        return key

    async def label(self, customer: UUID, name: str) -> None:
        """Give a customer a label."""
        if name not in self.labels:
            self.labels[name] = new_id()
            await self._run(ADD_LABEL, self.labels[name], name)
        await self._run(ADD_LABELLED, customer, self.labels[name])

    async def note(self, customer: UUID, text: str) -> None:
        """Note something of a customer."""
        await self._run(ADD_NOTE, new_id(), customer, text)

    async def hear(self, provider: str, address: str, *, early: bool = True) -> UUID:
        """Store a message from an address, in the conversation that ingest would find; returns that.

        Args:
            provider: whose first channel it comes to.
            address: of a customer.
            early: long ago; else now.
        """
        channel = self.channel(provider)
        customer = await self.admin.fetchval(OF_ADDRESS, self.tenant.id, address)
        self.minutes += 1
        at = (START if early else datetime.now(UTC)) + timedelta(minutes=self.minutes)
        stored = at if early else datetime.now(UTC)
        mail = provider == "postmark"
        thread = None if mail else await self.admin.fetchval(THREAD, self.tenant.id, channel, customer)
        if thread is None:
            thread = new_id()
            await self._run(
                ADD_CONVERSATION, thread, channel, customer, "mail" if mail else "customer", at, stored
            )  # fmt: skip
        await self._run(ADD_MESSAGE, new_id(), thread, channel, "inbound", MEDIA[provider], address, ["us"], at, stored)
        await self._run(COUNT, thread, at)
        return thread

    async def merge(self, kept: UUID, other: UUID) -> UUID:
        """Merge two customers; returns the merge."""
        merge_id = new_id()
        async with tenant_tx(self.pool, self.tenant.id) as tx:
            moved = await merging.merge(tx, merge_id, kept, other, None)
            await self._tell(tx, moved, merged=True)
        return merge_id

    async def undo(self, merge_id: UUID) -> None:
        """Undo a merge."""
        async with tenant_tx(self.pool, self.tenant.id) as tx:
            moved = await merging.undo(tx, merge_id, None, new_id)
            await self._tell(tx, moved, merged=False)

    async def picture(self) -> Any:
        """Return all that an undone merge must leave as it was."""
        return orjson.loads(await self.admin.fetchval(PICTURE, self.tenant.id))

    async def owner(self, address: str) -> UUID | None:
        """Return who has an address."""
        found: UUID | None = await self.admin.fetchval(OF_ADDRESS, self.tenant.id, address)
        return found

    async def _tell(self, tx: TenantTx, moved: merging.Moved, *, merged: bool) -> None:
        await log.lock_head(tx)
        await log.append_all(tx, await merging.drafts(tx, moved, new_id, merged=merged))

    async def _run(self, statement: str, *args: Any) -> None:
        await self.admin.execute(statement, self.tenant.id, *args)


async def world_of(database: Database, pool: asyncpg.Pool, tenant: Tenant) -> World:
    """Open a world; its ``admin`` connection is to be closed."""
    return World(await asyncpg.connect(database.admin_url), pool, tenant)
