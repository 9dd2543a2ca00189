"""What a webhook of Bird's means: a message, what became of one of ours, or anything else.

https://docs.bird.com/api/channels-api/message-status-and-interactions
"""

from collections.abc import Iterator, Sequence
from typing import Any

from channels.batches import read_items
from channels.errors import PayloadMalformed
from channels.events import Attachment, ChannelEvent, Identity, InboundMessage, Media, Other, StatusUpdate
from channels.handset_errors import HANDSET_ERRORS
from channels.identities import identities_of
from channels.json_bodies import read_json
from channels.json_fields import (
    Object,
    id_in,
    iso_moment_in,
    list_in,
    object_in,
    required_id,
    required_object,
    text_in,
)
from channels.media_kinds import kind_of
from channels.opt_out_words import opt_out_of
from channels.phone_addresses import is_user_id, spelled
from channels.places import place_in
from channels.refusals import Problem, Problems

PROVIDER = "bird"
CHANNELS = ("sms", "whatsapp")

#: Their words → ours. https://docs.bird.com/api/channels-api/message-status-and-interactions
STATUSES = {
    "scheduled": "queued",
    "accepted": "queued",
    "processing": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "rejected": "failed",
    "sending_failed": "failed",
    "delivery_failed": "failed",
    "skipped": "failed",
    "cancelled": "canceled",
    "deleted": "deleted",
}

#: Interactions that say that a message was read.
READ = frozenset({"read", "opened"})

#: The SMS platform's own code for a customer who wrote STOP.
SMS_PLATFORM = "sms-messagebird"
OPTED_OUT = "103"

UNNAMED = Problem("Bird could not deliver the message.")
RECIPIENT = Problem("The customer's number is unknown or can't receive this kind of message.")
TROUBLE = Problem("Bird or the carrier had trouble; the message was not delivered and may be sent again.", True)

#: Codes of failures, in families. https://docs.bird.com/api/channels-api/message-status-and-interactions/message-failure-codes
FAILURES = Problems({TROUBLE: (12001, 15001), RECIPIENT: (12003, 15005)}, UNNAMED)
OF_PHONES = Problems(HANDSET_ERRORS, UNNAMED)


def read_post(body: bytes) -> Sequence[ChannelEvent]:
    """Return the one event of a post.

    Raises:
        PayloadMalformed: when it is no object that names its event.
    """
    post = read_json(body)
    if type(post) is not dict or text_in(post, "event") is None:
        raise PayloadMalformed("event_missing", "the body is no object that names its event")
    return read_items([post], _event, "event_malformed")


def _event(post: Object) -> ChannelEvent:
    channel, _, what = (text_in(post, "event") or "").partition(".")
    payload = required_object(post, "payload")
    if channel in CHANNELS and what == "inbound":
        return _message(channel, payload, post)
    if channel in CHANNELS and what == "outbound":
        return _status(channel, payload)
    if channel in CHANNELS and (text_in(payload, "type") or "").lower() in READ and id_in(payload, "messageId"):
        return _reading(channel, payload, post)
    return _other(channel, payload, post)


def _message(channel: str, payload: Object, post: Object) -> InboundMessage:
    external_id = required_id(payload, "id")
    contact = object_in(object_in(payload, "sender"), "contact")
    sender = _address(contact)
    body = object_in(payload, "body")
    subtype, text, attachments = _content(body)
    if channel == "sms":
        subtype, channel = "text", "mms" if attachments else "sms"
    user_id = _user_id(payload)
    identities = identities_of(channel, sender, external_id)
    if user_id and user_id != sender:
        identities = (Identity(kind="bsuid", value=user_id), *(one for one in identities if sender))
    ours = _address(object_in(object_in(payload, "receiver"), "connector"))
    return InboundMessage(
        provider=PROVIDER,
        channel=channel,
        account=id_in(payload, "channelId"),
        address=id_in(payload, "channelId"),
        external_id=external_id,
        occurred_at=iso_moment_in(payload, "createdAt") or iso_moment_in(post, "createdAt"),
        extra=_message_extra(channel, body, subtype, text, user_id),
        subtype=subtype,
        sender=sender or user_id,
        recipients=(ours,) if ours else (),
        identities=identities,
        sender_name=text_in(object_in(contact, "annotations"), "name"),
        text=text,
        attachments=attachments,
        in_reply_to=id_in(object_in(payload, "replyTo"), "id"),
    )


def _message_extra(channel: str, body: Object, subtype: str, text: str | None, user_id: str | None) -> dict[str, Any]:
    opt_out = opt_out_of(text) if channel != "whatsapp" else None
    raw_type = text_in(body, "type") if subtype == "unsupported" else None
    found = {"opt_out": opt_out, "raw_type": raw_type, "user_id": user_id}
    return {name: value for name, value in found.items() if value}


def _address(party: Object) -> str | None:
    value = text_in(party, "identifierValue")
    return spelled(value) if value else None


def _user_id(payload: Object) -> str | None:
    """Return a WhatsApp user id, which stands somewhere among ``meta.extraInformation``."""
    values = object_in(object_in(payload, "meta"), "extraInformation").values()
    return next((value for value in values if type(value) is str and is_user_id(value)), None)


def _content(body: Object) -> tuple[str, str | None, tuple[Attachment, ...]]:
    """Return the kind, the words and the files of a body."""
    kind = text_in(body, "type") or ""
    content = object_in(body, kind)
    text = text_in(content, "text")
    if kind == "text":
        return "text", text, ()
    if kind in {"image", "file"}:
        files = tuple(_files(kind, content))
        return ("image" if kind == "image" else _file_subtype(files)), text, files
    if kind == "location":
        place = place_in(object_in(content, "coordinates") or content, object_in(content, "location") or content)
        return "location", text, (place,) if place else ()
    return "unsupported", text, ()


def _files(kind: str, content: Object) -> Iterator[Media]:
    for item in list_in(content, f"{kind}s"):
        url = text_in(item, "mediaUrl") if type(item) is dict else None
        if url is None:
            continue
        mime_type = text_in(item, "contentType")
        guessed = kind_of(mime_type)
        found = "image" if kind == "image" else "document" if guessed == "file" else guessed
        yield Media(type=found, url=url, mime_type=mime_type, filename=text_in(item, "filename"))


def _file_subtype(files: Sequence[Media]) -> str:
    return files[0].type if files else "document"


def _status(channel: str, payload: Object) -> StatusUpdate:
    message_ref, word = required_id(payload, "id"), required_id(payload, "status")
    failure = object_in(payload, "failure")
    source = object_in(failure, "source")
    code, source_code = id_in(failure, "code"), id_in(source, "code")
    status = STATUSES.get(word, "unknown")
    by_phone = source_code if text_in(source, "name") == SMS_PLATFORM else None
    extra = {
        "raw_status": word,
        "callback_data": text_in(payload, "reference"),
        "source": text_in(source, "name"),
        "source_code": source_code,
        "opt_out": "stop" if by_phone == OPTED_OUT else None,
        "retryable": FAILURES.is_retryable(code) or OF_PHONES.is_retryable(by_phone) if status == "failed" else None,
    }
    reason = text_in(payload, "reason") or text_in(failure, "description")
    return StatusUpdate(
        provider=PROVIDER,
        channel=channel,
        account=id_in(payload, "channelId"),
        address=id_in(payload, "channelId"),
        external_id=":".join(part for part in (message_ref, word, code) if part),
        occurred_at=iso_moment_in(payload, "lastStatusAt") or iso_moment_in(payload, "updatedAt"),
        extra={name: value for name, value in extra.items() if value is not None},
        status=status,
        message_ref=message_ref,
        recipient=_recipient(payload),
        error_code=code,
        error_message=(reason or FAILURES.of(code).reason) if status == "failed" else None,
    )


def _recipient(payload: Object) -> str | None:
    receiver = object_in(payload, "receiver")
    contacts = [one for one in (*list_in(receiver, "contacts"), object_in(receiver, "contact")) if type(one) is dict]
    return next((found for contact in contacts if (found := _address(contact))), None)


def _reading(channel: str, payload: Object, post: Object) -> StatusUpdate:
    """Read an interaction that says that the customer saw the message."""
    message_ref, word = required_id(payload, "messageId"), required_id(payload, "type").lower()
    return StatusUpdate(
        provider=PROVIDER,
        channel=channel,
        account=id_in(payload, "channelId"),
        address=id_in(payload, "channelId"),
        external_id=f"{message_ref}:{word}",
        occurred_at=iso_moment_in(payload, "createdAt") or iso_moment_in(post, "createdAt"),
        extra={"raw_status": word},
        status="read",
        message_ref=message_ref,
        recipient=_recipient(payload),
    )


def _other(channel: str, payload: Object, post: Object) -> Other:
    return Other(
        provider=PROVIDER,
        channel=channel if channel in CHANNELS else "sms",
        account=id_in(payload, "channelId"),
        address=id_in(payload, "channelId"),
        external_id=id_in(payload, "id") or "",
        occurred_at=iso_moment_in(payload, "createdAt") or iso_moment_in(post, "createdAt"),
        subtype=text_in(post, "event") or "event",
        message_ref=id_in(payload, "messageId"),
    )
