"""Deliveries as whoever makes them sees them, of all tenants: one call for many endpoints.

Every call is given the time. The pool is of the role ``hook``, which sees no table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from gateway.keys import WrappedKey
from gateway.model.log import Entry
from gateway.pii.detecting import Detectors
from gateway.store import pii_rules

EXHAUSTED = "delivery.exhausted"
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint that is leased: where it is, and the lease's token."""

    tenant_id: UUID
    endpoint_id: UUID
    token: UUID


DISPATCH = "SELECT tenant_id, endpoint_id, left_over FROM dispatch_deliveries($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What was shared out: the endpoints that are owed something, and how much is left of each tenant's log."""

    owed: Sequence[tuple[UUID, UUID]]
    left: dict[UUID, int]


async def dispatch(pool: asyncpg.Pool, now: datetime, tenants: Sequence[UUID] | None, most: int) -> Dispatched:
    """Share out what the logs have grown by.

    Args:
        tenants: whose; None: all that have endpoints.
        most: entries of each.
    """
    rows = await pool.fetch(DISPATCH, now, tenants, most, timeout=SECONDS)
    owed = [(tenant_id, endpoint_id) for tenant_id, endpoint_id, _ in rows if endpoint_id is not None]
    return Dispatched(owed, {tenant_id: left for tenant_id, endpoint_id, left in rows if endpoint_id is None})


CLAIM = """
SELECT tenant_id, endpoint_id, token, cap, failures, backoff_until, failing_since FROM claim_lanes($1, $2, $3)
"""


@dataclass(frozen=True, slots=True)
class ClaimedLane:
    """An endpoint that was leased, with its health as it was left."""

    place: Place
    cap: float
    failures: int
    backoff_until: datetime
    failing_since: datetime | None


async def claim(pool: asyncpg.Pool, now: datetime, lease: timedelta, wanted: int) -> Sequence[ClaimedLane]:
    """Lease endpoints that are owed something now."""
    return [
        ClaimedLane(Place(*row[:3]), *row[3:]) for row in await pool.fetch(CLAIM, now, lease, wanted, timeout=SECONDS)
    ]


RENEW = "SELECT endpoint_id, version FROM renew_lanes($1, $2, $3, $4, $5)"


async def renew(pool: asyncpg.Pool, now: datetime, lease: timedelta, places: Sequence[Place]) -> dict[UUID, int]:
    """Keep leases; returns the version of each endpoint that is still ours."""
    return dict(await pool.fetch(RENEW, now, lease, *_columns(places), timeout=SECONDS))


RELEASE = "SELECT release_lanes($1, $2, $3, $4)"


async def release(pool: asyncpg.Pool, now: datetime, places: Sequence[Place]) -> None:
    """Give leases back."""
    await pool.execute(RELEASE, now, *_columns(places), timeout=SECONDS)


SERVE = """
SELECT endpoint_id, version, serves, gone, url, headers, auth_type, schemes, sealed, wrapped_key, master_key_id,
    timeout_ms, retry_seconds, max_in_flight, per_second, ordered, warnings, backoff_until
FROM endpoints_to_serve($1, $2)
"""


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """What has to be known of an endpoint to deliver to it; see the columns of ``webhook_endpoints``.

    ``headers`` is JSON text; ``sealed`` was sealed with the data key ``key``; ``masks`` finds what is hidden in what is
    sent, None: nothing is.
    """

    version: int
    serves: bool
    gone: bool
    url: str
    headers: str
    auth_type: str
    schemes: Sequence[str]
    sealed: bytes = field(repr=False)
    key: WrappedKey = field(repr=False)
    timeout_ms: int
    retry_seconds: Sequence[int]
    max_in_flight: int
    per_second: float | None
    ordered: bool
    warnings: int
    backoff_until: datetime | None
    masks: Detectors | None


async def endpoints(pool: asyncpg.Pool, which: Sequence[tuple[UUID, UUID]]) -> dict[UUID, EndpointRow]:
    """Return endpoints, given as tenant and id, by id."""
    rows = await pool.fetch(SERVE, [one[0] for one in which], [one[1] for one in which], timeout=SECONDS)
    masks = await pii_rules.of_endpoints(pool, which)  # asked last: never those of a version before
    return {row["endpoint_id"]: _endpoint({**row, "masks": masks.get(row["endpoint_id"])}) for row in rows}


DUE = """
SELECT endpoint_id, id, kind, event_id, event_type, seq, previous_seq, conversation_sequence, conversation_id, body,
    tries, attempts, secret_id, at
FROM due_deliveries($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


@dataclass(frozen=True, slots=True)
class DueRow:
    """A delivery that is due, and its event. ``body`` is JSON text: the event's data, or the whole body of a ping."""

    id: UUID
    kind: str
    event_id: UUID
    event_type: str
    seq: int | None
    previous_seq: int | None
    conversation_sequence: int | None
    conversation_id: UUID | None
    body: str | None
    tries: int
    attempts: int
    secret_id: str | None
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much to look for at an endpoint.

    Attributes:
        ordered: whether only the first of each conversation may go.
        after: the conversation after which the last look ended; None: begin with the first.
    """

    place: Place
    most: int
    only_pings: bool
    ordered: bool
    after: UUID | None


@dataclass(slots=True)
class Due:
    """What was found at an endpoint, when more will be due, and where to go on if not all conversations were seen."""

    rows: list[DueRow] = field(default_factory=list)
    later: datetime | None = None
    after: UUID | None = None


async def due(pool: asyncpg.Pool, now: datetime, wanted: Sequence[Wanted], known: Sequence[UUID]) -> dict[UUID, Due]:
    """Find what is due at leased endpoints, in the order in which it is to go; without those that are known."""
    found = {one.place.endpoint_id: Due() for one in wanted}
    places = [one.place for one in wanted]
    most, only = [one.most for one in wanted], [one.only_pings for one in wanted]
    order, after = [one.ordered for one in wanted], [one.after for one in wanted]
    for row in await pool.fetch(DUE, now, *_columns(places), most, only, order, after, known, timeout=SECONDS):
        due = found[row["endpoint_id"]]
        if row["id"] is not None:
            due.rows.append(DueRow(*row[1:]))
        elif row["kind"] == "after":
            due.after = row["conversation_id"]
        else:
            due.later = row["at"]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """An attempt that was made, and what it means for its delivery.

    Attributes:
        token: of the endpoint's lease when the attempt began.
        status: of the delivery from now on.
        next_at: when it is due again; None: it is done.
        counts: whether it used up a step of the schedule.
        request_headers: JSON text, as are ``response_headers``.
    """

    tenant_id: UUID
    endpoint_id: UUID
    token: UUID
    delivery_id: UUID
    status: str
    next_at: datetime | None
    counts: bool
    code: int | None
    error_kind: str | None
    error: str | None
    started_at: datetime
    address: str | None
    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    total_ms: float
    tls_version: str | None
    tls_expires_at: datetime | None
    url: str
    request_headers: str
    response_headers: str | None
    response_body: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """The health of an endpoint, and what happened since it was last written down.

    ``known_backoff`` is what the database should still say of ``backoff_until``; None: that it is not left alone.
    """

    tenant_id: UUID
    endpoint_id: UUID
    token: UUID
    cap: float
    failures: int
    backoff_until: datetime
    known_backoff: datetime | None
    failing_since: datetime | None
    succeeded: int
    failed: int
    latencies: Sequence[int]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was written: deliveries, and entries of the logs."""

    deliveries: frozenset[UUID]
    entries: Sequence[Entry]


RECORD = "SELECT tenant_id, recorded, seq, event_id, data FROM record_attempts($1, $2, $3, $4)"


async def record(
    pool: asyncpg.Pool, now: datetime, attempts: Sequence[AttemptRow], lanes: Sequence[LaneRow]
) -> Recorded:
    """Write attempts down, with the health of their endpoints; what is not leased to us any more is left out."""
    # As JSON: the driver looks at each element of an array by itself.
    told, health = orjson.dumps(attempts, default=str).decode(), orjson.dumps(lanes, default=str).decode()
    failed = any(one.status == "FAILED" for one in attempts)
    rows = await pool.fetch(RECORD, now, told, health, failed, timeout=SECONDS)
    moment = now.astimezone(UTC)
    return Recorded(
        frozenset(row["recorded"] for row in rows if row["recorded"] is not None),
        [
            Entry(row["tenant_id"], row["seq"], row["event_id"], EXHAUSTED, None, moment, row["data"])
            for row in rows
            if row["recorded"] is None
        ],
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits: endpoints that are owed something now, those that are served, and how late the oldest is (s)."""

    endpoints: int
    served: int
    overdue: float


WAITING = "SELECT endpoints, served, overdue FROM deliveries_waiting($1)"


async def waiting(pool: asyncpg.Pool, now: datetime) -> Waiting:
    """Tell how much waits, of all tenants."""
    return Waiting(*await pool.fetchrow(WAITING, now, timeout=SECONDS))


def _endpoint(row: dict[str, Any]) -> EndpointRow:
    del row["endpoint_id"]
    return EndpointRow(key=WrappedKey(row.pop("wrapped_key"), row.pop("master_key_id")), **row)


def _columns(places: Sequence[Place]) -> tuple[list[UUID], list[UUID], list[UUID]]:
    return (
        [one.tenant_id for one in places],
        [one.endpoint_id for one in places],
        [one.token for one in places],
    )
