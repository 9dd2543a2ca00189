"""Jobs that send again, from their request to their end, as the API takes and shows them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from gateway.model.ids import parse, public
from gateway.store.recoveries import step
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.conftest import Database, Tenant
from tests.delivery.owed import Owed

PING = """
INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, kind, event_id, event_type, body, status, last_attempt_at)
SELECT tenant_id, gen_random_uuid(), id, 'ping', gen_random_uuid(), 'webhook_endpoint.ping', '{"a": "ping"}', 'FAILED',
    now() - interval '9 hours'
FROM webhook_endpoints RETURNING id, event_id
"""
PENDING = "SELECT id, seq FROM webhook_deliveries WHERE endpoint_id = $1 AND status = 'PENDING' ORDER BY seq"


@pytest.fixture
async def owed(database: Database, tenant: Tenant) -> AsyncIterator[Owed]:
    """Puts rows of the tenant into the database."""
    connection = await asyncpg.connect(database.admin_url)
    yield Owed(connection, tenant)
    await connection.close()


@pytest.fixture
async def hook(database: Database) -> AsyncIterator[Any]:
    """Connections of the role that goes on with jobs."""
    pool = await asyncpg.create_pool(database.hook_url, min_size=1, max_size=1)
    yield pool
    await pool.close()


def ago(hours: float) -> str:
    """Write a moment."""
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


async def post(served: Served, tenant: Tenant, path: str, body: Any = None) -> Any:
    """Ask for something that is done; the answer is a job, as described."""
    described = "/api/v1/recoveries/{id}/" if "/recoveries/" in path else "/api/v1/webhook-endpoints/{id}/"
    async with served.client.post(path, json=body, headers=tenant.auth) as answer:
        shown = await answer.json()
        assert answer.status in {200, 202}, shown
    assert faults(served, "POST", described + path.rpartition("/")[2], answer.status, shown) == []
    return shown


async def finished(served: Served, tenant: Tenant, hook: Any, job: Any) -> Any:
    """Go on with a job until it has ended; returns it."""
    moment = datetime.now(UTC)
    while (shown := await served.get(f"/api/v1/recoveries/{job['id']}", tenant))["status"] == "running":
        moment += timedelta(seconds=1)
        assert await step(hook, moment) is not None
    assert faults(served, "GET", "/api/v1/recoveries/{id}", 200, shown) == []
    return shown


async def test_what_failed_since_is_sent_again(
    served: Served, tenant: Tenant, other: Tenant, owed: Owed, hook: Any
) -> None:
    endpoint = await owed.endpoint()
    failed = [await owed.failed(endpoint, hours=hours) for hours in (30, 20, 10, 5)]
    await owed.delivery(endpoint, await owed.event(), "SUCCESS", hours=12)
    ping = await owed.connection.fetchrow(PING)  # nobody needs it again
    assert (await served.get(f"/api/v1/deliveries/{public('dlv', ping['id'])}", tenant))["event"] == {"a": "ping"}
    query = f"event_id={public('evt', ping['event_id'])}"
    why = await served.get(f"/api/v1/webhook-endpoints/{public('ep', endpoint)}/why?{query}", tenant)
    assert (why["verdict"], why["seq"]) == ("failed", None)
    path = f"/api/v1/webhook-endpoints/{public('ep', endpoint)}/recover"
    body = {"since": ago(21), "until": ago(8)}
    await served.problem("POST", path, 404, "not_found", json=body, headers=other.auth)
    job = await post(served, tenant, path, body)
    assert (job["kind"], job["status"], job["progress"]) == ("recover", "running", {"seen": 0, "total": 5, "queued": 0})
    problem = await served.problem("POST", path, 409, "wrong_state", json=body, headers=tenant.auth)
    assert "running" in problem["detail"]
    canceled = await post(served, tenant, f"/api/v1/recoveries/{job['id']}/cancel")
    assert canceled["status"] == "canceled"
    assert canceled["finished_at"] is not None
    assert await step(hook, datetime.now(UTC) + timedelta(seconds=1)) is None
    await served.problem("POST", f"/api/v1/recoveries/{job['id']}/cancel", 409, "wrong_state", headers=tenant.auth)
    between = await post(served, tenant, path, {"since": ago(1)})
    resume = f"/api/v1/recoveries/{job['id']}/resume"
    await served.problem("POST", resume, 409, "wrong_state", headers=tenant.auth)
    assert (await finished(served, tenant, hook, between))["progress"]["queued"] == 0
    assert (await post(served, tenant, resume))["finished_at"] is None
    done = await finished(served, tenant, hook, job)
    assert (done["status"], done["progress"]) == ("done", {"seen": 5, "total": 5, "queued": 2})
    assert [row["id"] for row in await owed.connection.fetch(PENDING, endpoint)] == failed[1:3]
    await served.problem("POST", resume, 409, "wrong_state", headers=tenant.auth)
    listed = await served.get(f"/api/v1/recoveries?endpoint_id={public('ep', endpoint)}&limit=1", tenant)
    assert faults(served, "GET", "/api/v1/recoveries", 200, listed) == []
    rest = await served.get(
        f"/api/v1/recoveries?endpoint_id={public('ep', endpoint)}&cursor={listed['next_cursor']}", tenant
    )
    assert [one["id"] for one in listed["data"] + rest["data"]] == [between["id"], job["id"]]
    assert (await served.get("/api/v1/recoveries", other))["data"] == []
    await owed.connection.execute("UPDATE webhook_endpoints SET deleted_at = now()")
    await served.problem("POST", path, 404, "not_found", json=body, headers=tenant.auth)


async def test_a_part_of_the_log_is_sent_by_position_or_time_and_filtered(
    served: Served, tenant: Tenant, owed: Owed, hook: Any, database: Database
) -> None:
    await owed.endpoint()  # the log is handed out since there is one
    conversation = parse("cnv", await Rows(database, tenant).conversation())
    channel = await owed.connection.fetchval("SELECT channel_id FROM conversations WHERE id = $1", conversation)
    events = [
        await owed.event("message.created", conversation, hours=10),
        await owed.event("message.deleted", hours=8),
        await owed.event("team.updated", hours=6),
        await owed.event("message.updated", conversation, hours=4),
    ]
    first = events[0].seq
    bodies: list[tuple[dict[str, Any], list[int]]] = [
        ({"from_seq": first, "missing_only": True}, [0, 1, 2, 3]),
        ({"from_seq": first, "to_seq": first + 1}, [0, 1]),
        ({"since": ago(9), "until": ago(5)}, [1, 2]),
        ({"since": ago(7), "event_types": ["message.*"]}, [3]),
        ({"from_seq": first, "channel_ids": [public("ch", channel)]}, [0, 3]),
        ({"from_seq": first, "event_types": ["team.updated"], "per_second": 5}, [2]),
        ({"from_seq": first + 3, "to_seq": 10**12}, [3]),
        ({"from_seq": first + 4}, []),
    ]
    for body, wanted in bodies:
        endpoint = await owed.endpoint(since=first + 4)
        path = f"/api/v1/webhook-endpoints/{public('ep', endpoint)}/replay"
        job = await post(served, tenant, path, body)
        assert job["to_seq"] == (
            min(body.get("to_seq", first + 3), first + 3) if "until" not in body else job["to_seq"]
        )
        done = await finished(served, tenant, hook, job)
        rows = await owed.connection.fetch(PENDING, endpoint)
        assert [row["seq"] - first for row in rows] == wanted, body
        assert done["progress"]["queued"] == len(wanted)
        assert done["progress"]["seen"] == done["progress"]["total"]
    again = await post(served, tenant, path, {"from_seq": first, "missing_only": True})
    assert (await finished(served, tenant, hook, again))["progress"]["queued"] == 4
    await owed.connection.execute("UPDATE delivery_heads SET dispatched_seq = dispatched_seq - 1")
    job = await post(served, tenant, path, {"from_seq": first})
    assert job["to_seq"] == first + 2  # what is not handed out yet comes anyway


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({}, "", "either from_seq or since"),
    ({"from_seq": 1, "since": "2026-01-01T00:00:00Z"}, "", "either from_seq or since"),
    ({"from_seq": 5, "to_seq": 4}, "", "before from_seq"),
    ({"from_seq": 1, "until": "2026-01-01T00:00:00Z"}, "", "until goes with since"),
    ({"since": "2026-01-01T00:00:00Z", "to_seq": 4}, "", "to_seq goes with from_seq"),
    ({"from_seq": 1, "event_types": ["nothing.*"]}, "/event_types/0", "no such events"),
    ({"from_seq": 1, "channel_ids": [f"ch_{'1' * 32}"]}, "/channel_ids", "not there"),
    ({"from_seq": 1, "per_second": 0}, "/per_second", "greater"),
]


async def test_what_makes_no_sense_is_refused_with_words(served: Served, tenant: Tenant, owed: Owed) -> None:
    path = f"/api/v1/webhook-endpoints/{public('ep', await owed.endpoint())}/replay"
    for body, pointer, words in REFUSED:
        problem = await served.problem("POST", path, 422, "invalid", json=body, headers=tenant.auth)
        assert problem["errors"][0]["pointer"] == pointer
        assert words in problem["errors"][0]["detail"]
    await owed.connection.execute("UPDATE tenant_heads SET floor_seq = 7, last_seq = 9")
    await served.problem("POST", path, 410, "resync", json={"from_seq": 7}, headers=tenant.auth)
