"""Rows 9, 10 and 105 to 107: events on their way to integrators' endpoints."""

import asyncio
import time
from typing import Any

from benchmarks import machine
from benchmarks.bench import Bench
from benchmarks.errors import NotMeasured
from benchmarks.integrators import Endpoint, Integrators, integrators
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared
from benchmarks.worker import Worker
from gateway.model.ids import parse

TENANTS = 20
BODY_BYTES = 900
IN_FLIGHT = 32
#: Deliveries of one round, of all tenants together.
AT_ONCE = 20_000
PACE = 20  # events a second, of each tenant
HANGING = 5  # endpoints of the tenant whose endpoints hang
RECOVERED = 10_000
PAUSE_SECONDS = 1.0
FAIL = """
UPDATE webhook_deliveries
SET status = 'FAILED', next_attempt_at = NULL, finished_at = now(), last_attempt_at = now(), error_kind = 'status',
    error = 'the receiver answered 500'
WHERE next_attempt_at IS NOT NULL AND endpoint_id = $1 RETURNING id
"""
COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"


async def deliveries(bench: Bench) -> list[Line]:
    """Rows 9, 10, and what a delivery costs, how soon it comes, and how soon failed ones are made good."""
    quick = bench.plan.seconds < 2
    total = AT_ONCE // 10 if quick else AT_ONCE
    poster = await Worker.start("poster")
    try:
        async with integrators(bench, TENANTS) as made:
            endpoints = [await made.register(tenant, "/fine", max_in_flight=64) for tenant in made.tenants]
            lines = await _throughput(bench, made, endpoints, poster, total)
            lines += await _neighbours(bench, made, endpoints, 3.0 if quick else 10.0)
            lines.append(await _recovery(made, endpoints[0], RECOVERED // 10 if quick else RECOVERED))
            return lines
    finally:
        await poster.stop()


async def _throughput(
    bench: Bench, made: Integrators, endpoints: list[Endpoint], poster: Worker, total: int
) -> list[Line]:
    url = await made.sink.do("url") + "/bare"
    rounds, commits, seconds = [], [], []
    for _ in range(bench.plan.rounds):
        limit = await poster.do("post", url=url, count=total, in_flight=IN_FLIGHT, size=BODY_BYTES)
        await made.switch(endpoints, on=False)
        for tenant in made.tenants:
            await made.append(tenant, total // TENANTS)
        await made.owed(total)
        await made.database.execute("ANALYZE")
        await asyncio.sleep(PAUSE_SECONDS)
        await made.sink.do("reset")
        own = machine.cpu_seconds(made.server.process)
        before, spent = await made.database.fetchval(COMMITS), _spent(bench, made)
        await made.switch(endpoints, on=True)
        told = await _arrived(made, "/fine", total)
        looked = time.time()
        await made.owed(0)
        waited = time.time() - looked
        rate = total / (told["last"] - told["first"] + waited)
        share = machine.cpu_seconds(made.server.process) - own
        await asyncio.sleep(PAUSE_SECONDS)  # counts of commits are told late
        commits.append((await made.database.fetchval(COMMITS) - before) * 1000 / total)
        seconds.append((_spent(bench, made) - spent) * 1000 / total)
        say(
            f"  {rate:,.0f}/s, bare {limit:,.0f}/s; {seconds[-1]:.2f} s of processor time for 1,000,"
            f" {share * 1000 / total:.2f} s of it the gateway's"
        )
        rounds.append(Round(rate, limit))
    name = "deliveries/s (claim, sign, POST, record) ÷ bare aiohttp client loop"
    note = (
        f"for 1,000 deliveries {min(commits):.0f} statements (those of the measuring included) and"
        f" {min(seconds):.2f} s of processor time, gateway and Postgres"
    )
    return [compared(9, name, "1/s", rounds, Goal(0.75), quiet=True, note=note)]


async def _neighbours(bench: Bench, made: Integrators, endpoints: list[Endpoint], seconds: float) -> list[Line]:
    """Time events of 19 tenants, while the twentieth's endpoints answer, and while they hang."""
    rounds, medians, tails = [], [], []
    last = made.tenants[-1]
    for _ in range(bench.plan.rounds):
        calm = await _paced(made, seconds)
        await made.switch(endpoints[-1:], on=False)
        hanging = [await made.register(last, f"/hang{place}", timeout_ms=30_000) for place in range(HANGING)]
        await made.append(last, 200)
        await asyncio.sleep(PAUSE_SECONDS)
        stormy = await _paced(made, seconds)
        await made.remove(hanging)
        await made.switch(endpoints[-1:], on=True)
        await made.owed(0)  # what it is late with is not to be counted
        say(f"  p95 {stormy[1]:.1f} ms beside endpoints that hang, {calm[1]:.1f} ms without")
        rounds.append(Round(stormy[1], calm[1]))
        medians.append(calm[0])
        tails.append(calm[2])
    note = f"p50 {min(medians):.1f} ms, p99 {min(tails):.1f} ms undisturbed, at {PACE * (TENANTS - 1)} events/s"
    name = "p95 from commit to arrival of 19 tenants while the 20th's endpoints hang ÷ undisturbed"
    return [compared(10, name, "ms", rounds, Goal(1.1, at_least=False), note=note)]


async def _paced(made: Integrators, seconds: float) -> list[float]:
    """Let labels change at a steady pace by the API; returns percentiles from commit to arrival, in milliseconds."""
    await made.sink.do("reset", watches=True)
    labels = [
        (tenant, (await made.ask(tenant, "POST", "/labels", _label(tenant.tenant_id)))["id"])
        for tenant in made.tenants[:-1]
    ]
    count = 0
    began = time.perf_counter()
    while (late := time.perf_counter() - began) < seconds:
        tenant, label = labels[count % len(labels)]
        await made.ask(tenant, "PATCH", f"/labels/{label}", {"description": f"{count}"})
        count += 1
        await asyncio.sleep(max(0.0, count / (PACE * len(labels)) - (late - 0.0)))
    told = await _arrived(made, "/fine", count + len(labels))
    for tenant, label in labels:
        await made.ask(tenant, "DELETE", f"/labels/{label}")
    await made.database.execute("SELECT 1")
    found: list[float] = told["lags_ms"]
    return found


async def _recovery(made: Integrators, endpoint: Endpoint, count: int) -> Line:
    """Let deliveries fail for good, then ask for all of them again."""
    tenant = endpoint.tenant
    path = f"/webhook-endpoints/{endpoint.id}"
    await made.switch([endpoint], on=False)
    await made.append(tenant, count)
    await made.owed(count)
    failed = await made.database.fetch(FAIL, parse("ep", endpoint.id))
    if len(failed) != count:
        raise NotMeasured(f"{len(failed)} instead of {count} deliveries to recover")
    await made.switch([endpoint], on=True)
    await made.sink.do("reset")
    began = time.time()
    await made.ask(tenant, "POST", f"{path}/recover", {"since": "2020-01-01T00:00:00Z"})
    told = await _arrived(made, "/fine", count)
    seconds = told["last"] - began
    say(f"  {count:,} failed deliveries were made good within {seconds:.1f} s")
    name = f"to recover {count:,} failed deliveries of one endpoint ÷ their bare posts"
    url, poster = await made.sink.do("url") + "/bare", await Worker.start("poster")
    try:
        limit = count / await poster.do("post", url=url, count=count, in_flight=IN_FLIGHT, size=BODY_BYTES)
    finally:
        await poster.stop()
    return compared(105, name, "s", [Round(seconds, limit)], None)


async def _arrived(made: Integrators, path: str, count: int) -> dict[str, Any]:
    """Wait until so many requests came; returns what the sink tells.

    Raises:
        NotMeasured: when they don't come.
    """
    deadline = time.time() + 120
    while True:
        told = await made.sink.do("told")
        if told["requests"].get(path, 0) >= count:
            return dict(told)
        if time.time() > deadline:
            raise NotMeasured(f"{told['requests']} instead of {count} at {path}")
        await asyncio.sleep(0.05)


def _spent(bench: Bench, made: Integrators) -> float:
    return machine.cpu_seconds(made.server.process) + machine.family_cpu_seconds(bench.database.postmaster)


def _label(tenant_id: str) -> dict[str, str]:
    return {"name": f"Pace {tenant_id[-6:]} {time.time_ns()}", "color": "green"}
