"""Who may come in: logins, sessions, API keys, and the tenant they see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from gateway.permissions import Permission, Role, of_member
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx

LOGIN_OF = "SELECT user_id, password_hash, tenant_id, role FROM login_of($1)"
ADD_SESSION = """
INSERT INTO sessions (tenant_id, token_hash, id, user_id, user_agent, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
END_SESSION = "DELETE FROM sessions WHERE tenant_id = $1 AND token_hash = $2"
END_OLD_SESSIONS = "DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND expires_at <= $3"
MEMBER_OF_SESSION = """
SELECT s.user_id, m.role, m.extra_permissions
FROM sessions s
JOIN memberships m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id AND m.status = 'active'
JOIN users u ON u.id = s.user_id AND u.status = 'active'
JOIN tenants t ON t.id = s.tenant_id AND t.status = 'active'
WHERE s.tenant_id = $1 AND s.token_hash = $2 AND s.expires_at > $3
"""
SCOPES_OF_KEY = """
SELECT k.scopes FROM api_keys k JOIN tenants t ON t.id = k.tenant_id AND t.status = 'active'
WHERE k.tenant_id = $1 AND k.key_hash = $2 AND k.revoked_at IS NULL
"""
TENANT = """
SELECT t.id, t.name, t.slug, h.last_seq, h.epoch
FROM tenants t JOIN tenant_heads h ON h.tenant_id = t.id WHERE t.id = $1
"""
USER = "SELECT id, email, name FROM users WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Login:
    """A person who may log in, and a tenant they belong to."""

    user_id: UUID
    password_hash: str
    tenant_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a tenant."""

    user_id: UUID
    role: Role
    extra_permissions: Sequence[str]

    @property
    def permissions(self) -> frozenset[Permission]:
        """What they may do."""
        return of_member(self.role, self.extra_permissions)


@dataclass(frozen=True, slots=True)
class Session:
    """A login that is to be stored; of its token only the hash."""

    token_hash: bytes
    id: UUID
    user_id: UUID
    user_agent: str
    expires_at: datetime


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


async def logins(pool: asyncpg.Pool, address: str) -> Sequence[Login]:
    """Return the logins of an e-mail address, oldest membership first. No tenant is known yet.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        rows = await pool.fetch(LOGIN_OF, address)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return [Login(**row) for row in rows]


async def add_session(tx: TenantTx, session: Session, now: datetime) -> None:
    """Store a session, and sweep this person's ended ones away."""
    await tx.connection.execute(END_OLD_SESSIONS, tx.tenant_id, session.user_id, now)
    await tx.connection.execute(
        ADD_SESSION, tx.tenant_id, session.token_hash, session.id, session.user_id, session.user_agent,
        session.expires_at,
    )  # fmt: skip


async def end_session(tx: TenantTx, token_hash: bytes) -> None:
    """Forget a session, if there is one."""
    await tx.connection.execute(END_SESSION, tx.tenant_id, token_hash)


async def member_of_session(tx: TenantTx, token_hash: bytes, now: datetime) -> Member | None:
    """Return whose session this is, while it lasts and the person and the tenant are active."""
    row = await tx.connection.fetchrow(MEMBER_OF_SESSION, tx.tenant_id, token_hash, now)
    return None if row is None else Member(**row)


async def scopes_of_key(tx: TenantTx, key_hash: bytes) -> frozenset[str] | None:
    """Return what an API key is limited to; None when there is no such key."""
    scopes = await tx.connection.fetchval(SCOPES_OF_KEY, tx.tenant_id, key_hash)
    return None if scopes is None else frozenset(scopes)


async def tenant(tx: TenantTx) -> TenantView:
    """Return the tenant of this transaction."""
    return TenantView(**await tx.connection.fetchrow(TENANT, tx.tenant_id))


async def user(tx: TenantTx, user_id: UUID) -> User | None:
    """Return a person of this tenant."""
    row = await tx.connection.fetchrow(USER, user_id)
    return None if row is None else User(**row)
