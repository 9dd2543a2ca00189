"""Posting more than a server takes: refusals are answers, too."""

import time
from typing import Any

from benchmarks.client.connections import Connection, connect
from benchmarks.client.drives import Paced


class Flood(Paced):
    """Requests are due at a rate; those that find no connection free when the time is over are never sent."""

    expected = frozenset({200, 429, 503})

    async def run(self, url: str, connections: int, seconds: float, rate: float) -> dict[str, Any]:
        """Post ``rate`` requests a second for some seconds, as far as connections are free; wait for the last answers.

        What is stored counts from half time on, when everything that may wait does.

        Raises:
            NotMeasured: when the server answers anything else than 200, 429 and 503.
        """
        opened = await connect(url, connections, lambda: Connection(self))
        self._free = list(opened)
        started = time.perf_counter()
        try:
            await self._release(started, seconds / 2, rate)
            before, half = self.statuses[200], time.perf_counter()
            await self._release(half, seconds / 2, rate)
            stored = self.statuses[200] - before
            passed = time.perf_counter() - half
            self._due.clear()
            self._all_due = True
            if self.under_way:
                await self.wait(seconds)
        finally:
            for connection in opened:
                connection.close()
        return {
            "seconds": passed,
            "stored": stored,
            "answers": {str(status): count for status, count in self.statuses.items()},
        }
