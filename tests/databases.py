"""Databases for tests: each test has one of its own, as empty as a new one.

To copy a database takes a third of a second, most of it the system's; to empty one a hundredth. So they are emptied
and used again, but for those in which a test left more than rows: another schema, settings, or statistics, by which
queries are planned. Nothing is vacuumed, so that after some tests a database has grown enough for a new one.
"""

import itertools
from collections import Counter

import asyncpg

from gateway.embedded import Superuser
from gateway.migrate import migrate

TEMPLATE = "postgate_template"
USES = 50
PASSWORDS = {"postgate_app": "app-pw", "postgate_hook": "hook-pw", "postgate_relay": "relay-pw"}

# What makes a month's partition.
MAKES = """
SELECT oid::regproc::text AS name FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND proname ~ '^make_.*_partition$'
"""
# Counts what changes the schema, outside the schema that tests look at.
WATCH = """
CREATE SCHEMA testing;
CREATE SEQUENCE testing.changes;
CREATE FUNCTION testing.note_change() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN PERFORM nextval('testing.changes'); END $$;
CREATE EVENT TRIGGER note_change ON ddl_command_end EXECUTE FUNCTION testing.note_change();
CREATE EVENT TRIGGER note_drop ON sql_drop EXECUTE FUNCTION testing.note_change();
"""
UNCHANGED = """
SELECT NOT c.is_called
    AND NOT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        WHERE d.datname = current_database())
    AND NOT EXISTS (SELECT FROM pg_class r WHERE r.relnamespace = 'public'::regnamespace AND r.relkind = 'r'
        AND r.reltuples >= 0)
FROM testing.changes c
"""
# Whoever is still connected would write behind our back.
ALONE = """
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
EMPTY = """
DO $$
DECLARE
    name regclass;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no foreign keys, no triggers: all goes
    FOR name IN SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'schema_migrations'
            AND pg_relation_size(oid) > 0  -- where there was never a row, there is no file to look into
    LOOP
        EXECUTE format('DELETE FROM ONLY %s', name);
    END LOOP;
END
$$
"""


class Databases:
    """The databases of a test run.

    Args:
        superuser: of the cluster.
    """

    def __init__(self, superuser: Superuser) -> None:
        self._superuser = superuser
        self._numbers = itertools.count()
        self._empty: list[str] = []
        self._uses: Counter[str] = Counter()

    async def prepare(self) -> None:
        """Make the one that the others are copies of."""
        await self._administer(f'CREATE DATABASE "{TEMPLATE}"')
        await migrate(self._superuser.url(TEMPLATE), PASSWORDS)
        connection = await asyncpg.connect(self._superuser.url(TEMPLATE))
        try:
            for make, days in itertools.product(await connection.fetch(MAKES), (0, 32)):  # as every gateway does
                await connection.execute(f"CALL {make['name']}(current_date + $1::integer)", days)
            await connection.execute("DELETE FROM chores")  # so that an emptied database is as a new one
            await connection.execute(WATCH)
        finally:
            await connection.close()

    async def take(self, *, new: bool) -> str:
        """Return the name of an empty database; a new one has no trace of rows that are gone."""
        if self._empty and not new:
            return self._empty.pop()
        name = f"test_{next(self._numbers)}"
        await self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
        return name

    async def give_back(self, name: str) -> None:
        """Empty a database for the next test; one that is more than filled goes."""
        self._uses[name] += 1
        if self._uses[name] < USES and await self._emptied(name):
            self._empty.append(name)
        else:
            await self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def _emptied(self, name: str) -> bool:
        connection = await asyncpg.connect(self._superuser.url(name))
        try:
            await connection.execute(ALONE)
            if not await connection.fetchval(UNCHANGED):
                return False
            await connection.execute(EMPTY)
        finally:
            await connection.close()
        return True

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self._superuser.url())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
