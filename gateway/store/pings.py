"""Pings: what an endpoint gets when somebody tries it out. They are due at once, whatever the endpoint's state."""

from uuid import UUID

from gateway.store.lanes import make_due
from gateway.store.pool import TenantTx

WAITING = """
SELECT count(*) FROM webhook_deliveries
WHERE tenant_id = $1 AND endpoint_id = $2 AND kind = 'ping' AND next_attempt_at IS NOT NULL
"""


async def waiting(tx: TenantTx, endpoint_id: UUID) -> int:
    """Tell how many pings of an endpoint are not done."""
    found: int = await tx.connection.fetchval(WAITING, tx.tenant_id, endpoint_id)
    return found


ADD = """
INSERT INTO webhook_deliveries (
    tenant_id, id, endpoint_id, kind, event_id, event_type, body, secret_id, next_attempt_at)
VALUES ($1, $2, $3, 'ping', $4, $5, $6, $7, now())
"""
SHOWN = "SELECT delivery_json(d)::text FROM webhook_deliveries d WHERE d.tenant_id = $1 AND d.id = $2"


async def add(
    tx: TenantTx, delivery_id: UUID, endpoint_id: UUID, event_id: UUID, kind: str, body: str, secret_id: str | None
) -> str:
    """Make a ping; returns it as JSON text.

    Args:
        tx: in which nobody else changes the endpoint.
        delivery_id: a new one.
        endpoint_id: of the endpoint.
        event_id: a new one, told as webhook-id.
        kind: the type that the body tells.
        body: JSON text, sent byte for byte.
        secret_id: the only secret that signs it; None: all of them.
    """
    await tx.connection.execute(ADD, tx.tenant_id, delivery_id, endpoint_id, event_id, kind, body, secret_id)
    await make_due(tx, endpoint_id)
    found: str = await tx.connection.fetchval(SHOWN, tx.tenant_id, delivery_id)
    return found
