"""Row 8: what an idle browser costs in memory, against a websocket with nothing behind it."""

import asyncio
from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.machine import private_bytes
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared
from benchmarks.server import Server

WARM_SOCKETS = 50  # what only the first ones allocate is nobody's
SETTLE_SECONDS = 1.0
KIB = 1024


async def socket_against_bare(bench: Bench) -> list[Line]:
    """Row 8. Each round has new processes, since one does not give all memory back."""
    await bench.warm(await bench.gateway(), bench.spread)
    rounds = []
    for number in range(bench.plan.memory_rounds):
        async with bench.fresh_gateway(f"memory-{number}") as server:
            ours = await _kib_each(bench, server)
        async with bench.fresh_bare_sockets(f"bare-memory-{number}") as server:
            limit = await _kib_each(bench, server)
        say(f"  {ours:.1f} KiB of {limit:.1f} KiB")
        rounds.append(Round(ours, limit))
    return [compared(8, "memory per idle websocket ÷ bare aiohttp", "KiB", rounds, Goal(1.5, at_least=False))]


async def _kib_each(bench: Bench, server: Server) -> float:
    """Open sockets of all tenants in turn, and return how much the process grew for each."""
    audience, client = await bench.audience(), await bench.client()
    count = bench.plan.idle_sockets
    await audience.follow(server.url, _in_turn(bench, WARM_SOCKETS))
    await asyncio.sleep(SETTLE_SECONDS)
    before = private_bytes(server.process)
    await client.follow(server.url, _in_turn(bench, count))
    await asyncio.sleep(SETTLE_SECONDS)
    grown = private_bytes(server.process) - before
    await audience.unfollow()
    await client.unfollow()
    return grown / count / KIB


def _in_turn(bench: Bench, count: int) -> Sequence[int]:
    return [number % bench.plan.tenants for number in range(count)]
