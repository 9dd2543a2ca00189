"""Who belongs to a tenant, and as what."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.permissions import Permission, Role, of_member
from gateway.store.pool import TenantTx

ALL = """
SELECT j.data::text FROM memberships m, member_json(m) j
WHERE m.tenant_id = $1 ORDER BY m.created_at, m.user_id
"""
ONE = "SELECT j.data::text FROM memberships m, member_json(m) j WHERE m.tenant_id = $1 AND m.user_id = $2"
# The owners too, always in the same order: two of them must not take the role from each other at the same time.
LOCK = """
SELECT user_id, role, extra_permissions, status FROM memberships
WHERE tenant_id = $1 AND (user_id = $2 OR role = 'owner') ORDER BY user_id FOR NO KEY UPDATE
"""
CHANGE = """
UPDATE memberships SET role = $3, extra_permissions = $4, status = $5 WHERE tenant_id = $1 AND user_id = $2
"""
ADD = "INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
WITH_ADDRESS = """
SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = $1 AND u.email = $2
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a tenant; ``status`` is active or disabled."""

    user_id: UUID
    role: Role
    extra_permissions: Sequence[str]
    status: str

    @property
    def permissions(self) -> frozenset[Permission]:
        """What they may do."""
        return of_member(self.role, self.extra_permissions)


async def all_json(tx: TenantTx) -> Sequence[str]:
    """Return all members as JSON texts, the first one first."""
    return [row[0] for row in await tx.connection.fetch(ALL, tx.tenant_id)]


async def one_json(tx: TenantTx, user_id: UUID) -> str | None:
    """Return a member as JSON text."""
    found: str | None = await tx.connection.fetchval(ONE, tx.tenant_id, user_id)
    return found


async def lock(tx: TenantTx, user_id: UUID) -> tuple[Member | None, Sequence[Member]]:
    """Return a member who is to be changed, and the active owners; none of them changes before the commit."""
    found = [Member(**row) for row in await tx.connection.fetch(LOCK, tx.tenant_id, user_id)]
    member = next((one for one in found if one.user_id == user_id), None)
    return member, [one for one in found if one.role == "owner" and one.status == "active"]


async def change(tx: TenantTx, member: Member) -> None:
    """Store what a member is from now on."""
    await tx.connection.execute(
        CHANGE, tx.tenant_id, member.user_id, member.role, list(member.extra_permissions), member.status
    )


async def add(tx: TenantTx, user_id: UUID, role: Role) -> None:
    """Make a person a member; who is one already stays what they are."""
    await tx.connection.execute(ADD, tx.tenant_id, user_id, role)


async def has_address(tx: TenantTx, email: str) -> bool:
    """Tell whether a member, active or not, has an e-mail address."""
    return await tx.connection.fetchval(WITH_ADDRESS, tx.tenant_id, email) is not None


SET_AVAILABILITY = "UPDATE memberships SET availability = $3 WHERE tenant_id = $1 AND user_id = $2"


async def set_availability(tx: TenantTx, user_id: UUID, availability: str) -> None:
    """Store whether a member takes conversations: ``online`` or ``away``."""
    await tx.connection.execute(SET_AVAILABILITY, tx.tenant_id, user_id, availability)
