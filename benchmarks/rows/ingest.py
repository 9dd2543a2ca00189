"""Rows 1 to 3: stored webhooks per second, and what one costs, against an application that does nothing."""

from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.load import Driven
from benchmarks.machine import cpu_seconds, family_cpu_seconds
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared

FEW = 32
MANY = 128
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Sides:
    """One round.

    Attributes:
        rate: both rates.
        cpu: the processor time of one message and of one empty request, in microseconds.
        shares: of the former, what the gateway and what Postgres took.
        latencies: p50 and p99 of the answers to webhooks, in milliseconds.
    """

    rate: Round
    cpu: Round
    shares: tuple[float, float]
    latencies: tuple[float, float]


async def at_few(bench: Bench) -> list[Line]:
    """Rows 1 and 3."""
    sides = await _measure(bench, FEW)
    gateway, postgres = min(sides, key=lambda s: s.cpu.ours).shares
    shares = f"of it {gateway:.0f} µs in the gateway and {postgres:.0f} µs in Postgres, in the quietest round"
    rate = "committed ingest ÷ no-op POST, 32 connections"
    cpu = "CPU per message ÷ CPU per no-op POST"
    return [
        compared(1, rate, "1/s", [s.rate for s in sides], Goal(0.45), quiet=True, note=_latencies(sides)),
        compared(3, cpu, "µs", [s.cpu for s in sides], Goal(3.5, at_least=False), quiet=True, note=shares),
    ]


async def at_many(bench: Bench) -> list[Line]:
    """Row 2."""
    sides = await _measure(bench, MANY)
    name = "committed ingest ÷ no-op POST, 128 connections"
    return [compared(2, name, "1/s", [s.rate for s in sides], Goal(0.60), quiet=True, note=_latencies(sides))]


def _latencies(sides: list[Sides]) -> str:
    p50, p99 = min(s.latencies for s in sides)
    return f"a webhook is answered within {p50:.1f} ms (p50) and {p99:.1f} ms (p99) in the quietest round"


async def _measure(bench: Bench, connections: int) -> list[Sides]:
    gateway = await bench.gateway()
    await bench.warm(gateway, bench.spread)
    async with bench.followed(await bench.audience(), gateway, bench.watched.tenants):
        return [await _round(bench, connections, number) for number in range(bench.plan.rounds)]


async def _round(bench: Bench, connections: int, number: int) -> Sides:
    gateway, noop = await bench.gateway(), await bench.noop()
    seconds = bench.plan.seconds
    await bench.prepare(bench.spread, seconds)
    before = cpu_seconds(noop.process)
    limit = await bench.post_to_noop(connections, seconds)
    limit_cpu = _cpu_each(cpu_seconds(noop.process) - before, limit)
    postmaster = bench.database.postmaster  # with all its processes, also those in the background
    before, before_postgres = cpu_seconds(gateway.process), family_cpu_seconds(postmaster)
    ours = await bench.ingest(gateway, connections, seconds)
    shares = (
        _cpu_each(cpu_seconds(gateway.process) - before, ours),
        _cpu_each(family_cpu_seconds(postmaster) - before_postgres, ours),
    )
    cpu = Round(sum(shares), limit_cpu)
    say(f"  round {number + 1}: {ours.rate:,.0f}/s of {limit.rate:,.0f}/s; {cpu.ours:.0f} µs of {cpu.limit:.0f} µs")
    return Sides(Round(ours.rate, limit.rate), cpu, shares, (ours.p50_ms, ours.p99_ms))


def _cpu_each(seconds: float, driven: Driven) -> float:
    return seconds / driven.answered * MICROSECONDS
