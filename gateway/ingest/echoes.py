"""Echoes: what a business wrote by other means than this gateway (the phone's app), as its provider tells."""

from collections.abc import Mapping
from typing import Any

from channels.events import Attachment, ContactCard, Identity, InboundMessage, Location, Mailbox, Media, Other
from gateway.ingest.notes import identity_kind

UNKNOWN_CONTENT = "unsupported"


def echoed(event: Other) -> InboundMessage | None:
    """Return the message that an echo tells of, with the customer that it went to as the one to know it by.

    None when the echo does not name one: what went to a group is no conversation with anybody.
    """
    identities = _identities(event)
    if not identities or "group_id" in event.extra:
        return None
    told = event.extra.get("content")
    content: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    text = event.text if event.text is not None else content.get("text")
    kind = content.get("subtype") or event.extra.get("raw_type") or ("text" if text else UNKNOWN_CONTENT)
    return InboundMessage(
        provider=event.provider,
        channel=event.channel,
        account=event.account,
        address=event.address,
        external_id=event.external_id,
        occurred_at=event.occurred_at,
        extra={name: value for name, value in event.extra.items() if name != "content"},
        subtype=str(kind),
        sender=event.sender,
        recipients=event.recipients,
        identities=identities,
        text=text,
        attachments=tuple(_attachment(form) for form in content.get("attachments") or ()),
        in_reply_to=event.in_reply_to,
    )


def _identities(event: Other) -> tuple[Identity, ...]:
    """Return how to recognise the recipient: a lasting user id first, as with those who write."""
    to = event.recipients[0] if event.recipients else None
    address = to.address.lower() if isinstance(to, Mailbox) else to
    user_id = event.extra.get("user_id")
    addresses = dict.fromkeys(text for text in (user_id, address) if isinstance(text, str) and text)
    return tuple(Identity(kind=identity_kind(event.channel, text), value=text) for text in addresses)


def _attachment(form: Mapping[str, Any]) -> Attachment:
    """Read an attachment in the normal form of a phone channel."""
    match form["type"]:
        case "location":
            return Location(
                latitude=form["latitude"],
                longitude=form["longitude"],
                name=form.get("name"),
                address=form.get("address"),
                url=form.get("url"),
            )
        case "contact":
            return ContactCard(name=form.get("name"), phones=tuple(form["phones"]), emails=tuple(form["emails"]))
        case kind:
            return Media(
                type=kind,
                id=form.get("id"),
                url=form.get("url"),
                mime_type=form.get("mime_type"),
                sha256=form.get("sha256"),
                filename=form.get("filename"),
            )
