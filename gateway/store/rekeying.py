"""The rows of an exchange of keys. Acts as the role ``writer``, over a connection of its own.

Statements are made for each sealed column from its description in ``gateway/store/sealed.py``; a place in a table is
its primary key, as texts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from gateway.keys import WrappedKey
from gateway.store.sealed import SealedColumn

#: Of a batch, which is one transaction: whoever changes one of its rows waits for it.
ROWS = 200
BYTES = 8 * 1024 * 1024

ONE_AT_A_TIME = "SELECT pg_try_advisory_lock(hashtextextended('postgate key rotation', 0))"
UNFINISHED = """
SELECT id, data_keys, step, place, counts::text AS counts, created_at FROM key_rotations WHERE finished_at IS NULL
"""
BEGIN = "INSERT INTO key_rotations (id, data_keys) VALUES ($1, $2)"
NOTE = "UPDATE key_rotations SET step = $2, place = $3, counts = $4::text::jsonb WHERE id = $1"
FINISH = "UPDATE key_rotations SET finished_at = now(), place = NULL WHERE id = $1"


@dataclass(slots=True)
class Rotation:
    """How far an exchange of keys has come.

    Attributes:
        data_keys: whether values are sealed anew, with new data keys.
        step: what it is at; empty before the first one.
        place: the last row there that is done.
        counts: how many are done, by step.
    """

    id: UUID
    data_keys: bool
    step: str
    place: list[str] | None
    counts: dict[str, int]
    created_at: datetime


async def lock(connection: asyncpg.Connection) -> bool:
    """Let this connection alone exchange keys, as long as it is open; False when another one does."""
    found: bool = await connection.fetchval(ONE_AT_A_TIME)
    return found


async def unfinished(connection: asyncpg.Connection) -> Rotation | None:
    """Return the exchange that is to be gone on with."""
    row = await connection.fetchrow(UNFINISHED)
    return None if row is None else Rotation(**{**row, "counts": orjson.loads(row["counts"])})


async def begin(connection: asyncpg.Connection, rotation_id: UUID, *, data_keys: bool) -> None:
    """Note that an exchange begins."""
    await connection.execute(BEGIN, rotation_id, data_keys)


async def note(connection: asyncpg.Connection, rotation: Rotation) -> None:
    """Note how far it has come, in the transaction that came so far."""
    counts = orjson.dumps(rotation.counts).decode()
    await connection.execute(NOTE, rotation.id, rotation.step, rotation.place, counts)


async def finish(connection: asyncpg.Connection, rotation: Rotation) -> None:
    """Note that it is done."""
    await connection.execute(FINISH, rotation.id)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A wrapped data key, and where it is."""

    place: list[str]
    key: WrappedKey


async def wrapped_otherwise(
    connection: asyncpg.Connection, table: str, key: Mapping[str, str], after: Sequence[str] | None, current: str
) -> Sequence[KeyRow]:
    """Return the next data keys of a table that are not wrapped under the current name, locked."""
    rows = await connection.fetch(
        f"SELECT {_place(key)} AS place, wrapped_key, master_key_id FROM {table}"  # noqa: S608 - names of ours
        f" WHERE wrapped_key <> '' AND master_key_id <> $2 AND {_after(key, after)}"
        f" ORDER BY {', '.join(key)} LIMIT {ROWS} FOR NO KEY UPDATE",
        _text(after),
        current,
    )
    return [KeyRow(row["place"], WrappedKey(row["wrapped_key"], row["master_key_id"])) for row in rows]


async def put_wrapped(
    connection: asyncpg.Connection, table: str, key: Mapping[str, str], rows: Sequence[KeyRow]
) -> None:
    """Store data keys that are wrapped anew."""
    await connection.executemany(
        f"UPDATE {table} SET wrapped_key = $2, master_key_id = $3 WHERE {_at(key)}",  # noqa: S608 - names of ours
        [(row.place, row.key.wrapped, row.key.master_key_id) for row in rows],
    )


TENANTS_WITHOUT = """
SELECT t.id FROM tenants t
WHERE EXISTS (SELECT FROM encryption_keys k WHERE k.tenant_id = t.id AND k.shredded_at IS NULL)
  AND NOT EXISTS (
    SELECT FROM encryption_keys k WHERE k.tenant_id = t.id AND k.shredded_at IS NULL AND k.created_at >= $1)
ORDER BY t.id LIMIT 200
"""
ADD_KEY = "INSERT INTO encryption_keys (tenant_id, id, wrapped_key, master_key_id) VALUES ($1, $2, $3, $4)"
NEWEST_AT = "SELECT max(created_at) FROM encryption_keys WHERE created_at >= $1"


async def tenants_without(connection: asyncpg.Connection, since: datetime) -> Sequence[UUID]:
    """Return the next tenants that have no data key made since a moment; who has none at all gets none."""
    return [row["id"] for row in await connection.fetch(TENANTS_WITHOUT, since)]


async def add_keys(connection: asyncpg.Connection, keys: Sequence[tuple[UUID, UUID, WrappedKey]]) -> None:
    """Store new data keys: tenant, id, key."""
    await connection.executemany(ADD_KEY, [(t, i, key.wrapped, key.master_key_id) for t, i, key in keys])


async def seconds_since_newest(connection: asyncpg.Connection, since: datetime) -> float:
    """Return how long ago the newest data key was made that was made since a moment."""
    found: timedelta | None = await connection.fetchval(f"SELECT now() - ({NEWEST_AT})", since)
    return float("inf") if found is None else found.total_seconds()


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A sealed value, its key, and the key to seal it with from now on; both None where none is left."""

    place: list[str]
    value: bytes
    key: WrappedKey
    newest_id: UUID | None = None
    newest: WrappedKey | None = None


async def end_of_batch(
    connection: asyncpg.Connection, column: SealedColumn, after: Sequence[str] | None, since: datetime | None
) -> Sequence[str] | None:
    """Return the place where the next batch of a column ends; None when there is nothing more.

    Args:
        connection: to the database.
        column: which.
        after: where the last batch ended.
        since: leaves out what was written before; only where the table tells.
    """
    found: Sequence[str] | None = await connection.fetchval(
        f"WITH ahead AS (SELECT {', '.join(column.key)}, octet_length({column.column}) AS bytes"  # noqa: S608
        f" FROM {column.table} WHERE {_after(column.key, after)} AND {_since(column, since)}"
        f" ORDER BY {', '.join(column.key)} LIMIT {ROWS}),"
        f" summed AS (SELECT *, sum(bytes) OVER (ORDER BY {', '.join(column.key)}) - bytes AS before FROM ahead)"
        f" SELECT {_place(column.key)} FROM summed WHERE before < {BYTES}"
        f" ORDER BY {', '.join(f'{name} DESC' for name in column.key)} LIMIT 1",
        _text(after),
        since,
    )
    return found


async def sealed_with_older(
    connection: asyncpg.Connection, column: SealedColumn, after: Sequence[str] | None, until: Sequence[str]
) -> Sequence[SealedRow]:
    """Return those rows of a batch, locked, that are not sealed with the newest data key of their tenant."""
    names = [f"x.{name}" for name in column.key]
    rows = await connection.fetch(
        f"SELECT {_place(column.key, 'x.')} AS place, x.{column.column} AS value,"  # noqa: S608 - names of ours
        " k.wrapped_key, k.master_key_id, n.id AS newest_id, n.wrapped_key AS newest_key, n.master_key_id AS newest_by"
        f" FROM {column.table} x"
        " JOIN encryption_keys k ON k.tenant_id = x.tenant_id AND k.id = x.key_id"
        " JOIN LATERAL (SELECT n.* FROM encryption_keys n WHERE n.tenant_id = x.tenant_id AND n.shredded_at IS NULL"
        " ORDER BY n.created_at DESC, n.id LIMIT 1) n ON n.id <> x.key_id"
        f" WHERE {_after(column.key, after, 'x.')} AND ({', '.join(names)}) <= ({_cast(column.key, '$2')})"
        f" ORDER BY {', '.join(names)} FOR NO KEY UPDATE OF x",
        _text(after),
        list(until),
    )
    return [
        SealedRow(
            row["place"],
            row["value"],
            WrappedKey(row["wrapped_key"], row["master_key_id"]),
            row["newest_id"],
            WrappedKey(row["newest_key"], row["newest_by"]),
        )
        for row in rows
    ]


async def put_sealed(
    connection: asyncpg.Connection, column: SealedColumn, rows: Sequence[tuple[list[str], bytes, UUID]]
) -> None:
    """Store values that are sealed anew: place, value, data key."""
    await connection.executemany(
        f"UPDATE {column.table} SET {column.column} = $2, key_id = $3 WHERE {_at(column.key)}",  # noqa: S608
        rows,
    )


async def with_own_keys(
    connection: asyncpg.Connection, column: SealedColumn, after: Sequence[str] | None
) -> Sequence[SealedRow]:
    """Return the next rows of a table whose rows have keys of their own, locked."""
    rows = await connection.fetch(
        f"SELECT {_place(column.key)} AS place, {column.column} AS value, wrapped_key, master_key_id"  # noqa: S608
        f" FROM {column.table} WHERE {_after(column.key, after)}"
        f" ORDER BY {', '.join(column.key)} LIMIT {ROWS} FOR NO KEY UPDATE",
        _text(after),
    )
    return [SealedRow(row["place"], row["value"], WrappedKey(row["wrapped_key"], row["master_key_id"])) for row in rows]


async def put_with_own_keys(
    connection: asyncpg.Connection, column: SealedColumn, rows: Sequence[tuple[list[str], bytes, WrappedKey]]
) -> None:
    """Store values that are sealed anew, each with its new key."""
    await connection.executemany(
        f"UPDATE {column.table} SET {column.column} = $2, wrapped_key = $3, master_key_id = $4"  # noqa: S608
        f" WHERE {_at(column.key)}",
        [(place, value, key.wrapped, key.master_key_id) for place, value, key in rows],
    )


async def superseded(connection: asyncpg.Connection, age: timedelta) -> Sequence[tuple[UUID, UUID]]:
    """Return the data keys, with their tenants, that another one took the place of so long ago."""
    rows = await connection.fetch(SUPERSEDED, age)
    return [(row["tenant_id"], row["id"]) for row in rows]


SUPERSEDED = """
SELECT k.tenant_id, k.id FROM encryption_keys k
WHERE k.shredded_at IS NULL AND EXISTS (
    SELECT FROM encryption_keys n WHERE n.tenant_id = k.tenant_id AND n.shredded_at IS NULL
        AND n.created_at > k.created_at AND n.created_at < now() - $1::interval)
ORDER BY k.tenant_id, k.id
"""


async def drop_key(
    connection: asyncpg.Connection, columns: Sequence[SealedColumn], tenant_id: UUID, key_id: UUID
) -> bool:
    """Remove a data key that nothing is sealed with; False when something is."""
    for column in columns:
        used = f"SELECT EXISTS (SELECT FROM {column.table} WHERE tenant_id = $1 AND key_id = $2)"  # noqa: S608
        if await connection.fetchval(used, tenant_id, key_id):
            return False
    try:
        async with connection.transaction():
            await connection.execute("DELETE FROM encryption_keys WHERE tenant_id = $1 AND id = $2", tenant_id, key_id)
    except asyncpg.ForeignKeyViolationError:  # a file is sealed with it
        return False
    return True


def _text(place: Sequence[str] | None) -> list[str] | None:
    return None if place is None else list(place)


def _place(key: Mapping[str, Any], prefix: str = "") -> str:
    return f"ARRAY[{', '.join(f'{prefix}{name}::text' for name in key)}]"


def _cast(key: Mapping[str, str], parameter: str) -> str:
    return ", ".join(f"({parameter}::text[])[{place}]::{type_}" for place, type_ in enumerate(key.values(), 1))


def _after(key: Mapping[str, str], after: Sequence[str] | None, prefix: str = "") -> str:
    """Return the condition that a row comes after the place $1, if there is one."""
    if after is None:
        return "$1::text[] IS NULL"
    return f"({', '.join(f'{prefix}{name}' for name in key)}) > ({_cast(key, '$1')})"


def _at(key: Mapping[str, str]) -> str:
    return f"({', '.join(key)}) = ({_cast(key, '$1')})"


def _since(column: SealedColumn, since: datetime | None) -> str:
    return "$2::timestamptz IS NULL" if since is None else f"{column.moment} >= $2"
