"""What the operator looks up and changes about tenants and people. Over the connection of ``provisioning``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

TENANTS = """
SELECT t.id, t.slug, t.name, t.status, (
    SELECT count(*) FROM memberships m WHERE m.tenant_id = t.id AND m.status = 'active') AS members
FROM tenants t ORDER BY t.slug
"""
TENANT_ID = "SELECT id FROM tenants WHERE slug = $1"
USERS = """
SELECT u.id, t.id AS tenant_id, u.email, u.name, t.slug AS tenant, m.role,
    CASE WHEN u.status = 'disabled' THEN u.status ELSE m.status END AS status,
    EXISTS (SELECT FROM second_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS second_factor
FROM users u JOIN memberships m ON m.user_id = u.id JOIN tenants t ON t.id = m.tenant_id
WHERE $1::text IS NULL OR t.slug = $1
ORDER BY t.slug, u.email
"""
TENANTS_OF = "SELECT tenant_id FROM memberships WHERE user_id = $1"
USER_ID = "SELECT id FROM users WHERE email = lower($1)"
SET_PASSWORD = "UPDATE users SET password_hash = $2, verified_at = coalesce(verified_at, $3) WHERE id = $1"  # noqa: S105
END_RESETS = "DELETE FROM password_resets WHERE user_id = $1"
END_SESSIONS = "DELETE FROM sessions WHERE user_id = $1"
END_SECOND_FACTOR = "DELETE FROM second_factors WHERE user_id = $1"


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant, and how many people are active in it."""

    id: UUID
    slug: str
    name: str
    status: str
    members: int


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person in one of their tenants."""

    id: UUID
    tenant_id: UUID
    email: str
    name: str
    tenant: str
    role: str
    status: str
    second_factor: bool


async def tenants(connection: asyncpg.Connection) -> Sequence[TenantRow]:
    """Return all tenants."""
    return [TenantRow(**row) for row in await connection.fetch(TENANTS)]


async def tenant_id(connection: asyncpg.Connection, slug: str) -> UUID | None:
    """Return the id of a tenant."""
    found: UUID | None = await connection.fetchval(TENANT_ID, slug)
    return found


async def users(connection: asyncpg.Connection, slug: str | None) -> Sequence[UserRow]:
    """Return the people of a tenant, or of all."""
    return [UserRow(**row) for row in await connection.fetch(USERS, slug)]


async def user_id(connection: asyncpg.Connection, email: str) -> UUID | None:
    """Return the id of the person with an e-mail address."""
    found: UUID | None = await connection.fetchval(USER_ID, email)
    return found


async def tenants_of(connection: asyncpg.Connection, user: UUID) -> Sequence[UUID]:
    """Return the tenants that a person is or was a member of."""
    return [row[0] for row in await connection.fetch(TENANTS_OF, user)]


async def reset_password(
    connection: asyncpg.Connection, user: UUID, password_hash: str, now: datetime, *, without_code: bool
) -> None:
    """Give a person another password; all their logins end.

    Args:
        connection: of ``provisioning``.
        user: the person.
        password_hash: of the new one.
        now: the time: the operator vouches for the address.
        without_code: whether their second factor goes too.
    """
    await connection.execute(SET_PASSWORD, user, password_hash, now)
    await connection.execute(END_RESETS, user)
    await connection.execute(END_SESSIONS, user)
    if without_code:
        await connection.execute(END_SECOND_FACTOR, user)
