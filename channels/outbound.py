"""What we send, in one vocabulary for all providers, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from channels.events import ContactCard, Location, Media


@dataclass(frozen=True, slots=True)
class Parameter:
    """A text put into a template; ``name`` where the template names its places, else they are counted."""

    text: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateButton:
    """What a button of a template needs: ``value`` ends its URL, comes back as its payload, or is the code to copy."""

    index: int
    kind: Literal["quick_reply", "url", "copy_code", "flow"]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A message that the provider approved beforehand; ``name`` is the provider's name or id of it."""

    name: str
    language: str
    header: Parameter | Media | Location | None = None
    body: Sequence[Parameter] = ()
    buttons: Sequence[TemplateButton] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing to tap on; ``id`` comes back when somebody does."""

    id: str
    title: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buttons:
    """A text with buttons for an answer."""

    choices: Sequence[Choice]
    header: str | Media | None = None
    footer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part of a list."""

    title: str | None
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceList:
    """A text with a list to choose from, which opens at a tap on ``label``."""

    label: str
    sections: Sequence[Section]
    header: str | None = None
    footer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkButton:
    """A text with a button that opens a page (call to action)."""

    label: str
    url: str
    header: str | Media | None = None
    footer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowButton:
    """A text with a button that opens a form; ``token`` comes back with the answers."""

    label: str
    flow_id: str
    token: str
    screen: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    header: str | Media | None = None
    footer: str | None = None


@dataclass(frozen=True, slots=True)
class LocationRequest:
    """A text with a button by which the customer sends where they are."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """An emoji on the message that is replied to; an empty one takes the reaction back."""

    emoji: str


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contact cards."""

    cards: Sequence[ContactCard]


Content = Template | Buttons | ChoiceList | LinkButton | FlowButton | LocationRequest | Location | Contacts | Reaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A message to be sent: a text, files, both, or ``content`` of another kind, whose words stand in ``text``.

    Attributes:
        reference: our own message id; for mail the Message-ID.
        sender: our address there.
        recipient: the customer's.
        text: the words.
        media: files, by link, by the provider's id, or with their bytes.
        content: what is neither text nor file.
        in_reply_to: the provider's id of the quoted message.
        channel: whatsapp, sms, mms or email; matters where one provider has several.
        callback_url: where the provider shall tell what became of the message, for those that take a URL with each.
        subject: of a mail.
        cc: mail addresses that get a copy.
        bcc: mail addresses that get one without anybody else knowing.
        html: the same words as HTML, for mail.
        references: Message-IDs of the thread, oldest first.
        headers: further header fields of a mail.
        sent_at: the time of this attempt, for those whose requests are signed with it.
        settings: the connection's settings by name, as ``parse`` gets them in its context.
    """

    reference: str
    sender: str
    recipient: str
    text: str | None = None
    media: Sequence[Media] = ()
    content: Content | None = None
    in_reply_to: str | None = None
    channel: str | None = None
    callback_url: str | None = None
    subject: str | None = None
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    html: str | None = None
    references: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    sent_at: datetime | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


#: What a customer may opt out of: every message, or a kind of them.
OptOut = Literal["all", "marketing_messages"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message; ``external_id`` is its id for it."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider did not take the message, or does not do what else was asked.

    ``reason`` is a sentence that an agent understands, ``retry_after`` is in seconds. ``unknown``
    is True when the message may have been sent all the same: never resend such a one blindly. ``opt_out``
    tells that the customer does not want messages from this address: all, or those of a kind.
    """

    code: str
    reason: str
    retryable: bool
    retry_after: float | None = None
    unknown: bool = False
    opt_out: OptOut | None = None


SendResult = Accepted | Refused
