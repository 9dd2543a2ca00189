"""Row 7: frames per second to many browsers of one tenant, against transports with nothing around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks import machine
from benchmarks.bench import Bench
from benchmarks.errors import NotMeasured
from benchmarks.load import Load
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared
from benchmarks.worker import Worker

FRAMES_PER_BURST = 20_000  # over all sockets; what one socket gets has to fit into its kernel buffers
SPARE_DESCRIPTORS = 500
TENANT = 0
SAMPLE = """
SELECT type, conversation_id, data::text AS data FROM events
WHERE tenant_id = $1 AND type = 'message.created' ORDER BY seq DESC LIMIT 1
"""


async def hub_against_transports(bench: Bench) -> list[Line]:
    """Row 7, for each number of sockets."""
    await bench.warm(await bench.gateway(), bench.spread)
    return [await _line(bench, sockets) for sockets in bench.plan.fanouts]


async def _line(bench: Bench, sockets: int) -> Line:
    if machine.allow_many_sockets() < 2 * sockets + SPARE_DESCRIPTORS:
        raise NotMeasured(f"{sockets} sockets on each side need more open files than `ulimit -Hn` allows")
    say(f"  opening {sockets:,} sockets on each side")
    async with _both(bench, sockets) as storm:
        rounds = [await storm.round(bench.plan.bursts) for _ in range(bench.plan.rounds)]
    return compared(7, f"frames through the hub ÷ bare transports, {sockets:,} sockets", "1/s", rounds, Goal(0.95))


class Storm:
    """Bursts of frames, in turns through the hub and bare.

    The clock runs from the first write until the kernel has everything. Reading happens in other processes, and the
    next burst waits until they are done.
    """

    def __init__(
        self, worker: Worker, tenant: str, hub: tuple[Load, int], bare: tuple[Load, int], sockets: int
    ) -> None:
        self._worker = worker
        self._tenant = tenant
        self._receivers = {"through_hub": hub[0], "bare": bare[0]}
        self._seqs = {"through_hub": hub[1], "bare": bare[1]}
        self._sockets = sockets
        self._frames = max(1, FRAMES_PER_BURST // sockets)

    async def round(self, bursts: int) -> Round:
        """Return frames per second of both."""
        seconds = {"through_hub": 0.0, "bare": 0.0}
        for _ in range(bursts):
            for way in seconds:
                seconds[way] += await self._burst(way)
        frames = bursts * self._frames * self._sockets
        found = Round(frames / seconds["through_hub"], frames / seconds["bare"])
        say(f"  {found.ours:,.0f}/s of {found.limit:,.0f}/s")
        return found

    async def _burst(self, way: str) -> float:
        took: float = await self._worker.do(way, tenant=self._tenant, seq=self._seqs[way], frames=self._frames)
        self._seqs[way] += self._frames
        if not await self._receivers[way].wait_for([self._seqs[way]] * self._sockets):
            raise NotMeasured("frames did not arrive")
        return took


@asynccontextmanager
async def _both(bench: Bench, sockets: int) -> AsyncIterator[Storm]:
    tenant = bench.tenants[TENANT].tenant_id
    (sample,) = await bench.database.fetch(SAMPLE, tenant)
    audience, client = await bench.audience(), await bench.client()
    worker = await Worker.start("fanout", bench.gateway_environment)
    try:
        urls = await worker.do(
            "begin", kind=sample["type"], conversation=str(sample["conversation_id"]), data=sample["data"]
        )
        heads = await audience.follow(urls["gateway"], [TENANT] * sockets)
        await client.follow(urls["bare"], [TENANT] * sockets)
        yield Storm(worker, tenant, (audience, heads[0]), (client, 0), sockets)
        wrong = sum(s["holes"] + s["repeats"] + s["faults"] for s in await audience.unfollow())
        if wrong:
            raise NotMeasured(f"{wrong} frames were missing, repeated or unexpected")
        await client.unfollow()
        await worker.do("end")
    finally:
        await worker.stop()
