"""Webhooks of the Messages API: one inbound message, or one status of a message that we sent.

https://developer.vonage.com/en/messages/concepts/inbound-message
"""

from collections.abc import Mapping
from typing import Any

from channels.events import ChannelEvent, InboundMessage, Other, Quarantined, StatusUpdate
from channels.identities import identities_of
from channels.json_fields import Object, Unreadable, count_in, id_in, iso_moment_in, object_in, required_id, text_in
from channels.opt_out_words import opt_out_of
from channels.phone_addresses import spelled
from channels.refusals import in_words
from channels.vonage.contents import Content, content_of
from channels.vonage.messages_problems import PROBLEMS, problem_of_status

#: Vonage's channels → ours. RCS is texting by other means: same numbers, same people.
CHANNELS = {"sms": "sms", "mms": "mms", "whatsapp": "whatsapp", "rcs": "sms"}

#: Vonage's words → ours.
STATUSES = {
    "submitted": "sent",
    "delivered": "delivered",
    "read": "read",
    "rejected": "failed",
    "undeliverable": "failed",
}


def read_messages_post(provider: str, post: Object) -> ChannelEvent:
    """Return the event of a webhook."""
    try:
        message_id = required_id(post, "message_uuid")
        channel = _channel(post)
        if word := text_in(post, "status"):
            return _status(provider, post, channel, message_id, word.lower())
        kind = text_in(post, "message_type")
        if kind is None:
            return _other(provider, post, channel, message_id)
        return _message(provider, post, channel, message_id, content_of(post, kind))
    except Unreadable as error:
        return Quarantined(reason="message_malformed", detail=str(error))


def _channel(post: Object) -> str:
    said = text_in(post, "channel")
    channel = CHANNELS.get(said or "")
    if channel is None:
        raise Unreadable(f"the channel {said!r} is not supported")
    return channel


def _other(provider: str, post: Object, channel: str, message_id: str) -> Other:
    return Other(
        provider=provider,
        channel=channel,
        account=None,
        address=_address(post, "to"),
        external_id=message_id,
        occurred_at=iso_moment_in(post, "timestamp"),
        subtype="unknown",
        sender=_address(post, "from"),
        message_ref=message_id,
    )


def _message(provider: str, post: Object, channel: str, message_id: str, content: Content) -> InboundMessage:
    sender, ours = _address(post, "from"), _address(post, "to")
    name = text_in(object_in(post, "profile"), "name")
    return InboundMessage(
        provider=provider,
        channel=channel,
        account=None,
        address=ours,
        external_id=message_id,
        occurred_at=iso_moment_in(post, "timestamp"),
        extra={**content.extra, **_message_extra(post, channel, content.text)},
        subtype=content.subtype,
        sender=sender,
        recipients=(ours,) if ours else (),
        identities=identities_of(channel, sender, message_id),
        sender_name=name,
        text=content.text,
        attachments=content.attachments,
        in_reply_to=id_in(object_in(post, "context"), "message_uuid"),
    )


def _message_extra(post: Object, channel: str, text: str | None) -> dict[str, Any]:
    profile, whatsapp = object_in(post, "profile"), object_in(post, "whatsapp")
    segments = count_in(object_in(post, "sms"), "num_messages")
    found = {
        "user_name": text_in(profile, "name"),
        "username": text_in(profile, "username"),
        "segments": segments,
        "opt_out": opt_out_of(text) if channel != "whatsapp" else None,
        "referral": object_in(whatsapp, "referral"),
        "referred_product": object_in(whatsapp, "whatsapp_referred_product"),
        "context_status": "unavailable" if post.get("context_status") == "unavailable" else None,
    }
    return {key: value for key, value in found.items() if value}


def _status(provider: str, post: Object, channel: str, message_id: str, word: str) -> StatusUpdate:
    status = STATUSES.get(word, "unknown")
    code, said = problem_of_status(post)
    return StatusUpdate(
        provider=provider,
        channel=channel,
        account=None,
        address=_address(post, "from"),
        external_id=f"{message_id}:{word}",
        occurred_at=iso_moment_in(post, "timestamp"),
        extra=_status_extra(post, word, status, code),
        status=status,
        message_ref=message_id,
        recipient=_address(post, "to"),
        error_code=code,
        error_message=in_words(PROBLEMS.of(code), said) if code else None,
    )


def _status_extra(post: Object, word: str, status: str, code: str | None) -> Mapping[str, Any]:
    whatsapp = object_in(post, "whatsapp")
    extra: dict[str, Any] = {"raw_status": word}
    if status == "failed":
        extra["retryable"] = PROBLEMS.is_retryable(code)
    found = {
        "callback_data": text_in(post, "client_ref"),
        "user_id": id_in(object_in(whatsapp, "recipient"), "user_id"),
        "pricing": object_in(whatsapp, "pricing"),
    }
    return extra | {key: value for key, value in found.items() if value}


def _address(post: Object, name: str) -> str | None:
    value = id_in(post, name)
    return spelled(value) if value else None
