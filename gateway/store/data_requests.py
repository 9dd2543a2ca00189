"""Requests of customers about their data: the rows, how far they came, and who is at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from gateway.model.data_request import ERRORS, DataRequestErrorCode
from gateway.model.page import Page, Position
from gateway.store.pages import page_of
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx

ADD = "INSERT INTO data_requests (tenant_id, id, kind, customer_id, user_id) VALUES ($1, $2, $3, $4, $5)"
LIST = """
SELECT v.data::text AS json, page.moment, page.id
FROM (
    SELECT r, r.created_at AS moment, r.id FROM data_requests r
    WHERE r.tenant_id = $1 AND r.id < $3 AND r.created_at <= $2
    ORDER BY r.id DESC LIMIT $4) page
CROSS JOIN LATERAL data_request_json(page.r) v
ORDER BY page.id DESC
"""
GET = """
SELECT v.data::text FROM data_requests r CROSS JOIN LATERAL data_request_json(r) v WHERE r.tenant_id = $1 AND r.id = $2
"""


async def add(tx: TenantTx, request_id: UUID, kind: str, customer_id: UUID, user_id: UUID | None) -> None:
    """Store a new request: ``export`` or ``erasure``.

    Raises:
        asyncpg.UniqueViolationError: when the customer is erased already.
    """
    await tx.connection.execute(ADD, tx.tenant_id, request_id, kind, customer_id, user_id)


async def newest_first(tx: TenantTx, after: Position, limit: int) -> Page:
    """Return a page of requests. Their ids tell when they were made."""
    return page_of(await tx.connection.fetch(LIST, tx.tenant_id, after.moment, after.id, limit + 1), limit)


async def get(tx: TenantTx, request_id: UUID) -> str | None:
    """Return a request as JSON text; None when there is none."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, request_id)
    return found


IS_ERASED = "SELECT EXISTS (SELECT FROM data_requests WHERE tenant_id = $1 AND customer_id = $2 AND kind = 'erasure')"


async def is_erased(tx: TenantTx, customer_id: UUID) -> bool:
    """Tell whether somebody asked to erase a customer; from then on nobody may know of them."""
    found: bool = await tx.connection.fetchval(IS_ERASED, tx.tenant_id, customer_id)
    return found


ARCHIVE = """
SELECT file_id FROM data_requests
WHERE tenant_id = $1 AND id = $2 AND kind = 'export' AND state = 'done' AND expires_at > now()
"""


async def archive(tx: TenantTx, request_id: UUID) -> UUID | None:
    """Return the file of an export's archive; None when there is none, or no longer."""
    found: UUID | None = await tx.connection.fetchval(ARCHIVE, tx.tenant_id, request_id)
    return found


CUSTOMER_OF = "SELECT customer_id FROM data_requests WHERE tenant_id = $1 AND file_id = $2"


async def customer_of(tx: TenantTx, file_id: UUID) -> UUID | None:
    """Return whose archive a file is; None when it is none."""
    found: UUID | None = await tx.connection.fetchval(CUSTOMER_OF, tx.tenant_id, file_id)
    return found


CERTIFICATE = """
SELECT r.id, r.customer_id, r.user_id, u.name AS user_name, m.role AS user_role, r.counts::text, r.kept::text,
    r.created_at AS asked_at, r.finished_at AS done_at
FROM data_requests r
LEFT JOIN memberships m ON m.tenant_id = r.tenant_id AND m.user_id = r.user_id
LEFT JOIN users u ON u.id = r.user_id
WHERE r.tenant_id = $1 AND r.id = $2 AND r.kind = 'erasure' AND r.state = 'done'
"""


@dataclass(frozen=True, slots=True)
class Erased:
    """What a certificate tells of: an erasure that is done, who asked for it, and rows by table.

    Attributes:
        kept: what was counted of what stays; None: a version that did not count it did the erasure.
    """

    id: UUID
    customer_id: UUID
    user_id: UUID | None
    user_name: str | None
    user_role: str | None
    counts: Mapping[str, int]
    kept: Mapping[str, int] | None
    asked_at: datetime
    done_at: datetime


async def erased(tx: TenantTx, request_id: UUID) -> Erased | None:
    """Return an erasure that is done; None when there is no such."""
    row = await tx.connection.fetchrow(CERTIFICATE, tx.tenant_id, request_id)
    if row is None:
        return None
    kept = None if row["kept"] is None else orjson.loads(row["kept"])
    return Erased(**{**row, "counts": orjson.loads(row["counts"]), "kept": kept})


CLAIM = "SELECT tenant_id, id FROM claim_data_request($1, $2)"


async def claim(pool: asyncpg.Pool, worker: UUID, lease_seconds: float) -> tuple[UUID, UUID] | None:
    """Lease a request of any tenant to a worker; returns both. As the role ``hook``.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        row = await pool.fetchrow(CLAIM, worker, timedelta(seconds=lease_seconds))
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return (row["tenant_id"], row["id"]) if row else None


@dataclass(frozen=True, slots=True)
class Running:
    """A request that a worker has leased.

    Attributes:
        step: what is done next; empty: the first.
        places: how far the steps came that go through a whole table, by step.
        tries: workers that took it since it last came further.
    """

    id: UUID
    kind: str
    customer_id: UUID
    step: str
    places: Mapping[str, Any]  # Any: JSON
    tries: int
    asked_at: datetime


LEASED = """
SELECT id, kind, customer_id, step, places::text, tries, created_at AS asked_at FROM data_requests
WHERE tenant_id = $1 AND id = $2 AND lease = $3 AND state = 'running' FOR NO KEY UPDATE
"""
# What was counted before is kept: each step adds what it did.
ADVANCE = """
UPDATE data_requests r
SET step = $4, places = r.places || $5::text::jsonb, tries = 0, lease_until = now() + $7,
    counts = r.counts || coalesce((
        SELECT jsonb_object_agg(n.key, n.value::bigint + coalesce((r.counts ->> n.key)::bigint, 0))
        FROM jsonb_each_text($6::text::jsonb) n), '{}')
WHERE r.tenant_id = $1 AND r.id = $2 AND r.lease = $3
"""


async def leased(tx: TenantTx, request_id: UUID, worker: UUID) -> Running | None:
    """Lock a request that a worker has leased; None when it is somebody else's by now."""
    row = await tx.connection.fetchrow(LEASED, tx.tenant_id, request_id, worker)
    return None if row is None else Running(**{**row, "places": orjson.loads(row["places"])})


async def advance(
    tx: TenantTx,
    request_id: UUID,
    worker: UUID,
    step: str,
    *,
    places: Mapping[str, Any],  # Any: JSON
    counts: Mapping[str, int],
    lease_seconds: float,
) -> None:
    """Note how far a locked request came, what was done since, and lengthen its lease."""
    told = (orjson.dumps(places).decode(), orjson.dumps({k: n for k, n in counts.items() if n}).decode())
    await tx.connection.execute(
        ADVANCE, tx.tenant_id, request_id, worker, step, *told, timedelta(seconds=lease_seconds)
    )


COUNT = "UPDATE data_requests SET counts = counts || $3::text::jsonb WHERE tenant_id = $1 AND id = $2"


async def count(tx: TenantTx, request_id: UUID, counts: Mapping[str, int]) -> None:
    """Note the first of what an erasure erased."""
    await tx.connection.execute(COUNT, tx.tenant_id, request_id, orjson.dumps(counts).decode())


KEPT = """
UPDATE data_requests SET file_id = $3, size_bytes = $4, expires_at = $5, counts = $6::text::jsonb
WHERE tenant_id = $1 AND id = $2
"""
END = """
UPDATE data_requests SET state = $3, error = $4, error_code = $5, step = '', places = '{}', lease = NULL,
    lease_until = NULL, finished_at = now()
WHERE tenant_id = $1 AND id = $2
"""
RELEASE = """
UPDATE data_requests SET lease = NULL, lease_until = now() + $4, error = $5, error_code = $6
WHERE tenant_id = $1 AND id = $2 AND lease = $3
"""


async def keep_archive(
    tx: TenantTx, request_id: UUID, file_id: UUID, size: int, until: datetime, counts: Mapping[str, int]
) -> None:
    """Note the archive of a locked export, and how many rows are in it."""
    await tx.connection.execute(KEPT, tx.tenant_id, request_id, file_id, size, until, orjson.dumps(counts).decode())


async def end(tx: TenantTx, request_id: UUID, state: str, error: DataRequestErrorCode | None = None) -> None:
    """Let go of a locked request: ``done`` or ``failed``."""
    await tx.connection.execute(END, tx.tenant_id, request_id, state, error and ERRORS[error], error)


async def release(
    tx: TenantTx, request_id: UUID, worker: UUID, wait: float, error: DataRequestErrorCode | None
) -> None:
    """Let go of a request that somebody is to go on with, in so many seconds."""
    told = (timedelta(seconds=wait), error and ERRORS[error], error)
    await tx.connection.execute(RELEASE, tx.tenant_id, request_id, worker, *told)


KEPT_ROWS = """
UPDATE data_requests r SET kept = coalesce(r.kept, '{}') || (
    SELECT coalesce(jsonb_object_agg(n.key, n.value::bigint + coalesce((r.kept ->> n.key)::bigint, 0)), '{}')
    FROM jsonb_each_text($3::text::jsonb) n)
WHERE r.tenant_id = $1 AND r.id = $2
"""


async def count_kept(tx: TenantTx, request_id: UUID, counts: Mapping[str, int]) -> None:
    """Add to what an erasure keeps, for its certificate."""
    await tx.connection.execute(KEPT_ROWS, tx.tenant_id, request_id, orjson.dumps(counts).decode())


ARCHIVES_OF = """
UPDATE data_requests SET expires_at = now() WHERE tenant_id = $1 AND kind = 'export' AND customer_id = ANY ($2::uuid[])
  AND file_id IS NOT NULL
RETURNING file_id
"""


async def end_archives(tx: TenantTx, customer_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Hand no archive of some customers out any more; returns their files."""
    return [row[0] for row in await tx.connection.fetch(ARCHIVES_OF, tx.tenant_id, list(customer_ids))]


CANCEL = """
UPDATE data_requests SET state = 'failed', error = $3, error_code = $4, lease = NULL, lease_until = NULL,
    finished_at = now()
WHERE tenant_id = $1 AND kind = 'export' AND customer_id = ANY ($2::uuid[]) AND state IN ('waiting', 'running')
"""


async def cancel_exports(tx: TenantTx, customer_ids: Sequence[UUID]) -> None:
    """Have nobody go on with exports of some customers, who are to be erased."""
    code: DataRequestErrorCode = "customer_erased"
    await tx.connection.execute(CANCEL, tx.tenant_id, list(customer_ids), ERRORS[code], code)
