"""Lists of what is owed to endpoints, narrowed by any filters, and quick however many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from gateway.model.page import Page, Position
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
