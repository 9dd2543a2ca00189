"""Row 13: after all that, is anything missing, out of order, or there twice?"""

from collections import Counter

from benchmarks import accounts
from benchmarks.bench import Bench
from benchmarks.results import Line, counted

ROW = 13
CONNECTIONS = 32
REPEAT_EVERY = 10  # providers repeat what they are not sure of, often while the first try is still under way


async def account(bench: Bench) -> list[Line]:
    """Row 13: one more round, with repeats; then all rounds of this run are accounted for."""
    gateway = await bench.gateway()
    await bench.warm(gateway, bench.spread)
    async with bench.followed(await bench.audience(), gateway, bench.watched.tenants):
        await bench.prepare(bench.spread, bench.plan.seconds, REPEAT_EVERY)
        await bench.ingest(gateway, CONNECTIONS, bench.plan.seconds)
    counts = await tally(bench)
    note = (
        f"{counts['acknowledged']:,} posts were acknowledged, {counts['stored']:,} messages stored,"
        f" {counts['entries_shown']:,} entries shown in browsers"
    )
    name = "missed log entries, holes and duplicates in all rounds"
    return [counted(ROW, name, "count", [counts], accounts.faults(counts), note)]


async def tally(bench: Bench) -> dict[str, int]:
    """Account for all that was posted and shown so far; ``accounts.faults`` tells what of it is wrong."""
    shown: Counter[str] = Counter()
    for seen in bench.socket_accounts:
        shown.update(seen)
    log = await accounts.account_of_log(bench.database, await bench.acknowledged())
    return {**log, **shown}
