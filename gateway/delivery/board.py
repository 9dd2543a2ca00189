"""All endpoints that a worker holds, and whose turn it is: tenants first, then the endpoints of each. Pure."""

import heapq
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from gateway.delivery.lane import NEVER, Lane, Owed

#: Of one process.
MOST_IN_FLIGHT = 256
#: One tenant's endpoints may all hang: others keep as much. Nobody gets more than is left for everybody else either, so
#: that several such tenants don't take all there is.
PER_TENANT = 128
#: Of those, so many may have begun just now: a process is not quicker with more, and everything else in it would wait.
MOST_YOUNG = 32
YOUNG_SECONDS = 0.02
#: Leases of one process.
MOST_LANES = 1024
#: Deliveries of one look into the database, nearly.
MOST_LOADED = 1024
#: Once so many are loaded, of each endpoint only a few more are: there is not that much memory.
MOST_WAITING = 8192
FEW = 8


class Board:
    """Hands out turns.

    Args:
        most: attempts under way at a time.
        per_tenant: of them, one tenant's.
    """

    def __init__(self, most: int = MOST_IN_FLIGHT, per_tenant: int = PER_TENANT) -> None:
        self._most = most
        self._per_tenant = per_tenant
        self._lanes: dict[UUID, Lane] = {}
        self._turns: dict[UUID, deque[Lane]] = {}
        self._order: deque[UUID] = deque()
        self._queued: set[UUID] = set()
        self._alarms: list[tuple[float, UUID]] = []
        self._ringing: dict[UUID, float] = {}
        self._hungry: dict[UUID, Lane] = {}
        self._busy: dict[UUID, int] = {}
        self._young: dict[UUID, float] = {}
        self.in_flight = 0

    @property
    def lanes(self) -> Collection[Lane]:
        """All of them."""
        return self._lanes.values()

    def room(self, now: float) -> int:
        """Return how many attempts more may begin."""
        while self._young and next(iter(self._young.values())) <= now - YOUNG_SECONDS:
            del self._young[next(iter(self._young))]
        return min(self._most - self.in_flight, MOST_YOUNG - len(self._young))

    @property
    def is_hungry(self) -> bool:
        """Whether something is to be loaded."""
        return bool(self._hungry)

    def get(self, endpoint_id: UUID) -> Lane | None:
        """Return an endpoint, if it is here."""
        return self._lanes.get(endpoint_id)

    def add(self, lane: Lane, now: float) -> None:
        """Take an endpoint."""
        self._lanes[lane.endpoint_id] = lane
        self.note(lane, now)

    def remove(self, lane: Lane) -> None:
        """Let an endpoint go; attempts that are under way end as ever."""
        self._lanes.pop(lane.endpoint_id, None)
        self._hungry.pop(lane.endpoint_id, None)
        self._ringing.pop(lane.endpoint_id, None)

    def note(self, lane: Lane, now: float) -> None:
        """Look at an endpoint again: something about it changed."""
        if self._lanes.get(lane.endpoint_id) is not lane:
            return
        if lane.wants(now):
            self._hungry[lane.endpoint_id] = lane
        if lane.endpoint_id not in self._queued and lane.startable(now):
            self._queue(lane)
        wakes = lane.wakes_at(now)
        if wakes != NEVER and wakes < self._ringing.get(lane.endpoint_id, NEVER):
            self._ringing[lane.endpoint_id] = wakes
            heapq.heappush(self._alarms, (wakes, lane.endpoint_id))

    def tick(self, now: float) -> None:
        """Look at those again whose time has come."""
        while self._alarms and self._alarms[0][0] <= now:
            moment, endpoint_id = heapq.heappop(self._alarms)
            if self._ringing.get(endpoint_id) != moment:
                continue
            del self._ringing[endpoint_id]
            self.note(self._lanes[endpoint_id], now)

    def next_tick(self) -> float:
        """Tell when the next time comes."""
        comes = self._alarms[0][0] if self._alarms else NEVER
        if self._order and len(self._young) >= MOST_YOUNG:
            return min(comes, next(iter(self._young.values())) + YOUNG_SECONDS)
        return comes

    def hungry(self, now: float) -> Sequence[tuple[Lane, int]]:
        """Return the endpoints for which something should be loaded now, and how much; each once."""
        found: list[tuple[Lane, int]] = []
        total = 0
        crowded = sum(len(lane.waiting) for lane in self._lanes.values()) > MOST_WAITING
        for lane in list(self._hungry.values()):
            if total >= MOST_LOADED:
                break
            del self._hungry[lane.endpoint_id]
            wanted = min(lane.wants(now), FEW if crowded else MOST_LOADED)
            if wanted and not (crowded and lane.waiting):
                lane.asked()
                found.append((lane, wanted))
                total += wanted
        return found

    def turns(self, now: float) -> Iterator[tuple[Lane, Owed]]:
        """Begin attempts, one after the other, as long as there is something to begin and room for it."""
        full: list[UUID] = []
        while self._order and self.room(now) > 0:
            tenant_id = self._order.popleft()
            lanes = self._turns[tenant_id]
            if self._busy.get(tenant_id, 0) >= min(self._per_tenant, self._most - self.in_flight):
                full.append(tenant_id)
                continue
            lane = lanes.popleft()
            self._queued.discard(lane.endpoint_id)
            if self._lanes.get(lane.endpoint_id) is lane and lane.startable(now):
                owed = lane.start(now)
                self.in_flight += 1
                self._young[owed.id] = now
                self._busy[tenant_id] = self._busy.get(tenant_id, 0) + 1
                self.note(lane, now)
                self._next_turn(tenant_id)
                yield lane, owed
            else:
                successor = self._lanes.get(lane.endpoint_id)
                if successor is not None and successor is not lane:
                    self.note(successor, now)  # the endpoint was given back, and leased again since
                self._next_turn(tenant_id)
        self._order.extend(full)

    def freed(self, lane: Lane, owed: Owed, now: float) -> None:
        """Note that an attempt ended; how is told to the lane before."""
        self.in_flight -= 1
        self._young.pop(owed.id, None)
        left = self._busy[lane.tenant_id] - 1
        if left:
            self._busy[lane.tenant_id] = left
        else:
            del self._busy[lane.tenant_id]
        self.note(lane, now)

    def _next_turn(self, tenant_id: UUID) -> None:
        """Let a tenant queue up again if any of its endpoints has something to begin."""
        if self._turns[tenant_id]:
            self._order.append(tenant_id)
        else:
            del self._turns[tenant_id]

    def _queue(self, lane: Lane) -> None:
        self._queued.add(lane.endpoint_id)
        turns = self._turns.get(lane.tenant_id)
        if turns is None:
            turns = self._turns[lane.tenant_id] = deque()
            self._order.append(lane.tenant_id)
        turns.append(lane)
