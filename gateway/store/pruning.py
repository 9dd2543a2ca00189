"""Removing working rows that nobody needs any more, of all tenants. As the role ``hook``."""

from datetime import timedelta

import asyncpg

from gateway.store import sessions
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

#: What is kept of a message for sending it again, once it was sent, has failed, or was taken back.
SENDS_KEPT = timedelta(days=90)
#: Answers to requests that carried an Idempotency-Key; a day is promised.
KEYS_KEPT = timedelta(hours=48)
#: How endpoints did, minute by minute.
MINUTES_KEPT = timedelta(days=14)

SENDS = "SELECT forget_sends($1, $2)"
KEYS = "SELECT forget_idempotency_keys($1, $2)"
SESSIONS = "SELECT forget_sessions($1, $2)"
RESETS = "SELECT forget_password_resets($1)"
NONCES = "SELECT forget_nonces()"
ENDED = "SELECT end_deliveries($1)"
MINUTES = "SELECT forget_webhook_minutes($1, $2)"


async def prune(pool: asyncpg.Pool, most: int) -> bool:
    """Remove at most so many rows of each kind.

    Args:
        pool: of the role ``hook``.
        most: rows of a kind.

    Returns:
        whether there may be more.

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
        await pool.execute(NONCES)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return any(count >= most for count in removed)
