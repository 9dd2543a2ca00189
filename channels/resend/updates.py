"""Resend's events: what became of a mail of ours.

https://resend.com/docs/dashboard/webhooks/event-types. Events of a mail to several recipients do not say which of them
they are about: we send one mail to each.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.events import StatusUpdate
from channels.json_fields import Object, iso_moment_in, list_in, object_in, required_id, text_in
from channels.mail.addresses import mailboxes
from channels.mail.charsets import storable

STATUSES = {
    "email.scheduled": "queued",
    "email.sent": "sent",
    "email.delivered": "delivered",
    "email.delivery_delayed": "deferred",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.opened": "opened",
    "email.clicked": "clicked",
    "email.failed": "failed",
    "email.suppressed": "rejected",
}
LATER = frozenset({"General", "MailboxFull", "Undetermined"})

#: The tag that brings our own message id back, as it is or in base64 where a tag may not hold it.
REFERENCE, ENCODED_REFERENCE = "gw_message_id", "gw_message_id64"
TAG_VALUE = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why a mail did not arrive."""

    code: str | None = None
    message: str | None = None
    bounce_class: str | None = None
    retryable: bool | None = None


def update(provider: str, kind: str, post: Object, event_id: str) -> StatusUpdate:
    """Read an event about a mail of ours; a kind that is not known here becomes the status ``unknown``.

    Raises:
        Unreadable: it names no mail.
    """
    data = object_in(post, "data")
    sender = next((box.address.lower() for box in mailboxes(text_in(data, "from"))), None)
    trouble = _trouble(kind, data)
    return StatusUpdate(
        provider=provider,
        channel="email",
        account=sender,
        address=sender,
        external_id=event_id,
        occurred_at=iso_moment_in(post, "created_at"),
        extra=_extra(kind, data, trouble),
        status=STATUSES.get(kind, "unknown"),
        message_ref=storable(required_id(data, "email_id")),
        recipient=_recipient(data),
        error_code=trouble.code,
        error_message=trouble.message,
        mail={
            "bounce_class": trouble.bounce_class,
            "url": text_in(object_in(data, "click"), "link"),
            "machine": None,
        },
    )


def tag_for(reference: str) -> dict[str, str]:
    """Return the tag that brings our message id back; a tag holds letters, digits, ``_`` and ``-`` only."""
    if TAG_VALUE.fullmatch(reference):
        return {"name": REFERENCE, "value": reference}
    encoded = base64.urlsafe_b64encode(reference.encode("utf-8", "replace")).decode("ascii").rstrip("=")
    return {"name": ENCODED_REFERENCE, "value": encoded[:256]}


def _trouble(kind: str, data: Object) -> _Trouble:
    match kind:
        case "email.bounced":
            return _bounce(object_in(data, "bounce"))
        case "email.suppressed":
            return _told(object_in(data, "suppressed"))
        case "email.failed":
            return _told(object_in(data, "failed"))
        case _:
            return _Trouble()


def _bounce(bounce: Object) -> _Trouble:
    kind, sub = text_in(bounce, "type"), text_in(bounce, "subType")
    said = next((line for line in list_in(bounce, "diagnosticCode") if isinstance(line, str) and line), None)
    hard = kind == "Permanent"
    return _Trouble(
        "/".join(part for part in (kind, sub) if part) or None,
        said or text_in(bounce, "message"),
        "hard" if hard else "soft",
        retryable=not hard and (sub or "Undetermined") in LATER,
    )


def _told(reason: Object) -> _Trouble:
    return _Trouble(text_in(reason, "reason"), text_in(reason, "message"), retryable=False)


def _recipient(data: Object) -> str | None:
    named = (one for one in list_in(data, "to") if isinstance(one, str))
    return next((box.address for one in named for box in mailboxes(one)), None)


def _extra(kind: str, data: Object, trouble: _Trouble) -> dict[str, Any]:
    extra: dict[str, Any] = {"raw_status": kind}
    message_id = text_in(data, "message_id")
    if message_id:
        extra["message_id"] = message_id.strip("<>")
    if (reference := _reference(_tags(data))) is not None:
        extra["callback_data"] = reference
    if trouble.retryable is not None:
        extra["retryable"] = trouble.retryable
    return extra


def _tags(data: Object) -> Mapping[str, str]:
    """Return the tags of a mail, sent as an object or as pairs of name and value."""
    named = object_in(data, "tags")
    pairs = [(one.get("name"), one.get("value")) for one in list_in(data, "tags") if isinstance(one, dict)]
    return {name: value for name, value in (*named.items(), *pairs) if isinstance(name, str) and isinstance(value, str)}


def _reference(tags: Mapping[str, str]) -> str | None:
    if tags.get(REFERENCE):
        return tags[REFERENCE]
    encoded = tags.get(ENCODED_REFERENCE, "")
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode() or None
    except (binascii.Error, ValueError):
        return None
