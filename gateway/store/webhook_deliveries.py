"""What is owed to endpoints, as the API lists and shows it; and sending it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from gateway.model.page import Page, Position
from gateway.store.lanes import make_due
from gateway.store.pages import page_of
from gateway.store.pool import TenantTx

#: Deliveries that are looked at for a page, whether they pass or not: some 20 ms.
LOOKED_AT = 20_000
#: Undone ones that are sorted for a page; where there are more, the list is soon full of them.
FEW = 2000
UNDONE_STATUSES = frozenset({"PENDING", "RETRYING"})

IdPrefix = Literal["dlv", "evt", "cnv", "ep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deliveries; None and nothing narrow nothing.

    Attributes:
        ids: by prefix; of the delivery itself, its event, its conversation or its endpoint. All have to be right.
        statuses: any of these.
        patterns: of types, for LIKE; any of these.
        type: one more such pattern.
        error_kind: what went wrong at the last attempt.
        error: what its text begins with, in lower case.
        held: only what waits for an endpoint that is disabled or backs off.
        since: made then or later, to the millisecond.
        until: made before.
    """

    ids: Sequence[tuple[IdPrefix, UUID]] = ()
    statuses: Sequence[str] = ()
    patterns: Sequence[str] = ()
    type: str | None = None
    error_kind: str | None = None
    error: str | None = None
    held: bool = False
    since: datetime | None = None
    until: datetime | None = None


# A list goes along one index, which its narrowest filter picks ("_along"), and looks at the rows there one by one, at
# most so many. A page that is not full for that has a cursor all the same: behind it is what was not looked at. So a
# tenant with a million deliveries waits no longer than one with a thousand, whatever filters meet.
LIST = """
SELECT delivery_json(x)::text AS json, x.created_at AS moment, x.id
FROM (
    SELECT d.id FROM (
        SELECT * FROM webhook_deliveries d WHERE d.tenant_id = $1 AND d.id < $2 AND /*along*/
        ORDER BY d.id DESC LIMIT /*most*/) d
    WHERE /*passing*/
    ORDER BY d.id DESC LIMIT $3) page
JOIN webhook_deliveries x ON x.tenant_id = $1 AND x.id = page.id
ORDER BY x.id DESC
"""
EDGE = """
SELECT d.created_at AS moment, d.id FROM webhook_deliveries d WHERE d.tenant_id = $1 AND d.id < $2 AND /*along*/
ORDER BY d.id DESC OFFSET $3 LIMIT 1
"""
#: What is not done is in an index of its own, by the time it is due: few of them are read and sorted.
UNDONE = """
SELECT delivery_json(x)::text AS json, x.created_at AS moment, x.id
FROM (
    SELECT d.id FROM (
        SELECT * FROM webhook_deliveries d WHERE d.tenant_id = $1 AND d.next_attempt_at IS NOT NULL AND /*along*/
        OFFSET 0) d
    WHERE d.id < $2 AND /*passing*/
    ORDER BY d.id DESC LIMIT $3) page
JOIN webhook_deliveries x ON x.tenant_id = $1 AND x.id = page.id
ORDER BY x.id DESC
"""
COUNT_UNDONE = """
SELECT count(*) FROM (
    SELECT FROM webhook_deliveries d WHERE d.tenant_id = $1 AND d.next_attempt_at IS NOT NULL AND /*along*/
    LIMIT $2) few
"""
HELD_ENDPOINTS = """
SELECT e.id FROM webhook_endpoints e
LEFT JOIN webhook_lanes l ON l.tenant_id = e.tenant_id AND l.endpoint_id = e.id
WHERE e.tenant_id = $1 AND e.deleted_at IS NULL AND (e.status = 'disabled' OR l.backoff_until > now())
"""

#: A condition with its argument where its question mark is.
Condition = tuple[str, object]
OF_ENDPOINT = "d.endpoint_id = ?::uuid"
#: The narrower, the earlier.
BY_ID: Mapping[IdPrefix, str] = {
    "dlv": "d.id = ?::uuid",
    "evt": "d.event_id = ?::uuid",
    "cnv": "d.conversation_id = ?::uuid",
    "ep": OF_ENDPOINT,
}


async def newest_first(tx: TenantTx, wanted: Wanted, after: Position, limit: int) -> Page:
    """Return a page of deliveries; one that is not full may have more behind it."""
    along, passing = _along(wanted), await _passing(tx, wanted)
    if wanted.held or (wanted.statuses and UNDONE_STATUSES.issuperset(wanted.statuses)):
        of_endpoint = _of_endpoint(wanted)
        statement, args = _filled(COUNT_UNDONE, 2, of_endpoint, [])
        if await tx.connection.fetchval(statement, tx.tenant_id, FEW + 1, *args) <= FEW:
            statement, args = _filled(UNDONE, 3, of_endpoint, [*along, *passing])
            return page_of(await tx.connection.fetch(statement, tx.tenant_id, after.id, limit + 1, *args), limit)
    statement, args = _filled(LIST, 3, along, passing)
    page = page_of(await tx.connection.fetch(statement, tx.tenant_id, after.id, limit + 1, *args), limit)
    if page.last is not None:
        return page
    statement, args = _filled(EDGE, 3, along, [])
    edge = await tx.connection.fetchrow(statement, tx.tenant_id, after.id, LOOKED_AT - 1, *args)
    return page if edge is None else Page(page.rows, Position(edge["moment"], edge["id"]), page.first)


def _along(wanted: Wanted) -> Sequence[Condition]:
    """Return what picks an index, and the stretch of it."""
    of_endpoint = _of_endpoint(wanted)
    by_id = [(BY_ID[prefix], key) for prefix in BY_ID for named, key in wanted.ids if named == prefix != "ep"]
    found: list[Condition]
    if by_id:
        found = [*by_id[:1]]
    elif list(wanted.statuses) == ["FAILED"]:
        found = [("d.status = 'FAILED'", None), *of_endpoint]  # of one endpoint, or of all: each has an index
    elif wanted.error_kind or wanted.error:
        found = [("d.error_kind IS NOT NULL", None)]
    else:
        found = [*of_endpoint]
    times = (("d.id >= ?::uuid", wanted.since), ("d.id < ?::uuid", wanted.until))
    return [*found, *((text, _first_id(moment)) for text, moment in times if moment is not None)]


def _of_endpoint(wanted: Wanted) -> Sequence[Condition]:
    return [(OF_ENDPOINT, key) for prefix, key in wanted.ids if prefix == "ep"][:1]


async def _passing(tx: TenantTx, wanted: Wanted) -> Sequence[Condition]:
    """Return what each row is held against."""
    known: Sequence[Condition] = (
        ("d.status = ANY (?::text[])", list(wanted.statuses)),
        ("d.event_type LIKE ANY (?::text[])", list(wanted.patterns)),
        ("d.event_type LIKE ?::text", wanted.type),
        ("d.error_kind = ?::text", wanted.error_kind),
        ("starts_with(lower(d.error), ?::text)", wanted.error),
    )
    found: list[Condition] = [(BY_ID[prefix], key) for prefix, key in wanted.ids]
    found += [(text, value) for text, value in known if value]
    if wanted.held:
        held = [row["id"] for row in await tx.connection.fetch(HELD_ENDPOINTS, tx.tenant_id)]
        found += [
            ("d.next_attempt_at IS NOT NULL AND d.kind = 'event'", None),
            ("d.endpoint_id = ANY (?::uuid[])", held),
        ]
    return found


def _filled(
    statement: str, used: int, along: Sequence[Condition], passing: Sequence[Condition]
) -> tuple[str, Sequence[object]]:
    """Put conditions into a statement; returns it with their arguments.

    Args:
        statement: one of the above.
        used: how many parameters the statement has.
        along: what picks the stretch.
        passing: what each row is held against.
    """
    args: list[object] = []
    for place, conditions in (("/*along*/", along), ("/*passing*/", passing)):
        texts = []
        for text, value in conditions:
            if "?" in text:
                args.append(value)
            texts.append(text.replace("?", f"${used + len(args)}"))
        statement = statement.replace(place, " AND ".join(texts) or "true")
    return statement.replace("/*most*/", str(LOOKED_AT)), args


def _first_id(moment: datetime) -> UUID:
    """Return the first UUIDv7 of a moment (RFC 9562 section 5.7): a delivery's id holds when it was made."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


GET = "SELECT delivery_json(d)::text FROM webhook_deliveries d WHERE d.tenant_id = $1 AND d.id = $2"
CONTENT = "SELECT seq, body FROM webhook_deliveries WHERE tenant_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class Content:
    """What a delivery sends: the entry of the log at ``seq``, or a body of its own."""

    seq: int | None
    body: str | None


async def get(tx: TenantTx, delivery_id: UUID) -> str | None:
    """Return a delivery as JSON text."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, delivery_id)
    return found


async def content(tx: TenantTx, delivery_id: UUID) -> Content | None:
    """Tell what a delivery sends; None when there is no such delivery."""
    row = await tx.connection.fetchrow(CONTENT, tx.tenant_id, delivery_id)
    return None if row is None else Content(*row)


ATTEMPTS = """
SELECT attempt_json(a)::text AS json, a.started_at AS moment, a.delivery_id AS id
FROM webhook_attempts a
WHERE a.tenant_id = $1 AND a.delivery_id = $2 AND a.started_at < $3
ORDER BY a.started_at DESC LIMIT $4
"""


async def attempts(tx: TenantTx, delivery_id: UUID, after: Position, limit: int) -> Page:
    """Return a page of the attempts of a delivery, the newest first."""
    found = await tx.connection.fetch(ATTEMPTS, tx.tenant_id, delivery_id, after.moment, limit + 1)
    return page_of(found, limit)


# As everywhere: an endpoint's lane before its deliveries.
LOCK_LANE = """
SELECT d.endpoint_id, e.deleted_at IS NOT NULL AS deleted
FROM webhook_deliveries d
JOIN webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
JOIN webhook_lanes l ON l.tenant_id = d.tenant_id AND l.endpoint_id = d.endpoint_id
WHERE d.tenant_id = $1 AND d.id = $2 FOR NO KEY UPDATE OF l
"""
AGAIN = """
UPDATE webhook_deliveries
SET status = 'PENDING', tries = 0, next_attempt_at = least(coalesce(next_attempt_at, now()), now()),
    response_status_code = NULL, error_kind = NULL, error = NULL, finished_at = NULL
WHERE tenant_id = $1 AND id = $2
"""


class EndpointGone(Exception):
    """Nothing is delivered to an endpoint that was deleted."""


async def redeliver(tx: TenantTx, delivery_id: UUID) -> UUID | None:
    """Make a delivery due now, at the beginning of its endpoint's schedule; returns the endpoint, None: no delivery.

    Raises:
        EndpointGone: when the endpoint was deleted.
    """
    row = await tx.connection.fetchrow(LOCK_LANE, tx.tenant_id, delivery_id)
    if row is None:
        return None
    if row["deleted"]:
        raise EndpointGone
    await tx.connection.execute(AGAIN, tx.tenant_id, delivery_id)
    endpoint_id: UUID = row["endpoint_id"]
    await make_due(tx, endpoint_id)
    return endpoint_id
