"""Rows put into the database directly, for tests that only read."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from gateway.model.ids import new_id as id_of_moment
from gateway.model.ids import parse, public
from tests.conftest import Database, Tenant, new_id

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

ADD_CUSTOMER = "INSERT INTO customers (tenant_id, id, name) VALUES ($1, $2, $3)"
ADD_IDENTITY = "INSERT INTO customer_identities (tenant_id, kind, value, customer_id) VALUES ($1, 'phone', $2, $3)"
ADD_CONVERSATION = """
INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, status, unread_count, last_message_at,
    snoozed_until)
VALUES ($1, $2, $3, $4, 'customer', $5, $6, $7, CASE WHEN $5 = 'snoozed' THEN now() + interval '1 day' END)
"""
ADD_MESSAGE = """
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, external_id, direction, medium, kind, text, mail,
    sender_name, sender_address, recipients, status, status_at, error, occurred_at, received_at)
VALUES ($1, $2, $3, $4, $5, 'inbound', 'sms', 'text', $6, $7, 'Jane', '+15550100', '{+12025550110}', 'received',
    '{}', NULL, $8, $8)
"""
ADD_HTML = "INSERT INTO message_html (tenant_id, message_id, html) VALUES ($1, $2, $3)"
ADD_ATTACHMENT = """
INSERT INTO attachments (tenant_id, id, message_id, position, type, filename, mime_type, size_bytes, state)
VALUES ($1, $2, $3, 0, 'image', 'cat.png', 'image/png', 2048, 'pending')
"""
ADD_WEBHOOK = """
INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers, body,
    verdict, state, received, stored, duplicate, ignored, quarantined, items, error_code, error_detail)
VALUES ($1, $2, $3, $4, 'twilio', 'POST', '/hooks/x', '{"content-type": "text/plain"}', $5, 'verified', $6, 1,
    ($6 = 'stored')::int, 0, 0, ($6 <> 'stored')::int, $7, $8, $8)
"""


@dataclass(frozen=True)
class Rows:
    """Puts rows of one tenant into a database; ids come back as the API shows them."""

    database: Database
    tenant: Tenant

    async def conversation(self, *, minute: int = 0, status: str = "open", unread: int = 0) -> str:
        """Add a conversation with one more customer; ``minute`` is when its last message came."""
        customer, key = new_id(), new_id()
        moment = START + timedelta(minutes=minute)
        await self._run(ADD_CUSTOMER, customer, "Jane")
        await self._run(ADD_IDENTITY, f"+1555{key.int % 10**7:07}", customer)
        await self._run(ADD_CONVERSATION, key, self._channel, customer, status, unread, moment)
        return public("cnv", key)

    async def message(self, conversation: str, *, minute: int = 0, html: str | None = None) -> str:
        """Add a message; with HTML it is a mail's."""
        key = new_id()
        mail = orjson.dumps({"has_html": True, "cc": []}).decode() if html else None
        moment = START + timedelta(minutes=minute)
        args = (parse("cnv", conversation), self._channel, key.hex, f"Hello {minute}", mail, moment)
        await self._run(ADD_MESSAGE, key, *args)
        await self._run(ADD_ATTACHMENT, new_id(), key)
        if html:
            await self._run(ADD_HTML, key, html)
        return public("msg", key)

    async def webhook(self, *, minute: int = 0, state: str = "stored", body: bytes = b"hello") -> str:
        """Add a row to the ledger."""
        moment = START + timedelta(minutes=minute, microseconds=417)
        key = id_of_moment(int(moment.timestamp() * 1000))
        integration = parse("int", self.tenant.integration("twilio")["id"])
        code = None if state == "stored" else "unreadable"
        item = {"state": "quarantined", "reason": "unreadable", "detail": None, "external_id": None}
        items = None if state == "stored" else orjson.dumps([item]).decode()
        await self._run(ADD_WEBHOOK, moment, key, integration, body, state, items, code)
        return public("whk", key)

    @property
    def _channel(self) -> UUID:
        return parse("ch", self.tenant.integration("twilio")["channels"][0]["id"])

    async def _run(self, statement: str, *args: Any) -> None:
        connection = await asyncpg.connect(self.database.admin_url)
        try:
            await connection.execute(statement, self.tenant.id, *args)
        finally:
            await connection.close()
