"""Posting more than a server takes: refusals are answers, too."""

import time
from typing import Any

from benchmarks.client.connections import Connection, connect
from benchmarks.client.drives import Paced


class Flood(Paced):
    """Requests are due at a rate; those that find no connection free when the time is over are never sent."""

    expected = frozenset({200, 429, 503})

    async def run(self, url: str, connections: int, seconds: float, rate: float) -> dict[str, Any]:
        """Post ``rate`` requests a second for some seconds, as far as connections are free; then hang up.

        What is on its way then is neither stored for sure nor refused: its answers are waited for.

        Raises:
            NotMeasured: when the server answers anything else than 200, 429 and 503.
        """
        opened = await connect(url, connections, lambda: Connection(self))
        self._free = list(opened)
        started = time.perf_counter()
        try:
            await self._release(started, seconds, rate)
            stored = self.statuses[200]
            passed = time.perf_counter() - started
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
