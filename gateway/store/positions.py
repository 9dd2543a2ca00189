"""How far the logs of all tenants have come together, for whoever watches the gateway. As the role ``relay``."""

import asyncpg

from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

ALL = "SELECT count(*) AS tenants, coalesce(sum(last_seq), 0)::bigint AS entries FROM tenant_heads"


async def log_position(pool: asyncpg.Pool) -> dict[str, int]:
    """Return how many tenants there are, and how many entries were ever written to their logs.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        row = await pool.fetchrow(ALL)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return dict(row)
