"""Writes attempts down, as many at once as came while the last ones were written."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import asyncpg
import orjson
import structlog

from gateway.delivery import metrics
from gateway.delivery.caller import Answer
from gateway.delivery.lane import LONG_AGO, Lane, Owed, Tally
from gateway.delivery.schedule import next_attempt
from gateway.delivery.verdict import Outcome, Verdict
from gateway.lasting import keep_at
from gateway.model.log import Entry
from gateway.store import deliveries
from gateway.store.deliveries import AttemptRow, LaneRow, Recorded
from gateway.store.pool import UNAVAILABLE

log = structlog.get_logger(__name__)

AT_ONCE = 128
#: Fewer than these wait a moment for others: each call costs the database as much as many attempts do.
FEW = 64
GATHER_SECONDS = 0.01
#: Nothing new is begun while more than this waits to be written.
MOST_UNWRITTEN = 1024
TROUBLE_SECONDS = 1.0
STOP_SECONDS = 5.0
BEFORE_ALL_TIMES = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that was made.

    Attributes:
        lane: its endpoint, as it was leased when it began.
        owed: what was delivered.
        verdict: what the answer means.
        answer: what came back.
        begun: when.
        url: that was called.
        shown: the request's headers as JSON text, without logins.
        chance: spreads the next attempt.
        final: whether there is none, whatever the schedule says.
    """

    lane: Lane
    owed: Owed
    verdict: Verdict
    answer: Answer
    begun: datetime
    url: str
    shown: str
    chance: float
    final: bool = False


class Recorder:
    """Writes in a task of its own.

    Args:
        pool: of the role ``hook``.
        clock: the time, in UTC.
        announce: told new log entries after their commit.
    """

    def __init__(
        self, pool: asyncpg.Pool, clock: Callable[[], datetime], announce: Callable[[Sequence[Entry]], None]
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._announce = announce
        self._ended: list[Ended] = []
        self._came = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._written: Callable[[Collection[Lane]], None] = lambda _lanes: None
        self._task: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether so much waits that nothing more should be begun."""
        return len(self._ended) >= MOST_UNWRITTEN

    def start(self, written: Callable[[Collection[Lane]], None]) -> None:
        """Begin to write; ``written`` is told the endpoints whose attempts were written down."""
        self._written = written
        self._task = keep_at("delivery recorder", self._run)

    async def stop(self) -> None:
        """Write what is left, and stop; what the database does not take in time is delivered again by somebody."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            log.warning("delivery.not_recorded", attempts=len(self._ended))
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def add(self, ended: Ended) -> None:
        """Take an attempt that was made."""
        self._ended.append(ended)
        self._idle.clear()
        self._came.set()

    async def _run(self) -> None:
        while True:
            await self._came.wait()
            if len(self._ended) < FEW and not any(ended.lane.terms.ordered for ended in self._ended):
                await asyncio.sleep(GATHER_SECONDS)
            self._came.clear()
            while self._ended:
                await self._write(self._ended[:AT_ONCE])
            self._idle.set()

    async def _write(self, batch: Sequence[Ended]) -> None:
        now = self._clock().timestamp()
        attempts = [row_of(ended, now) for ended in batch]
        lanes = list({id(ended.lane): ended.lane for ended in batch}.values())
        health = [_health(lane) for lane in lanes]
        recorded = await self._recorded(attempts, health)
        del self._ended[: len(batch)]
        for ended, attempt in zip(batch, attempts, strict=True):
            ended.lane.recorded(ended.owed.id)
            if attempt.next_at is not None:
                ended.lane.later(attempt.next_at.timestamp())
            if ended.owed.id not in recorded.deliveries:
                metrics.LOST.inc()
        for lane, row in zip(lanes, health, strict=True):
            lane.written_backoff = row.backoff_until.timestamp()
        metrics.EXHAUSTED.inc(len(recorded.entries))
        if recorded.entries:
            self._announce(recorded.entries)
        self._written(lanes)

    async def _recorded(self, attempts: Sequence[AttemptRow], lanes: Sequence[LaneRow]) -> Recorded:
        """Write, however long the database takes. A batch that it refuses is written one by one, and plainly."""
        while True:
            try:
                return await deliveries.record(self._pool, self._clock(), attempts, lanes)
            except (*UNAVAILABLE, asyncpg.exceptions.TransactionRollbackError) as error:
                log.warning("delivery.recorded_later", error=type(error).__name__)
            except asyncpg.PostgresError as error:
                log.exception("delivery.recorded_plainly", error=type(error).__name__)
                return await self._plainly(attempts, lanes)
            await asyncio.sleep(TROUBLE_SECONDS)

    async def _plainly(self, attempts: Sequence[AttemptRow], lanes: Sequence[LaneRow]) -> Recorded:
        done: list[Recorded] = []
        for attempt in attempts:
            plain = replace(attempt, response_headers=None, response_body=None, error=attempt.error_kind)
            same = [lane for lane in lanes if lane.token == attempt.token]
            try:
                done.append(await deliveries.record(self._pool, self._clock(), [plain], same))
            except (*UNAVAILABLE, asyncpg.PostgresError):
                log.exception("delivery.not_recorded", delivery=str(attempt.delivery_id))
            lanes = [lane for lane in lanes if lane.token != attempt.token]
        return Recorded(
            frozenset(delivery_id for one in done for delivery_id in one.deliveries),
            [entry for one in done for entry in one.entries],
        )


def row_of(ended: Ended, now: float) -> AttemptRow:
    """Say what is to be written: the delivery's next state follows from the answer and its schedule."""
    answer, verdict = ended.answer, ended.verdict
    limited = verdict.outcome is Outcome.LIMITED
    status, next_at = "SUCCESS", None
    if verdict.outcome is not Outcome.SUCCESS:
        steps = ended.lane.terms.steps if ended.owed.kind == "event" else ()
        again = next_attempt(steps, ended.owed.tries + 1, now, ended.chance)
        if limited and steps:
            again = now + verdict.wait
        elif verdict.outcome is Outcome.GONE and steps:
            again = again or now  # held with the endpoint
        next_at = None if again is None or ended.final else datetime.fromtimestamp(again, UTC)
        status = "FAILED" if next_at is None else "RETRYING"
    return AttemptRow(
        tenant_id=ended.lane.tenant_id,
        endpoint_id=ended.lane.endpoint_id,
        token=ended.lane.token,
        delivery_id=ended.owed.id,
        status=status,
        next_at=next_at,
        counts=not limited,
        code=answer.status,
        error_kind=verdict.error_kind,
        error=verdict.error,
        started_at=ended.begun,
        address=answer.address,
        dns_ms=answer.dns_ms,
        connect_ms=answer.connect_ms,
        tls_ms=answer.tls_ms,
        first_byte_ms=answer.first_byte_ms,
        total_ms=answer.total_ms,
        tls_version=answer.tls_version,
        tls_expires_at=answer.tls_expires_at,
        url=ended.url,
        request_headers=ended.shown,
        response_headers=orjson.dumps(dict(answer.headers)).decode() if answer.status is not None else None,
        response_body=answer.body if answer.status is not None else None,
    )


def _health(lane: Lane) -> LaneRow:
    """Take an endpoint's health, and what was counted since the last time."""
    tally, lane.tally = lane.tally, Tally()
    health = lane.health
    return LaneRow(
        tenant_id=lane.tenant_id,
        endpoint_id=lane.endpoint_id,
        token=lane.token,
        cap=health.cap,
        failures=health.failures,
        backoff_until=BEFORE_ALL_TIMES
        if health.backoff_until == LONG_AGO
        else datetime.fromtimestamp(max(health.backoff_until, 0.0), UTC),
        known_backoff=datetime.fromtimestamp(lane.written_backoff, UTC) if lane.written_backoff > 0 else None,
        failing_since=None if health.failing_since is None else datetime.fromtimestamp(health.failing_since, UTC),
        succeeded=tally.succeeded,
        failed=tally.failed,
        latencies=tally.latencies,
    )
