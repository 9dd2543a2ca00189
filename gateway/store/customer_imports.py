"""Imports of customers: the file, how far it was read, and what was wrong with its rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from gateway.model.page import Page, Position
from gateway.store.customers import Address
from gateway.store.pages import page_of
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx

ADD = """
INSERT INTO customer_imports (
    tenant_id, id, user_id, filename, encoding, delimiter, columns, sample, plan, rows_total)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9::text::jsonb, $10)
"""
ADD_PIECE = "INSERT INTO customer_import_pieces (tenant_id, import_id, number, bytes) VALUES ($1, $2, $3, $4)"
PIECES = "SELECT count(*) FROM customer_import_pieces WHERE tenant_id = $1 AND import_id = $2"
PIECE = "SELECT bytes FROM customer_import_pieces WHERE tenant_id = $1 AND import_id = $2 AND number = $3"
DROP_PIECES = "DELETE FROM customer_import_pieces WHERE tenant_id = $1 AND import_id = $2"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was uploaded; its bytes come piece by piece."""

    id: UUID
    user_id: UUID | None
    filename: str
    encoding: str
    delimiter: str
    columns: Sequence[str]
    sample: Sequence[Sequence[str]]
    plan: Mapping[str, Any]  # Any: JSON
    rows: int


async def add(tx: TenantTx, upload: Upload) -> None:
    """Store what is known of an uploaded file."""
    await tx.connection.execute(
        ADD, tx.tenant_id, upload.id, upload.user_id, upload.filename, upload.encoding, upload.delimiter,
        list(upload.columns), orjson.dumps(upload.sample).decode(), orjson.dumps(upload.plan).decode(), upload.rows,
    )  # fmt: skip


async def add_piece(tx: TenantTx, import_id: UUID, number: int, piece: bytes) -> None:
    """Store a piece of an uploaded file."""
    await tx.connection.execute(ADD_PIECE, tx.tenant_id, import_id, number, piece)


async def pieces(tx: TenantTx, import_id: UUID) -> AsyncIterator[bytes]:
    """Read an uploaded file, piece by piece."""
    for number in range(await tx.connection.fetchval(PIECES, tx.tenant_id, import_id)):
        yield await tx.connection.fetchval(PIECE, tx.tenant_id, import_id, number)


LIST = """
SELECT v.data::text AS json, page.moment, page.id
FROM (
    SELECT i, i.created_at AS moment, i.id FROM customer_imports i
    WHERE i.tenant_id = $1 AND (i.created_at, i.id) < ($2, $3)
    ORDER BY i.created_at DESC, i.id DESC LIMIT $4) page
CROSS JOIN LATERAL customer_import_json(page.i) v
ORDER BY page.moment DESC, page.id DESC
"""
GET = """
SELECT v.data::text FROM customer_imports i CROSS JOIN LATERAL customer_import_json(i) v
WHERE i.tenant_id = $1 AND i.id = $2
"""


async def newest_first(tx: TenantTx, after: Position, limit: int) -> Page:
    """Return a page of imports."""
    found = await tx.connection.fetch(LIST, tx.tenant_id, after.moment, after.id, limit + 1)
    return page_of(found, limit)


async def get(tx: TenantTx, import_id: UUID) -> str | None:
    """Return an import as JSON text."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, import_id)
    return found


COLUMNS = "SELECT columns FROM customer_imports WHERE tenant_id = $1 AND id = $2"


async def columns(tx: TenantTx, import_id: UUID) -> Sequence[str] | None:
    """Return how an import's columns are called; None when there is none."""
    found: Sequence[str] | None = await tx.connection.fetchval(COLUMNS, tx.tenant_id, import_id)
    return found


LOCK = "SELECT state FROM customer_imports WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
BEGIN = """
UPDATE customer_imports SET state = $3, plan = $4::text::jsonb, rows_done = 0, created = 0, updated = 0, skipped = 0,
    failed = 0, tries = 0, lease = NULL, lease_until = NULL
WHERE tenant_id = $1 AND id = $2
"""
DROP_PROBLEMS = "DELETE FROM customer_import_problems WHERE tenant_id = $1 AND import_id = $2"
CANCEL = "UPDATE customer_imports SET state = 'cancelled', finished_at = now() WHERE tenant_id = $1 AND id = $2"


async def lock(tx: TenantTx, import_id: UUID) -> str | None:
    """Return an import's state, which stays until the end; None when there is none."""
    found: str | None = await tx.connection.fetchval(LOCK, tx.tenant_id, import_id)
    return found


async def begin(tx: TenantTx, import_id: UUID, state: str, plan: Mapping[str, Any]) -> None:  # Any: JSON
    """Have a locked import be read from its first row: ``checking`` or ``running``."""
    await tx.connection.execute(DROP_PROBLEMS, tx.tenant_id, import_id)
    await tx.connection.execute(BEGIN, tx.tenant_id, import_id, state, orjson.dumps(plan).decode())


async def cancel(tx: TenantTx, import_id: UUID) -> None:
    """Have nobody read a locked import any further."""
    await tx.connection.execute(CANCEL, tx.tenant_id, import_id)
    await tx.connection.execute(DROP_PIECES, tx.tenant_id, import_id)


CLAIM = "SELECT tenant_id, id FROM claim_customer_import($1, $2, $3)"
FORGET = "SELECT forget_customer_imports()"


async def claim(
    pool: asyncpg.Pool, worker: UUID, lease_seconds: float, after: UUID | None = None
) -> tuple[UUID, UUID] | None:
    """Lease an import of the tenant that follows ``after`` to a worker; returns both. As the role ``hook``.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        row = await pool.fetchrow(CLAIM, worker, timedelta(seconds=lease_seconds), after)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return (row["tenant_id"], row["id"]) if row else None


async def forget(pool: asyncpg.Pool) -> int:
    """Cancel imports that nobody has started for a week; returns how many. As the role ``hook``.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        found: int = await pool.fetchval(FORGET)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return found


@dataclass(frozen=True, slots=True)
class Running:
    """An import that a worker has leased."""

    id: UUID
    state: str
    encoding: str
    delimiter: str
    columns: Sequence[str]
    plan: Mapping[str, Any]  # Any: JSON
    rows_done: int
    tries: int

    @property
    def dry(self) -> bool:
        """Tell whether nothing is to be changed."""
        return self.state == "checking"


# Locked, so that it can't be cancelled, or claimed by somebody else, in the middle of a batch.
LEASED = """
SELECT id, state, encoding, delimiter, columns, plan::text, rows_done, tries FROM customer_imports
WHERE tenant_id = $1 AND id = $2 AND lease = $3 AND state IN ('checking', 'running') FOR UPDATE
"""
COUNT = """
UPDATE customer_imports SET rows_done = rows_done + $3 + $4 + $5 + $6, created = created + $3, updated = updated + $4,
    skipped = skipped + $5, failed = failed + $6, tries = 0, lease_until = now() + $7
WHERE tenant_id = $1 AND id = $2
"""
ADD_PROBLEMS = """
INSERT INTO customer_import_problems (tenant_id, import_id, row_number, column_name, detail, cells)
VALUES ($1, $2, $3, $4, $5, $6)
"""
END = """
UPDATE customer_imports SET state = $3, error = $4, lease = NULL, lease_until = NULL,
    finished_at = CASE WHEN $3 <> 'checked' THEN now() END
WHERE tenant_id = $1 AND id = $2
"""
RELEASE = """
UPDATE customer_imports SET lease = NULL, lease_until = NULL, tries = 0 WHERE tenant_id = $1 AND id = $2 AND lease = $3
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that could not be taken, and why."""

    row: int
    column: str | None
    detail: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of some rows."""

    created: int
    updated: int
    skipped: int
    failed: int


async def leased(tx: TenantTx, import_id: UUID, worker: UUID) -> Running | None:
    """Lock an import that a worker has leased; None when it was cancelled, or is somebody else's by now."""
    row = await tx.connection.fetchrow(LEASED, tx.tenant_id, import_id, worker)
    if row is None:
        return None
    return Running(**{**row, "plan": orjson.loads(row["plan"])})


async def count(
    tx: TenantTx, import_id: UUID, counts: Counts, problems: Sequence[Problem], lease_seconds: float
) -> None:
    """Note what became of the next rows of a locked import, and lengthen its lease."""
    rows = [(tx.tenant_id, import_id, one.row, one.column, one.detail, list(one.cells)) for one in problems]
    await tx.connection.executemany(ADD_PROBLEMS, rows)
    numbers = (counts.created, counts.updated, counts.skipped, counts.failed)
    await tx.connection.execute(COUNT, tx.tenant_id, import_id, *numbers, timedelta(seconds=lease_seconds))


async def end(tx: TenantTx, import_id: UUID, state: str, error: str | None = None) -> None:
    """Let go of a locked import: ``checked``, ``done`` or ``failed``; only the first will be read again."""
    await tx.connection.execute(END, tx.tenant_id, import_id, state, error)
    if state != "checked":
        await tx.connection.execute(DROP_PIECES, tx.tenant_id, import_id)


async def release(tx: TenantTx, import_id: UUID, worker: UUID) -> None:
    """Let go of an import that somebody else is to read on."""
    await tx.connection.execute(RELEASE, tx.tenant_id, import_id, worker)


PROBLEMS = """
SELECT row_number, column_name, detail, cells FROM customer_import_problems
WHERE tenant_id = $1 AND import_id = $2 AND row_number > $3 ORDER BY row_number LIMIT $4
"""


async def problems(tx: TenantTx, import_id: UUID, after: int, limit: int) -> Sequence[Problem]:
    """Return the rows after one that could not be taken."""
    return [Problem(*row) for row in await tx.connection.fetch(PROBLEMS, tx.tenant_id, import_id, after, limit)]


CARDS = """
SELECT k.id, k.name, k.business_name, k.customer_code, k.status, k.custom_fields::text,
    ARRAY(SELECT l.label_id FROM customer_labels l WHERE l.tenant_id = $1 AND l.customer_id = k.id) AS labels
FROM customers k WHERE k.tenant_id = $1 AND k.id = ANY ($2::uuid[]) ORDER BY k.id FOR NO KEY UPDATE OF k
"""
OF_CODES = """
SELECT customer_code, id FROM customers
WHERE tenant_id = $1 AND customer_code = ANY ($2::text[]) AND deleted_at IS NULL AND status <> 'merged'
"""
ADD_IDENTITIES = """
INSERT INTO customer_identities (tenant_id, kind, value, customer_id)
SELECT $1, i.kind, i.value, i.customer_id
FROM unnest($2::text[], $3::text[], $4::uuid[]) AS i (kind, value, customer_id)
ON CONFLICT DO NOTHING
"""
ADD_LABELS = """
INSERT INTO customer_labels (tenant_id, customer_id, label_id)
SELECT $1, l.customer_id, l.label_id FROM unnest($2::uuid[], $3::uuid[]) AS l (customer_id, label_id)
ON CONFLICT DO NOTHING
"""
LABELS = "SELECT id, name FROM labels WHERE tenant_id = $1 AND deleted_at IS NULL"


async def cards(tx: TenantTx, customer_ids: Sequence[UUID]) -> Mapping[UUID, dict[str, Any]]:  # Any: values of columns
    """Lock customers; returns name, business_name, customer_code, status, custom_fields and labels of each."""
    found = {}
    for row in await tx.connection.fetch(CARDS, tx.tenant_id, list(customer_ids)):
        card = dict(row)
        card |= {"custom_fields": orjson.loads(row["custom_fields"]), "labels": set(row["labels"])}
        found[card.pop("id")] = card
    return found


async def of_codes(tx: TenantTx, codes: Sequence[str]) -> Mapping[str, UUID]:
    """Return who has some customer codes."""
    return {row[0]: row[1] for row in await tx.connection.fetch(OF_CODES, tx.tenant_id, list(codes))}


IDENTITIES = """
SELECT customer_id, kind, value FROM customer_identities WHERE tenant_id = $1 AND customer_id = ANY ($2::uuid[])
"""


async def identities(tx: TenantTx, customer_ids: Sequence[UUID]) -> Sequence[tuple[UUID, Address]]:
    """Return the addresses of customers."""
    rows = await tx.connection.fetch(IDENTITIES, tx.tenant_id, list(customer_ids))
    return [(row["customer_id"], Address(row["kind"], row["value"])) for row in rows]


async def add_identities(tx: TenantTx, rows: Sequence[tuple[str, str, UUID]]) -> bool:
    """Give customers addresses (kind, value, customer); False when somebody else has got one of them."""
    columns = ([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
    done: str = await tx.connection.execute(ADD_IDENTITIES, tx.tenant_id, *columns)
    return done == f"INSERT 0 {len(rows)}"


async def add_labels(tx: TenantTx, rows: Sequence[tuple[UUID, UUID]]) -> None:
    """Give customers labels (customer, label)."""
    columns = ([row[0] for row in rows], [row[1] for row in rows])
    await tx.connection.execute(ADD_LABELS, tx.tenant_id, *columns)


async def label_names(tx: TenantTx) -> Mapping[UUID, str]:
    """Return the names of the tenant's labels."""
    return {row["id"]: row["name"] for row in await tx.connection.fetch(LABELS, tx.tenant_id)}
