"""How an endpoint is, in a word and in figures."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.endpoints.health import MOST_BUCKETS, width_of
from gateway.model.ids import parse
from gateway.model.latencies import BOUNDS, BUCKETS, bucket_of, percentile
from tests.api.conftest import Served
from tests.api.hooks import URL, Owner
from tests.conftest import Database, Tenant

ADD_MINUTE = """
INSERT INTO webhook_minutes (tenant_id, endpoint_id, minute, succeeded, failed, latencies)
VALUES ($1, $2, date_trunc('minute', $3::timestamptz), $4, $5, $6)
"""
ADD_DUE = """
INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, seq, next_attempt_at)
SELECT $1, gen_random_uuid(), $2, gen_random_uuid(), 'label.updated', n, now() + (n - 2) * interval '1 minute'
FROM generate_series(1, 5) n
"""
ILL = """
UPDATE webhook_lanes SET failures = 3, failing_since = now() - interval '1 day', last_failure_at = now(), cap = 2.5
"""
COUNTS = st.lists(st.integers(0, 1000), min_size=12, max_size=12)


@pytest.fixture
def owner(served: Served, database: Database, tenant: Tenant, master_key: str) -> Owner:
    """Whoever manages the endpoints."""
    return Owner(served, database, tenant, master_key)


@given(COUNTS, st.floats(0.01, 1))
def test_a_percentile_lies_where_that_share_of_the_answers_ends(counts: list[int], share: float) -> None:
    found = percentile(counts, share)
    if sum(counts) == 0:
        assert found is None
        return
    assert found is not None
    low = sum(count for end, count in zip(BOUNDS[1:], counts, strict=True) if end <= found - 0.05)
    high = sum(count for begin, count in zip(BOUNDS, counts, strict=False) if begin <= found + 0.05)
    assert low <= sum(counts) * share + 1e-6 * sum(counts) or low == 0
    assert high >= sum(counts) * share - 1e-6 * sum(counts)


@given(milliseconds=st.floats(0, 100_000))
def test_an_answer_is_counted_where_it_belongs(milliseconds: float) -> None:
    place = bucket_of(milliseconds)
    assert BOUNDS[place] < milliseconds or place == 0
    assert milliseconds <= BOUNDS[place + 1] or place == BUCKETS - 1


def test_percentiles_are_interpolated() -> None:
    assert percentile([0, 0, 10, *[0] * 9], 0.5) == 35.0
    assert percentile([90, *[0] * 10, 10], 0.9) == 10.0
    assert percentile([90, *[0] * 10, 10], 0.95) == 25_000.0


@pytest.mark.parametrize("hours", [1, 2, 3, 24, 100, 168])
def test_there_are_few_buckets(hours: int) -> None:
    count = -(-timedelta(hours=hours) // width_of(hours))
    assert MOST_BUCKETS / 2 <= count <= MOST_BUCKETS


async def test_health_is_told(owner: Owner, database: Database, tenant: Tenant) -> None:
    key = (await owner.ask("POST", "", 201, {"url": URL}))["id"]
    row, path = parse("ep", key), f"/{key}/health"
    well = await owner.ask("GET", path, 200)
    assert (well["state"], well["pending"], well["minutes"], well["disables_at"]) == ("healthy", 0, [], None)
    now = datetime.now(UTC)
    fast, slow = [4, *[0] * 11], [0, 0, 0, 0, 0, 4, *[0] * 6]
    for minutes, succeeded, failed, latencies in (
        (30, 4, 0, fast), (61, 2, 2, slow), (62, 4, 0, fast), (50 * 60, 9, 9, fast)
    ):  # fmt: skip
        moment = now - timedelta(minutes=minutes)
        await database.fetch(ADD_MINUTE, tenant.id, row, moment, succeeded, failed, latencies)
    await database.fetch(ADD_DUE, tenant.id, row)
    await database.script(ILL)
    ill = await owner.ask("GET", f"{path}?hours=1", 200)
    assert (ill["state"], ill["failures"], ill["cap"], ill["pending"]) == ("failing", 3, 2.5, 5)
    assert ill["bucket_minutes"] == 1
    assert [(one["succeeded"], one["p50_ms"], one["p95_ms"]) for one in ill["minutes"]] == [(4, 5.0, 9.5)]
    assert ill["oldest_due_at"] < ill["last_failure_at"] < ill["disables_at"]
    day = await owner.ask("GET", f"{path}?hours=48", 200)
    assert day["bucket_minutes"] == 24
    assert sum(one["succeeded"] + one["failed"] for one in day["minutes"]) == 12
    assert [one["minute"] for one in day["minutes"]] == sorted({one["minute"] for one in day["minutes"]})
    await database.script("UPDATE webhook_lanes SET backoff_until = now() + interval '1 minute'")
    assert (await owner.ask("GET", path, 200))["state"] == "backing_off"
    await owner.ask("PATCH", f"/{key}", 200, {"status": "disabled"})
    off = await owner.ask("GET", path, 200)
    assert (off["state"], off["disabled_reason"], off["disables_at"]) == ("disabled", "member", None)
    assert (await owner.ask("GET", f"{path}?hours=169", 422))["errors"][0]["pointer"] == "/hours"
