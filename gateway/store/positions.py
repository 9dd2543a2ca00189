"""How far the logs of all tenants have come together, and their readers, for whoever watches the gateway.

As the role ``relay``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

ALL = "SELECT count(*) AS tenants, coalesce(sum(last_seq), 0)::bigint AS entries FROM tenant_heads"


async def log_position(pool: asyncpg.Pool) -> dict[str, object]:
    """Return how many tenants there are, how many entries were ever written to their logs, and how late readers are.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        row = await pool.fetchrow(ALL)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    late = {one.reader: {"entries": one.entries, "seconds": round(one.seconds, 1)} for one in await readers(pool)}
    return {**dict(row), "behind": late}


@dataclass(frozen=True, slots=True)
class Reader:
    """How far behind a reader of the logs is.

    Attributes:
        reader: delivery, which shares events out among endpoints; detection, of personal data; or search.
        tenants: whose logs it has not read to the end.
        entries: that it has not read.
        seconds: the age of the oldest of them.
    """

    reader: str
    tenants: int
    entries: int
    seconds: float


READERS = "SELECT reader, tenants, entries, seconds FROM log_readers()"


async def readers(pool: asyncpg.Pool) -> Sequence[Reader]:
    """Tell how far behind the readers of the logs are.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        return [Reader(*row) for row in await pool.fetch(READERS, timeout=30)]
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
