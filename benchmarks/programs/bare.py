"""What Postgres does without the product, over asyncpg: a notification's way, and single inserts."""

import asyncio
import time
from typing import Any

import asyncpg
import uvloop

from benchmarks.percentiles import percentile
from benchmarks.worker import obey

TABLE = """
CREATE TABLE IF NOT EXISTS bare (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id integer NOT NULL, body text NOT NULL)
"""
INSERT = "INSERT INTO bare (tenant_id, body) VALUES ($1, $2)"
# The notification names the row, or the planner would leave one of the two out.
INSERT_AND_NOTIFY = """
WITH added AS (INSERT INTO bare (tenant_id, body) VALUES ($1, $2) RETURNING id)
SELECT pg_notify('bare', id::text) FROM added
"""
WARM = 100


async def notify(url: str, count: int, body: str) -> dict[str, float]:
    """Insert a row and notify in one transaction, one after the other; answers with the time until the callback."""
    writer, listener = await asyncpg.connect(url), await asyncpg.connect(url)
    heard: asyncio.Queue[float] = asyncio.Queue()
    try:
        await writer.execute(TABLE)
        await listener.add_listener("bare", lambda *_: heard.put_nowait(time.perf_counter()))
        statement = await writer.prepare(INSERT_AND_NOTIFY)
        samples = [await _one(statement, heard, number, body) for number in range(WARM + count)][WARM:]
    finally:
        await writer.close()
        await listener.close()
    return {"p50_ms": percentile(samples, 0.5) * 1000, "p99_ms": percentile(samples, 0.99) * 1000}


async def _one(statement: Any, heard: asyncio.Queue[float], number: int, body: str) -> float:
    started = time.perf_counter()
    await statement.fetchval(number % 1000, body)
    return await heard.get() - started


async def inserts(url: str, clients: int, seconds: float, body: str) -> float:
    """Insert and commit single rows over some connections; answers with rows per second."""
    connections = [await asyncpg.connect(url) for _ in range(clients)]
    await connections[0].execute(TABLE)
    statements = [await connection.prepare(INSERT) for connection in connections]
    started = time.perf_counter()
    counts = await asyncio.gather(*(_insert_until(s, started + seconds, body) for s in statements))
    elapsed = time.perf_counter() - started
    for connection in connections:
        await connection.close()
    return sum(counts) / elapsed


async def _insert_until(statement: Any, deadline: float, body: str) -> int:
    count = 0
    while time.perf_counter() < deadline:
        await statement.fetch(count % 1000, body)
        count += 1
    return count


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(obey({"notify": notify, "inserts": inserts}))
