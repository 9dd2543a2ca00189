"""When the chores of all processes together are due, and who does them. As the role ``hook``."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

AHEAD = "SELECT name, wait, succeeded_at FROM chores_ahead($1)"
CLAIM = "SELECT claim_chore($1)"
NOTE = "SELECT note_chore($1, $2, $3)"


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


async def do_alone(
    pool: asyncpg.Pool, name: str, work: Callable[[], Awaitable[bool]], every: timedelta, again: timedelta
) -> None:
    """Do a chore, if it is due and no other process does it.

    A transaction stays open meanwhile, since its lock keeps the others away: through a pooler, too, and not longer than
    its process lives. It has read and written nothing, so nothing waits for it. A chore whose transaction is lost is
    not noted, and is done again: it has to endure that, and to be done twice at once.

    Args:
        pool: its connections are held while the work is done, which therefore has to use others.
        name: of the chore.
        work: does it, and says whether it went well.
        every: from its end to when it is due again.
        again: the same when it did not go well.

    Raises:
        DatabaseUnavailable: when the database can't be reached; the work may have been done.
    """
    try:
        async with pool.acquire(timeout=10) as connection, connection.transaction():
            if await connection.fetchval(CLAIM, name):
                went_well = await work()
                await connection.execute(NOTE, name, went_well, every if went_well else again)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
