"""What an endpoint's signatures and logins are made with: sealed in its row, and never shown again once made."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class Secret(BaseModel):
    """A shared secret, or a private key.

    Attributes:
        id: by which it is told apart from the others of its endpoint.
        value: ``whsec_…`` or, of a private key, ``whsk_…``; both with base64 behind it.
        created_at: when it was made or entered.
        expires_at: when it stops being used; None: it is the one that stays.
    """

    id: str
    value: str = Field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None

    def alive(self, now: datetime) -> bool:
        """Tell whether it signs."""
        return self.expires_at is None or now < self.expires_at


class Login(BaseModel):
    """The secret parts of how we prove to an endpoint who we are; which are set depends on the type.

    Attributes:
        username: of ``basic``.
        password: of ``basic``.
        token: of ``bearer``.
        headers: of ``headers``, by name.
        token_url: of ``oauth2`` (client credentials, RFC 6749 section 4.4).
        client_id: of ``oauth2``.
        client_secret: of ``oauth2``.
        scope: of ``oauth2``, words with blanks between them.
    """

    username: str = ""
    password: str = Field(default="", repr=False)
    token: str = Field(default="", repr=False)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    token_url: str = ""
    client_id: str = ""
    client_secret: str = Field(default="", repr=False)
    scope: str = ""


class EndpointSecrets(BaseModel):
    """All of them.

    Attributes:
        secrets: for HMAC, the newest first.
        keys: private keys for ``v1a``, the newest first; none unless the endpoint asked for that scheme.
        login: see there.
    """

    secrets: list[Secret]
    keys: list[Secret] = []
    login: Login = Login()

    def alive(self, now: datetime) -> "EndpointSecrets":
        """Return those that sign."""
        return EndpointSecrets(
            secrets=[one for one in self.secrets if one.alive(now)],
            keys=[one for one in self.keys if one.alive(now)],
            login=self.login,
        )


def place_of(tenant_id: UUID, endpoint_id: UUID) -> str:
    """Name what the secrets of an endpoint are sealed for; see ``gateway.keys``."""
    return f"{tenant_id}/endpoint/{endpoint_id}"
