"""Making an endpoint's turn come: what everything does that owes it something now."""

from uuid import UUID

from gateway.store.pool import TenantTx

MAKE_DUE = """
UPDATE webhook_lanes SET due_at = now() WHERE tenant_id = $1 AND endpoint_id = $2 AND (due_at IS NULL OR due_at > now())
"""


async def make_due(tx: TenantTx, endpoint_id: UUID) -> None:
    """Let whoever delivers look at an endpoint; tell it after the commit (``Services.endpoint_changed``)."""
    await tx.connection.execute(MAKE_DUE, tx.tenant_id, endpoint_id)


TRY_NOW = """
UPDATE webhook_lanes SET due_at = least(coalesce(due_at, now()), now()), backoff_until = least(backoff_until, now())
WHERE tenant_id = $1 AND endpoint_id = $2 AND (due_at IS NULL OR due_at > now() OR backoff_until > now())
"""


async def try_now(tx: TenantTx, endpoint_id: UUID) -> None:
    """Do the same, and let an endpoint be tried once that is left alone for a while: somebody asked for it."""
    await tx.connection.execute(TRY_NOW, tx.tenant_id, endpoint_id)
