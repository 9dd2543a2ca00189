"""What the receiving side knows about a mail, apart from the mail itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from channels.mail.trust import Authentication


@dataclass(frozen=True, slots=True)
class Envelope:
    """The SMTP envelope. ``null_sender``: MAIL FROM was empty, as it is for bounces."""

    sender: str | None
    recipients: tuple[str, ...]
    null_sender: bool

    @classmethod
    def of(cls, value: object) -> Self:
        """Read ``{"from": …, "to": […]}``; an absent envelope is unknown, and so not null."""
        envelope: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        sent, recipients = envelope.get("from"), envelope.get("to")
        sender = sent.strip().strip("<>") if isinstance(sent, str) else ""
        listed = (recipients,) if isinstance(recipients, str) else _texts(recipients)
        return cls(sender or None, listed, "from" in envelope and not sender)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the tenant's mail channel is configured with.

    Attributes:
        trusted_authserv_ids: servers whose Authentication-Results count.
        reply_address_pattern: such as ``reply+<token>@reply.example``.
        own_message_id_domains: domains of the Message-IDs that we issue.
    """

    trusted_authserv_ids: tuple[str, ...] = ()
    reply_address_pattern: str | None = None
    own_message_id_domains: tuple[str, ...] = ()

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> Self:
        """Take the settings out of an adapter's context; what is missing stays at its default."""
        pattern = context.get("reply_address_pattern")
        return cls(
            _texts(context.get("trusted_authserv_ids")),
            pattern if isinstance(pattern, str) else None,
            _texts(context.get("own_message_id_domains")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How a mail came: by which provider, under which id, to which of our addresses.

    Attributes:
        provider: its name.
        external_id: its id of this arrival.
        envelope: as SMTP had it.
        settings: of the connection.
        address: our address where the provider names one and there is no envelope.
        reply_token: one that the provider took out of the address.
        reply_hint: what the provider takes for the part that was written now.
        authentication: what the provider itself checked; None means that the header is to be asked.
        spam: its score and verdict.
        virus: whether it found one; None when it did not look.
        fetch: where the content is when it did not come along.
        extra: what else may matter.
    """

    provider: str
    external_id: str
    envelope: Envelope
    settings: Settings
    address: str | None = None
    reply_token: str | None = None
    reply_hint: str | None = None
    authentication: Authentication | None = None
    spam: Mapping[str, Any] | None = None
    virus: bool | None = None
    fetch: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def _texts(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list | tuple | set | frozenset) else ()
    return tuple(one for one in listed if isinstance(one, str))
