"""Delivery reports and seen reports: what became of messages that we sent.

https://www.infobip.com/docs/developer-resources/api-fundamentals/error-code-reference
"""

from typing import Any

from channels.events import StatusUpdate
from channels.infobip.inbound import PROVIDER
from channels.infobip.problems import FATES
from channels.json_fields import Object, id_in, iso_moment_in, object_in, required_id, required_object, text_in
from channels.phone_addresses import spelled

#: The group of a status → our word.
STATUSES = {
    "PENDING": "sent",
    "DELIVERED": "delivered",
    "UNDELIVERABLE": "failed",
    "EXPIRED": "failed",
    "REJECTED": "failed",
}
CHANNELS = frozenset({"sms", "mms", "whatsapp"})

#: The customer asked their carrier to block our short code.
OPTED_OUT = "573"


def read_report(item: Object, channel: str | None) -> StatusUpdate:
    """Read a delivery report. Those of WhatsApp do not name our number.

    Args:
        item: the report.
        channel: where the message was sent, as it stood in the URL; a report itself does not say.

    Raises:
        Unreadable: when it does not say which message, or what became of it.
    """
    message_ref = required_id(item, "messageId")
    news = required_object(item, "status")
    word = required_id(news, "groupName")
    name = text_in(news, "name")
    error = object_in(item, "error")
    code = id_in(error, "id")
    code = None if code == "0" else code
    status = STATUSES.get(word.upper(), "unknown")
    ours = id_in(item, "sender")
    recipient = id_in(item, "to")
    return StatusUpdate(
        provider=PROVIDER,
        channel=channel if channel in CHANNELS else "sms",
        account=None,
        address=spelled(ours) if ours else None,
        external_id=":".join(part for part in (message_ref, name or word, code) if part),
        occurred_at=iso_moment_in(item, "doneAt") or iso_moment_in(item, "sentAt"),
        extra=_extra(item, word, name, code, status),
        status=status,
        message_ref=message_ref,
        recipient=spelled(recipient) if recipient else None,
        error_code=code,
        error_message=(text_in(error, "description") or FATES.of(code).reason) if code else None,
    )


def _extra(item: Object, word: str, name: str | None, code: str | None, status: str) -> dict[str, Any]:
    found = {
        "raw_status": word,
        "status_name": name,
        "callback_data": text_in(item, "callbackData"),
        "opt_out": "stop" if code == OPTED_OUT else None,
        "retryable": _is_retryable(object_in(item, "error"), name, code) if status == "failed" else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _is_retryable(error: Object, name: str | None, code: str | None) -> bool:
    """Tell whether the message may be sent again: an error says so itself, a status alone by its name."""
    return error.get("permanent") is False if code else FATES.is_retryable(name)


def read_seen(item: Object) -> StatusUpdate:
    """Read a seen report, which only WhatsApp has. ``from`` is our number in it, ``to`` the customer's.

    Raises:
        Unreadable: when it does not say which message.
    """
    message_ref = required_id(item, "messageId")
    ours, recipient = id_in(item, "from"), id_in(item, "to")
    return StatusUpdate(
        provider=PROVIDER,
        channel="whatsapp",
        account=None,
        address=spelled(ours) if ours else None,
        external_id=f"{message_ref}:SEEN",
        occurred_at=iso_moment_in(item, "seenAt"),
        extra={"raw_status": "SEEN"},
        status="read",
        message_ref=message_ref,
        recipient=spelled(recipient) if recipient else None,
    )
