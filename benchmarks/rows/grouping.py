"""Row 101: what group commit is worth. The gateway as it is against one that commits each webhook by itself."""

from benchmarks.bench import Bench
from benchmarks.progress import say
from benchmarks.results import Line, Round, compared

CONNECTIONS = 32


async def group_against_single_commits(bench: Bench) -> list[Line]:
    """Row 101, without a goal. Nobody watches: the other gateway would read the log along."""
    grouping, single = await bench.gateway(), await bench.gateway_with_one_commit_each()
    await bench.warm(grouping, bench.spread)
    rounds = []
    for _ in range(bench.plan.rounds):
        await bench.prepare(bench.spread, bench.plan.seconds)
        alone = await bench.ingest(single, CONNECTIONS, bench.plan.seconds)
        await bench.prepare(bench.spread, bench.plan.seconds)
        grouped = await bench.ingest(grouping, CONNECTIONS, bench.plan.seconds)
        say(f"  groups {grouped.rate:,.0f}/s, one commit each {alone.rate:,.0f}/s")
        rounds.append(Round(grouped.rate, alone.rate))
    return [compared(101, "ingest ÷ ingest with one commit per request", "1/s", rounds, None)]
