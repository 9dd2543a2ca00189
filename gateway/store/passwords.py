"""Passwords, and the links by which they are set anew. They can't be read from the table by any role that logs in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from gateway.store.people import fetch
from gateway.store.pool import TenantTx

OF = "SELECT password_of($1)"
SET = "SELECT set_password_of($1, $2)"
ADD_RESET = "SELECT name FROM add_password_reset($1, $2, $3)"
RESET_OF = "SELECT email FROM password_reset_of($1, $2)"
USE_RESET = "SELECT use_password_reset($1, $2, $3)"


async def of(tx: TenantTx, user_id: UUID) -> str | None:
    """Return the hash of an active member's password; None when they have none."""
    found: str | None = await tx.connection.fetchval(OF, user_id)
    return found


async def put(tx: TenantTx, user_id: UUID, password_hash: str) -> None:
    """Give an active member another password; links to set one no longer count."""
    await tx.connection.execute(SET, user_id, password_hash)


async def add_reset(pool: asyncpg.Pool, address: str, token_hash: bytes, expires_at: datetime) -> str | None:
    """Note a link to set a password; returns the person's name, or None when there is nobody to send it to.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    rows = await fetch(pool, ADD_RESET, address, token_hash, expires_at)
    return rows[0][0] if rows else None


async def reset_of(pool: asyncpg.Pool, token_hash: bytes, now: datetime) -> str | None:
    """Return the e-mail address of the person whose link this is; None when it doesn't count.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    rows = await fetch(pool, RESET_OF, token_hash, now)
    return rows[0][0] if rows else None


async def use_reset(pool: asyncpg.Pool, token_hash: bytes, password_hash: str, now: datetime) -> Sequence[bytes] | None:
    """Set a password by a link, which is used up; returns the hashes of the logins that ended, None if it is no link.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    [[ended]] = await fetch(pool, USE_RESET, token_hash, password_hash, now)
    return None if ended is None else list(ended)
