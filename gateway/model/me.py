"""Who is logged in, and the login."""

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import Seq, UserId
from gateway.permissions import Permission, Role


class MeUser(Described):
    """A person."""

    id: UserId
    email: str
    name: str | None


class MeTenant(Described):
    """The tenant that a caller sees."""

    id: str = Field(json_schema_extra={"format": "uuid"})
    name: str
    slug: str


class MeMembership(MeTenant):
    """A tenant that the person belongs to."""

    role: Role


class Me(Described):
    """The caller, and where the tenant's log is now."""

    user: MeUser | None = Field(description="null: an API key.")
    tenant: MeTenant
    tenants: list[MeMembership] = Field(description="Where this person belongs, and may switch to; none for a key.")
    role: str = Field(description="owner, admin, manager, operator or viewer; api_key for an API key.")
    permissions: list[Permission] = Field(description="What the caller may do.")
    demo: bool = Field(description="Whether the simulator can be used.")
    seq: Seq
    epoch: str = Field(description="Positions of another epoch mean nothing in this log.")
