"""Row 5: does a tenant with all the traffic queue up behind its own lock? One tenant against many."""

from benchmarks.bench import Bench
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared

CONNECTIONS = 128


async def hot_against_many(bench: Bench) -> list[Line]:
    """Row 5. Nobody watches on either side: a single tenant would be watched wholly or not at all."""
    gateway = await bench.gateway()
    await bench.warm(gateway, bench.spread)
    await bench.warm(gateway, bench.hot)
    rounds = []
    for _ in range(bench.plan.rounds):
        await bench.prepare(bench.spread, bench.plan.seconds)
        many = await bench.ingest(gateway, CONNECTIONS, bench.plan.seconds)
        await bench.prepare(bench.hot, bench.plan.seconds)
        one = await bench.ingest(gateway, CONNECTIONS, bench.plan.seconds)
        say(f"  one tenant {one.rate:,.0f}/s, many {many.rate:,.0f}/s")
        rounds.append(Round(one.rate, many.rate))
    return [compared(5, f"one hot tenant ÷ {bench.plan.tenants:,} tenants", "1/s", rounds, Goal(1.0))]
