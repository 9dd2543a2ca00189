"""Mailgun's event webhooks: what became of a mail of ours, one event in a post.

https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-structure
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from channels.errors import PayloadMalformed
from channels.events import ChannelEvent, Other, StatusUpdate
from channels.json_fields import YEAR_10000, Object, id_in, number_in, object_in, text_in
from channels.mail.addresses import address_in
from channels.mail.ids import message_id

STATUSES = {
    "accepted": "queued",
    "delivered": "delivered",
    "rejected": "rejected",
    "opened": "opened",
    "clicked": "clicked",
    "unsubscribed": "unsubscribed",
    "complained": "complained",
}
SUPPRESSED = "suppress-"
SUPPRESSED_FOR_OPT_OUT = "suppress-unsubscribe"
#: Not delivering to an address that bounced before, or that complained.
SUPPRESSED_CODES = frozenset({"605", "607"})
NOTED = ("severity", "reason", "log-level")
NOTED_OF_DELIVERY = ("attempt-no", "enhanced-code", "bounce-type", "retry-seconds")

#: The variable that brings our own id back.
REFERENCE = "gw_message_id"


@dataclass(frozen=True, slots=True)
class _News:
    """What one event says of the mail."""

    status: str
    bounce_class: str | None = None
    code: str | None = None
    message: str | None = None


def update(provider: str, post: Object) -> ChannelEvent:
    """Read one event; a kind that is not known here becomes the status ``unknown``.

    Raises:
        PayloadMalformed: there is no event, or it has no id.
    """
    event = object_in(post, "event-data")
    word, event_id = text_in(event, "event"), id_in(event, "id")
    if word is None or event_id is None:
        raise PayloadMalformed("field_missing", "the post has no event, or one without an id")
    headers = object_in(object_in(event, "message"), "headers")
    seconds = _seconds(event)
    ours = address_in(text_in(object_in(event, "envelope"), "sender") or text_in(headers, "from"))
    common: dict[str, Any] = {
        "provider": provider,
        "channel": "email",
        "account": None if ours is None else ours.lower(),
        "address": None if ours is None else ours.lower(),
        # An event's id is unique within a day only.
        "external_id": event_id if seconds is None else f"{event_id}@{seconds}",
        "occurred_at": None if seconds is None else datetime.fromtimestamp(seconds, UTC),
    }
    reference = message_id(text_in(headers, "message-id"))
    if word == "stored":
        return Other(**common, subtype="mail_stored", extra={"raw_status": word}, message_ref=reference)
    news = _news(word, event)
    return StatusUpdate(
        **common,
        extra=_extra(word, news, event),
        status=news.status,
        message_ref=reference,
        recipient=text_in(event, "recipient") or address_in(text_in(headers, "to")),
        error_code=news.code,
        error_message=news.message,
        mail={"bounce_class": news.bounce_class, "url": text_in(event, "url"), "machine": _machine(event)},
    )


def _seconds(event: Object) -> int | None:
    seconds = number_in(event, "timestamp")
    return int(seconds) if seconds is not None and 0 < seconds < YEAR_10000 else None


def _news(word: str, event: Object) -> _News:
    if word == "failed":
        return _failure(event)
    if word == "rejected":
        rejection = object_in(event, "reject")
        return _News("rejected", None, None, text_in(rejection, "reason") or text_in(rejection, "description"))
    return _News(STATUSES.get(word, "unknown"))


def _failure(event: Object) -> _News:
    """Tell a bounce from a delay, and from a mail that was held back since an earlier one bounced."""
    delivery = object_in(event, "delivery-status")
    code = id_in(delivery, "code")
    message = text_in(delivery, "message") or text_in(delivery, "description")
    severity, reason = text_in(event, "severity"), text_in(event, "reason") or ""
    if severity == "temporary":
        return _News("deferred", None, code, message)
    if reason.startswith(SUPPRESSED) or code in SUPPRESSED_CODES:
        return _News("rejected", None, code, message or reason)
    if severity == "permanent":
        return _News("bounced", "hard", code, message)
    return _News("unknown", None, code, message)


def _extra(word: str, news: _News, event: Object) -> Mapping[str, Any]:
    delivery = object_in(event, "delivery-status")
    extra: dict[str, Any] = {"raw_status": word}
    extra |= {name: found for name in NOTED if (found := text_in(event, name)) is not None}
    extra |= {name: found for name in NOTED_OF_DELIVERY if (found := id_in(delivery, name)) is not None}
    if isinstance(tags := event.get("tags"), list):
        extra["tags"] = [tag for tag in tags if isinstance(tag, str)]
    if (reference := id_in(object_in(event, "user-variables"), REFERENCE)) is not None:
        extra["callback_data"] = reference
    if news.status in ("bounced", "rejected"):
        extra["retryable"] = False
    if word == "unsubscribed" or event.get("reason") == SUPPRESSED_FOR_OPT_OUT:
        extra["opt_out"] = "stop"
    return extra


def _machine(event: Object) -> bool | None:
    """Tell whether a program opened the mail; Mailgun names the one it knows."""
    bot = object_in(event, "client-info").get("bot")
    return bool(bot) if isinstance(bot, str) else None
