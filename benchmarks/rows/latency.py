"""Row 6: from a provider's POST to the frame in a browser, against the way of a bare notification."""

from benchmarks.bench import Bench
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared
from benchmarks.worker import Worker

CALIBRATE_CONNECTIONS = 32
CONNECTIONS = 128  # so many that none is waited for
BODY = "x" * 800
HALF = 0.5


async def push_against_notification(bench: Bench) -> list[Line]:
    """Row 6, median and 99th percentile. Everybody whom posts go to is watched.

    Half load is found anew in each round: what the machine can take changes with its neighbours.
    """
    gateway, client = await bench.gateway(), await bench.client()
    await bench.warm(gateway, bench.spread)
    seconds = bench.plan.seconds
    worker = await Worker.start("bare")
    rates: list[float] = []
    medians, tails, before = [], [], []
    try:
        async with bench.followed(client, gateway, bench.watched.tenants, record=True):
            for _ in range(bench.plan.rounds):
                await bench.prepare(bench.watched, seconds)
                rate = (await bench.ingest(gateway, CALIBRATE_CONNECTIONS, seconds)).rate * HALF
                rates.append(rate)
                limit = await worker.do(
                    "notify", url=bench.database.bare_url, count=bench.plan.notifications, body=BODY
                )
                await client.prepare(bench.watched, int(rate * seconds * 1.1) + 100)
                ours = await client.pace(gateway.url, CONNECTIONS, seconds, rate)
                say(
                    f"  {rate:,.0f}/s: {ours.push_p50_ms:.2f} and {ours.push_p99_ms:.2f} ms,"
                    f" bare {limit['p50_ms']:.2f} and {limit['p99_ms']:.2f} ms"
                )
                medians.append(Round(ours.push_p50_ms, limit["p50_ms"]))
                tails.append(Round(ours.push_p99_ms, limit["p99_ms"]))
                before.append(ours.before_answer)
    finally:
        await worker.stop()
    name = "POST → frame ÷ bare insert+NOTIFY → callback"
    note = (
        f"at {min(rates):,.0f} to {max(rates):,.0f} posts/s;"
        f" the frame came before the 200 in {min(before):.1%} of all cases or more"
    )
    return [
        compared(6, f"{name}, p50", "ms", medians, Goal(4, at_least=False), note=note),
        compared(6, f"{name}, p99", "ms", tails, Goal(6, at_least=False)),
    ]
