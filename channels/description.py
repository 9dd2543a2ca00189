"""A provider described for people: what it can do, and how to connect it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What can be sent through a provider, and what it tells us back.

    Attributes:
        channels: the channels it serves: whatsapp, sms, mms, email.
        longest_text: in characters, by channel; one that is missing has no bound that a writer would notice.
        media: kinds of files that can be sent: image, audio, voice, video, document, sticker, file.
        most_files: in one message.
        templates: approved templates can be sent.
        interactive: buttons and lists can be sent.
        reactions: emojis can be put on messages.
        quotes: a reply can show the message that it answers.
        read_receipts: it tells when a customer read a message (for mail: opened).
        mark_read: we can tell the customer that a message was read.
        typing: we can show the customer that somebody is writing.
        window_hours: how long after a customer's message anything but a template can be sent; None is for ever.
    """

    channels: tuple[str, ...]
    longest_text: Mapping[str, int] = field(default_factory=dict)
    media: tuple[str, ...] = ()
    most_files: int = 0
    templates: bool = False
    interactive: bool = False
    reactions: bool = False
    quotes: bool = False
    read_receipts: bool = False
    mark_read: bool = False
    typing: bool = False
    window_hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a person connects a provider.

    Attributes:
        title: the provider's name as people write it.
        summary: one sentence: what the connection brings.
        documentation: the provider's own page about its webhooks.
        steps: what to do there, in order, in Markdown sentences. ``{hook_url}`` stands for the connection's URL,
            ``{host}`` for the host name in it.
        address: what a channel's address is here, in words ("The phone number ID, 15 digits").
        notes: what else a person should know: limits, what the provider can't do.
    """

    title: str
    summary: str
    documentation: str
    steps: tuple[str, ...]
    address: str
    notes: tuple[str, ...] = ()
