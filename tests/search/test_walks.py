"""Finding far back: along the key, in slices of a week, in weeks, and in the log; the same, whichever way it goes."""

from functools import partial

import asyncpg

from benchmarks.explained import plans
from gateway.model.page import START, Position
from gateway.store.pool import TenantTx
from tests.conftest import Database, Tenant
from tests.search.writing import NEWEST, Writing

# Twelve thousand, most of them in one week, the last ones a year older. A stretch of them has but one word. Words are
# put together as "search_words" does it.
MANY = """
INSERT INTO search_documents (tenant_id, kind, at, id, words)
SELECT $1, 'm', d.at, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, (
    SELECT string_agg(quote_literal(search_prefix('m', $1, search_week(d.at)) || w.word) || ':' || w.place, ' ')
    FROM (VALUES ('common', 1, true), ('often', 2, n % 12 = 0), ('seldom', 3, n % 150 = 0), ('rare', 4, n % 2000 = 0),
        ('alike', 5, n % 150 = 70)) AS w (word, place, has)
    WHERE w.has AND (w.place = 1 OR n NOT BETWEEN 3000 AND 3500))::tsvector
FROM generate_series(1, 12000) n
CROSS JOIN LATERAL (
    SELECT $2::timestamptz - CASE WHEN n <= 1500 THEN n * interval '30 seconds'
        WHEN n <= 11000 THEN interval '6 days' + (n / 7) * interval '4 minutes'
        ELSE interval '400 days' + n * interval '10 minutes' END AS at) d
"""
FOUND = "SELECT id, at, rank FROM search_matches('m', $1, $2, $3, $4, $5, $6)"
#: The same, of all that there is, read one by one.
ALL = """
WITH tail AS (SELECT * FROM search_tail($1) WHERE kind = 'm'), documents AS MATERIALIZED (
    SELECT id, at, search_week(at) AS week, words FROM search_documents
    WHERE tenant_id = $1 AND kind = 'm' AND id NOT IN (SELECT id FROM tail)
    UNION ALL
    SELECT id, at, search_week(at), search_words('m', $1, at, title, body) FROM tail WHERE NOT gone
), queries AS MATERIALIZED (
    SELECT w.week, search_query_of(search_query($2, $3, $4), 'm', $1, w.week) AS q
    FROM (SELECT DISTINCT week FROM documents) w
)
SELECT d.id, d.at, ts_rank(d.words, q.q) AS rank FROM documents d JOIN queries q USING (week) WHERE d.words @@ q.q
ORDER BY d.at DESC, d.id DESC
"""
TYPED = ("common", "often", "seldom", "rare", "often seldom", "seldom alike", "often -seldom", "nothing", "se")
CALLED = "SELECT funcname::text FROM pg_stat_xact_user_functions WHERE funcname = ANY ($1)"
WAYS = ["search_along", "search_in_slice", "search_in_week"]


def asked(typed: str) -> tuple[list[str], list[bool], list[bool]]:
    """Return words, which of them may go on (the last), and which must not be there (after a minus)."""
    words = typed.split()
    return [w.lstrip("-") for w in words], [w == words[-1] for w in words], [w.startswith("-") for w in words]


async def find(typed: str, place: Position, wanted: int, tx: TenantTx) -> list[asyncpg.Record]:
    """Return the newest matches before a position."""
    return list(await tx.connection.fetch(FOUND, *asked(typed), place.moment, place.id, wanted))


async def test_each_way_finds_the_newest(tenant: Tenant, database: Database, writing: Writing) -> None:
    conversation = await writing.conversation(await writing.customer())
    said = [await writing.message(conversation, "common often seldom", hours=hours) for hours in (200, 300, 24 * 500)]
    await writing.index()
    await database.fetch(MANY, tenant.id, NEWEST)
    await writing.revoke(said[0])
    await writing.edit(said[1], "rare")
    await writing.message(conversation, "often", hours=24 * 600)
    connection = await asyncpg.connect(database.admin_url)
    tx = TenantTx(connection, tenant.id)
    async with connection.transaction():
        await connection.execute("SET LOCAL track_functions = 'all'")
        await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant.id))
        for typed in TYPED:
            there = await connection.fetch(ALL, tenant.id, *asked(typed))
            for wanted in (100, 7):
                place = START
                for first in range(0, 3 * wanted, wanted):
                    found = await find(typed, place, wanted, tx)
                    assert found == there[first : first + wanted], (typed, wanted, first)
                    if found:
                        place = Position(found[-1]["at"], found[-1]["id"])
        assert sorted(row[0] for row in await connection.fetch(CALLED, WAYS)) == WAYS
    await connection.close()


async def test_of_a_slice_only_matches_are_read(tenant: Tenant, database: Database) -> None:
    """Nearly all of those that the words and the key name together are answers."""
    await database.fetch(MANY, tenant.id, NEWEST)
    await database.fetch("VACUUM ANALYZE search_documents")
    told = await plans(database.admin_url, database.app_url, tenant.id, partial(find, "often", START, 150))
    assert any("BitmapAnd" in plan and "search_by_words" in plan and "_pkey" in plan for plan in told)
