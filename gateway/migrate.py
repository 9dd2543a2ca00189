"""Bring a database to this version: roles first, then each numbered migration once, in order.

Safe to run from many places at once: an advisory lock lets one of them work and the others wait. The lock is
polled for, since a session that is blocked inside ``pg_advisory_lock`` holds a snapshot.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

LOCK = 7305800
LOCK_POLL_SECONDS = 0.2
#: Who waits for a table's lock keeps everybody from it who comes later. So a migration gives up soon, and tries again.
LOCK_TIMEOUT = "2s"
LOCK_TRIES = 30
RETRY_SECONDS = 1.0

# Extensions of Postgres itself, and trusted ones: whoever may create things in the database may create these.
PREPARE = """
CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;
GRANT USAGE, CREATE ON SCHEMA public TO postgate_owner, postgate_writer, postgate_search;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO postgate_app, postgate_hook, postgate_relay;
SET ROLE postgate_owner;
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now());
ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON schema_migrations TO postgate_app, postgate_hook, postgate_relay;
DROP POLICY IF EXISTS everybody ON schema_migrations;
CREATE POLICY everybody ON schema_migrations FOR SELECT USING (true);
RESET ROLE;
"""


class MigrationChanged(Exception):
    """A migration that was applied has another text now; write a new one instead."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file of ``migrations``."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """A digest of the text, by which a later change of it is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def load() -> list[Migration]:
    """Return all migrations in order."""
    found = [
        Migration(int(file.name[:4]), file.name.removesuffix(".sql"), file.read_text("utf-8"))
        for file in files("migrations").iterdir()
        if file.name.endswith(".sql") and file.name[:4].isdigit()
    ]
    return sorted(found, key=lambda migration: migration.version)


async def migrate(admin_url: str, passwords: Mapping[str, str]) -> list[str]:
    """Apply what is missing.

    Args:
        admin_url: a role that may create roles, connected directly, not through a pooler.
        passwords: the login roles' passwords, by role name, set anew at each run.

    Returns:
        The names of the migrations that were applied now.

    Raises:
        MigrationChanged: when an applied migration was edited afterwards.
    """
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            await asyncio.sleep(LOCK_POLL_SECONDS)
        await connection.execute((files("migrations") / "roles.sql").read_text("utf-8"))
        await set_passwords(connection, passwords)
        await connection.execute(PREPARE)
        return [m.name for m in await pending(connection) if await apply(connection, m)]
    finally:
        await connection.close()


async def make_roles(admin_url: str, passwords: Mapping[str, str]) -> None:
    """Make the roles and nothing else: a backup that is put back names them. The arguments are those of ``migrate``."""
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        await connection.execute((files("migrations") / "roles.sql").read_text("utf-8"))
        await set_passwords(connection, passwords)
    finally:
        await connection.close()


async def set_passwords(connection: asyncpg.Connection, passwords: Mapping[str, str]) -> None:
    """Give the login roles their passwords; the text is quoted by the server itself."""
    for role, password in passwords.items():
        statement = await connection.fetchval(
            "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", role, password
        )
        await connection.execute(statement)


async def pending(connection: asyncpg.Connection) -> list[Migration]:
    """Return the migrations that this database has not seen."""
    applied = dict(await connection.fetch("SELECT version, checksum FROM schema_migrations"))
    changed = [m.name for m in load() if applied.get(m.version, m.checksum) != m.checksum]
    if changed:
        raise MigrationChanged(f"applied before, and edited since: {', '.join(changed)}")
    return [m for m in load() if m.version not in applied]


async def apply(connection: asyncpg.Connection, migration: Migration) -> bool:
    """Run one migration in a transaction of its own, as the owner of all tables; others may be at work meanwhile.

    Raises:
        LockNotAvailableError: when somebody has kept a table to himself all the time; nothing was changed.
    """
    for left in reversed(range(LOCK_TRIES)):
        try:
            await _try(connection, migration)
        except asyncpg.LockNotAvailableError:
            if not left:
                raise
            await asyncio.sleep(RETRY_SECONDS)
        else:
            break
    return True


async def _try(connection: asyncpg.Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute("SELECT set_config('lock_timeout', $1, true)", LOCK_TIMEOUT)
        await connection.execute("SET LOCAL ROLE postgate_owner")
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
            migration.version,
            migration.name,
            migration.checksum,
        )
