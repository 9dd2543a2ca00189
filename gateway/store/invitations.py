"""Who was invited to a tenant; of each link's token only the hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.permissions import Role
from gateway.store.pool import TenantTx

ALL = """
SELECT id, email, role, mailed, invited_by, expires_at, created_at FROM invitations
WHERE tenant_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL ORDER BY created_at DESC, id DESC
"""
OF_LINK = """
SELECT id, email, role, mailed, invited_by, expires_at, created_at FROM invitations
WHERE tenant_id = $1 AND token_hash = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $3
  AND EXISTS (SELECT FROM tenants t WHERE t.id = $1 AND t.status = 'active')
"""
ADD = """
INSERT INTO invitations (tenant_id, id, email, role, token_hash, mailed, invited_by, expires_at, created_at)
VALUES ($1, $2, $3, $4, $5, false, $6, $7, $8)
ON CONFLICT (tenant_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL DO UPDATE
SET id = excluded.id, role = excluded.role, token_hash = excluded.token_hash, mailed = false,
    invited_by = excluded.invited_by, expires_at = excluded.expires_at, created_at = excluded.created_at
"""
RENEW = """
UPDATE invitations SET token_hash = $3, expires_at = $4, mailed = false
WHERE tenant_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL
RETURNING id, email, role, mailed, invited_by, expires_at, created_at
"""
MAILED = "UPDATE invitations SET mailed = true WHERE tenant_id = $1 AND id = $2 AND token_hash = $3"
REVOKE = """
UPDATE invitations SET revoked_at = $3
WHERE tenant_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL
RETURNING role
"""
ACCEPT = """
UPDATE invitations SET accepted_at = $3
WHERE tenant_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $3
RETURNING role
"""


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that is neither accepted nor revoked.

    Attributes:
        id: of the invitation.
        email: whom it is for.
        role: what they become.
        mailed: whether the mail to them was the only place where the link stood.
        invited_by: a member; None when a program did it.
        expires_at: it counts until then.
        created_at: when it was made.
    """

    id: UUID
    email: str
    role: Role
    mailed: bool
    invited_by: UUID | None
    expires_at: datetime
    created_at: datetime


async def all_of(tx: TenantTx) -> Sequence[Invitation]:
    """Return the invitations that wait, also those that have expired, the newest first."""
    return [Invitation(**row) for row in await tx.connection.fetch(ALL, tx.tenant_id)]


async def of_token(tx: TenantTx, token_hash: bytes, now: datetime) -> Invitation | None:
    """Return the invitation of a link, while it counts."""
    row = await tx.connection.fetchrow(OF_LINK, tx.tenant_id, token_hash, now)
    return None if row is None else Invitation(**row)


async def add(tx: TenantTx, invitation: Invitation, token_hash: bytes) -> None:
    """Store an invitation, in place of an earlier one of the same address: the last of those who ask counts."""
    await tx.connection.execute(
        ADD, tx.tenant_id, invitation.id, invitation.email, invitation.role, token_hash, invitation.invited_by,
        invitation.expires_at, invitation.created_at,
    )  # fmt: skip


async def renew(tx: TenantTx, invitation_id: UUID, token_hash: bytes, expires_at: datetime) -> Invitation | None:
    """Give an invitation another link, which alone counts from now on."""
    row = await tx.connection.fetchrow(RENEW, tx.tenant_id, invitation_id, token_hash, expires_at)
    return None if row is None else Invitation(**row)


async def note_mailed(tx: TenantTx, invitation_id: UUID, token_hash: bytes) -> None:
    """Note that an invitation's link, if it is still this one, stood in the mail to them and nowhere else."""
    await tx.connection.execute(MAILED, tx.tenant_id, invitation_id, token_hash)


async def revoke(tx: TenantTx, invitation_id: UUID, now: datetime) -> Role | None:
    """Take an invitation back; returns the role that it offered, None when there is none."""
    role: Role | None = await tx.connection.fetchval(REVOKE, tx.tenant_id, invitation_id, now)
    return role


async def accept(tx: TenantTx, invitation_id: UUID, now: datetime) -> Role | None:
    """Use an invitation up; returns the role that it gives, None when it counts no more."""
    role: Role | None = await tx.connection.fetchval(ACCEPT, tx.tenant_id, invitation_id, now)
    return role
