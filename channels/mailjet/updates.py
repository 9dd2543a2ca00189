"""Mailjet's events: what became of a mail of ours.

https://dev.mailjet.com/email/guides/webhooks/
"""

from dataclasses import dataclass
from typing import Any

from channels.events import StatusUpdate
from channels.json_fields import Object, id_in, moment_in, required_id, text_in
from channels.mail.charsets import storable

#: Mailjet's words → ours. Its "sent" says that the recipient's server took the mail.
STATUSES = {
    "sent": "delivered",
    "open": "opened",
    "click": "clicked",
    "bounce": "bounced",
    "blocked": "rejected",
    "spam": "complained",
    "unsub": "unsubscribed",
}
GREYLISTED = "greylisted"
LATER = frozenset({"quota exceeded", "mailbox inactive", "no mail host", "connection issue", "system issue"})
NOTED = {
    "error_related_to": "error_related_to",
    "smtp_reply": "smtp_reply",
    "Message_GUID": "message_guid",
    "customcampaign": "campaign",
    "source": "source",
}


@dataclass(frozen=True, slots=True)
class _News:
    """What one event says of the mail."""

    status: str
    bounce_class: str | None = None
    retryable: bool | None = None


def update(provider: str, post: Object) -> StatusUpdate:
    """Read one event; a kind that is not known here becomes the status ``unknown``.

    Raises:
        Unreadable: it is no event.
    """
    kind = storable(required_id(post, "event"))
    news = _news(kind, post)
    trouble = news.status in ("bounced", "deferred", "rejected")
    message_ref, recipient, url = id_in(post, "MessageID"), text_in(post, "email"), text_in(post, "url")
    parts = [kind, message_ref or "", recipient or "", id_in(post, "time") or "", *([url] if url else [])]
    return StatusUpdate(
        provider=provider,
        channel="email",
        account=None,
        address=None,
        external_id=storable(":".join(parts)),
        occurred_at=moment_in(post, "time"),
        extra=_extra(kind, post, news),
        status=news.status,
        message_ref=message_ref,
        recipient=recipient,
        error_code=text_in(post, "error") if trouble else None,
        error_message=text_in(post, "comment") if trouble else None,
        mail={"bounce_class": news.bounce_class, "url": url, "machine": None},
    )


def _news(kind: str, post: Object) -> _News:
    status = STATUSES.get(kind, "unknown")
    if status == "rejected":
        return _News(status, retryable=False)
    if status != "bounced":
        return _News(status)
    if post.get("hard_bounce") is True:
        return _News(status, "hard", retryable=False)
    if text_in(post, "error") == GREYLISTED:
        return _News("deferred")
    return _News(status, "soft", retryable=text_in(post, "error") in LATER)


def _extra(kind: str, post: Object, news: _News) -> dict[str, Any]:
    extra: dict[str, Any] = {"raw_status": kind}
    extra |= {ours: value for theirs, ours in NOTED.items() if (value := text_in(post, theirs)) is not None}
    if (reference := text_in(post, "CustomID")) is not None:
        extra["callback_data"] = reference
    if news.retryable is not None:
        extra["retryable"] = news.retryable
    if news.status == "unsubscribed":
        extra["opt_out"] = "stop"
    return extra
