"""What posts samples to a running gateway, to its own webhook URLs; ``gateway.simulator`` imitates providers."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import structlog

from gateway.demo.connections import connections_of
from gateway.demo.plan import planned
from gateway.demo.runner import Report, post_all
from gateway.demo.samples import MAKERS

log = structlog.get_logger(__name__)


class SamplePoster:
    """Posts samples, one order after the other, for the one tenant that a ready file describes.

    Args:
        ready_file: written once the gateway serves; None: there is no demo.
        chance: decides what is posted twice, and the order.
        clock: the time, in UTC.
    """

    def __init__(self, ready_file: Path | None, chance: random.Random, clock: Callable[[], datetime]) -> None:
        self._ready_file = ready_file
        self._chance = chance
        self._clock = clock
        self._facts: dict[str, Any] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    def serves(self, tenant_id: UUID) -> bool:
        """Tell whether this tenant can have samples posted."""
        facts = self._read()
        return facts is not None and facts["tenant_id"] == str(tenant_id)

    def start(self, count: int, rate: float, provider: str | None, duplicates: float, *, shuffle: bool) -> None:
        """Begin to post; returns at once. Messages have the time at which this was called."""
        facts = self._read() or {"integrations": []}
        wanted = {provider} if provider else set(MAKERS)
        connections = connections_of(facts, wanted)
        if not connections:
            return
        samples = planned(connections, count, duplicates, self._chance, self._clock, shuffle=shuffle)

        async def run() -> None:
            report = Report()
            async with self._turn:
                await post_all(samples, rate, report)
            log.info("simulation", **report.as_json())

        task = asyncio.create_task(run(), name="simulation")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Stop what still runs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _read(self) -> dict[str, Any] | None:
        if self._facts is None and self._ready_file is not None and self._ready_file.is_file():
            self._facts = orjson.loads(self._ready_file.read_bytes())
        return self._facts
