"""Where webhooks come in: how many may be here, and how many of one tenant.

Who may post to a URL is known before anything is read; so whoever has used up its share is refused before its webhook
costs anything. The others' are let in at once, as long as a tenant has only a few in work at the same time. One with
more is a crowd: until it has nothing here any more, its webhooks are stored over a connection for crowds, and worked on
one by one, so that those of others go in between.
"""

import asyncio
import math
from collections.abc import Callable
from types import TracebackType
from uuid import UUID

from gateway.ingest import metrics
from gateway.ingest.crowds import DRAIN_SECONDS, Crowds, Row
from gateway.ingest.writer import share_of
from gateway.problems import Overloaded, ShareUsed

#: Bodies in memory.
BYTES = 256 * 1024 * 1024
#: In work at the same time of a tenant; with more it is a crowd.
A_FEW = 16
#: The least and the most that anybody is told to wait, before chance makes it up to twice as long: those who are
#: refused together shall not come back together.
LEAST_SECONDS = 1.0
MOST_SECONDS = 60.0
#: How long the pace is measured before it is believed.
MEASURED_SECONDS = 1.0


class Door:
    """Lets webhooks in.

    Args:
        limit: how many may be here at the same time, a fourth of them of one tenant.
        clock: seconds that only go forward.
        chance: a random number from 0 to 1.
        most_bytes: of their bodies, a fourth of them of one tenant.
    """

    def __init__(
        self, limit: int, clock: Callable[[], float], chance: Callable[[], float], most_bytes: int = BYTES
    ) -> None:
        self._limit, self._share = limit, share_of(limit)
        self._bytes, self._bytes_share = most_bytes, share_of(most_bytes)
        self._clock = clock
        self._chance = chance
        self._rows: dict[UUID, Row] = {}
        self._all = Row(None)
        self._crowds = Crowds(clock)
        self._left, self._left_since, self._pace = 0, clock(), 0.0

    def room(self, key: UUID, size: int) -> "Room":
        """Hold room for a webhook until the ``with`` is left; its body is not read before.

        Args:
            key: its tenant, or the app that tenants share.
            size: bytes of its body that count from the beginning; more count as they come, see ``Room.grow``.

        Raises:
            Overloaded: when there is none.
            ShareUsed: when there is none for this tenant.
        """
        row = self._rows.get(key) or Row(key)
        self.require_room(row, size)
        self._rows[key] = row
        row.bytes += size
        self._all.bytes += size
        return Room(self, row, size)

    def require_room(self, row: Row, size: int) -> None:
        """Refuse what there is no room for; see ``room``."""
        here = self._all
        if here.count >= self._limit or here.bytes + size > self._bytes:
            metrics.SHED.labels("overloaded").inc()
            raise Overloaded("too many webhooks wait to be stored", retry_after=self._wait_for(here.count))
        if row.count >= self._share or row.bytes + size > self._bytes_share:
            metrics.SHED.labels("share_used").inc()
            ahead = min(here.count, row.count * len(self._rows))  # tenants take turns
            raise ShareUsed("too many webhooks of this tenant wait to be stored", retry_after=self._wait_for(ahead))

    def resize(self, row: Row, more: int) -> None:
        """Count a body as what it is, where less or more was announced."""
        row.bytes += more
        self._all.bytes += more

    def arrive(self, row: Row) -> bool:
        """Count a webhook that was read; tells whether it may be worked on at once."""
        row.count += 1
        self._all.count += 1
        if row.crowded or row.waiting or row.inside >= A_FEW:
            return False
        row.inside += 1
        self._crowds.beside(row.key)
        return True

    def wait(self, row: Row) -> "asyncio.Future[None]":
        """Put a webhook at the end of its tenant's row; the future is done once it may be worked on."""
        called = asyncio.get_running_loop().create_future()
        row.waiting.append(called)
        self._let_in(row)
        if len(row.waiting) == 1 and not row.crowded:
            asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._drained, row)
        return called

    def leave(self, row: Row, size: int, *, counted: bool, inside: bool, called: bool) -> None:
        """Forget a webhook, and let the next ones of its tenant in."""
        row.bytes -= size
        self._all.bytes -= size
        if counted:
            row.count -= 1
            self._all.count -= 1
        if inside:
            row.inside -= 1
            self._left += 1
            self._let_in(row)
            if called:
                self._crowds.left()
        if not (row.bytes or row.count) and row.key is not None:
            self._rows.pop(row.key, None)

    def _drained(self, row: Row) -> None:
        """Wait no more for those of a tenant that are in work."""
        if row.waiting:
            self._crowds.wait(row)

    def _let_in(self, row: Row) -> None:
        if row.waiting and (row.crowded or not row.inside):
            self._crowds.wait(row)

    def _wait_for(self, ahead: int) -> int:
        """Return the seconds after which trying again is worth it: when as many as are ahead have gone, and chance."""
        passed = self._clock() - self._left_since
        if passed >= MEASURED_SECONDS and self._left:
            self._pace = self._left / passed
            self._left, self._left_since, passed = 0, self._left_since + passed, 0.0
        seconds = max(ahead / self._pace if self._pace else 0.0, passed, LEAST_SECONDS)
        return math.ceil(min(seconds, MOST_SECONDS) * (1 + self._chance()))


class Room:
    """The room of one webhook."""

    __slots__ = ("_called", "_counted", "_door", "_inside", "_row", "_size")

    def __init__(self, door: Door, row: Row, size: int) -> None:
        self._door = door
        self._row = row
        self._size = size
        self._called = self._counted = self._inside = False

    def __enter__(self) -> "Room":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._door.leave(self._row, self._size, counted=self._counted, inside=self._inside, called=self._called)

    @property
    def crowded(self) -> bool:
        """Whether this webhook is one of a crowd."""
        return self._row.crowded

    def grow(self, size: int) -> None:
        """Count what has come of the body: whoever announces much and sends nothing takes no room from others.

        Raises:
            Overloaded: when there is no room for it.
            ShareUsed: when there is none for this tenant.
        """
        if size > self._size:
            self._door.require_room(self._row, size - self._size)
            self._door.resize(self._row, size - self._size)
            self._size = size

    async def turn(self, size: int) -> None:
        """Wait until this webhook, whose body was read and has ``size`` bytes, may be worked on.

        Raises:
            Overloaded: when too many wait by now.
            ShareUsed: when too many of this tenant do.
        """
        self._door.resize(self._row, size - self._size)
        self._size = size
        self._door.require_room(self._row, 0)
        self._inside = self._door.arrive(self._row)
        self._counted = True
        if not self._inside:
            called = self._door.wait(self._row)
            try:
                await called
            finally:
                if called in self._row.waiting:  # the client has gone
                    self._row.waiting.remove(called)
                else:
                    self._called = self._inside = True
