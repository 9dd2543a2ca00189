"""A connection that is silent and whose login ends soon, for pictures: nobody is asked anything."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from gateway.model.ids import parse

Json = dict[str, Any]
Ask = Callable[..., Awaitable[Json]]

NAME = "Showroom"
SHOWROOM: Json = {
    "provider": "whatsapp_cloud",
    "name": NAME,
    "credentials": {"app_secret": "not-a-real-one", "verify_token": "word"},
    "channels": [{"kind": "whatsapp", "address": "106000000000555", "name": NAME}],
}
LAST_WEBHOOK = """
INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers, body,
    verdict, state, received, stored, duplicate, ignored, quarantined)
VALUES ($1, $3::timestamptz - interval '9 h', $2, $2, 'whatsapp_cloud', 'POST', '/', '{}', '', 'verified', 'ignored',
    1, 0, 0, 1, 0)
"""
STAND = """
INSERT INTO standing_alarms (tenant_id, integration_id, kind, level, sentence, since, expires_at, days_left) VALUES
    ($1, $2, 'silence', 'warning', 'No webhook has come.', $3::timestamptz - interval '9 h', NULL, NULL),
    ($1, $2, 'login', 'critical', 'The access token ends.', $3, $3::timestamptz + interval '2 days', 3)
"""


async def trouble(ask: Ask, admin_url: str, tenant: UUID, now: datetime) -> None:
    """Make a connection through the API, and let both alarms of it stand.

    Args:
        ask: makes a request of the API.
        admin_url: the database, as the superuser.
        tenant: whose.
        now: everything happened before.
    """
    made = parse("int", (await ask("POST", "connections", SHOWROOM))["id"])
    connection = await asyncpg.connect(admin_url)
    try:
        for happened in (LAST_WEBHOOK, STAND):
            await connection.execute(happened, tenant, made, now)
    finally:
        await connection.close()
