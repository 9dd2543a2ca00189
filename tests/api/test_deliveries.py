"""What endpoints are owed, as the API lists and shows it, and sends it again."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.model.ids import public
from gateway.store import delivery_lists
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.conftest import Database, Tenant, new_id
from tests.delivery.owed import Owed

LIST = "/api/v1/deliveries"
ATTEMPT = """
INSERT INTO webhook_attempts (tenant_id, started_at, delivery_id, endpoint_id, number, outcome, status_code, error_kind,
    error, address, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, tls_version, tls_expires_at, request_url,
    request_headers, response_headers, response_body)
SELECT tenant_id, now() - $3 * interval '1 minute', id, endpoint_id, $3, 'failure', 500, 'status', 'it answered 500',
    '192.0.2.7', 1, 2, 3.5, 4, 5, 'TLSv1.3', now() + interval '30 days', 'https://integrator.example.org/hooks',
    '{"webhook-id": "evt_1"}', '{"server": "x"}', 'oops'
FROM webhook_deliveries WHERE tenant_id = $1 AND id = $2
"""


@pytest.fixture
async def owed(database: Database, tenant: Tenant) -> AsyncIterator[Owed]:
    """Puts rows of the tenant into the database."""
    connection = await asyncpg.connect(database.admin_url)
    yield Owed(connection, tenant)
    await connection.close()


async def pages(served: Served, tenant: Tenant, query: Sequence[tuple[str, str]], limit: int) -> list[str]:
    """Return the ids of a whole list, read page by page."""
    found: list[str] = []
    cursor: list[tuple[str, str]] = []
    while True:
        page = await served.get(f"{LIST}?{urlencode([*query, ('limit', str(limit)), *cursor])}", tenant)
        assert len(page["data"]) <= limit
        found += [one["id"] for one in page["data"]]
        if page["next_cursor"] is None:
            return found
        cursor = [("cursor", page["next_cursor"])]


FILTERS: dict[str, Sequence[Any]] = {
    "endpoint_id": (0, 1, 2),
    "status": (["FAILED"], ["PENDING", "RETRYING"], ["SUCCESS"], ["RETRYING"], ["SUCCESS", "FAILED"]),
    "event_type": (["message.*"], ["conversation.updated", "customer.created"]),
    "conversation_id": (0, 1),
    "event_id": (3, 17),
    "since": (20.5,),
    "until": (6.5,),
    "error_kind": ("timeout",),
    "held": (True,),
    "q": ("dlv", "evt", "cnv", "ep", "customer.created", "It ANSW", "%"),
}
BY_PREFIX = {"dlv": "id", "evt": "event_id", "cnv": "conversation_id", "ep": "endpoint_id"}


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chosen=st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in FILTERS.items()}),
    limit=st.sampled_from([3, 200]),
    bounded=st.booleans(),
)
async def test_filters_narrow_together_and_pages_miss_nothing(
    served: Served, tenant: Tenant, owed: Owed, chosen: dict[str, Any], limit: int, bounded: bool
) -> None:
    rows = await many(served, owed)
    with pytest.MonkeyPatch.context() as patch:
        if bounded:  # few rows are looked at for a page
            patch.setattr(delivery_lists, "LOOKED_AT", 4)
            patch.setattr(delivery_lists, "FEW", 2)
        query = asked(chosen, rows)
        wanted = {name: [text for given, text in query if given == name] for name in chosen}
        assert await pages(served, tenant, query, limit) == [
            one["id"] for one in rows["all"] if all(passes(one, name, texts) for name, texts in wanted.items())
        ]


async def many(served: Served, owed: Owed) -> dict[str, Any]:
    """Make deliveries of all kinds, once; returns them the newest first, and what they are about."""
    if not await owed.connection.fetchval("SELECT EXISTS (SELECT FROM webhook_deliveries)"):
        endpoints = [await owed.endpoint() for _ in range(3)]
        conversations = [new_id(), new_id()]
        kinds = ("message.created", "message.deleted", "conversation.updated", "customer.created")
        for n in range(28):
            conversation = conversations[n % 2] if n % 4 < 3 else None
            event = await owed.event(kinds[n % 4], conversation, hours=28 - n)
            status = ("SUCCESS", "FAILED", "RETRYING", "PENDING", "SUCCESS")[n % 5]
            error = (
                ("timeout", "no answer came within 15 s") if n % 3 == 0 and status in {"FAILED", "RETRYING"} else None
            )
            await owed.delivery(endpoints[n % 3], event, status, hours=28 - n, ahead=40, error=error)
        held = "UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = 'member', disabled_at = now()"
        await owed.connection.execute(f"{held} WHERE id = $1", endpoints[1])
        await owed.connection.execute(
            "UPDATE webhook_lanes SET backoff_until = now() + interval '1 hour' WHERE endpoint_id = $1", endpoints[2]
        )
    found = (await served.get(f"{LIST}?limit=200", owed.tenant))["data"]
    assert len(found) == 28
    assert [one["id"] for one in found] == sorted((one["id"] for one in found), reverse=True)
    return {
        "all": found,
        "endpoints": sorted({one["endpoint_id"] for one in found}),
        "conversations": sorted({one["conversation_id"] for one in found if one["conversation_id"]}),
    }


def asked(chosen: dict[str, Any], rows: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the query for some filters."""
    query: list[tuple[str, str]] = []
    for name, value in chosen.items():
        texts = value if isinstance(value, list) else [value]
        if name in {"endpoint_id", "conversation_id"}:
            texts = [rows[f"{name.removesuffix('_id')}s"][value]]
        elif name == "event_id":
            texts = [rows["all"][value]["event_id"]]
        elif name in {"since", "until"}:
            texts = [(datetime.now(UTC) - timedelta(hours=value)).strftime("%Y-%m-%dT%H:%M:%S.000Z")]
        elif name == "q" and value in BY_PREFIX:
            texts = [rows["all"][8][BY_PREFIX[value]]]
        query += [(name, str(text)) for text in texts]
    return query


def passes(one: dict[str, Any], name: str, texts: Sequence[str]) -> bool:
    """Tell whether a delivery passes a filter."""
    text = texts[0]
    if name in {"since", "until"}:
        return bool(one["created_at"] >= text) == (name == "since")
    if name == "event_type":
        return any(fnmatchcase(one["event_type"], pattern) for pattern in texts)
    if name == "held":
        return one["held_reason"] in {"endpoint_disabled", "endpoint_backing_off"}
    return found(one, text) if name == "q" else one[name] in texts


def found(one: dict[str, Any], text: str) -> bool:
    """Tell whether a delivery is meant by what somebody typed."""
    if text.partition("_")[0] in BY_PREFIX:
        return bool(one[BY_PREFIX[text.partition("_")[0]]] == text)
    if "." in text:
        return bool(one["event_type"] == text)
    return bool((one["error"] or "").lower().startswith(text.lower()))


async def test_a_delivery_shows_what_is_sent_and_each_attempt(
    served: Served, tenant: Tenant, other: Tenant, owed: Owed, database: Database
) -> None:
    endpoint = await owed.endpoint()
    event = await owed.event(data='{"text": "Hi"}')
    key = await owed.delivery(endpoint, event, "FAILED")
    for number in (1, 2, 3):
        await database.fetch(ATTEMPT, tenant.id, key, number)
    path = f"{LIST}/{public('dlv', key)}"
    shown = await served.get(path, tenant)
    assert faults(served, "GET", f"{LIST}/{{id}}", 200, shown) == []
    assert shown["event"] == {
        "id": public("evt", event.id), "seq": event.seq, "type": "message.created", "conversation_id": None,
        "tenant_id": str(tenant.id), "timestamp": shown["event"]["timestamp"], "data": {"text": "Hi"},
    }  # fmt: skip
    first = await served.get(f"{path}/attempts?limit=2", tenant)
    assert faults(served, "GET", f"{LIST}/{{id}}/attempts", 200, first) == []
    assert [one["number"] for one in first["data"]] == [1, 2]
    rest = await served.get(f"{path}/attempts?limit=2&cursor={first['next_cursor']}", tenant)
    assert [one["number"] for one in rest["data"]] == [3]
    assert rest["next_cursor"] is None
    await served.problem("GET", f"{LIST}?cursor={first['next_cursor']}", 400, "cursor_invalid", headers=tenant.auth)
    for text in ("%00", "%ed%a0%80", "%25", "dlv_1", "evt_" + "f" * 32):
        assert faults(served, "GET", LIST, 200, await served.get(f"{LIST}?q={text}", tenant)) == []
    for part in ("", "/attempts"):
        await served.problem("GET", path + part, 404, "not_found", headers=other.auth)
    await database.fetch("DELETE FROM events WHERE seq = $1", event.seq)
    assert (await served.get(path, tenant))["event"] is None


async def test_what_is_redelivered_is_due_at_once_with_all_its_attempts(
    served: Served, tenant: Tenant, other: Tenant, owed: Owed, database: Database
) -> None:
    endpoint = await owed.endpoint()
    moment = datetime.now(UTC)
    keys = [
        await owed.delivery(endpoint, await owed.event(), status, hours=2, ahead=ahead)
        for status, ahead in (("SUCCESS", 0), ("FAILED", 0), ("RETRYING", 50), ("PENDING", 1))
    ]
    await database.fetch("UPDATE webhook_deliveries SET tries = 3, attempts = 3")
    for key in keys:
        path = f"{LIST}/{public('dlv', key)}/redeliver"
        await served.problem("POST", path, 404, "not_found", headers=other.auth)
        async with served.client.post(path, headers=tenant.auth) as answer:
            assert answer.status == 202
            shown = await answer.json()
        assert faults(served, "POST", f"{LIST}/{{id}}/redeliver", 202, shown) == []
        assert (shown["status"], shown["attempts"], shown["error"]) == ("PENDING", 3, None)
        assert shown["finished_at"] is None
        row = (await database.fetch("SELECT * FROM webhook_deliveries WHERE id = $1", key))[0]
        assert row["tries"] == 0
        assert row["next_attempt_at"] <= datetime.now(UTC)
        if key == keys[3]:  # it was due before: it keeps its place in the queue
            assert row["next_attempt_at"] < moment
        assert await database.value("SELECT due_at <= now() FROM webhook_lanes WHERE endpoint_id = $1", endpoint)
    assert served.neighbours.endpoints == [endpoint] * 4
    await database.fetch("UPDATE webhook_endpoints SET deleted_at = now()")
    problem = await served.problem("POST", path, 409, "wrong_state", headers=tenant.auth)
    assert "deleted" in problem["detail"]
