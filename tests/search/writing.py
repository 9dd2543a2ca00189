"""Rows as the gateway writes them: with an entry of the log in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from gateway.model.ids import parse, public
from gateway.store import log
from gateway.store.pool import tenant_tx
from gateway.store.search import catch_up
from tests.conftest import Database, Tenant, new_id

NEWEST = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

ADD_CUSTOMER = """
INSERT INTO customers (tenant_id, id, name, business_name, customer_code) VALUES ($1, $2, $3, $4, $5)
"""
ADD_IDENTITY = "INSERT INTO customer_identities (tenant_id, kind, value, customer_id) VALUES ($1, $2, $3, $4)"
ADD_CONVERSATION = """
INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, subject, last_message_at)
VALUES ($1, $2, $3, $4, 'mail', $5, $6)
"""
ADD_MESSAGE = """
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, direction, medium, kind, text, subject, status,
    occurred_at, received_at)
VALUES ($1, $2, $3, $4, $5, 'sms', $6, $7, $8, 'received', $9, $9)
"""
ADD_FILE = """
INSERT INTO attachments (tenant_id, id, message_id, position, type, filename, state)
VALUES ($1, $2, $3, 0, 'document', $4, 'pending')
"""
VIEWS: Mapping[str, str] = {
    "messages": "SELECT data::text FROM messages r, message_json(r) WHERE tenant_id = $1 AND id = $2",
    "customers": "SELECT data::text FROM customers r, customer_json(r) WHERE tenant_id = $1 AND id = $2",
    "conversations": "SELECT data::text FROM conversations r, conversation_json(r) WHERE tenant_id = $1 AND id = $2",
}


@dataclass(frozen=True)
class Writing:
    """Writes as one tenant."""

    database: Database
    pool: asyncpg.Pool
    tenant: Tenant

    async def customer(
        self, name: str | None = "Jane", identity: str = "", *, company: str | None = None, code: str | None = None
    ) -> str:
        """Add a customer; an identity with an @ is an address, others are numbers."""
        key = new_id()
        kind = "email" if "@" in identity else "phone"
        value = identity or f"+1555{key.int % 10**7:07}"
        await self._do("customer.created", "customers", key, (ADD_CUSTOMER, (key, name, company, code)),
            (ADD_IDENTITY, (kind, value, key)))  # fmt: skip
        return public("cus", key)

    async def conversation(self, customer: str, subject: str | None = None, *, provider: str = "twilio") -> str:
        """Add a conversation."""
        key = new_id()
        channel = parse("ch", self.tenant.integration(provider)["channels"][0]["id"])
        args = (key, channel, parse("cus", customer), subject, NEWEST)
        await self._do("conversation.created", "conversations", key, (ADD_CONVERSATION, args))
        return public("cnv", key)

    async def message(
        self, conversation: str, text: str | None, *, hours: float = 0, direction: str = "inbound",
        subject: str | None = None, file: str | None = None,
    ) -> str:  # fmt: skip
        """Add a message, so many hours before the newest time."""
        key = new_id()
        note = direction == "internal"
        channel = await self.database.value(
            "SELECT channel_id FROM conversations WHERE id = $1", parse("cnv", conversation)
        )
        args = (key, parse("cnv", conversation), channel, direction, "note" if note else "text", text, subject,
            NEWEST - timedelta(hours=hours))  # fmt: skip
        files = [(ADD_FILE, (new_id(), key, file))] if file else []
        await self._do("note.created" if note else "message.created", "messages", key, (ADD_MESSAGE, args), *files)
        return public("msg", key)

    async def change(self, type_: str, table: str, prefix: str, shown: str, sets: str, *args: Any) -> None:
        """Update a row; ``sets`` is SQL whose parameters begin with $3."""
        key = parse(prefix, shown)
        await self._do(type_, table, key, (f"UPDATE {table} SET {sets} WHERE tenant_id = $1 AND id = $2", (key, *args)))

    async def edit(self, message: str, text: str) -> None:
        """Let a message say something else."""
        await self.change("message.updated", "messages", "msg", message, "text = $3", text)

    async def revoke(self, message: str) -> None:
        """Take a message back, as its author does."""
        await self.change("message.deleted", "messages", "msg", message, "text = NULL, deleted_at = now()")

    async def index(self) -> None:
        """Let the words be brought up to date."""
        pool = await asyncpg.create_pool(self.database.hook_url, min_size=1, max_size=1)
        while await catch_up(pool, 500):
            pass
        await pool.close()

    async def _do(self, type_: str, table: str, key: UUID, *statements: tuple[str, tuple[Any, ...]]) -> None:
        async with tenant_tx(self.pool, self.tenant.id) as tx:
            for statement, args in statements:
                await tx.connection.execute(statement, self.tenant.id, *args)
            await log.lock_head(tx)
            data = await tx.connection.fetchval(VIEWS[table], self.tenant.id, key)
            await log.append(tx, type_, None, data, new_id())
