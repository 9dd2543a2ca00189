"""A tenant's people, invitations and API keys, and a person's own logins, as the API shows them."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import Seq, Timestamp, UserId, public_id
from gateway.permissions import Role

InvitationId = Annotated[str, public_id("inv")]
SessionId = Annotated[str, public_id("ses")]
ApiKeyId = Annotated[str, public_id("key")]


class Member(Described):
    """A person in a tenant."""

    id: UserId
    name: str
    email: str
    role: Role
    extra_permissions: list[str] = Field(description="What this member may do beyond their role.")
    status: Literal["active", "disabled"] = Field(description="disabled: they can't come in; what they wrote stays.")
    availability: Literal["online", "away"] = Field(description="away: teams hand them nothing.")
    created_at: Timestamp
    updated_at: Timestamp


class MemberPage(Described):
    """All members, the first one first."""

    data: list[Member]
    next_cursor: str | None
    seq: Seq


class Invitation(Described):
    """Somebody who was invited and has not joined yet."""

    id: InvitationId
    email: str
    role: Role
    mailed: bool = Field(description="Whether the link was sent by mail.")
    invited_by: UserId | None
    expires_at: Timestamp
    expired: bool
    created_at: Timestamp


class SentInvitation(Invitation):
    """An invitation that was just made or renewed."""

    link: str | None = Field(
        description="The link to pass on, told this once; null when it was sent by mail instead.",
        json_schema_extra={"format": "uri"},
    )


class InvitationPage(Described):
    """Invitations that wait, the newest first."""

    data: list[Invitation]
    next_cursor: str | None


class OpenInvitation(Described):
    """What somebody sees who opens the link of an invitation."""

    tenant: str = Field(description="The name of what they join.")
    email: str
    role: Role
    invited_by: str | None = Field(description="A name.")
    account: Literal["new", "password", "single_sign_on"] = Field(
        description="new: they choose a name and a password; password: they have an account and give its password;"
        " single_sign_on: they have an account without a password, and join by signing in."
    )


class LoginSession(Described):
    """A login of the caller."""

    id: SessionId
    tenant: str = Field(description="The name of the tenant that it is for.")
    device: str | None = Field(description="In words: Firefox on Windows.")
    user_agent: str
    current: bool = Field(description="Whether it is the one that asks.")
    created_at: Timestamp
    last_seen_at: Timestamp = Field(description="To a quarter of an hour.")


class LoginSessionPage(Described):
    """Logins, the last used first."""

    data: list[LoginSession]
    next_cursor: str | None


class ApiKey(Described):
    """An API key; the key itself is told once, when it is made."""

    id: ApiKeyId
    name: str
    prefix: str = Field(description="What the key begins with, after `pgk_`, to tell keys apart.")
    scopes: list[str] = Field(description="Permissions; without any, all that a key can have.")
    created_by: UserId | None
    created_at: Timestamp
    last_used_at: Timestamp | None = Field(description="To a quarter of an hour; null: never.")


class NewApiKey(ApiKey):
    """An API key that was just made."""

    key: str = Field(description="The key. It can't be told again.")


class ApiKeyPage(Described):
    """API keys that count, the newest first."""

    data: list[ApiKey]
    next_cursor: str | None


class SecondFactor(Described):
    """Whether the caller's logins ask for a code."""

    enabled: bool
    recovery_codes: int = Field(description="How many are left.")


class NewSecondFactor(Described):
    """A secret for an app, which counts once a code of it has come."""

    secret: str = Field(description="In base32, for typing it in.")
    address: str = Field(description="The otpauth: address that apps read.")
    qr: str = Field(description="The address as a picture, in SVG.")


class RecoveryCodes(Described):
    """Codes for when the device is gone; each works once. They can't be told again."""

    recovery_codes: list[str]


class WaysIn(Described):
    """How people can come in here."""

    password_reset: bool = Field(description="Whether a link to set a password can be sent by mail.")
    single_sign_on: str | None = Field(description="The name of the identity provider; null when there is none.")


class ResetLink(Described):
    """Whose password a link sets."""

    email: str
