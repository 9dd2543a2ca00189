"""Making an endpoint's turn come: what everything does that owes it something now."""

from uuid import UUID

from gateway.store.pool import TenantTx

MAKE_DUE = """
UPDATE webhook_lanes SET due_at = now() WHERE tenant_id = $1 AND endpoint_id = $2 AND (due_at IS NULL OR due_at > now())
"""


async def make_due(tx: TenantTx, endpoint_id: UUID) -> None:
    """Let whoever delivers look at an endpoint; tell it after the commit (``Services.endpoint_changed``)."""
    await tx.connection.execute(MAKE_DUE, tx.tenant_id, endpoint_id)
