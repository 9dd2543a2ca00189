"""What every mail connection can be set to, whichever provider it is of."""

from pydantic import Field

from channels.adapter import HttpSettings, Settings


class MailSettings(Settings):
    """How mail of a connection is judged; the names are those that parsing finds in its context."""

    trusted_authserv_ids: tuple[str, ...] = Field(
        default=(),
        title="Trusted mail servers",
        description="Names of your own servers whose Authentication-Results count (RFC 8601 authserv-id).",
    )
    reply_address_pattern: str | None = Field(
        default=None,
        pattern=r"^[^@<>\s]*<token>[^@<>\s]*@[^@<>\s]+$",
        title="Reply address",
        description="The address that replies go to, with a place for the token: reply+<token>@reply.example.org",
    )
    own_message_id_domains: tuple[str, ...] = Field(
        default=(),
        title="Own Message-ID domains",
        description="Domains of the Message-IDs that are issued here; mail that comes back under one is a loop.",
    )


class HttpMailSettings(MailSettings, HttpSettings):
    """The same, for providers that take mail through an API of their own."""
