"""Every role × every table × every right, and every function that sees more than its caller, with a stranger's ids."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.api.companies import state
from tests.conftest import Database, MakeTenant, Tenant
from tests.store.filled import fill

#: They see all tenants: the one that owns the functions that write for many, and the one that hands those over to it.
#: Nobody can log in as them, as is tried here, too.
INNER = {"postgate_writer", "postgate_owner"}
#: What other roles read of all tenants by their design; nobody can log in as the first.
SEES = {
    "postgate_search": {"search_documents"},
    "postgate_relay": {"events", "old_events", "all_events", "tenant_heads"},
}
#: They show the rows of tables, which are tried themselves.
VIEWS = {"all_events"}
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
#: Of no tenant, or only for the functions that look up whose a webhook is; closed to every role that logs in but for
#: what is named here.
NOBODYS: Mapping[str, set[str]] = {
    "schema_migrations": {"SELECT"}, "provider_apps": set(), "app_routes": set(), "unrouted_webhooks": set(),
    "chores": set(), "key_rotations": set(),
}  # fmt: skip
#: Asked about a person, by whoever has proven to be that person, before there is a tenant.
OF_A_PERSON = {
    "login_of", "password_of", "set_password_of", "verify_person", "add_person", "sessions_of", "end_sessions_of",
    "tenants_of", "invitations_of", "add_password_reset", "password_reset_of", "use_password_reset",
}  # fmt: skip
#: Asked by the process that takes webhooks, before it knows whose they are: the id is all it has.
OF_A_HOOK = {"route_of", "route_of_hook", "route_of_app"}
#: Arguments that say for whom a function works; whatever else is an id names a thing of theirs.
WHO = {"tenant", "tenants"}

ROLES = "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'postgate\\_%' ORDER BY 1"
TABLES = """
SELECT c.relname::text AS name,
    string_agg(quote_ident(a.attname), ', ') FILTER (WHERE a.attidentity = '' AND a.attgenerated = '') AS columns,
    min(a.attname::text) FILTER (WHERE a.attidentity = '' AND a.attgenerated = '') AS one,
    array_agg(a.attname::text) AS all_columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
GROUP BY c.relname ORDER BY 1
"""
FUNCTIONS = """
SELECT p.proname::text AS name, p.oid::regprocedure::text AS whole, coalesce(p.proargnames, '{}')::text[] AS names,
    ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes::oid[]) t) AS types, r.rolname::text AS caller
FROM pg_proc p JOIN pg_roles r ON r.rolcanlogin AND r.rolname LIKE 'postgate\\_%'
    AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND p.prokind = 'f'
ORDER BY 2
"""
#: Of tables that no role of the server's may read.
MORE_ROWS = """
INSERT INTO search_documents (tenant_id, kind, at, id, words) VALUES (:tenant, 'm', now(), :tenant, 'a');
INSERT INTO webhook_nonces (tenant_id, integration_id, nonce, request, holders, kept_until)
SELECT tenant_id, id, 'a', 'a', 0, now() FROM external_integrations WHERE tenant_id = :tenant LIMIT 1;
"""
NOW = datetime.now(UTC)
VALUES: Mapping[str, Any] = {
    "integer": 10, "bigint": 10, "text": "a", "boolean": True, "interval": timedelta(hours=1), "bytea": b"a",
    "timestamp with time zone": NOW, "date": NOW.date(), "json": "[]", "jsonb": "[]", "double precision": 1.0,
    "numeric": 1,
}  # fmt: skip


def rows_of(table: asyncpg.Record) -> str:
    """Return the condition for rows of tenant $1, or of the people $1; nothing where a table has none of anybody."""
    if table["name"] in NOBODYS:
        return ""
    assert {"tenant_id", "user_id"} & set(table["all_columns"]) or table["name"] in {"tenants", "users"}, table["name"]
    if "tenant_id" in table["all_columns"]:
        return "tenant_id = $1"
    if table["name"] == "tenants":
        return "id = $1"
    return f"{'id' if table['name'] == 'users' else 'user_id'} = ANY ($1)"


@pytest.fixture
async def two(database: Database, make_tenant: MakeTenant) -> tuple[Tenant, Tenant]:
    """A tenant with rows in every table, and a stranger with as many."""
    theirs, own = await make_tenant("alpha"), await make_tenant("beta")
    await fill(database, theirs)
    await fill(database, own)
    await database.script("SELECT search_catch_up(10)")
    await database.script(MORE_ROWS.replace(":tenant", f"'{theirs.id}'"))
    return theirs, own


async def rows_done(connection: asyncpg.Connection, statement: str, *args: Any) -> int:
    """Return how many rows a statement has seen or changed; none when it is not allowed, or against the policies."""
    try:
        done = await connection.execute(statement, *args)
    except asyncpg.InsufficientPrivilegeError:
        return 0
    return int(done.rpartition(" ")[2])


async def test_no_role_sees_or_changes_anything_of_another_tenant(
    database: Database, two: tuple[Tenant, Tenant]
) -> None:
    theirs, own = two
    connection = await asyncpg.connect(database.admin_url)
    roles = [row[0] for row in await connection.fetch(ROLES) if row[0] not in INNER]
    assert not await connection.fetchval("SELECT bool_or(rolcanlogin) FROM pg_roles WHERE rolname = ANY ($1)", [*INNER])
    assert roles == ["postgate_app", "postgate_hook", "postgate_relay", "postgate_search"]
    people = [
        row[0] for row in await connection.fetch("SELECT user_id FROM memberships WHERE tenant_id = $1", theirs.id)
    ]
    before = await state(database, theirs)
    tried = 0
    for table in await connection.fetch(TABLES):
        name, condition = table["name"], rows_of(table)
        if not condition:
            await require_closed(connection, name)
            continue
        whose: Any = people if "ANY" in condition else theirs.id
        row = await connection.fetchval(f"SELECT row_to_json(t)::text FROM {name} t WHERE {condition}", whose)
        assert row is not None, f"{name} has no row to hide: add one to tests/store/rows, or to MORE_ROWS"
        statements = {
            "SELECT": (f"SELECT 1 FROM {name} WHERE {condition}", whose),
            "UPDATE": (f"UPDATE {name} SET {table['one']} = {table['one']} WHERE {condition}", whose),
            "DELETE": (f"DELETE FROM {name} WHERE {condition}", whose),
            "INSERT": (
                f"INSERT INTO {name} ({table['columns']}) SELECT {table['columns']}"
                f" FROM json_populate_record(NULL::{name}, $1)",
                row,
            ),
        }
        if name in VIEWS:
            statements = {"SELECT": statements["SELECT"]}
        for role, setting in product(roles, ("", str(own.id))):
            await connection.execute("SELECT set_config('app.tenant_id', $1, false)", setting)
            await connection.execute(f"SET ROLE {role}")
            for right, (statement, argument) in statements.items():
                if right != "SELECT" or name not in SEES.get(role, ()):
                    assert await rows_done(connection, statement, argument) == 0, (role, setting, right, name)
                    tried += 1
            await connection.execute("RESET ROLE")
    await connection.close()
    assert await state(database, theirs) == before
    assert tried > 2000


async def require_closed(connection: asyncpg.Connection, name: str) -> None:
    """Fail when a role that logs in may do anything to a table that is nobody's, but for what is named."""
    for role, right in product(("postgate_app", "postgate_hook", "postgate_relay"), RIGHTS):
        may = await connection.fetchval("SELECT has_table_privilege($1, $2, $3)", role, name, right)
        assert not may or right in NOBODYS[name], (role, right, name)


async def test_functions_that_see_more_than_their_caller_show_and_change_nothing_of_a_stranger(
    database: Database, two: tuple[Tenant, Tenant]
) -> None:
    """Each function whose arguments name things, with an own tenant and the ids of a thing of each kind of theirs."""
    theirs, own = two
    before = await state(database, theirs)
    connection = await asyncpg.connect(database.admin_url)
    ids = await ids_of(connection, theirs)
    known = {one.hex for one in ids} | {theirs.id.hex}
    tried: set[str] = set()
    for function in await connection.fetch(FUNCTIONS):
        arguments = list(zip(function["names"], function["types"], strict=False))
        named = [name for name, kind in arguments if kind in {"uuid", "uuid[]"} and name not in WHO]
        of_one = function["caller"] == "postgate_app" or any(name in WHO for name, _ in arguments)
        if function["name"] in OF_A_PERSON | OF_A_HOOK or not of_one:
            continue
        tried.add(function["name"])
        places = ", ".join(f"${place}::{kind}" for place, (_, kind) in enumerate(arguments, 1))
        for one in ids if named else ids[:1]:
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(own.id))
                await connection.execute(f"SET LOCAL ROLE {function['caller']}")
                values = [_value(name, kind, own.id, one) for name, kind in arguments]
                try:
                    async with connection.transaction():
                        found = await connection.fetch(f"SELECT f::text FROM {function['name']}({places}) f", *values)
                except asyncpg.PostgresError:
                    continue  # refused
            shown = " ".join(row[0] or "" for row in found).replace("-", "")
            assert not [key for key in known - {one.hex} if key in shown], (function["whole"], found)
    await connection.close()
    assert tried >= {"forget_events", "search_matches", "retention_preview", "take_nonce", "renew_lanes"}
    assert await state(database, theirs) == before


def _value(name: str, kind: str, own: UUID, theirs: UUID) -> Any:
    if kind == "uuid":
        return own if name in WHO else theirs
    if kind == "uuid[]":
        return [own if name in WHO else theirs]
    if kind.endswith("[]"):
        return [VALUES[kind[:-2]]] if kind[:-2] in VALUES else []
    return VALUES[kind]


async def ids_of(connection: asyncpg.Connection, tenant: Tenant) -> list[UUID]:
    """Return the ids of one thing of each kind that a tenant has."""
    found = []
    for table in await connection.fetch(TABLES):
        if {"tenant_id", "id"} <= set(table["all_columns"]):
            one = await connection.fetchval(f"SELECT id FROM {table['name']} WHERE tenant_id = $1", tenant.id)
            if isinstance(one, UUID):
                found.append(one)
    return sorted(set(found) - {tenant.id})
