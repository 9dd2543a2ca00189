"""What a provider's webhook means, in one vocabulary for all providers (the normal form).

``normal_form`` turns an event into the JSON that ``postgate inspect`` prints; its keys are a
contract.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An e-mail address with the display name that was sent beside it."""

    address: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file that belongs to a message; ``id`` or ``url`` says where its bytes are.

    ``type`` is image, audio, voice, video, document, sticker or file. ``sha256`` is as the
    provider wrote it. For mail ``content`` holds the decoded bytes, with ``size`` in bytes.
    """

    type: str
    id: str | None = None
    url: str | None = None
    mime_type: str | None = None
    sha256: str | None = None
    filename: str | None = None
    size: int | None = None
    content_id: str | None = None
    inline: bool | None = None
    content: bytes | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A point on the map, in degrees."""

    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCard:
    """A contact that a customer shared; numbers and addresses as they were written."""

    name: str | None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


Attachment = Media | Location | ContactCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One way to recognise a customer: ``kind`` is phone, whatsapp, bsuid or email."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events have in common.

    ``channel`` is whatsapp, sms, mms or email. ``account`` is the provider-side id as the normal
    form shows it; ``address`` is our own address there (phone_number_id, E.164 number, mailbox),
    by which the gateway finds the tenant's channel. ``external_id`` is empty only for an ``Other``
    that came without one. ``occurred_at`` is the provider's time in UTC, None when it sent none.
    """

    provider: str
    channel: str
    account: str | None
    address: str | None
    external_id: str
    occurred_at: datetime | None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage(Event):
    """A customer wrote something.

    ``subtype`` is the content's kind (text, image, location, …; text or html for mail).
    ``identities`` lead with the one to recognise the sender by; ``sender_name`` is what the
    provider says the person is called. ``mail`` holds the keys that only mail has, as in the
    normal form (message_id, subject, html, …). ``error_code`` says why there is no content.
    """

    subtype: str
    sender: str | Mailbox | None
    recipients: tuple[str | Mailbox, ...]
    identities: tuple[Identity, ...]
    sender_name: str | None = None
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str | None = None
    mail: Mapping[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate(Event):
    """News about a message that we sent.

    ``message_ref`` is the provider's id of that message; ``status`` the normalised word, ``error``
    the provider's code and sentence. ``external_id`` tells this update from every other one.
    """

    status: str
    message_ref: str | None
    recipient: str | None
    error_code: str | None = None
    error_message: str | None = None
    mail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Event):
    """Anything else worth a record: a changed number, an edit, a preference, an alarm."""

    subtype: str
    sender: str | Mailbox | None = None
    recipients: tuple[str | Mailbox, ...] = ()
    text: str | None = None
    in_reply_to: str | None = None
    message_ref: str | None = None
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One item of a post that can't be read; its neighbours are not affected."""

    reason: str
    detail: str
    address: str | None = None


ChannelEvent = InboundMessage | StatusUpdate | Other | Quarantined


def iso_utc(moment: datetime | None) -> str | None:
    """Write a moment as ``YYYY-MM-DDTHH:MM:SSZ``; fractions of a second are dropped."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
