"""Row 11: what row-level security costs the queries that the page asks all day, and the search."""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from uuid import UUID

import asyncpg

from benchmarks.bench import Bench
from benchmarks.plan import Size
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared
from benchmarks.seeded import Seeded, seeded
from gateway.model.page import START
from gateway.store import conversations, messages, search
from gateway.store.conversations import Filters
from gateway.store.pool import TenantTx, tenant_tx
from gateway.store.search import BEGINNING, Asked, Kind

ROW = 11
SHARE = 0.25  # of a round's seconds for one side of one query
STATUSES = ("open", "pending", "resolved", "snoozed")
#: A word in most messages, some in a few of a hundred, one in hardly any; the last one of each goes on.
SEARCHES = ("the", "hello order", "bestellung", "violin", "waffle ir", "order 4711", "nothingatall")

Query = Callable[[TenantTx], Awaitable[object]]


async def under_policies(bench: Bench) -> list[Line]:
    """Row 11. The limit is the same statement as the superuser, whom no policy binds."""
    size = bench.plan.small
    async with seeded(bench, [size]) as where:
        return await measure(where, bench.plan.rounds, bench.plan.seconds * SHARE, size)


async def measure(where: Seeded, rounds: int, seconds: float, size: Size) -> list[Line]:
    """Measure each query in turns as the API's role and as the superuser."""
    tenant = where.tenants[0]
    lines = []
    async with (
        asyncpg.create_pool(where.app_url, min_size=1, max_size=1) as app,
        asyncpg.create_pool(where.admin_url, min_size=1, max_size=1) as admin,
    ):
        for name, query in (await _queries(admin, tenant)).items():
            found = []
            for _ in range(rounds):
                limit = await rate(admin, tenant, query, seconds)
                found.append(Round(await rate(app, tenant, query, seconds), limit))
            say(f"  {name}: {found[-1].ours:,.0f}/s under policies, {found[-1].limit:,.0f}/s without")
            goal = Goal(0.9 if name.startswith("search") else 0.95)
            note = f"{size.conversations:,} conversations, {size.messages:,} messages"
            lines.append(compared(ROW, f"{name} under policies ÷ without", "1/s", found, goal, note=note))
    return lines


async def rate(pool: asyncpg.Pool, tenant: UUID, query: Query, seconds: float) -> float:
    """Return how often a query can be asked in a second, each time in a transaction of its own."""
    await _ask(pool, tenant, query)
    started = time.perf_counter()
    count = 0
    while time.perf_counter() - started < seconds:
        await _ask(pool, tenant, query)
        count += 1
    return count / (time.perf_counter() - started)


async def _ask(pool: asyncpg.Pool, tenant: UUID, query: Query) -> None:
    async with tenant_tx(pool, tenant) as tx:
        await query(tx)


async def _queries(admin: asyncpg.Pool, tenant: UUID) -> Mapping[str, Query]:
    one = await admin.fetchval("SELECT id FROM conversations WHERE tenant_id = $1 LIMIT 1", tenant)
    return {
        "list of conversations": list_page,
        "thread": partial(_thread, one),
        "one conversation": partial(_conversation, one),
        "search in messages": search_messages,
        "search in customers": partial(search_for, "customers", ("jane", "sample", "5501")),
    }


async def list_page(tx: TenantTx) -> None:
    """Read the first page of the list, as the inbox shows it."""
    await conversations.in_order(tx, Filters(statuses=STATUSES), START, 50)


async def search_messages(tx: TenantTx) -> None:
    """Search for words of all kinds, each with the rows that are shown of it."""
    await search_for("messages", SEARCHES, tx)


async def _thread(key: UUID, tx: TenantTx) -> None:
    await messages.newest_first(tx, key, START, 50)


async def _conversation(key: UUID, tx: TenantTx) -> None:
    await conversations.get(tx, key)


async def search_for(kind: Kind, searches: tuple[str, ...], tx: TenantTx) -> None:
    """Search for words, each with the rows that are shown of it."""
    for typed in searches:
        terms = typed.split()
        last = [False] * (len(terms) - 1) + [True]
        asked = Asked(terms=terms, prefixes=last, excluded=[False] * len(terms))
        found = await search.matches(tx, kind, asked, BEGINNING, 20)
        await search.shown(tx, kind, found.ids)
