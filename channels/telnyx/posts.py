"""Telnyx's events: inbound messages, and what became of messages that we sent, told for each recipient.

https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
"""

from collections.abc import Iterator, Sequence
from typing import Any

from channels.batches import without_doubles
from channels.callback_urls import tag_of
from channels.errors import PayloadMalformed
from channels.events import ChannelEvent, InboundMessage, Media, Other, Quarantined, StatusUpdate
from channels.http import HttpRequest
from channels.identities import identities_of
from channels.json_bodies import read_json
from channels.json_fields import (
    Object,
    Unreadable,
    count_in,
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
from channels.phone_addresses import spelled
from channels.refusals import in_words
from channels.telnyx.problems import OPTED_OUT, PROBLEMS, first_problem

RECEIVED = "message.received"
NEWS = frozenset({"message.sent", "message.finalized"})

#: Telnyx's words → ours.
STATUSES = {
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "expired": "failed",
    "sending_failed": "failed",
    "delivery_failed": "failed",
    "gw_timeout": "failed",
    "dlr_timeout": "unknown",
    "delivery_unconfirmed": "unknown",
}

#: The query field of a webhook URL that brings our own id of a message back.
REFERENCE = "reference"
CHANNELS = {"SMS": "sms", "MMS": "mms"}

#: What Telnyx writes beside a recipient that is a number of its own customer.
OURS = "webhook_delivered"


def read_post(provider: str, body: bytes) -> Sequence[ChannelEvent]:
    """Return the events of a post: one message, or one status for each recipient of a message.

    Raises:
        PayloadMalformed: when it is no event of Telnyx's.
    """
    document = read_json(body)
    data = document.get("data") if type(document) is dict else None
    if type(data) is not dict:
        raise PayloadMalformed("not_telnyx", "the body has no 'data' object")
    try:
        return without_doubles(list(_events(provider, data)))
    except Unreadable as error:
        return (Quarantined(reason="event_malformed", detail=str(error)),)


def _events(provider: str, data: Object) -> Iterator[ChannelEvent]:
    kind = required_id(data, "event_type")
    if kind != RECEIVED and kind not in NEWS:
        yield _other(provider, data, kind)
        return
    payload = required_object(data, "payload")
    if kind == RECEIVED:
        yield _message(provider, data, payload)
    else:
        yield from _statuses(provider, data, payload)


def _other(provider: str, data: Object, kind: str) -> Other:
    payload = object_in(data, "payload")
    return Other(
        provider=provider,
        channel=CHANNELS.get(text_in(payload, "type") or "", "sms"),
        account=id_in(payload, "messaging_profile_id"),
        address=None,
        external_id=id_in(data, "id") or "",
        occurred_at=iso_moment_in(data, "occurred_at"),
        subtype=kind,
        message_ref=id_in(payload, "id"),
    )


def _message(provider: str, data: Object, payload: Object) -> InboundMessage:
    external_id, channel = required_id(payload, "id"), _channel(payload)
    sender = _number(object_in(payload, "from"))
    ours, others = _group(payload)
    text = text_in(payload, "text")
    files = tuple(_files(payload))
    return InboundMessage(
        provider=provider,
        channel=channel,
        account=id_in(payload, "messaging_profile_id"),
        address=ours,
        external_id=external_id,
        occurred_at=iso_moment_in(payload, "received_at") or iso_moment_in(data, "occurred_at"),
        extra=_message_extra(payload, text, others),
        subtype="text",
        sender=sender,
        recipients=tuple(([ours] if ours else []) + others),
        identities=identities_of(channel, sender, external_id),
        text=text,
        attachments=files,
    )


def _message_extra(payload: Object, text: str | None, others: Sequence[str]) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    segments = count_in(payload, "parts")
    if segments is not None:
        extra["segments"] = segments
    if wish := opt_out_of(text):
        extra["opt_out"] = wish
    if others:
        extra["group"] = list(others)
    if subject := text_in(payload, "subject"):
        extra["subject"] = subject
    return extra


def _group(payload: Object) -> tuple[str | None, list[str]]:
    """Return our number, and whoever else a group message went to."""
    to = [item for item in list_in(payload, "to") if type(item) is dict]
    numbers = [number for item in to if (number := _number(item))]
    own = [number for item in to if item.get("status") == OURS and (number := _number(item))]
    address = next(iter(own or numbers), None)
    copies = [item for item in list_in(payload, "cc") if type(item) is dict]
    numbers += [number for item in copies if (number := _number(item))]
    return address, [number for number in dict.fromkeys(numbers) if number != address]


def _number(party: Object) -> str | None:
    number = id_in(party, "phone_number")
    return spelled(number) if number else None


def _channel(payload: Object) -> str:
    said = text_in(payload, "type")
    return CHANNELS.get(said or "", "mms" if list_in(payload, "media") else "sms")


def _files(payload: Object) -> Iterator[Media]:
    for item in list_in(payload, "media"):
        if type(item) is not dict or text_in(item, "url") is None:
            continue
        mime_type = text_in(item, "content_type")
        yield Media(
            type=kind_of(mime_type),
            url=text_in(item, "url"),
            mime_type=mime_type,
            sha256=text_in(item, "hash_sha256") or text_in(item, "sha256"),
            size=count_in(item, "size"),
        )


def _statuses(provider: str, data: Object, payload: Object) -> Iterator[ChannelEvent]:
    parties = [*list_in(payload, "to"), *list_in(payload, "cc")]
    if not parties:
        raise Unreadable("'to' names nobody")
    for party in parties:
        try:
            yield _status(provider, data, payload, party, alone=len(parties) == 1)
        except Unreadable as error:
            ours = _number(object_in(payload, "from"))
            yield Quarantined(reason="status_malformed", detail=str(error), address=ours)


def _status(provider: str, data: Object, payload: Object, party: Any, *, alone: bool) -> StatusUpdate:
    if type(party) is not dict:
        raise Unreadable("a recipient is not an object")
    message_ref, word = required_id(payload, "id"), required_id(party, "status")
    recipient = _number(party)
    status = STATUSES.get(word, "unknown")
    code, said = first_problem(payload) if status not in {"delivered", "read"} else (None, None)
    return StatusUpdate(
        provider=provider,
        channel=_channel(payload),
        account=id_in(payload, "messaging_profile_id"),
        address=_number(object_in(payload, "from")),
        external_id=f"{message_ref}:{word}" if alone else f"{message_ref}:{word}:{recipient}",
        occurred_at=iso_moment_in(data, "occurred_at"),
        extra=_status_extra(payload, word, status, code),
        status=status,
        message_ref=message_ref,
        recipient=recipient,
        error_code=code,
        error_message=in_words(PROBLEMS.of(code), said) if code else None,
    )


def _status_extra(payload: Object, word: str, status: str, code: str | None) -> dict[str, Any]:
    extra: dict[str, Any] = {"raw_status": word}
    if status == "failed":
        extra["retryable"] = PROBLEMS.is_retryable(code)
    if code == OPTED_OUT:
        extra["opt_out"] = "stop"
    # The URL that we gave with the message also stands in the body, where it is signed.
    if reference := tag_of(HttpRequest("POST", text_in(payload, "webhook_url") or ""), REFERENCE):
        extra["callback_data"] = reference
    return extra
