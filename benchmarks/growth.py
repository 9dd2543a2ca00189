"""``python -m benchmarks.growth``: what a message costs, takes up, and is found in, as a database grows.

For each size a tenant with so many messages is made in one database, beside the smaller ones; then its list and search
are timed, and webhooks of many other tenants are stored by a whole gateway. Costs are processor time: they hardly
depend on who else uses the machine.
"""

import argparse
import asyncio
import platform
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson

from benchmarks.bench import Bench, prepared
from benchmarks.errors import NotMeasured
from benchmarks.machine import cpu_seconds, family_cpu_seconds
from benchmarks.plan import Plan
from benchmarks.progress import say
from benchmarks.rows.queries import Query, list_page, rate, search_messages
from gateway.seed import sow
from gateway.store.pool import tenant_tx

SIZES = (10_000, 100_000, 1_000_000)
PER_CONVERSATION = 10
CONNECTIONS = 32
POSTS = 6000
QUERIES = 100
SEARCH_SECONDS = 300.0
POLL_SECONDS = 0.2
MICROSECONDS, MILLISECONDS = 1e6, 1e3
SIZES_OF = """
SELECT coalesce(p.inhparent, c.oid)::regclass::text AS name, sum(pg_table_size(c.oid))::bigint AS rows,
    sum(pg_indexes_size(c.oid))::bigint AS indexes
FROM pg_class c LEFT JOIN pg_inherits p ON p.inhrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY 1
"""
COUNTS = "SELECT count(*) AS messages, (SELECT sum(last_seq)::bigint FROM tenant_heads) AS events FROM messages"
UNREAD = """
SELECT coalesce(sum(h.last_seq - coalesce(s.indexed_seq, 0)), 0) > 0
FROM tenant_heads h LEFT JOIN search_heads s ON s.tenant_id = h.tenant_id
"""
WRITTEN = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"


@dataclass(frozen=True, slots=True)
class Step:
    """What was measured at a size.

    Attributes:
        tenant_messages: of the tenant that is asked.
        messages: in the whole database.
        list_ms: processor time for the first page of its list.
        search_ms: for seven searches, one after the other.
        stored: webhooks that were stored, one message each; the figures below are for one of them.
        gateway_us: processor time of the gateway, in microseconds.
        postgres_us: of all processes of Postgres.
        wal_bytes: of the write-ahead log.
        events: entries of the log.
        disk_bytes: growth, by table and by its indexes.
    """

    tenant_messages: int
    messages: int
    list_ms: float
    search_ms: float
    stored: int
    gateway_us: float
    postgres_us: float
    wal_bytes: float
    events: float
    disk_bytes: Mapping[str, Mapping[str, float]]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument(
        "--json", type=Path, metavar="FILE", required=True, help="write the figures there, at each size"
    )
    parser.add_argument("--sizes", metavar="N,…", default=",".join(map(str, SIZES)), help="messages of the tenants")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    asyncio.run(run(sizes, lambda steps: options.json.write_bytes(as_json(steps))))


async def run(sizes: list[int], keep: Callable[[list[Step]], object]) -> None:
    """Measure at each size, and hand on what is known so far."""
    plan = Plan(rounds=1, seconds=60.0, tenants=200 + len(sizes), senders=5, watched=0)
    steps: list[Step] = []
    with tempfile.TemporaryDirectory(prefix="postgate-growth-") as folder:
        async with prepared(plan, Path(folder)) as bench:
            for place, size in enumerate(sizes):
                steps.append(await measure(bench, size, UUID(bench.tenants[200 + place].tenant_id)))
                keep(steps)


def as_json(steps: list[Step]) -> bytes:
    """Write the result for programs, with the machine that it is from."""
    machine = {
        "cpu": platform.machine(),
        "python": platform.python_version(),
        "at": datetime.now(UTC).date().isoformat(),
    }
    return orjson.dumps({"growth": [asdict(step) for step in steps], "machine": machine}, option=orjson.OPT_INDENT_2)


async def measure(bench: Bench, size: int, tenant: UUID) -> Step:
    """Fill a tenant, ask it, and store webhooks of others."""
    say(f"{size:,} messages")
    app = await asyncpg.connect(bench.database.urls["postgate_app"])
    await sow(app, tenant, size // PER_CONVERSATION, size, now=datetime.now(UTC))
    await app.close()
    await bench.database.fetch("VACUUM ANALYZE")
    list_ms, search_ms = (
        await _cost(bench, tenant, list_page),
        await _cost(bench, tenant, search_messages),
    )
    say(f"  list {list_ms:.1f} ms, seven searches {search_ms:.1f} ms")

    gateway = await bench.gateway()
    await bench.warm(gateway, bench.spread)
    await (await bench.client()).prepare(bench.spread, POSTS)
    await _wait_for_search(bench)
    await bench.database.fetch("CHECKPOINT")
    before = await _state(bench)
    cpu = cpu_seconds(gateway.process), family_cpu_seconds(bench.database.postmaster)
    driven = await bench.ingest(gateway, CONNECTIONS, bench.plan.seconds)
    await _wait_for_search(bench)  # what it costs belongs to these messages
    cost = cpu_seconds(gateway.process) - cpu[0], family_cpu_seconds(bench.database.postmaster) - cpu[1]
    after = await _state(bench)
    step = Step(
        tenant_messages=size,
        messages=before.counts["messages"],
        list_ms=list_ms,
        search_ms=search_ms,
        stored=driven.answered,
        gateway_us=cost[0] / driven.answered * MICROSECONDS,
        postgres_us=cost[1] / driven.answered * MICROSECONDS,
        wal_bytes=(after.written - before.written) / driven.answered,
        events=(after.counts["events"] - before.counts["events"]) / driven.answered,
        disk_bytes=_growth(before.sizes, after.sizes, driven.answered),
    )
    say(
        f"  {step.gateway_us:.0f} µs in the gateway, {step.postgres_us:.0f} µs in Postgres,"
        f" {step.wal_bytes:.0f} bytes of write-ahead log"
    )
    return step


@dataclass(frozen=True, slots=True)
class State:
    """How much is in the database, and how much was ever written to its log."""

    counts: Mapping[str, int]
    sizes: Mapping[str, tuple[int, int]]
    written: int


async def _state(bench: Bench) -> State:
    [counts] = await bench.database.fetch(COUNTS)
    sizes = {row[0]: (row[1], row[2]) for row in await bench.database.fetch(SIZES_OF)}
    [[written]] = await bench.database.fetch(WRITTEN)
    return State(dict(counts), sizes, int(written))


async def _wait_for_search(bench: Bench) -> None:
    """Wait until the words of all messages can be found by the index."""
    try:
        async with asyncio.timeout(SEARCH_SECONDS):
            while (await bench.database.fetch(UNREAD))[0][0]:
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise NotMeasured("the search does not keep up") from None


def _growth(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]], stored: int
) -> Mapping[str, Mapping[str, float]]:
    grown = {
        name: {"rows": (rows - before[name][0]) / stored, "indexes": (indexes - before[name][1]) / stored}
        for name, (rows, indexes) in after.items()
    }
    return {name: parts for name, parts in grown.items() if sum(parts.values()) >= 1}


async def _cost(bench: Bench, tenant: UUID, query: Query) -> float:
    """Return the processor time of a query, of Postgres' process and of ours, in milliseconds."""
    async with asyncpg.create_pool(bench.database.urls["postgate_app"], min_size=1, max_size=1) as pool:
        await rate(pool, tenant, query, 0)  # once, so that it is planned and what it reads is at hand
        backend = await pool.fetchval("SELECT pg_backend_pid()")
        before = cpu_seconds(backend) + time.process_time()
        for _ in range(QUERIES):
            async with tenant_tx(pool, tenant) as tx:
                await query(tx)
        return (cpu_seconds(backend) + time.process_time() - before) / QUERIES * MILLISECONDS


if __name__ == "__main__":
    main()
