"""The schema, read from the catalogue: whatever table is added, it is a tenant's own or is named here."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from gateway.store.pool import RoleTooPowerful, TenantTx, connect, open_pool, prove, require_harmless_role, tenant_tx
from tests.conftest import Database, MakeTenant, Tenant, new_id
from tests.store.filled import fill

#: Tables that do not belong to one tenant; each has policies of its own.
GLOBAL = {
    "tenants", "users", "second_factors", "password_resets",
    "provider_apps", "unrouted_webhooks", "app_routes", "schema_migrations", "chores", "key_rotations",
}  # fmt: skip

#: A column that the app role may change, if there is one.
CHANGEABLE = """
SELECT attname FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = ''
  AND has_column_privilege('postgate_app', attrelid, attnum, 'UPDATE')
LIMIT 1
"""
TABLES = """
SELECT c.oid::regclass::text AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
    c.relispartition AS part, pg_get_userbyid(c.relowner) AS owner,
    ARRAY(SELECT polname::text FROM pg_policy p WHERE p.polrelid = c.oid ORDER BY 1) AS policies
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
UNIQUE_KEYS = """
SELECT i.indrelid::regclass::text AS name, i.indexrelid::regclass::text AS key,
    ARRAY(SELECT a.attname::text FROM pg_attribute a
          WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique
"""
FOREIGN_KEYS = """
SELECT k.conrelid::regclass::text AS name, k.confrelid::regclass::text AS target,
    ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number ORDER BY u.place) AS columns,
    ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u (number, place)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number ORDER BY u.place) AS targets
FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
"""
RIGHTS = """
SELECT c.oid::regclass::text AS name, r.right
FROM pg_class c CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
    AS r ("right")
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
  AND (has_table_privilege($1, c.oid, r.right)
    OR (r.right IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege($1, c.oid, r.right)))
"""


async def tables(database: Database) -> dict[str, Any]:
    """Return what the catalogue says of each table."""
    found = {row["name"]: row for row in await database.fetch(TABLES)}
    assert len(found) > 20
    return found


async def rights(database: Database, role: str) -> dict[str, set[str]]:
    """Return what a role may do, by table."""
    found: dict[str, set[str]] = {}
    for row in await database.fetch(RIGHTS, role):
        found.setdefault(row["name"], set()).add(row["right"])
    return found


async def test_every_table_has_row_level_security_that_holds_for_its_owner_too(database: Database) -> None:
    for name, table in (await tables(database)).items():
        assert table["enabled"], name
        assert table["policies"], name
        assert table["owner"] == "postgate_owner", name
        assert table["forced"] or name == "schema_migrations", name


async def test_every_tenants_table_shows_the_one_tenant(database: Database) -> None:
    for name, table in (await tables(database)).items():
        if name not in GLOBAL:
            assert "one_tenant" in table["policies"], name
    policies = await database.fetch(
        "SELECT polrelid::regclass::text AS name, pg_get_expr(polqual, polrelid) AS shown,"
        " pg_get_expr(polwithcheck, polrelid) AS taken, polroles::regrole[]::text[] AS roles"
        " FROM pg_policy WHERE polname = 'one_tenant'"
    )
    for policy in policies:
        assert "tenant_id = ( SELECT current_tenant()" in policy["shown"], policy
        assert policy["roles"] == ["postgate_app"], policy
        assert policy["taken"] in {policy["shown"], None}, policy


async def test_policies_that_show_all_are_for_the_writer_the_relay_and_the_words(database: Database) -> None:
    wide = await database.fetch(
        "SELECT polrelid::regclass::text AS name, polname::text AS policy, polroles::regrole[]::text[] AS roles"
        " FROM pg_policy WHERE pg_get_expr(polqual, polrelid) = 'true'"
    )
    for policy in wide:
        allowed = {"writer": ["postgate_writer"], "relay": ["postgate_relay"]}.get(policy["policy"])
        searched = policy["name"] == "search_documents" and policy["roles"] == ["postgate_search"]
        assert policy["roles"] == allowed or searched or policy["name"] == "schema_migrations", policy
    assert {p["name"] for p in wide if p["policy"] == "relay"} == {"events", "old_events", "tenant_heads"}


async def test_every_unique_key_holds_the_tenant(database: Database) -> None:
    for key in await database.fetch(UNIQUE_KEYS):
        assert "tenant_id" in key["columns"] or key["name"] in GLOBAL, key


async def test_every_reference_stays_inside_the_tenant(database: Database) -> None:
    keys = await database.fetch(FOREIGN_KEYS)
    assert len(keys) > 15
    for key in keys:
        if key["target"] not in GLOBAL:
            pairs = list(zip(key["columns"], key["targets"], strict=True))
            assert pairs[0] == ("tenant_id", "tenant_id"), key


async def test_every_tenants_table_has_its_times(database: Database) -> None:
    columns = await database.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    found = {(row["table_name"], row["column_name"]) for row in columns}
    for name in set(await tables(database)) - {"schema_migrations"}:
        assert {(name, "created_at"), (name, "updated_at")} <= found, name


async def test_the_hook_role_sees_no_table(database: Database) -> None:
    assert await rights(database, "postgate_hook") == {"schema_migrations": {"SELECT"}}


async def test_the_relay_role_reads_the_log_and_nothing_else(database: Database) -> None:
    assert await rights(database, "postgate_relay") == {
        "events": {"SELECT"},
        "old_events": {"SELECT"},
        "all_events": {"SELECT"},
        "tenant_heads": {"SELECT"},
        "schema_migrations": {"SELECT"},
    }


async def test_the_app_role_sees_no_partition_no_shared_app_and_no_password(database: Database) -> None:
    allowed = await rights(database, "postgate_app")
    parts = {name for name, table in (await tables(database)).items() if table["part"]}
    assert parts
    assert not (parts | {"provider_apps", "app_routes", "unrouted_webhooks"}) & set(allowed)
    assert not {right for granted in allowed.values() for right in granted} & {"TRUNCATE", "TRIGGER", "REFERENCES"}
    check = "SELECT has_column_privilege('postgate_app', 'users', 'password_hash', 'SELECT')"
    assert await database.value(check) is False


async def test_no_role_that_logs_in_owns_anything_or_is_another_role(database: Database) -> None:
    roles = await database.fetch(
        "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS powerful,"
        " (SELECT count(*) FROM pg_class WHERE relowner = r.oid) AS owned,"
        " (SELECT count(*) FROM pg_auth_members WHERE member = r.oid) AS member_of"
        " FROM pg_roles r WHERE rolname IN ('postgate_app', 'postgate_hook', 'postgate_relay')"
    )
    assert len(roles) == 3
    for role in roles:
        assert (role["powerful"], role["owned"], role["member_of"]) == (False, 0, 0), role


async def test_functions_that_see_all_tenants_are_few_and_closed(database: Database) -> None:
    functions = await database.fetch(
        "SELECT p.proname::text AS name, pg_get_userbyid(p.proowner) AS owner, p.proconfig::text AS settings,"
        " has_function_privilege('public', p.oid, 'EXECUTE') AS open"
        " FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef"
    )
    assert {function["name"] for function in functions} >= {"ingest", "login_of", "route_of_hook"}
    for function in functions:
        assert not function["open"], function
        assert "search_path=public, pg_temp" in function["settings"], function
        assert function["owner"] in {"postgate_writer", "postgate_owner", "postgate_search"}, function


@pytest.fixture
async def filled(database: Database, make_tenant: MakeTenant) -> tuple[Tenant, Tenant]:
    """Tenant A with rows in every table, and tenant B."""
    a, b = await make_tenant("alpha"), await make_tenant("beta")
    await fill(database, a)
    return a, b


@pytest.fixture
async def as_b(database: Database, filled: tuple[Tenant, Tenant]) -> AsyncIterator[TenantTx]:
    """A transaction of tenant B."""
    pool = await open_pool(database.app_url, 1)
    async with tenant_tx(pool, filled[1].id) as tx:
        yield tx
    await pool.close()


async def tenants_tables(database: Database) -> list[str]:
    """Return the tables that the app role may read and that belong to tenants."""
    allowed = await rights(database, "postgate_app")
    return sorted(name for name in allowed if name not in GLOBAL)


async def test_no_table_shows_anything_of_another_tenant(
    database: Database, filled: tuple[Tenant, Tenant], as_b: TenantTx
) -> None:
    a, b = filled
    for name in await tenants_tables(database):
        count = f"SELECT count(*) FROM {name} WHERE tenant_id = $1"
        assert await database.value(count, a.id) > 0, f"{name} has no row to hide; extend the fixture"
        assert await as_b.connection.fetchval(count, a.id) == 0, name
        assert await as_b.connection.fetchval(f"SELECT count(*) FROM {name} WHERE tenant_id <> $1", b.id) == 0, name
    assert await as_b.connection.fetch("SELECT id FROM tenants") == [(b.id,)]
    assert await as_b.connection.fetch("SELECT email FROM users") == [(b.ready["email"],)]


async def test_no_row_of_another_tenant_can_be_changed_or_removed(
    database: Database, filled: tuple[Tenant, Tenant], as_b: TenantTx
) -> None:
    a, _ = filled
    allowed = await rights(database, "postgate_app")
    tried = 0
    for name in await tenants_tables(database):
        column = await database.value(CHANGEABLE, name)
        for right, statement in [
            ("UPDATE", f"UPDATE {name} SET {column} = {column} WHERE tenant_id = $1"),
            ("DELETE", f"DELETE FROM {name} WHERE tenant_id = $1"),
        ]:
            if right in allowed[name]:
                assert await as_b.connection.execute(statement, a.id) == f"{right} 0", name
                tried += 1
    assert tried > 8


async def test_no_row_can_be_put_into_another_tenant(
    database: Database, filled: tuple[Tenant, Tenant], as_b: TenantTx
) -> None:
    """Copies tenant A's rows back as they are: the check of the policy comes before any key's."""
    a, _ = filled
    allowed = await rights(database, "postgate_app")
    tried = 0
    for name in await tenants_tables(database):
        if "INSERT" not in allowed[name]:
            continue
        text = await database.value(f"SELECT row_to_json(t)::text FROM {name} t WHERE tenant_id = $1", a.id)
        columns = await database.value(
            "SELECT string_agg(attname, ', ') FROM pg_attribute WHERE attrelid = $1::text::regclass"
            " AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = ''", name
        )  # fmt: skip
        statement = f"INSERT INTO {name} ({columns}) SELECT {columns} FROM json_populate_record(NULL::{name}, $1)"
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with as_b.connection.transaction():
                await as_b.connection.execute(statement, text)
        tried += 1
    assert tried > 5


async def test_a_row_cannot_be_moved_to_another_tenant(filled: tuple[Tenant, Tenant], as_b: TenantTx) -> None:
    a, _ = filled
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await as_b.connection.execute("UPDATE channels SET tenant_id = $1", a.id)


async def test_without_a_tenant_there_is_nothing(database: Database, filled: tuple[Tenant, Tenant]) -> None:
    assert filled
    pool = await open_pool(database.app_url, 1)
    async with pool.acquire() as connection:
        for setting in (None, ""):
            if setting is not None:
                await connection.execute("SELECT set_config('app.tenant_id', $1, false)", setting)
            for name in [*await tenants_tables(database), "tenants", "users"]:
                columns = "id" if name == "users" else "*"
                count = f"SELECT count(*) FROM (SELECT {columns} FROM {name}) t"
                assert await connection.fetchval(count) == 0, name
    await pool.close()


async def test_the_tenant_of_a_transaction_ends_with_it(database: Database, tenant: Tenant) -> None:
    pool = await open_pool(database.app_url, 1)
    async with tenant_tx(pool, tenant.id) as tx:
        assert await tx.connection.fetchval("SELECT count(*) FROM tenants") == 1
    with pytest.raises(ZeroDivisionError):
        async with tenant_tx(pool, tenant.id):
            raise ZeroDivisionError
    assert await pool.fetchval("SELECT count(*) FROM tenants") == 0
    assert await pool.fetchval("SELECT current_setting('app.tenant_id', true)") in {None, ""}
    await pool.close()


async def test_partitions_cannot_be_read_past_their_parent(database: Database, filled: tuple[Tenant, Tenant]) -> None:
    a, _ = filled
    parts = [name for name, table in (await tables(database)).items() if table["part"]]
    pool = await open_pool(database.app_url, 1)
    for name in parts:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with tenant_tx(pool, a.id) as tx:
                await tx.connection.fetch(f"SELECT 1 FROM {name}")
    await pool.close()


@pytest.mark.parametrize(
    ("make", "table"),
    [
        ("make_ledger_partition", "inbound_webhooks"),
        ("make_attempts_partition", "webhook_attempts"),
        ("make_old_events_partition", "old_events"),
        ("make_audit_partition", "data_access_audit"),
    ],
)
async def test_a_new_month_is_closed_too(database: Database, make: str, table: str) -> None:
    before = set(await tables(database))
    hook = await connect(database.hook_url)
    await hook.execute(f"CALL {make}('2031-05-17')")
    await hook.close()
    after = await tables(database)
    (name,) = set(after) - before
    assert name == f"{table}_2031_05"
    assert after[name]["enabled"]
    assert after[name]["forced"]
    assert name not in await rights(database, "postgate_app")


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS"])
async def test_the_server_refuses_a_role_that_could_see_past_the_policies(database: Database, power: str) -> None:
    role = f"too_{power.lower()}_{new_id().hex}"
    await database.fetch(f"CREATE ROLE {role} LOGIN PASSWORD 'pw' {power}")
    url = database.app_url.replace("postgate_app", role).replace("app-pw", "pw")
    try:
        with pytest.raises(RoleTooPowerful, match=role):
            await connect(url)
        with pytest.raises(RoleTooPowerful, match=role):
            await prove(await open_pool(url, 1))
    finally:
        await database.fetch(f"DROP ROLE {role}")


async def test_the_roles_of_the_product_are_harmless(database: Database) -> None:
    for url in (database.app_url, database.hook_url, database.relay_url):
        connection = await connect(url)
        await require_harmless_role(connection)
        await connection.close()


async def test_a_tenant_that_is_none_shows_nothing(database: Database, filled: tuple[Tenant, Tenant]) -> None:
    assert filled
    pool = await open_pool(database.app_url, 1)
    async with tenant_tx(pool, UUID(int=0)) as tx:
        assert await tx.connection.fetchval("SELECT count(*) FROM conversations") == 0
    await pool.close()
