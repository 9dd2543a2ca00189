"""Events as the JSON that ``postgate inspect`` prints: one vocabulary for every provider.

Beside the keys that each kind must have, messages and other events say ``error`` when there is one, and other events
keep who and what they are about. Bytes of files are never in it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, assert_never

from channels.events import (
    Attachment,
    ContactCard,
    InboundMessage,
    Location,
    Mailbox,
    Media,
    Other,
    Quarantined,
    StatusUpdate,
    iso_utc,
)

EMAIL = "email"


def normal_form(event: InboundMessage | StatusUpdate | Other) -> dict[str, Any]:
    """Return an event in the normal form; a mail's own keys stand beside the common ones."""
    match event:
        case InboundMessage():
            return _common("message", event) | _message(event)
        case StatusUpdate():
            return _common("status", event) | _status(event)
        case Other():
            return _common("other", event) | _other(event)
        case _:
            assert_never(event)


def quarantined_form(item: Quarantined) -> dict[str, Any]:
    """Return what could not be read, and why."""
    return {"reason": item.reason, "detail": item.detail, "address": item.address}


def _common(kind: str, event: InboundMessage | StatusUpdate | Other) -> dict[str, Any]:
    return {
        "kind": kind,
        "provider": event.provider,
        "channel": event.channel,
        "account": event.account,
        "external_id": event.external_id or None,
        "occurred_at": _moment(event.occurred_at, event.channel),
        "extra": dict(event.extra),
    }


def _moment(moment: datetime | None, channel: str) -> str | None:
    """Write a time: phone channels in seconds, mail in milliseconds, as their providers mostly send them."""
    if moment is None or channel != EMAIL:
        return iso_utc(moment)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(event: InboundMessage) -> dict[str, Any]:
    attachment = _file if event.channel == EMAIL else attachment_form
    return {
        "subtype": event.subtype,
        "from": _party(event.sender),
        "to": [_party(recipient) for recipient in event.recipients],
        "text": event.text,
        "attachments": [attachment(item) for item in event.attachments],
        "in_reply_to": event.in_reply_to,
        "error": _error(event.error_code, event.error_message),
        **(event.mail or {}),
    }


def _status(event: StatusUpdate) -> dict[str, Any]:
    return {
        "message_ref": event.message_ref,
        "recipient": event.recipient,
        "status": event.status,
        "error": _error(event.error_code, event.error_message),
        **(event.mail or {}),
    }


def _other(event: Other) -> dict[str, Any]:
    return {
        "subtype": event.subtype,
        "from": _party(event.sender),
        "to": [_party(recipient) for recipient in event.recipients],
        "text": event.text,
        "in_reply_to": event.in_reply_to,
        "message_ref": event.message_ref,
        "error": _error(event.error_code, event.error_message),
    }


def _party(party: str | Mailbox | None) -> Any:
    return {"name": party.name, "address": party.address} if isinstance(party, Mailbox) else party


def _error(code: str | None, message: str | None) -> Mapping[str, str | None] | None:
    return None if code is None and message is None else {"code": code, "message": message}


def attachment_form(item: Attachment) -> dict[str, Any]:
    """Return a file, a place or a contact card of a phone channel."""
    match item:
        case Media():
            return {
                "type": item.type, "id": item.id, "url": item.url, "mime_type": item.mime_type,
                "sha256": item.sha256, "filename": item.filename,
            }  # fmt: skip
        case Location():
            return {
                "type": "location", "latitude": item.latitude, "longitude": item.longitude, "name": item.name,
                "address": item.address, "url": item.url,
            }  # fmt: skip
        case ContactCard():
            return {
                "type": "contact", "name": item.name, "phones": list(item.phones), "emails": list(item.emails),
            }  # fmt: skip
        case _:
            assert_never(item)


def _file(item: Attachment) -> dict[str, Any]:
    """Describe a mail's file under the names that mail uses."""
    if not isinstance(item, Media):
        return attachment_form(item)
    return {
        "filename": item.filename,
        "content_type": item.mime_type,
        "size": item.size,
        "inline": item.inline,
        "content_id": item.content_id,
        "sha256": item.sha256,
        **item.extra,
    }
