"""Postmark's event webhooks: what became of a mail of ours.

https://postmarkapp.com/developer/webhooks/bounce-webhook and its neighbours. Bounces are told
apart by the NAME of their type: the published lists of codes do not agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.events import StatusUpdate
from channels.postmark.fields import identifier, moment, plain, text

BOUNCED, REJECTED, FAILED = "bounced", "rejected", "failed"
BOUNCES: Mapping[str, tuple[str, str | None]] = {
    "HardBounce": (BOUNCED, "hard"),
    "SoftBounce": (BOUNCED, "soft"),
    "DnsError": (BOUNCED, "soft"),
    "Unknown": (BOUNCED, "soft"),
    "VirusNotification": (BOUNCED, "soft"),
    "Transient": ("deferred", None),
    "OpenRelayTest": ("deferred", None),
    "SpamComplaint": ("complained", None),
    "SpamNotification": ("complained", None),
    "BadEmailAddress": (REJECTED, None),
    "ManuallyDeactivated": (REJECTED, None),
    "Unconfirmed": (REJECTED, None),
    "Blocked": (REJECTED, None),
    "DMARCPolicy": (REJECTED, None),
    "Unsubscribe": ("unsubscribed", None),
    "Subscribe": ("subscribed", None),
    "AutoResponder": ("auto_replied", None),
    "ChallengeVerification": ("auto_replied", None),
    "AddressChange": ("auto_replied", None),
    "SMTPApiError": (FAILED, None),
    "TemplateRenderingFailed": (FAILED, None),
    "InboundError": (FAILED, None),
}
PLAIN = {"Delivery": "delivered", "Open": "opened", "Click": "clicked"}
NOTED = ("Tag", "MessageStream", "Metadata", "Type", "SuppressionReason", "Inactive", "CanActivate", "FirstOpen")
WITH_ERROR = frozenset({BOUNCED, REJECTED, FAILED, "deferred"})
ENDED = frozenset({BOUNCED, REJECTED, FAILED})
LATER = frozenset({"SoftBounce", "DnsError"})
REFERENCE = "gw_message_id"
TIMES = ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt")


@dataclass(frozen=True, slots=True)
class _News:
    """What one event says of the mail."""

    status: str
    bounce_class: str | None = None
    code: str | None = None
    message: str | None = None


def update(post: Mapping[str, Any]) -> StatusUpdate:
    """Read one event; a type that is not known here becomes the status ``unknown``.

    Raises:
        PayloadMalformed: the event has no id, or names no message.
    """
    kind = text(post, "RecordType")
    news = _news(kind, post)
    recipient = text(post, "Recipient") or text(post, "Email")
    time = next((stamp for name in TIMES if (stamp := text(post, name))), "")
    sender = text(post, "From").strip().lower() or None
    return StatusUpdate(
        provider="postmark",
        channel="email",
        account=sender,
        address=sender,
        external_id=_external_id(kind, post, recipient, time),
        occurred_at=moment(time),
        extra=_extra(kind, post, news),
        status=news.status,
        message_ref=text(post, "MessageID") or None,
        recipient=recipient or None,
        error_code=news.code,
        error_message=news.message,
        mail={
            "bounce_class": news.bounce_class,
            "url": text(post, "OriginalLink") or None,
            "machine": None,
        },
    )


def _news(kind: str, post: Mapping[str, Any]) -> _News:
    match kind:
        case "Delivery" | "Open" | "Click":
            return _News(PLAIN[kind])
        case "SubscriptionChange":
            return _News("unsubscribed" if post.get("SuppressSending") is True else "subscribed")
        case "Bounce" | "SpamComplaint":
            return _bounce(text(post, "Type") or kind, post)
        case "SMTPAPIError" | "SMTPApiError":
            return _failure(kind, post)
        case _:
            return _News("unknown")


def _bounce(kind: str, post: Mapping[str, Any]) -> _News:
    status, bounce_class = BOUNCES.get(kind, ("unknown", None))
    if status not in WITH_ERROR:
        return _News(status)
    return _News(status, bounce_class, kind, text(post, "Details") or text(post, "Description") or None)


def _failure(kind: str, post: Mapping[str, Any]) -> _News:
    code = post.get("ErrorCode")
    message = text(post, "Message") or text(post, "Details") or text(post, "Description")
    return _News(FAILED, None, str(code) if isinstance(code, int) else kind, message or None)


def _external_id(kind: str, post: Mapping[str, Any], recipient: str, time: str) -> str:
    """Return the key of an event: bounces have ids, for the others it is put together."""
    if kind in ("Bounce", "SpamComplaint"):
        return f"{kind}:{identifier(post, 'ID')}"
    link = text(post, "OriginalLink")
    parts = [kind, identifier(post, "MessageID"), recipient, time, *([link] if link else [])]
    return ":".join(parts)


def _extra(kind: str, post: Mapping[str, Any], news: _News) -> dict[str, Any]:
    """Note Postmark's own words, and what they mean for who sent the mail."""
    extra = {"RecordType": kind, **plain(post, NOTED), "raw_status": text(post, "Type") or kind}
    reference = extra.get("Metadata", {}).get(REFERENCE) if isinstance(extra.get("Metadata"), dict) else None
    if reference:
        extra["callback_data"] = reference
    if news.status in ENDED:
        extra["retryable"] = text(post, "Type") in LATER
    if kind == "SubscriptionChange":
        extra |= _opted(post)
    return extra


def _opted(post: Mapping[str, Any]) -> dict[str, str]:
    """Return what the customer chose; a suppression after a bounce or a complaint is Postmark's doing."""
    if post.get("SuppressSending") is not True:
        return {"opt_out": "start"}
    return {"opt_out": "stop"} if text(post, "SuppressionReason") == "ManualSuppression" else {}
