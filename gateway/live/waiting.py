"""A request that waits for the next entry of the log: a session that gets nothing but the word that it came."""

import asyncio
from collections.abc import Sequence

from gateway.live.cursor import Reason
from gateway.live.protocol import Frame
from gateway.live.wire import set_within
from gateway.model.event_types import matches


class WaitingWire:
    """A wire that ends with the first entry of some types; nothing is written to its connection.

    Attributes:
        came: the seq of that entry.
        obstacle: why the log can't be followed any more.
        code: with which the hub has closed it.
    """

    __slots__ = ("_ended", "_patterns", "came", "code", "gone", "obstacle")

    def __init__(self, transport: asyncio.Transport, patterns: Sequence[str]) -> None:
        self._patterns = patterns
        self._ended = asyncio.Event()
        self.gone = transport.is_closing
        self.came: int | None = None
        self.obstacle: Reason | None = None
        self.code: int | None = None

    def unsent(self) -> int:
        """Tell that nothing is."""
        return 0

    def send(self, frame: Frame) -> None:
        """Look whether this is what is waited for."""
        if self.came is None and (
            not self._patterns or any(matches(pattern, frame.type) for pattern in self._patterns)
        ):
            self.came = frame.seq
            self._ended.set()

    def say(self, frame: bytes) -> None:
        """Leave it out: only entries are waited for."""

    def resync(self, reason: Reason) -> None:
        """End: this position leads nowhere."""
        self.obstacle = reason
        self._ended.set()

    async def close(self, code: int, reason: str, within: float) -> None:
        """End; the request is answered then, on a connection that stays as it is."""
        self.code = code
        self._ended.set()

    async def wait(self, seconds: float, look_seconds: float) -> None:
        """Wait until it ends, the time is up or, as is looked at now and then, the client has gone."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not self.gone() and (left := until - loop.time()) > 0:
            if await set_within(self._ended, min(left, look_seconds)):
                return
