"""Jobs that send again: each delivery that is meant is queued once, whatever happens to the job, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.delivery.recovering import Recoverer
from gateway.store import webhook_endpoints
from gateway.store.pool import open_pool, tenant_tx
from gateway.store.recoveries import MOST_WAITING
from tests.conftest import Database, MakeTenant, Tenant, new_id
from tests.delivery.owed import Owed

STEP = "SELECT endpoint_id, queued, status FROM recover_deliveries($1, $2, $3)"
RECOVER = """
INSERT INTO webhook_recoveries (tenant_id, id, endpoint_id, kind, since, until, after_id, total, per_second)
VALUES ($1, $2, $3, 'recover', now() - interval '5 hours', now(), '00000000-0000-0000-0000-000000000000', 0, $4)
"""
REPLAY = """
INSERT INTO webhook_recoveries (tenant_id, id, endpoint_id, kind, from_seq, to_seq, after_seq, total, type_patterns,
    missing_only)
SELECT $1, $2, $3, 'replay', $4::bigint, last_seq, $4 - 1, last_seq - $4 + 1, '{message.%}', $5
FROM tenant_heads WHERE tenant_id = $1
"""
CANCEL = "UPDATE webhook_recoveries SET status = 'canceled', finished_at = now() WHERE id = $1 AND status = 'running'"
RESUME = "UPDATE webhook_recoveries SET status = 'running', finished_at = NULL WHERE id = $1 AND status = 'canceled'"
FAIL = """
UPDATE webhook_deliveries SET status = 'FAILED', next_attempt_at = NULL, finished_at = now(),
    last_attempt_at = now() + interval '1 hour', error_kind = 'status'
WHERE endpoint_id = $1 AND next_attempt_at IS NOT NULL
"""
NEXT_SEQ = "SELECT last_seq + 1 FROM tenant_heads WHERE tenant_id = $1"
ROWS = "SELECT id, endpoint_id, seq, status, next_attempt_at, tries, error FROM webhook_deliveries"
JOB = "SELECT * FROM webhook_recoveries WHERE id = $1"
FAILED = """
INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, seq, status, last_attempt_at,
    finished_at, created_at)
SELECT $1, uuid_of(now() - interval '1 hour'), $2, gen_random_uuid(), 'message.created', n, 'FAILED',
    now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour'
FROM generate_series(1, $3::bigint) n
"""


@pytest.fixture
async def owed(database: Database, tenant: Tenant) -> AsyncIterator[Owed]:
    """Puts rows of the tenant into the database."""
    connection = await asyncpg.connect(database.admin_url)
    yield Owed(connection, tenant)
    await connection.close()


@pytest.fixture
async def hook(database: Database) -> AsyncIterator[Any]:
    """A connection of the role that goes on with jobs."""
    connection = await asyncpg.connect(database.hook_url)
    yield connection
    await connection.close()


@dataclass
class Job:
    """A job, and what it was seen to queue."""

    connection: Any
    hook: Any
    endpoint: UUID
    key: UUID
    moment: datetime
    rows: dict[UUID, Any] = field(default_factory=dict)
    queued: list[int] = field(default_factory=list)

    async def step(self, most: int, *, killed: bool = False) -> None:
        """Go a step on; a killed process commits nothing."""
        self.moment += timedelta(seconds=1)
        transaction = self.hook.transaction()
        await transaction.start()
        await self.hook.fetch(STEP, self.moment, most, MOST_WAITING)
        await (transaction.rollback() if killed else transaction.commit())

    async def look(self) -> None:
        """Note what became due since the last look; nothing else may have changed."""
        for row in await self.connection.fetch(ROWS):
            before = self.rows.get(row["id"])
            if before != row and row["status"] == "PENDING":
                assert (row["endpoint_id"], row["tries"], row["error"]) == (self.endpoint, 0, None)
                assert row["next_attempt_at"] <= self.moment
                self.queued.append(row["seq"])
            else:
                assert before == row
            self.rows[row["id"]] = row

    async def fail(self) -> None:
        """Let all that is due be given up again."""
        await self.connection.fetch(FAIL, self.endpoint)
        self.rows = {row["id"]: row for row in await self.connection.fetch(ROWS)}

    async def said(self) -> Any:
        """Return the job's row."""
        return (await self.connection.fetch(JOB, self.key))[0]


OPERATIONS = st.sampled_from(["step", "step", "step", "kill", "cancel", "resume", "fail"])
#: Of each event: its type, and what became of it; None: the endpoint was never owed it.
EVENTS = st.tuples(
    st.sampled_from(["message.created", "message.deleted", "team.updated"]),
    st.sampled_from(["SUCCESS", "FAILED", "FAILED", "long ago", None]),
)


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["recover", "replay", "missing"]),
    events=st.lists(EVENTS, max_size=9),
    operations=st.lists(st.tuples(OPERATIONS, st.integers(1, 4)), max_size=12),
)
async def test_what_is_meant_is_queued_once_whatever_happens_to_the_job(
    owed: Owed,
    make_tenant: MakeTenant,
    hook: Any,
    kind: str,
    events: Sequence[tuple[str, str | None]],
    operations: Sequence[tuple[str, int]],
) -> None:
    run = owed.connection
    others = await run.fetchval("SELECT id FROM tenants WHERE id <> $1", owed.tenant.id)
    other = await make_tenant("umbrella") if others is None else Tenant(others, {}, {})
    await run.execute("DELETE FROM webhook_recoveries; DELETE FROM webhook_deliveries")
    job, wanted = await begun(owed, Owed(run, other), hook, kind, events)
    for operation, most in operations:
        if operation == "fail":
            await job.fail()
        elif operation in {"cancel", "resume"}:
            await run.execute(CANCEL if operation == "cancel" else RESUME, job.key)
        else:
            await job.step(most, killed=operation == "kill")
        await job.look()
    await run.execute(RESUME, job.key)
    for _ in range(len(events) + 1):
        await job.step(3)
        await job.look()
    assert sorted(job.queued) == wanted
    said = await job.said()
    assert (said["status"], said["queued"], said["seen"]) == ("done", len(wanted), said["total"])


async def begun(
    owed: Owed, theirs: Owed, hook: Any, kind: str, events: Sequence[tuple[str, str | None]]
) -> tuple[Job, list[int]]:
    """Begin a job about some events, among others' of which all have failed; returns what it is to queue."""
    endpoint, neighbour = await owed.endpoint(types="%e%"), await owed.endpoint()
    await theirs.failed(await theirs.endpoint())
    first, wanted = None, []
    for name, status in events:
        event = await owed.event(name)
        first = first or event.seq
        await owed.delivery(neighbour, event, "FAILED", hours=1)
        if status is not None:
            hours = 9 if status == "long ago" else 1
            await owed.delivery(endpoint, event, "FAILED" if hours == 9 else status, hours=hours)
        meant = {
            "recover": status == "FAILED",
            "replay": name.startswith("message."),
            "missing": name.startswith("message.") and status is None,
        }
        if meant[kind]:
            wanted.append(event.seq)
    key = new_id()
    job = Job(owed.connection, hook, endpoint, key, datetime.now(UTC))
    if kind == "recover":
        await owed.connection.execute(RECOVER, owed.tenant.id, key, endpoint, None)
    else:
        after = first or await owed.connection.fetchval(NEXT_SEQ, owed.tenant.id)
        await owed.connection.execute(REPLAY, owed.tenant.id, key, endpoint, after, kind == "missing")
    job.rows = {row["id"]: row for row in await owed.connection.fetch(ROWS)}
    return job, wanted


async def test_a_job_waits_while_its_endpoint_has_enough_to_do(database: Database, owed: Owed, hook: Any) -> None:
    endpoint = await owed.endpoint()
    await database.fetch(FAILED, owed.tenant.id, endpoint, 30)
    key = new_id()
    await database.fetch(RECOVER, owed.tenant.id, key, endpoint, None)
    job = Job(owed.connection, hook, endpoint, key, datetime.now(UTC))
    for _ in range(4):
        job.moment += timedelta(seconds=1)
        await hook.fetch(STEP, job.moment, 5, 12)
    assert await database.value("SELECT count(*) FROM webhook_deliveries WHERE status = 'PENDING'") == 12
    sent = "UPDATE webhook_deliveries SET status = 'SUCCESS', next_attempt_at = NULL WHERE status = 'PENDING'"
    await database.fetch(sent)
    job.moment += timedelta(seconds=1)
    (row,) = await hook.fetch(STEP, job.moment, 5, 12)
    assert (row["queued"], row["status"]) == (5, "running")
    assert await database.value("SELECT due_at IS NOT NULL FROM webhook_lanes WHERE endpoint_id = $1", endpoint)
    await database.fetch("UPDATE webhook_endpoints SET deleted_at = now() WHERE id = $1", endpoint)
    await hook.fetch(STEP, job.moment + timedelta(seconds=1), 5, 12)
    assert (await job.said())["status"] == "canceled"


SENT = """
UPDATE webhook_deliveries SET status = 'SUCCESS', next_attempt_at = NULL WHERE id IN (
    SELECT id FROM webhook_deliveries WHERE status = 'PENDING' ORDER BY next_attempt_at LIMIT $1)
"""
PLACE = "UPDATE webhook_endpoints SET status = $1, disabled_reason = $2, disabled_at = $3"
LEAVE = "UPDATE webhook_lanes SET backoff_until = $1"


async def test_the_slower_an_endpoint_is_the_more_seldom_its_job_looks(
    database: Database, owed: Owed, hook: Any
) -> None:
    endpoint = await owed.endpoint()
    await database.fetch(FAILED, owed.tenant.id, endpoint, 2000)
    key = new_id()
    await database.fetch(RECOVER, owed.tenant.id, key, endpoint, None)
    job = Job(owed.connection, hook, endpoint, key, datetime.now(UTC))

    async def minute(sent: int) -> tuple[int, int]:
        """Let the endpoint take so many each second, of 40 that wait; returns the steps, and what was queued."""
        steps = queued = 0
        for tick in range(300):
            job.moment += timedelta(milliseconds=200)
            if tick % 5 == 0 and sent:
                await owed.connection.execute(SENT, sent)
            while rows := await hook.fetch(STEP, job.moment, 20, 40):
                steps += 1
                queued += rows[0]["queued"]
        return steps, queued

    await owed.connection.execute(PLACE, "disabled", "member", job.moment)
    assert await minute(0) == (4, 40)  # two that queue, and one each half a minute
    pool = await open_pool(database.app_url, 1)
    async with tenant_tx(pool, owed.tenant.id) as tx:
        await webhook_endpoints.enable(tx, endpoint)
    await owed.connection.execute(SENT, 40)
    assert [row["queued"] for row in await hook.fetch(STEP, job.moment, 20, 40)] == [20]  # at once
    await owed.connection.execute(LEAVE, job.moment + timedelta(seconds=50))
    steps, queued = await minute(0)
    assert (queued, steps < 12) == (20, True)
    steps, queued = await minute(1)  # is full up nearly all the time
    assert 50 <= queued <= 60
    assert steps <= 25
    steps, queued = await minute(20)
    assert 1100 <= queued <= 1200
    await owed.connection.execute(PLACE, "disabled", "member", job.moment)
    await minute(0)
    async with tenant_tx(pool, owed.tenant.id) as tx:
        await webhook_endpoints.remove(tx, endpoint, b"")
    assert [row["status"] for row in await hook.fetch(STEP, job.moment, 20, 40)] == ["canceled"]
    await pool.close()


async def test_a_job_keeps_to_its_rate(database: Database, owed: Owed, hook: Any) -> None:
    endpoint = await owed.endpoint()
    await database.fetch(FAILED, owed.tenant.id, endpoint, 60)
    key, moment, queued = new_id(), datetime.now(UTC), []
    await database.fetch(RECOVER, owed.tenant.id, key, endpoint, 4)
    for _ in range(40):  # a quarter of a second each
        moment += timedelta(milliseconds=250)
        queued.append(sum(row["queued"] for row in await hook.fetch(STEP, moment, 500, 1000)))
    assert queued[0] <= 4  # of the second before
    assert sum(queued) <= 4 + 40
    assert sum(queued) >= 38
    assert max(queued[1:]) <= 2


async def test_what_comes_late_has_no_number_and_names_what_came_before(
    database: Database, owed: Owed, hook: Any
) -> None:
    endpoint = await owed.endpoint(ordering="conversation")
    conversation = new_id()
    events = [await owed.event(conversation=conversation) for _ in range(5)]
    about_itself = f'{{"endpoint_id": "ep_{endpoint.hex}"}}'
    await owed.event("delivery.exhausted", data=about_itself)
    other = await owed.event("delivery.exhausted", data='{"endpoint_id": "ep_other"}')
    await owed.delivery(endpoint, events[2], "SUCCESS", number=1)
    statement = REPLAY.replace("'{message.%}'", "NULL::text[]")
    await database.fetch(statement, owed.tenant.id, new_id(), endpoint, events[0].seq, False)
    await hook.fetch(STEP, datetime.now(UTC) + timedelta(seconds=1), 500, 1000)
    rows = await database.fetch("SELECT * FROM webhook_deliveries ORDER BY seq")
    seqs = [event.seq for event in events]
    assert [row["seq"] for row in rows] == [*seqs, other.seq]
    assert [row["previous_seq"] for row in rows] == [None, seqs[0], None, seqs[2], seqs[3], seqs[4]]
    assert [row["conversation_sequence"] for row in rows] == [None, None, 1, None, None, None]
    assert {row["status"] for row in rows} == {"PENDING"}
    assert [row["event_id"] for row in rows[:5]] == [event.id for event in events]


async def test_the_worker_goes_on_until_all_is_queued_and_tells_whom_to_serve(database: Database, owed: Owed) -> None:
    endpoint = await owed.endpoint()
    await database.fetch(FAILED, owed.tenant.id, endpoint, 700)
    key = new_id()
    await database.fetch(RECOVER, owed.tenant.id, key, endpoint, None)
    woken: list[UUID] = []
    twice = asyncio.Event()

    def wake(told: UUID) -> None:
        woken.append(told)
        if len(woken) == 2:
            twice.set()

    pool = await asyncpg.create_pool(database.hook_url, min_size=1, max_size=1)
    worker = Recoverer(pool, lambda: datetime.now(UTC) + timedelta(seconds=1), wake)
    worker.start()
    async with asyncio.timeout(20):
        await twice.wait()
    await worker.stop()
    await pool.close()
    assert woken == [endpoint] * 2
    assert await database.value("SELECT count(*) FROM webhook_deliveries WHERE status = 'PENDING'") == 700
    assert await database.value("SELECT queued FROM webhook_recoveries") == 700


async def test_processes_share_jobs_and_never_one(database: Database, owed: Owed, hook: Any) -> None:
    endpoints = [await owed.endpoint() for _ in range(2)]
    for endpoint in endpoints:
        await database.fetch(FAILED, owed.tenant.id, endpoint, 3)
        await database.fetch(RECOVER, owed.tenant.id, new_id(), endpoint, None)
    moment = datetime.now(UTC) + timedelta(seconds=1)
    second = await asyncpg.connect(database.hook_url)
    async with hook.transaction():
        taken = await hook.fetch(STEP, moment, 500, 1000)
        taken += await second.fetch(STEP, moment, 500, 1000)
        assert await second.fetch(STEP, moment, 500, 1000) == []
    await second.close()
    assert {row["endpoint_id"] for row in taken} == set(endpoints)
    assert [(row["queued"], row["status"]) for row in taken] == [(3, "done")] * 2


async def test_a_job_whose_step_fails_waits_and_the_others_go_on(database: Database, owed: Owed) -> None:
    endpoints = [await owed.endpoint(), await owed.endpoint()]
    event = await owed.event()
    broken, other = new_id(), new_id()
    await database.fetch(REPLAY, owed.tenant.id, broken, endpoints[0], event.seq, False)
    await database.fetch(r"UPDATE webhook_recoveries SET type_patterns = '{\\}'")  # which LIKE does not take
    await database.fetch(REPLAY, owed.tenant.id, other, endpoints[1], event.seq, False)
    woken: asyncio.Queue[UUID] = asyncio.Queue()
    pool = await asyncpg.create_pool(database.hook_url, min_size=1, max_size=1)
    moment = datetime.now(UTC) + timedelta(seconds=1)
    worker = Recoverer(pool, lambda: moment, woken.put_nowait)
    with capture_logs() as logs:
        worker.start()
        async with asyncio.timeout(20):
            assert await woken.get() == endpoints[1]
        await worker.stop()
    await pool.close()
    (told,) = [entry for entry in logs if entry["event"] == "recoveries.step_failed"]
    assert told["endpoint"] == str(endpoints[0])
    assert "LIKE pattern" in told["fault"]
    rows = await database.fetch("SELECT id, status, seen, next_step_at FROM webhook_recoveries")
    jobs = {row["id"]: row for row in rows}
    assert (jobs[other]["status"], jobs[other]["seen"]) == ("done", 1)
    assert (jobs[broken]["status"], jobs[broken]["seen"]) == ("running", 0)
    assert jobs[broken]["next_step_at"] == moment + timedelta(minutes=1)
