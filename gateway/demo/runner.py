"""Posting samples to a running gateway, at a pace, and what came of it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.demo.samples import Sample

AT_ONCE = 64
TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(slots=True)
class Report:
    """What came of a run; ``seconds`` holds the time of each answer."""

    accepted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    def note(self, answer: str, seconds: float) -> None:
        """Count an answer: a status, or the kind of failure."""
        if answer.startswith("2"):
            self.accepted += 1
            self.seconds.append(seconds)
        else:
            self.refused[answer] = self.refused.get(answer, 0) + 1

    def percentile(self, share: float) -> float | None:
        """Return the time, in milliseconds, within which this share of the accepted was answered."""
        if not self.seconds:
            return None
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000

    def as_json(self) -> dict[str, Any]:
        """Return the report for machines."""
        rounded = {f"p{int(share * 100)}_ms": self.percentile(share) for share in (0.5, 0.95, 0.99)}
        return {
            "accepted": self.accepted,
            "refused": self.refused,
            "elapsed_seconds": round(self.elapsed, 3),
            **{name: value if value is None else round(value, 2) for name, value in rounded.items()},
        }


async def post_all(
    samples: Sequence[Sample], rate: float, report: Report, posted: Callable[[], None] = lambda: None
) -> None:
    """Post samples, at most ``rate`` a second and 64 at once; the report is filled as the answers come.

    Args:
        samples: in this order.
        rate: posts a second; 0 for as fast as it goes.
        report: counts the answers.
        posted: called after each answer.
    """
    started = time.perf_counter()
    room = asyncio.Semaphore(AT_ONCE)

    async def post(session: aiohttp.ClientSession, sample: Sample) -> None:
        sent = time.perf_counter()
        try:
            async with session.post(sample.url, data=sample.body, headers=sample.headers) as answer:
                await answer.read()
                report.note(str(answer.status), time.perf_counter() - sent)
        except (aiohttp.ClientError, TimeoutError) as error:
            report.note(type(error).__name__, 0.0)
        finally:
            room.release()
            report.elapsed = time.perf_counter() - started
            posted()

    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session, asyncio.TaskGroup() as group:
        for number, sample in enumerate(samples):
            if rate > 0:
                await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            await room.acquire()
            group.create_task(post(session, sample))
