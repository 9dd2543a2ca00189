"""Resend's inbound event: metadata of a mail, and the mail itself where it was fetched.

https://resend.com/docs/dashboard/receiving/introduction. There is no envelope, and nobody judged the sender.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.events import ChannelEvent
from channels.json_fields import Object, iso_moment_in, list_in, object_in, required_id, text_in
from channels.mail.addresses import mailboxes
from channels.mail.arrival import Arrival, Envelope, Settings
from channels.mail.letter import Letter, read_letter
from channels.mail.parsed import File, fields_of, parsed_letter
from channels.mail.reading import events
from channels.mail.tokens import token_in

RECEIVED = "email.received"
NO_ENVELOPE = Envelope(None, (), null_sender=False)
RECIPIENTS = ("to", "cc", "bcc")


def inbound(provider: str, post: Object, event_id: str, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read a received mail: as it was sent if ``context["fetched"]`` has it, else what the event says of it.

    Raises:
        Unreadable: the event names no mail.
    """
    data, settings = object_in(post, "data"), Settings.of(context)
    path = f"GET /emails/receiving/{required_id(data, 'email_id')}"
    fetched = context.get("fetched")
    raw = fetched.get("raw") if isinstance(fetched, Mapping) else None
    whole = isinstance(raw, bytes) and bool(raw.strip())
    addresses = [box.address for name in RECIPIENTS for one in _texts(data, name) for box in mailboxes(one)]
    arrival = Arrival(
        provider=provider,
        external_id=event_id,
        envelope=NO_ENVELOPE,
        settings=settings,
        address=next(iter(addresses), None),
        reply_token=token_in(addresses, settings.reply_address_pattern),
        fetch=None if whole else path,
        extra={"email_id": required_id(data, "email_id")},
    )
    return events(read_letter(raw) if isinstance(raw, bytes) and whole else _announced(data, path), arrival)


def _announced(data: Object, path: str) -> Letter:
    """Return what the metadata tells of a mail."""
    headers = {
        "from": text_in(data, "from") or "",
        "subject": text_in(data, "subject") or "",
        "message-id": text_in(data, "message_id") or "",
        **{name: ", ".join(_texts(data, name)) for name in ("to", "cc")},
    }
    files = [
        File(
            content=None,
            type=text_in(one, "content_type") or "",
            name=text_in(one, "filename") or "",
            content_id=(text_in(one, "content_id") or "").strip("<>") or None,
            inline=text_in(one, "content_disposition") == "inline",
            url=f"{path}/attachments/{text_in(one, 'id')}" if text_in(one, "id") else None,
        )
        for one in list_in(data, "attachments")
        if isinstance(one, dict)
    ]
    letter = parsed_letter(fields_of((), headers), text=None, html=None, files=files)
    return replace(letter, sent_at=iso_moment_in(data, "created_at"))


def _texts(data: Object, name: str) -> Iterator[str]:
    return (one for one in list_in(data, name) if isinstance(one, str))
