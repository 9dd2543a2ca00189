"""The audit: rows that are added, read, and dropped by the month; nobody changes one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from gateway.model.audit import Actor, Does, Nameless, Table
from gateway.model.page import Position
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx

ADD = """
INSERT INTO data_access_audit (tenant_id, id, created_at, actor, actor_id, operation, action, table_name, record_ids,
    first_seq, last_seq, contains_pii, ip, user_agent, request_id)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9::text::uuid[], $10, $11, $12, $13::text::inet, $14, $15
"""
#: By whoever uploaded the file.
ADD_IMPORTED = """
INSERT INTO data_access_audit (tenant_id, id, created_at, actor, actor_id, operation, action, table_name, record_ids,
    contains_pii)
SELECT i.tenant_id, $3, now(), CASE WHEN i.user_id IS NULL THEN 'api_key' ELSE 'member' END, i.user_id, 'import',
    'start_import', 'customers', $4, true
FROM customer_imports i WHERE i.tenant_id = $1 AND i.id = $2
"""
#: Unless the transaction has written nothing up to here.
ADD_TO_OTHERS = f"{ADD} WHERE pg_current_xact_id_if_assigned() IS NOT NULL RETURNING 1"
ADD_ALL = "SELECT note_accesses($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
#: With what their actors are called now; who isn't of the tenant has no name here.
SHOWN = """
SELECT a.id, a.created_at, a.actor, a.actor_id, coalesce(u.name, k.name), a.operation, a.action, a.table_name,
    a.record_ids, a.first_seq, a.last_seq, a.contains_pii, host(a.ip), a.user_agent, a.request_id
FROM {rows} a
LEFT JOIN users u ON u.id = a.actor_id AND a.actor = 'member'
LEFT JOIN api_keys k ON k.tenant_id = a.tenant_id AND k.id = a.actor_id AND a.actor = 'api_key'
ORDER BY a.created_at DESC, a.id DESC
"""
NEWEST_FIRST = """(
    SELECT * FROM data_access_audit x
    WHERE x.tenant_id = $1 AND (x.created_at, x.id) < ($7, $8)
      AND x.created_at >= coalesce($5::timestamptz, '-infinity')
      AND x.created_at < coalesce($6::timestamptz, 'infinity')
      AND {actor} AND {operation} AND {table}
    ORDER BY x.created_at DESC, x.id DESC LIMIT $9)"""
#: Each only as it is asked for, so that a plan is made for it.
BY_ACTOR, ANYBODY = "x.actor_id = $2", "$2::uuid IS NULL"
#: Who is known by no id.
BY_KIND = "x.actor = '{kind}' AND x.actor_id IS NULL AND $2::uuid IS NULL"
BY_OPERATION, ANY_OPERATION = "x.operation = ANY ($3)", "$3::text[] IS NULL"
BY_TABLE, ANY_TABLE = "x.table_name = ANY ($4)", "$4::text[] IS NULL"
TO_RECORDS = "accesses_to($1, $2, $3, $4, $5, $6, $7, $8, $9)"
#: It finds all that name the records anyhow, and puts them in order.
TO_RECORDS_BY_KIND = """(
    SELECT * FROM accesses_to($1, $2, $3, $4, $5, $6, $7, $8, 2147483647) x WHERE x.actor = '{kind}'
    ORDER BY x.created_at DESC, x.id DESC LIMIT $9)"""
OF_CUSTOMER = """
SELECT c.id FROM conversations c WHERE c.tenant_id = $1 AND c.customer_id = $2
ORDER BY c.last_message_at DESC LIMIT 1000
"""
DROP_MONTH = "SELECT partition, state FROM drop_audit_month($1, $2)"


class Row(NamedTuple):
    """What is written down of a table that a request reached; in the order of the columns.

    Attributes:
        records: the text of an array of ids.
    """

    tenant_id: UUID
    id: UUID
    at: datetime
    actor: Actor
    actor_id: UUID | None
    does: Does
    action: str
    table: Table
    records: str
    first_seq: int | None
    last_seq: int | None
    personal: bool
    ip: str | None
    user_agent: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; None: whichever. ``records`` are ids of whatever kind; ``nameless`` is who has no ``actor_id``."""

    records: Sequence[UUID] | None = None
    actor_id: UUID | None = None
    nameless: Nameless | None = None
    operations: Sequence[Does] | None = None
    tables: Sequence[Table] | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A row, with what its actor is called now."""

    id: UUID
    at: datetime
    actor: Actor
    actor_id: UUID | None
    name: str | None
    does: Does
    action: str
    table: Table
    record_ids: Sequence[UUID]
    first_seq: int | None
    last_seq: int | None
    personal: bool
    ip: str | None
    user_agent: str | None
    request_id: str | None


def array_of(ids: Collection[UUID]) -> str:
    """Write ids as the text of an array."""
    return "{" + ",".join(one.hex for one in ids) + "}"


async def add(tx: TenantTx, row: Row) -> bool:
    """Write a row in the transaction of what it tells of; False, and no row, when nothing was written there."""
    return await tx.connection.fetchval(ADD_TO_OTHERS, *row) is not None


async def note(tx: TenantTx, row: Row) -> None:
    """Write a row, whatever else the transaction does."""
    await tx.connection.execute(ADD, *row)


async def note_imported(tx: TenantTx, import_id: UUID, row_id: UUID, customers: Sequence[UUID]) -> None:
    """Write down which customers an import makes or changes, in the transaction that does."""
    await tx.connection.execute(ADD_IMPORTED, tx.tenant_id, import_id, row_id, customers)


#: What is wrong with a row itself, and will be so the next time: a value, a constraint, or a limit such as of an index.
REFUSING: tuple[type[BaseException], ...] = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.exceptions.ProgramLimitExceededError,
)


class RowRefused(Exception):
    """The database can't store what is in one of some rows; none of them is written."""


async def add_all(pool: asyncpg.Pool, rows: Sequence[Row]) -> None:
    """Write rows of any tenants at once, as the role ``hook``.

    Raises:
        DatabaseUnavailable: when they can't be written now.
        RowRefused: when one of them never can be.
    """
    try:
        await pool.execute(ADD_ALL, *map(list, zip(*rows, strict=True)))
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the audit can't be written") from error
    except REFUSING as error:
        raise RowRefused("one of the rows can't be stored") from error


async def newest_first(tx: TenantTx, wanted: Wanted, after: Position, limit: int) -> Sequence[Found]:
    """Return up to so many rows behind a place."""
    args = (
        wanted.actor_id, wanted.operations, wanted.tables, wanted.since, wanted.until, after.moment, after.id, limit,
    )  # fmt: skip
    if wanted.records is not None:
        found = TO_RECORDS if wanted.nameless is None else TO_RECORDS_BY_KIND.format(kind=wanted.nameless)
        rows = await tx.connection.fetch(SHOWN.format(rows=found), list(wanted.records), *args)
    else:
        found = NEWEST_FIRST.format(
            actor=_by(wanted),
            operation=ANY_OPERATION if wanted.operations is None else BY_OPERATION,
            table=ANY_TABLE if wanted.tables is None else BY_TABLE,
        )
        rows = await tx.connection.fetch(SHOWN.format(rows=found), tx.tenant_id, *args)
    return [Found(*row) for row in rows]


def _by(wanted: Wanted) -> str:
    if wanted.nameless is not None:
        return BY_KIND.format(kind=wanted.nameless)
    return ANYBODY if wanted.actor_id is None else BY_ACTOR


async def conversations_of(tx: TenantTx, customer_id: UUID) -> Sequence[UUID]:
    """Return the latest thousand conversations of a customer: what shows one of them shows the customer."""
    return [row[0] for row in await tx.connection.fetch(OF_CUSTOMER, tx.tenant_id, customer_id)]


async def drop_month(pool: asyncpg.Pool, before: datetime, after: str) -> tuple[str, str] | None:
    """Drop the first month after a name that ended before a moment; returns its name and what became of it."""
    row = await pool.fetchrow(DROP_MONTH, before, after)
    return None if row is None else (row[0], row[1])
