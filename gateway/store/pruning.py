"""Removing working rows that nobody needs any more, of all tenants. As the role ``hook``."""

from datetime import timedelta

import asyncpg

from gateway.model.page import END, Position
from gateway.store import sessions
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

#: What is kept of a message for sending it again, once it was sent, has failed, or was taken back.
SENDS_KEPT = timedelta(days=90)
#: Answers to requests that carried an Idempotency-Key; a day is promised.
KEYS_KEPT = timedelta(hours=48)
#: What is owed to endpoints, once it is done, and each attempt.
DELIVERIES_KEPT = timedelta(days=30)
#: How endpoints did, minute by minute.
MINUTES_KEPT = timedelta(days=14)

SENDS = "SELECT forget_sends($1, $2)"
KEYS = "SELECT forget_idempotency_keys($1, $2)"
SESSIONS = "SELECT forget_sessions($1, $2)"
RESETS = "SELECT forget_password_resets($1)"
NONCES = "SELECT forget_nonces()"
ENDED = "SELECT end_deliveries($1)"
DELIVERIES = "SELECT looked, moment, id FROM forget_deliveries($1, $2, $3, $4)"
MINUTES = "SELECT forget_webhook_minutes($1, $2)"
ATTEMPTS = "CALL drop_attempts_partitions($1)"


async def prune(pool: asyncpg.Pool, most: int, after: Position = END) -> tuple[bool, Position]:
    """Remove at most so many rows of each kind.

    Args:
        pool: of the role ``hook``.
        most: rows of a kind.
        after: deliveries up to here were looked at in this run, the oldest first: some stay, however old they are.

    Returns:
        whether there may be more, and up to where deliveries were looked at.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        removed = [
            await pool.fetchval(SENDS, SENDS_KEPT, most),
            await pool.fetchval(KEYS, KEYS_KEPT, most),
            await pool.fetchval(SESSIONS, sessions.IDLE, most),
            await pool.fetchval(RESETS, most),
            await pool.fetchval(ENDED, most),
            await pool.fetchval(MINUTES, MINUTES_KEPT, most),
        ]
        last = await pool.fetchrow(DELIVERIES, DELIVERIES_KEPT, most, after.moment, after.id)
        await pool.execute(ATTEMPTS, DELIVERIES_KEPT)
        await pool.execute(NONCES)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    if last is not None:
        removed.append(last["looked"])
        after = Position(last["moment"], last["id"])
    return any(count >= most for count in removed), after
