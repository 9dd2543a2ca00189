"""Which migrations a database has seen."""

import asyncpg

from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

APPLIED = "SELECT version FROM schema_migrations"


async def applied_versions(pool: asyncpg.Pool) -> frozenset[int]:
    """Return the versions of the applied migrations.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        rows = await pool.fetch(APPLIED)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return frozenset(row["version"] for row in rows)
