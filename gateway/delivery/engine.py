"""The worker that delivers: leases endpoints, loads what is due, makes the attempts, and keeps the leases."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import structlog

from gateway.delivery import metrics
from gateway.delivery.attempt import Made, attempt, failed_answer
from gateway.delivery.board import MOST_LANES, Board
from gateway.delivery.caller import Caller
from gateway.delivery.keeper import Keeper, warnings_due
from gateway.delivery.lane import Health, Lane, Owed
from gateway.delivery.oauth import Tokens
from gateway.delivery.receiver import Receiver, owed_of
from gateway.delivery.recorder import Ended, Recorder
from gateway.delivery.telemetry import told
from gateway.delivery.verdict import Outcome, Verdict
from gateway.keys import Keyring, KeysUnavailable, KeyUnusable
from gateway.keys.stand_ins import stand_ins
from gateway.lasting import keep_at
from gateway.store import deliveries
from gateway.store.deliveries import ClaimedLane, Place, Wanted
from gateway.store.pool import UNAVAILABLE

log = structlog.get_logger(__name__)

#: A worker that died is followed by another one after that long.
LEASE = timedelta(seconds=15)
#: What is missed by a wake-up is found after that long.
LOOK_SECONDS = 1.0
TROUBLE_SECONDS = 1.0
CLAIM_AT_ONCE = 128
#: How long to wait for attempts when the process stops; those that take longer are made again by somebody else.
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the engine takes.

    Attributes:
        pool: of the role ``hook``.
        keyring: opens the endpoints' secrets.
        caller: makes the calls.
        tokens: fetches logins from OAuth 2 servers.
        keeper: told of endpoints that fail.
        recorder: writes attempts down.
        clock: the time, in UTC.
        chance: a random number from 0 to 1.
        tell: tells other processes that an endpoint is owed something.
    """

    pool: asyncpg.Pool
    keyring: Keyring
    caller: Caller
    tokens: Tokens
    keeper: Keeper
    recorder: Recorder
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    tell: Callable[[UUID], None]


class Engine:
    """Delivers to the endpoints of all tenants.

    Args:
        around: see there.
        lease: how long an endpoint is held without a word from this process.
        stop_seconds: how long to wait for attempts when it stops.
    """

    def __init__(self, around: Surroundings, *, lease: timedelta = LEASE, stop_seconds: float = STOP_SECONDS) -> None:
        self._around = around
        self._lease = lease
        self._stop_seconds = stop_seconds
        self._board = Board()
        self._receivers: dict[UUID, Receiver] = {}
        self._leased_until: dict[UUID, float] = {}
        self._changed: set[UUID] = set()
        self._claims_at = float("-inf")
        self._wake = asyncio.Event()
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look for deliveries."""
        metrics.IN_FLIGHT.set_function(lambda: self._board.in_flight)
        self._around.recorder.start(self._recorded)
        self._tasks = [
            keep_at("deliveries", self._run),
            keep_at("delivery leases", self._keep_leases),
        ]

    async def stop(self) -> None:
        """Begin nothing more, wait for what is under way, write it down, and give the endpoints back."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._running:
            await asyncio.wait(self._running, timeout=self._stop_seconds)
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._around.recorder.stop()
        await self._give_back(list(self._board.lanes))

    # What others tell.

    def owed(self, endpoints: Collection[tuple[UUID, UUID]]) -> None:
        """Note that endpoints, given as tenant and id, are owed more since a commit of this process."""
        for _, endpoint_id in endpoints:
            if not self.more(endpoint_id):
                self._around.tell(endpoint_id)

    def more(self, endpoint_id: UUID) -> bool:
        """Note that an endpoint is owed more; tells whether this process serves it."""
        lane = self._board.get(endpoint_id)
        if lane is None:
            self._claims_at = float("-inf")
        else:
            lane.hungry = True
            self._board.note(lane, self._now())
        self._wake.set()
        return lane is not None

    def changed(self, endpoint_id: UUID) -> None:
        """Note that an endpoint was changed, is owed a ping, or that somebody wants something of it tried now."""
        self._changed.add(endpoint_id)
        self._claims_at = float("-inf")
        self._wake.set()

    # The loop.

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                await self.turn()
                wait = min(max(self._board.next_tick() - self._now(), 0.0), LOOK_SECONDS)
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("delivery.not_loaded", error=type(error).__name__)
                wait = TROUBLE_SECONDS
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                pass  # it is time anyway

    async def turn(self) -> None:
        """Look once for everything there is to do, and begin it."""
        if self._changed:
            await self._reread()
        now = self._now()
        self._board.tick(now)
        if now >= self._claims_at:
            await self._claim()
        self._begin()
        while wanted := self._board.hungry(self._now()):
            await self._load(wanted)
            self._begin()

    async def _claim(self) -> None:
        if len(self._board.lanes) >= MOST_LANES:  # others may wait: those that were held longest come again after them
            await self._give_back([lane for lane in self._board.lanes if lane.free][:CLAIM_AT_ONCE])
        room = min(CLAIM_AT_ONCE, MOST_LANES - len(self._board.lanes))
        self._claims_at = self._now() + LOOK_SECONDS
        if room <= 0:
            return
        pool, moment = self._around.pool, self._around.clock()
        claimed = await deliveries.claim(pool, moment, self._lease, room)
        if not claimed:
            return
        rows = await deliveries.endpoints(pool, [(one.place.tenant_id, one.place.endpoint_id) for one in claimed])
        for one in claimed:
            place = one.place
            try:
                receiver = await self._receiver(place.tenant_id, place.endpoint_id, rows[place.endpoint_id], moment)
            except (KeyUnusable, KeysUnavailable) as error:
                log.warning("delivery.secrets_unusable", endpoint=str(place.endpoint_id), error=str(error))
                continue  # its lease ends, and it is looked at again
            self._receivers[place.endpoint_id] = receiver
            self._leased_until[place.endpoint_id] = (moment + self._lease).timestamp()
            self._board.add(_lane(one, receiver), self._now())
        if len(claimed) == room:
            self._claims_at = float("-inf")
            self._wake.set()

    async def _load(self, lanes: Sequence[tuple[Lane, int]]) -> None:
        moment = self._around.clock()
        now = moment.timestamp()
        wanted = [
            Wanted(_place(lane), most, lane.only_pings(now), lane.terms.ordered, lane.after) for lane, most in lanes
        ]
        known = [delivery_id for lane, _ in lanes for delivery_id in lane.known]
        try:
            found = await deliveries.due(self._around.pool, moment, wanted, known)
        except BaseException:
            for lane, _ in lanes:
                lane.hungry = True  # as before
                self._board.note(lane, now)
            raise
        for (lane, most), look in zip(lanes, wanted, strict=True):
            due = found[lane.endpoint_id]
            later = float("inf") if due.later is None else due.later.timestamp()
            there = [owed_of(lane.tenant_id, row) for row in due.rows if row.body is not None]
            lane.load(there, most, later, only_pings=look.only_pings)
            lane.went_to(due.after)
            for row in due.rows:
                if row.body is None and row.id not in lane.known:
                    lane.known.add(row.id)
                    self._around.recorder.add(_event_gone(lane, owed_of(lane.tenant_id, row), moment))
            self._board.note(lane, self._now())

    def _begin(self) -> None:
        """Begin what may begin now."""
        if self._stopping or self._around.recorder.full:
            return
        now = self._now()
        for lane, owed in self._board.turns(now):
            receiver = self._receivers[lane.endpoint_id]
            task = asyncio.create_task(self._attempt(lane, owed, receiver), name="deliver")
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _attempt(self, lane: Lane, owed: Owed, receiver: Receiver) -> None:
        around = self._around
        made = await attempt(receiver, owed, around.caller, around.tokens, around.clock)
        now = made.ended.timestamp()
        try:
            self._note(lane, owed, receiver, made, now)
        finally:  # whatever goes wrong with one, its place is somebody else's now
            self._board.freed(lane, owed, now)
        self._begin()
        if self._board.next_tick() <= now or self._board.is_hungry:
            self._wake.set()

    def _note(self, lane: Lane, owed: Owed, receiver: Receiver, made: Made, now: float) -> None:
        around = self._around
        told(lane, owed, made)
        lane.ended(owed, made.verdict, now)
        if made.answer.status is not None:
            lane.measured(made.answer.total_ms)
        if made.verdict.outcome is Outcome.GONE and owed.kind == "event":
            lane.terms.serves = False  # until the database says so
            around.keeper.gone(lane.tenant_id, lane.endpoint_id)
        around.recorder.add(
            Ended(lane, owed, made.verdict, made.answer, made.begun, receiver.url, made.shown, around.chance())
        )

    def _recorded(self, lanes: Collection[Lane]) -> None:
        """Go on with endpoints whose attempts were written down."""
        now = self._now()
        for lane in lanes:
            receiver = self._receivers.get(lane.endpoint_id)
            self._board.note(lane, now)
            if receiver is None:
                continue
            due = warnings_due(lane.health.failing_since, now)
            if due > receiver.warnings or (receiver.warnings and not lane.health.failures and not due):
                self._around.keeper.ails(lane.tenant_id, lane.endpoint_id, due, lane.health.failing_since)
        self._begin()
        self._wake.set()

    # Leases.

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 4)
            try:
                await self.keep_leases()
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("delivery.leases_not_kept", error=type(error).__name__)
            self._drop_ended()

    async def keep_leases(self) -> None:
        """Keep the leases, notice what changed, and give idle endpoints back."""
        now = self._now()
        await self._give_back([lane for lane in list(self._board.lanes) if lane.idle(now)])
        lanes = list(self._board.lanes)
        metrics.LANES.set(len(lanes))
        if not lanes:
            return
        moment = self._around.clock()
        versions = await deliveries.renew(self._around.pool, moment, self._lease, [_place(lane) for lane in lanes])
        for lane in lanes:
            version = versions.get(lane.endpoint_id)
            if version is None:
                self._drop(lane)
                continue
            self._leased_until[lane.endpoint_id] = (moment + self._lease).timestamp()
            if version != lane.terms.version:
                self._changed.add(lane.endpoint_id)
                self._wake.set()

    def _drop_ended(self) -> None:
        """Let go of endpoints whose lease ended: somebody else may serve them."""
        now = self._now()
        for lane in list(self._board.lanes):
            if self._leased_until[lane.endpoint_id] <= now:
                self._drop(lane)

    def _drop(self, lane: Lane) -> None:
        log.warning("delivery.lease_lost", endpoint=str(lane.endpoint_id))
        self._forget(lane)

    def _forget(self, lane: Lane) -> None:
        self._board.remove(lane)
        self._receivers.pop(lane.endpoint_id, None)
        self._leased_until.pop(lane.endpoint_id, None)

    async def _give_back(self, lanes: Sequence[Lane]) -> None:
        for lane in lanes:
            self._forget(lane)
        if not lanes:
            return
        self._claims_at = float("-inf")  # what came meanwhile is claimed anew
        try:
            await deliveries.release(self._around.pool, self._around.clock(), [_place(lane) for lane in lanes])
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("delivery.leases_kept", error=type(error).__name__)  # they end by themselves

    async def _reread(self) -> None:
        """Read the endpoints anew that were changed."""
        changed, self._changed = self._changed, set()
        lanes = [lane for lane in map(self._board.get, changed) if lane is not None]
        if not lanes:
            return
        before = {lane.endpoint_id: lane.written_backoff for lane in lanes}
        try:
            rows = await deliveries.endpoints(self._around.pool, [(lane.tenant_id, lane.endpoint_id) for lane in lanes])
        except BaseException:
            self._changed |= changed
            raise
        moment = self._around.clock()
        for lane in lanes:
            row = rows[lane.endpoint_id]
            if row.version != lane.terms.version or row.serves != lane.terms.serves:
                try:
                    receiver = await self._receiver(lane.tenant_id, lane.endpoint_id, row, moment)
                except (KeyUnusable, KeysUnavailable) as error:
                    log.warning("delivery.secrets_unusable", endpoint=str(lane.endpoint_id), error=str(error))
                    self._forget(lane)
                    continue
                self._receivers[lane.endpoint_id] = receiver
                lane.changed(receiver.terms)
                self._around.tokens.forget(lane.endpoint_id)
            self._receivers[lane.endpoint_id].warnings = row.warnings
            now = moment.timestamp()
            lane.hungry = True
            if row.backoff_until is not None:
                lane.told_backoff(_seconds(row.backoff_until), before[lane.endpoint_id], now)
            self._board.note(lane, now)

    async def _receiver(
        self, tenant_id: UUID, endpoint_id: UUID, row: deliveries.EndpointRow, moment: datetime
    ) -> Receiver:
        keyring = self._around.keyring
        stand_in = stand_ins(keyring, tenant_id)
        return Receiver(tenant_id, endpoint_id, row, await keyring.unwrap(row.key), moment, stand_in)

    def _now(self) -> float:
        return self._around.clock().timestamp()


def _event_gone(lane: Lane, owed: Owed, moment: datetime) -> Ended:
    answer = failed_answer("event_gone", "the log does not hold this event any more")
    verdict = Verdict(Outcome.FAILURE, answer.error_kind, answer.error)
    return Ended(lane, owed, verdict, answer, moment, "", "{}", 0.0, final=True)


def _lane(claimed: ClaimedLane, receiver: Receiver) -> Lane:
    failing_since = None if claimed.failing_since is None else claimed.failing_since.timestamp()
    health = Health(claimed.cap, claimed.failures, _seconds(claimed.backoff_until), failing_since)
    place = claimed.place
    return Lane(place.tenant_id, place.endpoint_id, place.token, health, receiver.terms)


def _seconds(moment: datetime) -> float:
    """Return seconds since 1970; what is before all times in the database is so here."""
    return moment.timestamp() if moment.tzinfo else moment.replace(tzinfo=UTC).timestamp()


def _place(lane: Lane) -> Place:
    return Place(lane.tenant_id, lane.endpoint_id, lane.token)
