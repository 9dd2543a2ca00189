"""Amazon SES's news: what became of a mail of ours, as notifications or as published events.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.events import ChannelEvent, StatusUpdate
from channels.json_fields import Object, iso_moment_in, list_in, object_in, text_in
from channels.mail.addresses import address_in
from channels.mail.ids import message_id

#: A type of news → the object that tells more, and our word. Some words depend on what that object says.
TYPES = {
    "Send": ("send", "sent"),
    "Delivery": ("delivery", "delivered"),
    "DeliveryDelay": ("deliveryDelay", "deferred"),
    "Bounce": ("bounce", "bounced"),
    "Complaint": ("complaint", "complained"),
    "Reject": ("reject", "rejected"),
    "Open": ("open", "opened"),
    "Click": ("click", "clicked"),
    "Rendering Failure": ("failure", "failed"),
    "Subscription": ("subscription", "unsubscribed"),
}
RECIPIENTS = {
    "Delivery": "recipients",
    "DeliveryDelay": "delayedRecipients",
    "Bounce": "bouncedRecipients",
    "Complaint": "complainedRecipients",
}
#: Held back since Amazon knows the address to bounce: nothing was tried.
SUPPRESSED = frozenset({"Suppressed", "OnAccountSuppressionList"})
#: Bounces that come again for the same mail, although the address is fine.
OF_CONTENT = frozenset({"MessageTooLarge", "ContentRejected", "AttachmentRejected"})
#: These don't say for which recipient; a complaint may name all those at one provider.
AMBIGUOUS = frozenset({"Open", "Click", "Subscription", "Complaint"})
NOTED = (
    "bounceType", "bounceSubType", "feedbackId", "complaintSubType", "complaintFeedbackType", "delayType",
    "expirationTime", "smtpResponse", "remoteMtaIp",
)  # fmt: skip

#: The tags that bring our own id back: as it is, or in base64 where it has letters that no tag may have.
REFERENCE = "gw_message_id"
ENCODED_REFERENCE = "gw_message_id_b64"


@dataclass(frozen=True, slots=True)
class _News:
    """What a post says of one recipient."""

    status: str
    bounce_class: str | None = None
    code: str | None = None
    message: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def type_of(post: Object) -> str | None:
    """Return the type of news; notifications and published events call it differently."""
    return text_in(post, "notificationType") or text_in(post, "eventType")


def updates(provider: str, message_id_of_sns: str, post: Object) -> Sequence[ChannelEvent]:
    """Make one update for each recipient of a post."""
    kind, mail = type_of(post) or "", object_in(post, "mail")
    key, word = TYPES.get(kind, ("", "unknown"))
    told = object_in(post, key)
    recipients = dict(_recipients(kind, told, mail)) or {None: {}}
    ours = address_in(text_in(mail, "source"))
    extra = _extra(kind, told, mail)
    found = []
    for recipient, details in recipients.items():
        news = _news(kind, word, told, details)
        update = StatusUpdate(
            provider=provider,
            channel="email",
            account=None if ours is None else ours.lower(),
            address=None if ours is None else ours.lower(),
            external_id=message_id_of_sns if recipient is None else f"{message_id_of_sns}:{recipient}",
            occurred_at=iso_moment_in(told, "timestamp") or iso_moment_in(mail, "timestamp"),
            extra={**extra, **news.extra},
            status=news.status,
            message_ref=text_in(mail, "messageId"),
            recipient=recipient,
            error_code=news.code,
            error_message=news.message,
            mail={
                "bounce_class": news.bounce_class,
                "url": text_in(told, "link"),
                "machine": None,
                "ambiguous_recipient": kind in AMBIGUOUS and len(recipients) > 1,
            },
        )
        found.append(update)
    return found


def _recipients(kind: str, told: Object, mail: Object) -> Iterator[tuple[str | None, Object]]:
    """Give each recipient's address and what is said of it. An address may come with its name."""
    named = list_in(told, RECIPIENTS[kind]) if kind in RECIPIENTS else ()
    for one in named or list_in(mail, "destination"):
        details: Object = one if isinstance(one, dict) else {}
        written = text_in(details, "emailAddress") if details else one
        if isinstance(written, str) and written:
            yield address_in(written) or written, details


def _news(kind: str, word: str, told: Object, details: Object) -> _News:
    match kind:
        case "Bounce":
            return _bounce(told, details)
        case "DeliveryDelay":
            return _News(word, None, text_in(details, "status"), text_in(details, "diagnosticCode"))
        case "Complaint":
            feedback = text_in(told, "complaintFeedbackType")
            return _News("subscribed") if feedback == "not-spam" else _News(word, None, feedback)
        case "Reject" | "Rendering Failure":
            said = text_in(told, "reason") or text_in(told, "errorMessage")
            return _News(word, None, text_in(told, "templateName"), said, {"retryable": False})
        case "Subscription":
            return _subscription(told)
        case _:
            return _News(word)


def _bounce(told: Object, details: Object) -> _News:
    kind, detail = text_in(told, "bounceType") or "Undetermined", text_in(told, "bounceSubType") or "Undetermined"
    message = text_in(details, "diagnosticCode")
    if detail in SUPPRESSED:
        return _News("rejected", None, f"{kind}/{detail}", message, {"retryable": False})
    code = text_in(details, "status") or f"{kind}/{detail}"
    if kind == "Permanent":
        return _News("bounced", "hard", code, message, {"retryable": False})
    return _News("bounced", "soft", code, message, {"retryable": detail not in OF_CONTENT})


def _subscription(told: Object) -> _News:
    """Tell whether somebody wants no more mail at all, or none of any topic."""
    wanted = object_in(told, "newTopicPreferences")
    topics = [text_in(one, "subscriptionStatus") for one in _objects(wanted, "topicSubscriptionStatus")]
    left = wanted.get("unsubscribeAll") is True or (bool(topics) and "OptIn" not in topics)
    return _News("unsubscribed", extra={"opt_out": "stop"}) if left else _News("subscribed", extra={"opt_out": "start"})


def _objects(source: Object, key: str) -> list[Object]:
    return [one for one in list_in(source, key) if isinstance(one, dict)]


def _extra(kind: str, told: Object, mail: Object) -> Mapping[str, Any]:
    extra: dict[str, Any] = {"raw_status": kind}
    extra |= {name: found for name in NOTED if (found := text_in(told, name)) is not None}
    if (reference := _reference(mail)) is not None:
        extra["callback_data"] = reference
    return extra


def _reference(mail: Object) -> str | None:
    """Return our own id of the mail; its Message-ID as we wrote it is the same."""
    tags = object_in(mail, "tags")
    plain = next((tag for tag in list_in(tags, REFERENCE) if isinstance(tag, str)), None)
    encoded = next((tag for tag in list_in(tags, ENCODED_REFERENCE) if isinstance(tag, str)), None)
    return plain or _decoded(encoded) or message_id(text_in(object_in(mail, "commonHeaders"), "messageId"))


def _decoded(encoded: str | None) -> str | None:
    try:
        return base64.urlsafe_b64decode(f"{encoded}==").decode() if encoded else None
    except (ValueError, binascii.Error):
        return None
