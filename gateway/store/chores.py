"""When the chores of all processes together are due, and who does them. As the role ``hook``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

AHEAD = "SELECT name, wait, succeeded_at FROM chores_ahead($1)"
CLAIM = "SELECT claim_chore($1, $2, $3)"
KEEP = "SELECT keep_chore($1, $2, $3)"
NOTE = "SELECT note_chore($1, $2, $3, $4)"


@dataclass(frozen=True, slots=True)
class Ahead:
    """A chore, the seconds until it is due (0 or less: it is), and when it last was done well."""

    name: str
    wait: float
    succeeded_at: datetime | None


async def ahead(pool: asyncpg.Pool, names: Sequence[str]) -> list[Ahead]:
    """Tell when chores are due.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        return [Ahead(*row) for row in await pool.fetch(AHEAD, names)]
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error


async def claim(pool: asyncpg.Pool, name: str, worker: UUID, lease: timedelta) -> bool:
    """Take a chore that is due, unless it is somebody else's.

    No transaction stays open while it is done: behind a pooler, those of a few chores could be all that there are.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    return bool(await _ask(pool, CLAIM, name, worker, lease))


async def keep(pool: asyncpg.Pool, name: str, worker: UUID, lease: timedelta) -> bool:
    """Keep a chore for longer; False when it is somebody else's by now.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    return bool(await _ask(pool, KEEP, name, worker, lease))


async def note(pool: asyncpg.Pool, name: str, worker: UUID, again: timedelta, *, went_well: bool) -> None:
    """Note how a chore went, and in what time it is due again.

    Raises:
        DatabaseUnavailable: when the database can't be reached; it is done again when its lease has ended.
    """
    await _ask(pool, NOTE, name, worker, went_well, again)


async def _ask(pool: asyncpg.Pool, statement: str, *args: object) -> object:
    try:
        found: object = await pool.fetchval(statement, *args)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return found
