"""Row 108: what it costs the API that everything is written down which anybody reads or changes."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import orjson
from aiohttp import ClientSession

from benchmarks.bench import SERVE, Bench
from benchmarks.errors import NotMeasured
from benchmarks.machine import cpu_seconds
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared
from benchmarks.server import Server, serving

UNAUDITED = ("-m", "benchmarks.programs.unaudited", "serve", "--port", "0")
#: Nobody is turned away for asking too often, and no worker behind the scenes works for one of the two alone.
AT_WILL = {"POSTGATE_CALLER_RATE": "0", "POSTGATE_TENANT_RATE": "0", "POSTGATE_ROLES": "none"}
CONNECTIONS = 16
#: Within that what is left is written.
REST_SECONDS = 1.0
CONVERSATIONS = 50
WRITTEN = "SELECT count(*) FROM data_access_audit"


async def with_and_without(bench: Bench) -> list[Line]:
    """Row 108. What an inbox asks for: lists, threads, conversations, customers, and one change in sixteen requests."""
    await bench.warm(await bench.gateway(), bench.hot)
    environment = {**bench.gateway_environment, **AT_WILL}
    rounds, costs = [], []
    async with (
        serving(SERVE, bench.folder / "audited.log", environment) as audited,
        serving(UNAUDITED, bench.folder / "unaudited.log", environment) as bare,
    ):
        requests = await _requests(bench, audited)
        for server in (audited, bare):
            await _drive(server, requests, 1.0)
        for _ in range(bench.plan.rounds):
            # half of the one before the other, and half behind it: a machine that grows slower favours neither
            first = await _drive(bare, requests, bench.plan.seconds / 2)
            before = (await bench.database.fetch(WRITTEN))[0][0]
            rate, cost = await _drive(audited, requests, bench.plan.seconds)
            written = (await bench.database.fetch(WRITTEN))[0][0] - before
            if written < rate * bench.plan.seconds:
                raise NotMeasured(f"{written} rows were written of {rate * bench.plan.seconds:.0f} requests")
            second = await _drive(bare, requests, bench.plan.seconds / 2)
            without, alone = map(statistics.mean, zip(first, second, strict=True))
            say(f"  {rate:,.0f}/s with, {without:,.0f}/s without the audit; {cost / alone:.3f} of its CPU per request")
            rounds.append(Round(rate, without))
            costs.append(cost / alone)
    note = f"the gateway's own CPU per request: {sorted(costs)[len(costs) // 2]:.2f} times that without"
    return [compared(108, "API requests with the audit ÷ without", "1/s", rounds, Goal(0.95), note=note)]


async def _requests(bench: Bench, server: Server) -> Sequence[bytes]:
    """Return the bytes of what is asked, in turn."""
    key = bench.tenants[bench.plan.tenants].api_key
    auth = {"Authorization": f"Bearer {key}"}
    async with (
        ClientSession(server.url, headers=auth) as session,
        session.get(f"/api/v1/conversations?limit={CONVERSATIONS}") as answer,
    ):
        found = (await answer.json())["data"]
    made: list[bytes] = []
    turn = itertools.count()
    for one in found:
        thread, place = f"/api/v1/conversations/{one['id']}", next(turn)
        paths = [
            thread,
            f"{thread}/messages",
            f"/api/v1/customers/{one['customer']['id']}",
            f"{thread}/messages",
            thread,
        ]
        if place % 2 == 0:
            paths.append("/api/v1/conversations?limit=50")
        made += [_request("GET", path, key) for path in paths]
        if place % 3 == 0:
            change = {"priority": ("low", "high")[place % 2]}
            made.append(_request("PATCH", thread, key, orjson.dumps(change)))
    return made


def _request(method: str, path: str, key: str, body: bytes = b"") -> bytes:
    kind = "Content-Type: application/json\r\n" if body else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: gateway\r\nUser-Agent: bench\r\nAuthorization: Bearer {key}\r\n"
        f"{kind}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _drive(server: Server, requests: Sequence[bytes], seconds: float) -> tuple[float, float]:
    """Ask for so long; returns requests in a second, and the server's CPU seconds for each, those afterwards too."""
    began, cpu = time.perf_counter(), cpu_seconds(server.process)
    end = began + seconds
    counts = await asyncio.gather(*(_ask(server, requests, place * 7, end) for place in range(CONNECTIONS)))
    elapsed = time.perf_counter() - began
    await asyncio.sleep(REST_SECONDS)
    return sum(counts) / elapsed, (cpu_seconds(server.process) - cpu) / sum(counts)


async def _ask(server: Server, requests: Sequence[bytes], first: int, end: float) -> int:
    where = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    asked = 0
    while time.perf_counter() < end:
        writer.write(requests[(first + asked) % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise NotMeasured(f"a request was answered {head[:200]!r}")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        asked += 1
    writer.close()
    return asked
