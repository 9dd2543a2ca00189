"""Every table of the database is reached by an erasure and an export, or is named with a reason."""

from gateway.store.subject_export import PARTS
from gateway.subjects.tables import REACHED, UNTOUCHED
from tests.conftest import Database

TABLES = """
SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
#: What archives hold beside the rows that one query finds.
FURTHER = {"webhooks", "files"}


async def test_every_table_of_a_tenant_is_reached_or_named_with_a_reason(database: Database) -> None:
    found = {row["name"] for row in await database.fetch(TABLES)}
    assert found - set(REACHED) - set(UNTOUCHED) == set(), "name it in gateway/subjects/tables.py, and reach it"
    assert (set(REACHED) | set(UNTOUCHED)) - found == set(), "there is no such table any more"
    assert not set(REACHED) & set(UNTOUCHED)
    assert all(UNTOUCHED.values())


async def test_what_an_archive_is_said_to_hold_it_holds(database: Database) -> None:
    parts = {part.name: set(part.tables) for part in PARTS}
    for name, table in REACHED.items():
        if table.exported is None:
            assert table.instead, name
        elif table.exported not in FURTHER:
            assert name in parts[table.exported], f"{table.exported}.json has no rows of {name}"
    assert {name for tables in parts.values() for name in tables} <= set(REACHED)
    for part in PARTS:  # each query is one that the database understands
        await database.fetch(part.query.replace("$1", "NULL::uuid").replace("$2", "'{}'"))
