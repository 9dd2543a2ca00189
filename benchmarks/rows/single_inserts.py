"""Row 4: stored webhooks per second against the simplest thing Postgres can commit, from 16 clients."""

import asyncio
import os
import re
from pathlib import Path

import asyncpg

from benchmarks.bench import Bench
from benchmarks.errors import NotMeasured
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared
from benchmarks.worker import Worker
from gateway.embedded.binaries import installed

CONNECTIONS = 32
CLIENTS = 16
GOAL = Goal(0.75)
BODY = "x" * 800  # as long as a webhook's
TABLE = """
CREATE TABLE IF NOT EXISTS single (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id integer NOT NULL, body text NOT NULL);
"""
SCRIPT = "\\set tenant random(1, 1000)\nINSERT INTO single (tenant_id, body) VALUES (:tenant, :body);\n"
RATE = re.compile(r"tps = ([0-9.]+)")


async def against_single_inserts(bench: Bench) -> list[Line]:
    """Row 4; where the package of Postgres has no pgbench, asyncpg stands in, and the name says so."""
    program = installed() / "pginstall" / "bin" / "pgbench"
    gateway = await bench.gateway()
    await bench.warm(gateway, bench.spread)
    if program.is_file():
        await _make_table(bench)
        rounds = [await _round(bench, await _pgbench(bench, program)) for _ in range(bench.plan.rounds)]
        return [compared(4, "ingest ÷ pgbench single insert+commit, 16 clients", "1/s", rounds, GOAL)]
    worker = await Worker.start("bare")
    try:
        rounds = [await _round(bench, await _asyncpg(bench, worker)) for _ in range(bench.plan.rounds)]
    finally:
        await worker.stop()
    return [compared(4, "ingest ÷ asyncpg single insert+commit, 16 connections", "1/s", rounds, GOAL)]


async def _round(bench: Bench, limit: float) -> Round:
    await bench.prepare(bench.spread, bench.plan.seconds)
    ours = await bench.ingest(await bench.gateway(), CONNECTIONS, bench.plan.seconds)
    say(f"  {ours.rate:,.0f}/s of {limit:,.0f}/s")
    return Round(ours.rate, limit)


async def _make_table(bench: Bench) -> None:
    connection = await asyncpg.connect(bench.database.bare_url)
    await connection.execute(TABLE)
    await connection.close()


async def _pgbench(bench: Bench, program: Path) -> float:
    script = bench.folder / "single.sql"
    await asyncio.to_thread(script.write_text, SCRIPT, "utf-8")
    superuser = bench.database.superuser
    process = await asyncio.create_subprocess_exec(
        program, "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2", f"--file={script}",
        f"--time={max(1, round(bench.plan.seconds))}", f"--define=body={BODY}", f"--host={superuser.host}",
        f"--port={superuser.port}", f"--username={superuser.user}", "bare",
        env={**os.environ, "PGPASSWORD": superuser.password},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode("utf-8", "replace")
    found = RATE.search(said)
    if process.returncode != 0 or found is None:
        raise NotMeasured(f"pgbench failed: {said.strip()[-300:]}")
    return float(found[1])


async def _asyncpg(bench: Bench, worker: Worker) -> float:
    url, seconds = bench.database.bare_url, bench.plan.seconds
    rate: float = await worker.do("inserts", url=url, clients=CLIENTS, seconds=seconds, body=BODY)
    return rate
