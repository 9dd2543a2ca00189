"""What is done about an endpoint that fails: its owner is warned, and in the end it is disabled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.store.pool import TenantTx

LOCK = """
SELECT e.url, e.status = 'enabled' AS serves, e.warnings, t.name AS tenant
FROM webhook_endpoints e JOIN tenants t ON t.id = e.tenant_id
WHERE e.tenant_id = $1 AND e.id = $2 AND e.deleted_at IS NULL FOR NO KEY UPDATE OF e
"""


@dataclass(frozen=True, slots=True)
class Ailing:
    """An endpoint about which something is to be done; ``warnings`` is how often its owner was warned."""

    url: str
    serves: bool
    warnings: int
    tenant: str


async def lock(tx: TenantTx, endpoint_id: UUID) -> Ailing | None:
    """Return an endpoint, which nobody else changes until the transaction ends; None when it was deleted."""
    row = await tx.connection.fetchrow(LOCK, tx.tenant_id, endpoint_id)
    return None if row is None else Ailing(**dict(row))


WARN = "UPDATE webhook_endpoints SET warnings = $3, failing_since = $4 WHERE tenant_id = $1 AND id = $2"


async def warn(tx: TenantTx, endpoint_id: UUID, warnings: int, since: datetime | None) -> None:
    """Note how often its owner was warned that it fails, and since when it does; 0 and None: it is well again."""
    await tx.connection.execute(WARN, tx.tenant_id, endpoint_id, warnings, since)


DISABLE = """
UPDATE webhook_endpoints
SET status = 'disabled', disabled_reason = $3, disabled_at = $4, failing_since = coalesce($5, failing_since),
    version = version + 1
WHERE tenant_id = $1 AND id = $2
"""


async def disable(tx: TenantTx, endpoint_id: UUID, reason: str, now: datetime, since: datetime | None) -> None:
    """Stop delivering to it; what it is owed is held."""
    await tx.connection.execute(DISABLE, tx.tenant_id, endpoint_id, reason, now, since)


NEWS = "SELECT endpoint_news_json(e)::text FROM webhook_endpoints e WHERE e.tenant_id = $1 AND e.id = $2"


async def news(tx: TenantTx, endpoint_id: UUID) -> str:
    """Return what the log tells of an endpoint that is there, as JSON text."""
    found: str = await tx.connection.fetchval(NEWS, tx.tenant_id, endpoint_id)
    return found


ADDRESSES = """
SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.role IN ('owner', 'admin') AND m.status = 'active' ORDER BY u.email
"""


async def addresses(tx: TenantTx) -> Sequence[str]:
    """Return the e-mail addresses of those who can do something about it."""
    return [row["email"] for row in await tx.connection.fetch(ADDRESSES, tx.tenant_id)]
