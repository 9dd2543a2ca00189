"""Conversations to write into, and requests that write."""

from typing import Any

from gateway.model.ids import parse
from tests.api.conftest import Served
from tests.api.rows import Rows
from tests.conftest import Database, Tenant

PATH = "/api/v1/conversations/{}/messages"
START = "/api/v1/conversations"
TEXT = {"text": "Good morning"}
TEMPLATE = {"name": "hello", "language": "en_US", "body": [{"text": "Jane"}]}
ON_CHANNEL = """
UPDATE conversations SET channel_id = $3, window_expires_at = now() + $4::integer * interval '1 hour'
WHERE tenant_id = $1 AND id = $2
"""


async def post(served: Served, tenant: Tenant, path: str, body: Any, status: int, **headers: str) -> Any:
    """Post to the API; returns the JSON of the answer."""
    async with served.client.post(path, json=body, headers={**tenant.auth, **headers}) as answer:
        found = await answer.json(content_type=None)
        assert answer.status == status, found
        return found


def channel(tenant: Tenant, provider: str, kind: str) -> str:
    """Return the id of a tenant's channel."""
    channels = tenant.integration(provider)["channels"]
    return str(next(one["id"] for one in channels if one["kind"] == kind))


async def conversation(
    database: Database, tenant: Tenant, rows: Rows, provider: str, kind: str, *, hours: int = 24
) -> str:
    """Add a conversation on a channel, whose window is open for some hours."""
    key = await rows.conversation(unread=2)
    await database.fetch(ON_CHANNEL, tenant.id, parse("cnv", key), parse("ch", channel(tenant, provider, kind)), hours)
    if kind == "email":
        await database.fetch(
            "UPDATE customer_identities i SET kind = 'email', value = 'jane@example.org' FROM conversations c"
            " WHERE c.tenant_id = i.tenant_id AND c.customer_id = i.customer_id AND c.id = $1",
            parse("cnv", key),
        )
    return key
