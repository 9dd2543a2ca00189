"""Who may come in: people, the tenants they belong to, and the tenant that is seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from gateway.permissions import Permission, Role, of_member
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx

LOGIN_OF = "SELECT user_id, name, password_hash, verified FROM login_of($1)"
TENANTS_OF = "SELECT tenant_id, slug, name, role, extra_permissions FROM tenants_of($1)"
INVITATIONS_OF = "SELECT tenant_id, id FROM invitations_of($1, $2)"
VERIFY_PERSON = "SELECT verify_person($1, $2)"
ADD_PERSON = "SELECT add_person($1, $2, $3, $4, $5)"
TENANT = """
SELECT t.id, t.name, t.slug, h.last_seq, h.epoch
FROM tenants t JOIN tenant_heads h ON h.tenant_id = t.id WHERE t.id = $1
"""
USER = "SELECT id, email, name FROM users WHERE id = $1"
RENAME = "UPDATE users SET name = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account.

    Attributes:
        user_id: the person.
        name: of the person.
        password_hash: None for those who only come in through an identity provider.
        verified: whether they proved that they read the mail of their address.
    """

    user_id: UUID
    name: str
    password_hash: str | None
    verified: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """A tenant that a person belongs to, and what they are there."""

    tenant_id: UUID
    slug: str
    name: str
    role: Role
    extra_permissions: Sequence[str]

    @property
    def permissions(self) -> frozenset[Permission]:
        """What they may do there."""
        return of_member(self.role, self.extra_permissions)


@dataclass(frozen=True, slots=True)
class TenantView:
    """A tenant as its own people see it, and where its log is now."""

    id: UUID
    name: str
    slug: str
    last_seq: int
    epoch: UUID


@dataclass(frozen=True, slots=True)
class User:
    """A person as their own tenants see them."""

    id: UUID
    email: str
    name: str


async def person_of(pool: asyncpg.Pool, address: str) -> Person | None:
    """Return who has an e-mail address. No tenant is known yet.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    rows = await fetch(pool, LOGIN_OF, address)
    return Person(**rows[0]) if rows else None


async def memberships_of(pool: asyncpg.Pool, user_id: UUID) -> Sequence[Membership]:
    """Return where a person is an active member, the oldest membership first.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    return [Membership(**row) for row in await fetch(pool, TENANTS_OF, user_id)]


async def invitations_of(pool: asyncpg.Pool, address: str, now: datetime) -> Sequence[tuple[UUID, UUID]]:
    """Return the tenants that wait for an address, each with its invitation.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    return [(row["tenant_id"], row["id"]) for row in await fetch(pool, INVITATIONS_OF, address, now)]


async def verify(pool: asyncpg.Pool, user_id: UUID, now: datetime) -> Sequence[bytes]:
    """Note that an address was proven to be its account's; the first time, what was set before is void.

    Returns:
        The hashes of the logins that ended with it.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    return [row[0] for row in await fetch(pool, VERIFY_PERSON, user_id, now)]


async def add_person(
    tx: TenantTx, user_id: UUID, email: str, name: str, password_hash: str | None, verified_at: datetime | None
) -> bool:
    """Make an account; False when the address has one."""
    added: bool = await tx.connection.fetchval(ADD_PERSON, user_id, email, name, password_hash, verified_at)
    return added


async def tenant(tx: TenantTx) -> TenantView:
    """Return the tenant of this transaction."""
    return TenantView(**await tx.connection.fetchrow(TENANT, tx.tenant_id))


async def user(tx: TenantTx, user_id: UUID) -> User | None:
    """Return a person of this tenant."""
    row = await tx.connection.fetchrow(USER, user_id)
    return None if row is None else User(**row)


async def rename(tx: TenantTx, user_id: UUID, name: str) -> None:
    """Give a person of this tenant another name."""
    await tx.connection.execute(RENAME, user_id, name)


async def fetch(pool: asyncpg.Pool, query: str, *args: object) -> Sequence[Any]:  # Any: asyncpg ships no types
    """Ask what may be asked without a tenant.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        rows: Sequence[Any] = await pool.fetch(query, *args)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return rows
