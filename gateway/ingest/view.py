"""How a new message looks to the outside, rendered before it is stored.

The database renders messages too (``message_json``), for everything that is read later. Doing it here for new ones
takes a tenth of the time; a test holds the two against each other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from channels.events import InboundMessage
from gateway.model.ids import public
from gateway.model.log import iso

TEXT_LIMIT = 1_000_000
PREVIEW_LENGTH = 140
PREVIEW_SOURCE = 400


def message_view(
    event: InboundMessage,
    message_id: UUID,
    channel_id: UUID,
    external_id: str | None,
    text: str | None,
    preview: str,
    sender_name: str | None,
    sender: str | None,
    recipients: Sequence[str],
    attachments: Sequence[Mapping[str, Any]],
    extra: Mapping[str, Any],
    occurred_at: datetime,
    received_at: datetime,
    direction: str,
    status: str,
) -> dict[str, Any]:
    """Return MESSAGE, all but its conversation and what only the database knows (the message it answers)."""
    mail = event.mail
    received = iso(received_at)
    return {
        "id": public("msg", message_id),
        "external_id": external_id,
        "channel": event.channel,
        "channel_id": public("ch", channel_id),
        "provider": event.provider,
        "direction": direction,
        "kind": event.subtype,
        "text": text,
        "preview": preview,
        "from": {"name": sender_name, "address": sender},
        "to": recipients,
        "author_id": None,
        "mentions": [],
        "attachments": attachments,
        "in_reply_to": None,
        "reply_to_id": None,
        "subject": clean(mail.get("subject")) if mail else None,
        "reply_text": mail.get("reply_text") if mail else None,
        "has_html": bool(mail and mail.get("has_html")),
        "mail": mail_view(mail) if mail else None,
        "status": status,
        "status_at": {},
        "error": None,
        "occurred_at": iso(occurred_at),
        "received_at": received,
        "created_at": received,
        "edited_at": None,
        "deleted_at": None,
        "extra": extra,
    }


def mail_view(mail: Mapping[str, Any]) -> dict[str, Any]:
    """Return what only mails show."""
    return {
        "cc": mail.get("cc") or [],
        "message_id": mail.get("message_id"),
        "from_verified": mail.get("from_verified"),
        "auto": mail.get("auto"),
    }


def shown(file: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the outside sees of a file."""
    return {
        "id": public("att", file["id"]),
        "type": file["type"],
        "filename": file["filename"],
        "mime_type": file["mime_type"],
        "size": file["size_bytes"],
        "width": None,
        "height": None,
        "duration_ms": None,
        "content_id": file["content_id"],
        "state": "pending",
        "error": None,
    }


def preview_of(event: InboundMessage) -> str:
    """Return one short line of a message, for lists."""
    mail = event.mail or {}
    return one_line(mail.get("preview") or mail.get("reply_text") or event.text or "")


def one_line(text: str) -> str:
    """Return the beginning of a text on one line."""
    return " ".join((clean(text[:PREVIEW_SOURCE]) or "").split())[:PREVIEW_LENGTH]


def clean(text: str | None) -> str | None:
    """Drop what Postgres refuses inside text, and bound the length."""
    if text is None:
        return None
    if "\0" in text:
        text = text.replace("\0", "")
    return text[:TEXT_LIMIT]
