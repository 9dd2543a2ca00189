"""Logins: a session holds while it is used, and for two weeks at most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gateway.permissions import Permission, Role, of_member
from gateway.store.pool import TenantTx

#: A session ends when nobody used it for so long.
IDLE = timedelta(days=7)
#: When a session was last used is written down no more often than this.
SEEN_EVERY = timedelta(minutes=15)

ADD = """
INSERT INTO sessions (tenant_id, token_hash, id, user_id, user_agent, expires_at, created_at, last_seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
"""
END = "DELETE FROM sessions WHERE tenant_id = $1 AND token_hash = $2"
END_OLD = "DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND (expires_at <= $3 OR last_seen_at <= $4)"
END_OF_MEMBER = "DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 RETURNING token_hash"
MEMBER_OF = """
SELECT s.user_id, m.role, m.extra_permissions, s.last_seen_at
FROM sessions s
JOIN memberships m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id AND m.status = 'active'
JOIN users u ON u.id = s.user_id AND u.status = 'active'
JOIN tenants t ON t.id = s.tenant_id AND t.status = 'active'
WHERE s.tenant_id = $1 AND s.token_hash = $2 AND s.expires_at > $3 AND s.last_seen_at > $4
"""
SEEN = "UPDATE sessions SET last_seen_at = $3 WHERE tenant_id = $1 AND token_hash = $2"
ALL_OF = """
SELECT id, tenant, user_agent, created_at, last_seen_at, token_hash FROM sessions_of($1, $2, $3)
"""
END_OF = "SELECT end_sessions_of($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class Session:
    """A login that is to be stored; of its token only the hash."""

    token_hash: bytes
    id: UUID
    user_id: UUID
    user_agent: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """Whose session it is."""

    user_id: UUID
    role: Role
    extra_permissions: Sequence[str]
    last_seen_at: datetime

    @property
    def permissions(self) -> frozenset[Permission]:
        """What they may do."""
        return of_member(self.role, self.extra_permissions)


@dataclass(frozen=True, slots=True)
class SessionView:
    """A login as its person sees it; ``tenant`` is a name."""

    id: UUID
    tenant: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    token_hash: bytes


async def add(tx: TenantTx, session: Session, now: datetime) -> None:
    """Store a session, and sweep this person's ended ones away."""
    await tx.connection.execute(END_OLD, tx.tenant_id, session.user_id, now, now - IDLE)
    await tx.connection.execute(
        ADD, tx.tenant_id, session.token_hash, session.id, session.user_id, session.user_agent, session.expires_at, now
    )


async def end(tx: TenantTx, token_hash: bytes) -> None:
    """Forget a session, if there is one."""
    await tx.connection.execute(END, tx.tenant_id, token_hash)


async def member_of(tx: TenantTx, token_hash: bytes, now: datetime) -> Member | None:
    """Return whose session this is, while it lasts and the person and the tenant are active; it counts as used."""
    row = await tx.connection.fetchrow(MEMBER_OF, tx.tenant_id, token_hash, now, now - IDLE)
    if row is None:
        return None
    member = Member(**row)
    if member.last_seen_at <= now - SEEN_EVERY:
        await tx.connection.execute(SEEN, tx.tenant_id, token_hash, now)
    return member


async def all_of(tx: TenantTx, user_id: UUID, now: datetime) -> Sequence[SessionView]:
    """Return a member's logins, in all their tenants, the last used first."""
    return [SessionView(**row) for row in await tx.connection.fetch(ALL_OF, user_id, now, now - IDLE)]


async def end_of_member(tx: TenantTx, user_id: UUID) -> Sequence[bytes]:
    """End a member's logins in this tenant; returns their hashes."""
    return [row[0] for row in await tx.connection.fetch(END_OF_MEMBER, tx.tenant_id, user_id)]


async def end_one(tx: TenantTx, user_id: UUID, session_id: UUID) -> Sequence[bytes]:
    """End one login of a member, in whichever of their tenants; returns its hash, or nothing when it is none."""
    return [row[0] for row in await tx.connection.fetch(END_OF, user_id, session_id, b"")]


async def end_others(tx: TenantTx, user_id: UUID, kept: bytes) -> Sequence[bytes]:
    """End all logins of a member, in all their tenants, but the one with this hash; returns the hashes."""
    return [row[0] for row in await tx.connection.fetch(END_OF, user_id, None, kept)]
