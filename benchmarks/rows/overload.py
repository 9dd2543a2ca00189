"""Row 107: what is still stored when ten times as much is offered as the gateway takes."""

from benchmarks.bench import Bench
from benchmarks.load import Flooded
from benchmarks.machine import private_bytes
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared

CALIBRATE_CONNECTIONS = 128
#: More than may wait.
CONNECTIONS = 5000
TIMES = 10.0
MIB = 1024 * 1024


async def offered_far_more(bench: Bench) -> list[Line]:
    """Row 107. After each flood a webhook has to be stored at once."""
    gateway, client, flooder = await bench.gateway(), await bench.client(), await bench.flooder()
    await bench.warm(gateway, bench.spread)
    seconds = bench.plan.seconds
    rounds: list[Round] = []
    floods: list[Flooded] = []
    before = private_bytes(gateway.process)
    for _ in range(bench.plan.rounds):
        await bench.prepare(bench.spread, seconds)
        capacity = (await bench.ingest(gateway, CALIBRATE_CONNECTIONS, seconds)).rate
        await flooder.prepare(bench.spread, int(capacity * TIMES * 2 * seconds) + 100)
        flooded = await flooder.flood(gateway.url, CONNECTIONS, 2 * seconds, capacity * TIMES)
        await client.prepare(bench.spread, 1)
        await bench.ingest(gateway, 1, seconds)  # one webhook, right after: anything else than 200 fails the row
        say(f"  {flooded.rate:,.0f}/s stored of {capacity * TIMES:,.0f}/s, {capacity:,.0f}/s at capacity")
        rounds.append(Round(flooded.rate, capacity))
        floods.append(flooded)
    grown = (private_bytes(gateway.process) - before) / MIB
    note = f"in the last round it answered {floods[-1]}; in all rounds its memory grew by {grown:.0f} MiB"
    return [compared(107, "stored at ten times the load ÷ at capacity", "1/s", rounds, Goal(0.8), note=note)]
