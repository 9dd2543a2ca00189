"""The words of search: nobody else's are read, and the index says the same as the log."""

from urllib.parse import urlencode

import asyncpg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.model.ids import parse
from gateway.model.search import Found
from gateway.store.pool import tenant_tx
from tests.api.conftest import Served
from tests.conftest import Database, MakeTenant, Tenant
from tests.search.asking import ids, search
from tests.search.writing import Writing

ENDLESS = "'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 100"


async def test_nobody_finds_what_another_tenant_wrote(
    served: Served, tenant: Tenant, other: Tenant, writing: Writing, read_from: str
) -> None:
    customer = await writing.customer("Ada Unmistakable", "unmistakable@example.org")
    conversation = await writing.conversation(customer, "unmistakable subject")
    await writing.message(conversation, "unmistakable words", file="unmistakable.pdf")
    if read_from == "index":
        await writing.index()
    mine = await search(served, tenant, "unmistakable")
    assert all(mine[kind]["data"] for kind in mine)
    for q in ("unmistakable", "unmistakabel ada", "example.org", "un"):
        theirs = await search(served, other, q)
        assert not any(theirs[kind]["data"] for kind in theirs), q
    for filters in ({"from": customer}, {"assignee": "nobody"}, {"direction": "inbound"}):
        theirs = await search(served, other, "unmistakable", **filters)
        assert not any(theirs[kind]["data"] for kind in theirs), filters


async def test_two_tenants_whose_words_begin_alike_do_not_meet(
    served: Served, database: Database, tenant: Tenant, other: Tenant, writing: Writing
) -> None:
    """Lexemes begin with six letters of the tenant's id only; whose they are is compared all the same."""
    await database.fetch(
        "INSERT INTO search_documents (tenant_id, kind, at, id, words)"
        " SELECT $1, 'm', t.at, gen_random_uuid(), search_words('m', $2, t.at, NULL, 'teapot')"
        " FROM generate_series(1, 2000) n, LATERAL (SELECT timestamptz '2026-11-01' - n * interval '1 hour') t (at)",
        other.id, tenant.id,
    )  # fmt: skip
    message = await writing.message(await writing.conversation(await writing.customer()), "teapot", hours=24 * 30)
    await writing.index()
    async with tenant_tx(served.pool, tenant.id) as tx:
        found = await tx.connection.fetch(
            f"SELECT id FROM search_matches('m', '{{teapot}}', '{{f}}', '{{f}}', {ENDLESS})"
        )
    assert [row["id"] for row in found] == [parse("msg", message)]


async def test_without_a_tenant_nothing_is_found(served: Served, writing: Writing, database: Database) -> None:
    await writing.message(await writing.conversation(await writing.customer("Jane Example")), "teapot")
    await writing.index()
    call = f"SELECT * FROM search_matches('m', '{{teapot}}', '{{f}}', '{{f}}', {ENDLESS})"
    connection = await asyncpg.connect(database.app_url)
    for setting in (None, "", "00000000-0000-0000-0000-000000000000"):
        if setting is not None:
            await connection.execute("SELECT set_config('app.tenant_id', $1, false)", setting)
        assert await connection.fetch(call) == []
        assert await connection.fetch("SELECT * FROM search_lookalikes('jane exampel', 10)") == []
        await connection.execute("SELECT search_from_rows()")
    for table in ("search_documents", "search_heads"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT * FROM {table}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("SELECT search_catch_up(1)")
    await connection.close()


async def test_the_role_that_finds_words_reads_nothing_else(database: Database) -> None:
    readable = await database.fetch(
        "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
        " AND c.relkind IN ('r', 'p', 'v', 'm') AND has_any_column_privilege('postgate_search', c.oid, 'SELECT')"
    )
    assert {row[0] for row in readable} == {"search_documents", "search_heads", "events"}
    writable = await database.value(
        "SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND has_table_privilege('postgate_search', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"
    )
    assert writable == 0


async def test_documents_made_from_rows_are_those_made_from_the_log(
    served: Served, tenant: Tenant, writing: Writing, database: Database
) -> None:
    customer = await writing.customer("Zoë Example", "+15550100123", company="Bakery", code="K-1")
    conversation = await writing.conversation(customer, "About the lamp")
    await writing.message(conversation, "One teapot", subject="Re: lamp", file="lamp.pdf")
    await writing.message(conversation, "A note", direction="internal")
    await writing.index()
    select = "SELECT kind, at, id, words::text, names FROM search_documents ORDER BY kind, id"
    from_log = await database.fetch(select)
    await database.fetch("DELETE FROM search_documents")
    async with tenant_tx(served.pool, tenant.id) as tx:
        await tx.connection.execute("SELECT search_from_rows()")
    assert await database.fetch(select) == from_log
    assert len(from_log) == 4


async def test_each_tenant_catches_up_by_itself_and_in_parts(
    database: Database, served: Served, make_tenant: MakeTenant
) -> None:
    written = []
    for slug in ("one", "two", "three"):
        tenant = await make_tenant(slug)
        writing = Writing(database, served.pool, tenant)
        conversation = await writing.conversation(await writing.customer())
        written.append((tenant, [await writing.message(conversation, f"teapot {n}", hours=n) for n in range(5)]))
    hook = await asyncpg.create_pool(database.hook_url, min_size=1, max_size=1)
    done = []
    while step := await hook.fetchval("SELECT search_catch_up(4)"):
        done.append(step)
        for tenant, messages in written:
            assert await ids(served, tenant, "teapot") == messages
    await hook.close()
    assert sum(done) == 3 * 7
    assert max(done) <= 4


async def test_only_one_catches_up_at_a_time(database: Database, writing: Writing) -> None:
    await writing.customer()
    connection = await asyncpg.connect(database.hook_url)
    hook = await asyncpg.connect(database.hook_url)
    async with connection.transaction():
        assert await connection.fetchval("SELECT search_catch_up(10)") == 1
        assert await hook.fetchval("SELECT search_catch_up(10)") == 0
    assert await hook.fetchval("SELECT search_catch_up(10)") == 0
    await connection.close()
    await hook.close()


NASTY = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="'\"\\:*&|!()<->~ab%_\0é款", max_size=40),
    st.sampled_from(
        ["' OR 1=1 --", "a:*", "!a", "a & b", "a <-> b", "~", "''~", "(((", "\\", "$1", "\ud800", "-", '"', '-"']
    ),
)


@hypothesis_settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=NASTY)
async def test_any_text_can_be_searched_for(served: Served, tenant: Tenant, writing: Writing, q: str) -> None:
    if not await writing.database.value("SELECT EXISTS (SELECT FROM messages)"):
        conversation = await writing.conversation(await writing.customer())
        await writing.message(conversation, "a b")
        await writing.index()
        await writing.message(conversation, "a b", hours=1)
    query = urlencode({"q": q.encode("utf-8", "surrogatepass")})
    async with served.client.get(f"/api/v1/search?{query}", headers=tenant.auth) as answer:
        assert answer.status == 200, (q, await answer.text())
        Found.model_validate(await answer.json())


async def test_a_search_that_takes_too_long_is_given_up(
    served: Served, tenant: Tenant, writing: Writing, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.search.LONGEST_MS", 1)
    await writing.message(await writing.conversation(await writing.customer()), "teapot")
    await database.fetch(
        "INSERT INTO search_documents (tenant_id, kind, at, id, words)"
        " SELECT $1, 'm', now(), gen_random_uuid(), search_words('m', $1, now(), NULL, 'teapot')"
        " FROM generate_series(1, 20000)", tenant.id,
    )  # fmt: skip
    await served.problem("GET", "/api/v1/search?q=teapot+x", 422, "search_too_slow", headers=tenant.auth)
