"""Brevo's events: what became of a mail of ours.

https://developers.brevo.com/docs/transactional-webhooks. Of the times only ``ts_epoch`` is in UTC: the others are in
the account's zone.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from channels.errors import PayloadMalformed
from channels.events import StatusUpdate
from channels.json_bodies import read_json
from channels.json_fields import Object, id_in, list_in, required_id, text_in
from channels.mail.addresses import mailboxes
from channels.mail.charsets import storable

#: Brevo's words → ours, and the class of a bounce.
STATUSES: dict[str, tuple[str, str | None]] = {
    "request": ("queued", None),  # may come before "blocked", so that nothing was sent yet
    "delivered": ("delivered", None),
    "deferred": ("deferred", None),
    "hard_bounce": ("bounced", "hard"),
    "invalid_email": ("bounced", "hard"),
    "soft_bounce": ("bounced", "soft"),
    "blocked": ("rejected", None),
    "error": ("failed", None),
    "spam": ("complained", None),
    "complaint": ("complained", None),
    "opened": ("opened", None),
    "unique_opened": ("opened", None),
    "proxy_open": ("opened", None),
    "unique_proxy_open": ("opened", None),
    "click": ("clicked", None),
    "unsubscribe": ("unsubscribed", None),
    "unsubscribed": ("unsubscribed", None),
}
BY_MACHINE = frozenset({"proxy_open", "unique_proxy_open"})
TROUBLE = frozenset({"deferred", "bounced", "rejected", "failed"})
REFERENCE = "gw_message_id"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MILLISECOND = 253_402_300_799_999


def update(provider: str, post: Object) -> StatusUpdate:
    """Read one event; a kind that is not known here becomes the status ``unknown``.

    Raises:
        Unreadable: it is no event.
    """
    kind = storable(required_id(post, "event"))
    status, bounce_class = STATUSES.get(kind, ("unknown", None))
    sent, recipient = (text_in(post, "message-id") or "").strip().strip("<>"), text_in(post, "email")
    sender = next((box.address.lower() for box in mailboxes(text_in(post, "sender_email"))), None)
    return StatusUpdate(
        provider=provider,
        channel="email",
        account=sender,
        address=sender,
        external_id=storable(":".join((kind, sent, recipient or "", id_in(post, "ts_epoch") or ""))),
        occurred_at=_moment(post),
        extra=_extra(kind, status, bounce_class, post),
        status=status,
        message_ref=storable(sent) or None,
        recipient=recipient,
        error_code=None,
        error_message=((text_in(post, "reason") or "").strip() or None) if status in TROUBLE else None,
        mail={
            "bounce_class": bounce_class,
            "url": text_in(post, "link"),
            "machine": True if kind in BY_MACHINE else None,
        },
    )


def _moment(post: Object) -> datetime | None:
    value = post.get("ts_epoch")
    if type(value) is not int or not 0 < value <= LAST_MILLISECOND:
        return None
    return EPOCH + timedelta(milliseconds=value)


def _extra(kind: str, status: str, bounce_class: str | None, post: Object) -> dict[str, Any]:
    extra: dict[str, Any] = {"raw_status": kind}
    if tags := [tag for tag in list_in(post, "tags") if isinstance(tag, str)]:
        extra["tags"] = tags
    if (reference := _reference(text_in(post, "X-Mailin-custom"))) is not None:
        extra["callback_data"] = reference
    if status in ("bounced", "rejected", "failed"):
        extra["retryable"] = bounce_class == "soft"
    if status == "unsubscribed":
        extra["opt_out"] = "stop"
    return extra


def _reference(custom: str | None) -> str | None:
    """Return our own message id out of the field that Brevo hands back as it was sent."""
    try:
        document = read_json((custom or "").encode("utf-8", "replace"))
    except PayloadMalformed:
        return None
    return text_in(document, REFERENCE) if isinstance(document, dict) else None
