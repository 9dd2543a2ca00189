"""What a webhook means: a message, what became of one of ours, or anything else; the key that is there tells which.

https://developers.sinch.com/docs/conversation/callbacks
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from channels.batches import without_doubles
from channels.errors import PayloadMalformed
from channels.events import Attachment, ChannelEvent, InboundMessage, Media, Other, Quarantined, StatusUpdate
from channels.identities import identities_of
from channels.json_bodies import read_json
from channels.json_fields import (
    NOTHING,
    Object,
    Unreadable,
    id_in,
    iso_moment_in,
    list_in,
    object_in,
    required_id,
    text_in,
)
from channels.media_kinds import kind_of_name
from channels.opt_out_words import opt_out_of
from channels.phone_addresses import spelled
from channels.places import place_in
from channels.sinch.problems import FATES

PROVIDER = "sinch"

#: Their channels → ours. RCS is texting by other means: same numbers, same people.
CHANNELS = {"SMS": "sms", "MMS": "mms", "RCS": "sms", "WHATSAPP": "whatsapp"}

#: Their words → ours.
STATUSES = {
    "QUEUED_ON_CHANNEL": "sent",
    "SWITCHING_CHANNEL": "queued",
    "DELIVERED": "delivered",
    "READ": "read",
    "FAILED": "failed",
}
OPT_OUTS = {"opt_out_notification": "stop", "opt_in_notification": "start"}

#: Keys that say when and where, not what.
FRAME = frozenset({
    "app_id", "project_id", "accepted_time", "event_time", "message_metadata", "correlation_id", "trigger",
})  # fmt: skip
#: A post has one beside those of its frame.
MOST_KEYS = 100


def read_post(body: bytes) -> Sequence[ChannelEvent]:
    """Return the events of a post, mostly one.

    Raises:
        PayloadMalformed: when it is no object, or is about nothing.
    """
    post = read_json(body)
    keys = [key for key in post if key not in FRAME] if type(post) is dict else []
    if not keys:
        raise PayloadMalformed("event_missing", "the body is no object that holds an event")
    if len(keys) > MOST_KEYS:
        raise PayloadMalformed("event_unknown", "the body has more keys than any post")
    return without_doubles([_read(post, key) for key in keys])


def _read(post: Object, key: str) -> ChannelEvent:
    address = id_in(post, "app_id")
    if type(post[key]) is not dict:
        return Quarantined(reason="event_malformed", detail=f"{key!r} is not an object", address=address)
    try:
        return READERS.get(key, _other)(post, key)
    except Unreadable as error:
        return Quarantined(reason="event_malformed", detail=str(error), address=address)


def _common(post: Object, channel: str) -> dict[str, Any]:
    """Return what every event of a post has. An app is addressed by its id, for reports name nothing else of ours."""
    app = id_in(post, "app_id")
    return {"provider": PROVIDER, "channel": channel, "account": app, "address": app}


def _moment(post: Object, item: Object = NOTHING) -> datetime | None:
    return (
        iso_moment_in(post, "event_time") or iso_moment_in(item, "accept_time") or iso_moment_in(post, "accepted_time")
    )


def _person(item: Object) -> tuple[str | None, str | None]:
    """Return the channel, None when it is not one of ours, and the customer's address there."""
    identity = object_in(item, "channel_identity")
    channel, address = CHANNELS.get(text_in(identity, "channel") or ""), id_in(identity, "identity")
    return channel, spelled(address) if channel and address else address


def _message(post: Object, key: str) -> ChannelEvent:
    message = post[key]
    external_id = required_id(message, "id")
    if type(message.get("contact_message", NOTHING)) is not dict:
        raise Unreadable("'contact_message' is not an object")
    channel, sender = _person(message)
    if channel is None or text_in(message, "direction") == "TO_CONTACT":
        return _other(post, key)
    content = object_in(message, "contact_message")
    subtype, text, attachments, extra = _content(content)
    ours = id_in(message, "sender_id")
    replied_to = object_in(content, "reply_to") or object_in(content, "choice_response_message")
    return InboundMessage(
        **_common(post, channel),
        external_id=external_id,
        occurred_at=_moment(post, message),
        extra=extra | _message_extra(channel, message, text),
        subtype=subtype if channel == "whatsapp" or subtype not in {"image", "audio", "video", "document"} else "text",
        sender=sender,
        recipients=(spelled(ours),) if ours else (),
        identities=identities_of(channel, sender, external_id),
        text=text,
        attachments=attachments,
        in_reply_to=id_in(replied_to, "message_id"),
    )


def _message_extra(channel: str, message: Object, text: str | None) -> dict[str, Any]:
    found = {
        "conversation_id": id_in(message, "conversation_id"),
        "contact_id": id_in(message, "contact_id"),
        "metadata": text_in(message, "metadata"),
        "injected": True if message.get("injected") is True else None,
        "opt_out": opt_out_of(text) if channel != "whatsapp" else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _content(content: Object) -> tuple[str, str | None, tuple[Attachment, ...], dict[str, Any]]:
    """Return the kind, the words, the files, and what else a message holds, by the key that is there."""
    if text := object_in(content, "text_message"):
        return "text", text_in(text, "text"), (), {}
    if media := object_in(content, "media_message") or object_in(content, "media_card_message"):
        return _media(media)
    if place := object_in(content, "location_message"):
        words = {"name": text_in(place, "title") or text_in(place, "label")}
        found = place_in(object_in(place, "coordinates"), words)
        return "location", None, (found,) if found else (), {}
    if choice := object_in(content, "choice_response_message"):
        chosen = text_in(choice, "postback_data")
        return "interactive_button", chosen, (), {"payload": chosen}
    if order := object_in(content, "product_response_message"):
        items = {"catalog_id": id_in(order, "catalog_id"), "items": list(list_in(order, "products"))}
        return "order", text_in(order, "title"), (), {"order": items}
    kind = next((key for key in content if key != "reply_to"), None)
    return "unsupported", None, (), {"raw_type": kind} if kind else {}


def _media(media: Object) -> tuple[str, str | None, tuple[Attachment, ...], dict[str, Any]]:
    """Read a file. Nothing tells its type but how its URL ends."""
    url, filename = text_in(media, "url"), text_in(media, "filename_override")
    if url is None:
        raise Unreadable("the file has no URL")
    kind = kind_of_name(filename or url)
    file = Media(type=kind, url=url, filename=filename)
    return "document" if kind == "file" else kind, text_in(media, "caption"), (file,), {}


def _report(post: Object, key: str) -> ChannelEvent:
    report = post[key]
    message_ref, word = required_id(report, "message_id"), required_id(report, "status")
    channel, recipient = _person(report)
    if channel is None:
        return _other(post, key)
    status = STATUSES.get(word, "unknown")
    reason = object_in(report, "reason") if status == "failed" else NOTHING
    code = text_in(reason, "code")
    extra = {
        "raw_status": word,
        "callback_data": text_in(post, "correlation_id") or text_in(report, "metadata"),
        "sub_code": text_in(reason, "sub_code"),
        "channel_code": id_in(reason, "channel_code"),
        "retryable": FATES.is_retryable(code) if status == "failed" else None,
    }
    return StatusUpdate(
        **_common(post, channel),
        external_id=":".join(part for part in (message_ref, word, code) if part),
        occurred_at=_moment(post),
        extra={name: value for name, value in extra.items() if value is not None},
        status=status,
        message_ref=message_ref,
        recipient=recipient,
        error_code=code,
        error_message=(text_in(reason, "description") or FATES.of(code).reason) if code else None,
    )


def _opt_out(post: Object, key: str) -> Other:
    """Read that a customer opted out or in; it names the channel and the address without an object of their own."""
    notice = post[key]
    address = id_in(notice, "identity")
    channel = CHANNELS.get(text_in(notice, "channel") or "", "sms")
    return Other(
        **_common(post, channel),
        external_id=id_in(notice, "request_id") or "",
        occurred_at=_moment(post),
        extra={"opt_out": OPT_OUTS[key], "raw_status": text_in(notice, "status")},
        subtype=key,
        sender=spelled(address) if address else None,
    )


def _other(post: Object, key: str) -> Other:
    item = post[key]
    channel, person = _person(item)
    return Other(
        **_common(post, channel or "sms"),
        external_id=id_in(item, "id") or "",
        occurred_at=_moment(post, item),
        subtype=key,
        sender=person,
        message_ref=id_in(item, "message_id"),
    )


READERS: Mapping[str, Callable[[Object, str], ChannelEvent]] = {
    "message": _message,
    "message_delivery_report": _report,
    "opt_out_notification": _opt_out,
    "opt_in_notification": _opt_out,
}
