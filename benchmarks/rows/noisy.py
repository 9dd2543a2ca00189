"""Row 106: what quiet tenants notice of one that posts ten times what the gateway takes."""

import asyncio

from benchmarks.bench import Bench
from benchmarks.load import Paced
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared

CALIBRATE_CONNECTIONS = 32
QUIET_CONNECTIONS = 32
#: Of what the gateway takes; it is the twentieth part.
QUIET = 0.05
TIMES_NOISY = 10.0
NOISY_CONNECTIONS = 256
#: The flood lasts longer at both ends than what is measured in it: in its first half second a crowd is worked off at
#: full speed.
MARGIN_SECONDS = 1.0


async def noisy_neighbour(bench: Bench) -> list[Line]:
    """Row 106, until the frame and until the answer.

    The quiet ones are the tenants that somebody watches, all together; the noisy one is another tenant.
    """
    gateway, client, flood = await bench.gateway(), await bench.client(), await bench.flooder()
    await bench.warm(gateway, bench.spread)
    await bench.warm(gateway, bench.hot)
    seconds = bench.plan.seconds
    frames, answers, floods = [], [], []
    async with bench.followed(client, gateway, bench.watched.tenants, record=True):
        for _ in range(bench.plan.rounds):
            await bench.prepare(bench.hot, seconds)
            rate = (await bench.ingest(gateway, CALIBRATE_CONNECTIONS, seconds)).rate
            await flood.prepare(bench.hot, int(rate * TIMES_NOISY * (seconds + 2 * MARGIN_SECONDS)) + 100)
            without = await _quiet(bench, rate * QUIET, seconds)
            flooding = asyncio.create_task(
                flood.flood(gateway.url, NOISY_CONNECTIONS, seconds + 2 * MARGIN_SECONDS, rate * TIMES_NOISY)
            )
            await _quiet(bench, rate * QUIET, MARGIN_SECONDS)  # they were there before it came
            beside = await _quiet(bench, rate * QUIET, seconds)
            flooded = await flooding
            say(
                f"  {beside.push_p95_ms:.2f} ms beside {rate * TIMES_NOISY:,.0f}/s,"
                f" {without.push_p95_ms:.2f} ms without; the noisy one was answered {flooded}"
            )
            frames.append(Round(beside.push_p95_ms, without.push_p95_ms))
            answers.append(Round(beside.p95_ms, without.p95_ms))
            floods.append(flooded)
    note = f"in the last round the noisy one was answered {floods[-1]}"
    name = "p95 of quiet tenants with a noisy one ÷ without"
    return [
        compared(106, f"{name}, POST → frame", "ms", frames, Goal(1.3, at_least=False), note=note),
        compared(106, f"{name}, POST → answer", "ms", answers, Goal(1.3, at_least=False)),
    ]


async def _quiet(bench: Bench, rate: float, seconds: float) -> Paced:
    client = await bench.client()
    await client.prepare(bench.watched, int(rate * seconds * 1.1) + 100)
    return await client.pace((await bench.gateway()).url, QUIET_CONNECTIONS, seconds, rate)
