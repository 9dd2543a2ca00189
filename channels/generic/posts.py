"""What other systems post to us: one event, or ``{"events": […]}``, in a shape of our own.

A message::

    {"type": "message", "id": "m1", "channel": "sms", "from": "+12025550142", "to": "+13125550188", "text": "hi",
     "timestamp": "2026-01-01T00:00:00Z", "from_name": "Jo Doe", "reply_to": "m0", "opt_out": "stop",
     "attachments": [{"type": "image", "url": "https://…", "mime_type": "image/png", "filename": "a.png"}]}

A status of a message that we sent::

    {"type": "status", "message_id": "m2", "status": "failed", "to": "+12025550142", "from": "+13125550188",
     "timestamp": "2026-01-01T00:00:02Z", "error": {"code": "17", "message": "unknown number", "retryable": false}}

``id`` and ``from`` of a message, ``message_id`` and ``status`` of a status are needed; all else may be missing.
``channel`` is sms, mms or whatsapp, and sms where it is missing. Events of any other type are noted.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from channels.batches import read_items
from channels.errors import PayloadMalformed
from channels.events import Attachment, ChannelEvent, InboundMessage, Media, Other, StatusUpdate
from channels.identities import identities_of
from channels.json_bodies import read_json
from channels.json_fields import Object, Unreadable, id_in, iso_moment_in, list_in, object_in, required_id, text_in
from channels.media_kinds import kind_of
from channels.phone_addresses import is_user_id
from channels.phone_numbers import e164
from channels.places import place_in

PROVIDER = "generic"
CHANNELS = ("sms", "mms", "whatsapp")
STATUSES = frozenset({"queued", "sent", "delivered", "read", "failed", "canceled"})
FILES = frozenset({"image", "audio", "voice", "video", "document", "sticker", "file"})
OPT_OUTS = frozenset({"stop", "start", "help"})


def read_post(body: bytes, country: str | None) -> Sequence[ChannelEvent]:
    """Return the events of a post in its order, doubles removed, what can't be read as ``Quarantined``.

    Args:
        body: the post.
        country: whose numbers are written without a country code.

    Raises:
        PayloadMalformed: when it is neither an event nor a list of events.
    """
    post = read_json(body)
    if type(post) is not dict or not ("events" in post or "type" in post):
        raise PayloadMalformed("event_missing", "the body is no object with a type, nor one with a list of events")
    events = post.get("events", [post])
    if type(events) is not list:
        raise PayloadMalformed("events_malformed", "'events' is not a list")
    return read_items(events, partial(_event, country), "event_malformed")


def _event(country: str | None, item: Object) -> ChannelEvent:
    kind, channel = required_id(item, "type"), text_in(item, "channel") or "sms"
    if channel not in CHANNELS:
        raise Unreadable(f"'channel' is none of {', '.join(CHANNELS)}")
    if kind == "message":
        return _message(channel, country, item)
    if kind == "status":
        return _status(channel, country, item)
    return Other(**_common(channel, country, item, "to"), external_id=id_in(item, "id") or "", subtype=kind)


def _common(channel: str, country: str | None, item: Object, ours: str) -> dict[str, Any]:
    """Return what all events have; ``ours`` is the key that holds our address."""
    return {
        "provider": PROVIDER,
        "channel": channel,
        "account": None,
        "address": _address(item, ours, country),
        "occurred_at": iso_moment_in(item, "timestamp"),
    }


def _address(item: Object, key: str, country: str | None) -> str | None:
    value = (id_in(item, key) or "").strip()
    if not value:
        return None
    return value if is_user_id(value) else e164(value, country)


def _message(channel: str, country: str | None, item: Object) -> InboundMessage:
    external_id = required_id(item, "id")
    sender, ours = _address(item, "from", country), _address(item, "to", country)
    if sender is None:
        raise Unreadable("'from' is missing or not a text")
    attachments = tuple(_attachment(part) for part in list_in(item, "attachments"))
    opt_out = text_in(item, "opt_out")
    return InboundMessage(
        **_common(channel, country, item, "to"),
        external_id=external_id,
        extra={"opt_out": opt_out} if opt_out in OPT_OUTS else {},
        subtype=_subtype(channel, attachments),
        sender=sender,
        recipients=(ours,) if ours else (),
        identities=identities_of(channel, sender, external_id),
        sender_name=text_in(item, "from_name"),
        text=text_in(item, "text"),
        attachments=attachments,
        in_reply_to=id_in(item, "reply_to"),
    )


def _subtype(channel: str, attachments: Sequence[Attachment]) -> str:
    """Return a text's kind, or what a WhatsApp message holds, as other providers name it."""
    if channel != "whatsapp" or not attachments:
        return "text"
    first = attachments[0]
    return first.type if isinstance(first, Media) else "location"


def _attachment(part: Any) -> Attachment:
    if type(part) is not dict:
        raise Unreadable("an attachment is not an object")
    kind, mime_type = text_in(part, "type"), text_in(part, "mime_type")
    if kind == "location":
        place = place_in(part, part)
        if place is None:
            raise Unreadable("a location has no latitude and longitude")
        return place
    url = text_in(part, "url")
    if url is None:
        raise Unreadable("an attachment has no URL")
    found = kind if kind in FILES else kind_of(mime_type)
    return Media(type=found, url=url, mime_type=mime_type, filename=text_in(part, "filename"))


def _status(channel: str, country: str | None, item: Object) -> StatusUpdate:
    message_ref, word = required_id(item, "message_id"), required_id(item, "status")
    status = word.lower() if word.lower() in STATUSES else "unknown"
    error = object_in(item, "error")
    code = id_in(error, "code")
    extra: dict[str, Any] = {"raw_status": word}
    if status == "failed":
        extra["retryable"] = error.get("retryable") is True
    if reference := text_in(item, "reference"):
        extra["callback_data"] = reference
    return StatusUpdate(
        **_common(channel, country, item, "from"),
        external_id=id_in(item, "id") or ":".join(part for part in (message_ref, word, code) if part),
        extra=extra,
        status=status,
        message_ref=message_ref,
        recipient=_address(item, "to", country),
        error_code=code,
        error_message=text_in(error, "message"),
    )


def country_in(context: Mapping[str, Any]) -> str | None:
    """Return the connection's country; None when it has none."""
    country = context.get("country")
    return country if isinstance(country, str) else None
