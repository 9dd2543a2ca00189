"""Channel events become rows for the ``ingest`` function. Pure: ids and the time come in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from channels.events import (
    ChannelEvent,
    ContactCard,
    Identity,
    InboundMessage,
    Location,
    Mailbox,
    Media,
    Other,
    Quarantined,
    StatusUpdate,
)
from channels.phone_numbers import aliases
from gateway.ingest.echoes import echoed
from gateway.ingest.notes import CONSENTS, addresses_note, alarm_note, change_note, consent_note, moment
from gateway.ingest.routing import Route
from gateway.ingest.statuses import standing
from gateway.ingest.view import clean, message_view, preview_of, shown
from gateway.ingest.webhook import KEY_BYTES, Rows, Unstored, fits, text_json
from gateway.model.reply_tokens import thread_name

WHATSAPP_WINDOW_SECONDS = 24 * 3600
#: Where adapters put the reference under which we sent what a status is about.
REFERENCE = "callback_data"
MESSAGE_ID_LIMIT = 100
#: Characters of a name, as people may enter. It becomes the customer's, and stands in each later entry of the log.
NAME_LENGTH = 200
#: Of one message. Each is fetched from wherever its sender says; a mail has as many parts.
MOST_ATTACHMENTS = 1000

#: The keys of a mail that the message keeps as they are.
MAIL_KEPT = (
    "message_id", "references", "reply_to", "cc", "envelope", "reply_text", "has_html", "spam", "virus", "auth",
    "from_verified", "auto", "may_auto_reply", "calendar", "crypto", "fetch", "malformed", "preview",
)  # fmt: skip


def translate(
    events: Sequence[ChannelEvent],
    route: Route,
    received_at: datetime,
    new_id: Callable[[], UUID],
    *,
    verified: bool = True,
) -> Rows:
    """Sort a webhook's events into messages, statuses, notes, and items that are not stored with the reason.

    Args:
        events: what the adapter read.
        route: the connection that the webhook came in on.
        received_at: when it came in.
        new_id: makes an id of now.
        verified: False when the signature was wrong and the connection only reports that.
    """
    arrival = Arrival(route, received_at, new_id, verified, Rows())
    for event in events:
        match event:
            case Quarantined():
                arrival.rows.unstored.append(Unstored(state="quarantined", reason=event.reason, detail=event.detail))
            case Other():
                _other(event, arrival)
            case InboundMessage() if event.extra.get("loop"):  # our own mail, come back
                _ignore(event, "loop", arrival.rows)
            case InboundMessage():
                if channel := _channel(event, arrival):
                    _message(event, channel, arrival)
            case StatusUpdate():
                if channel := _channel(event, arrival):
                    _status(event, channel, arrival)
            case _:
                assert_never(event)
    return arrival.rows


@dataclass(slots=True)  # not frozen: one is made for every webhook, and that would take three times as long
class Arrival:
    """A webhook that is being translated: where it came in, and its rows so far."""

    route: Route
    received_at: datetime
    new_id: Callable[[], UUID]
    verified: bool
    rows: Rows


def _channel(event: InboundMessage | StatusUpdate | Other, arrival: Arrival) -> UUID | None:
    """Return the channel of an item that can be stored; an item that can't is put aside."""
    channel = arrival.route.channel_of(event)
    if channel is None:
        arrival.rows.unstored.append(_nobody(event))
        return None
    if fault := _unusable_key(event):
        arrival.rows.unstored.append(_unusable(event, fault))
        return None
    return channel


def _ignore(event: InboundMessage | StatusUpdate | Other, reason: str, rows: Rows) -> None:
    rows.unstored.append(Unstored(state="ignored", reason=reason, external_id=event.external_id[:KEY_BYTES]))


def _other(event: Other, arrival: Arrival) -> None:
    """Store what is known to change something; anything else is ignored."""
    route, received_at, rows = arrival.route, arrival.received_at, arrival.rows
    if alarm := alarm_note(event, route, received_at, arrival.new_id):
        rows.notes.append(alarm)
        return
    match event.subtype:
        case "edit" | "revoke":
            if not event.message_ref:
                _ignore(event, f"{event.subtype}_without_message", rows)
            elif channel := _channel(event, arrival):
                rows.notes.append(change_note(event, route.tenant_id, channel, received_at))
        case "echo":
            message = echoed(event)
            if message is None:
                _ignore(event, "echo_to_nobody_known", rows)
            elif channel := _channel(message, arrival):
                _message(message, channel, arrival, outbound=True)
        case "number_changed" | "user_id_changed":
            note = addresses_note(event, route.tenant_id, arrival.new_id)
            if note is None:
                _ignore(event, event.subtype, rows)
            elif _channel(event, arrival):
                rows.notes.append(note)
        case _:
            _consent(event, arrival)


def _consent(event: Other, arrival: Arrival) -> None:
    channel = arrival.route.channel_of(event)
    note = consent_note(event, arrival.route.tenant_id, channel, arrival.received_at) if channel else None
    if note is None:
        _ignore(event, event.subtype, arrival.rows)
    else:
        arrival.rows.notes.append(note)


def _consent_by_the_way(event: InboundMessage | StatusUpdate, channel_id: UUID, arrival: Arrival) -> None:
    note = consent_note(event, arrival.route.tenant_id, channel_id, arrival.received_at)
    if note is not None:
        arrival.rows.notes.append(note)


def _nobody(event: InboundMessage | StatusUpdate | Other) -> Unstored:
    return Unstored(
        state="quarantined",
        reason="unknown_address",
        detail=f"this connection has no {event.channel} address {event.address!r}; add it and replay",
        external_id=event.external_id[:KEY_BYTES],
    )


def _unusable(event: InboundMessage | StatusUpdate | Other, fault: str) -> Unstored:
    return Unstored(state="quarantined", reason="key_unusable", detail=fault, external_id=event.external_id[:KEY_BYTES])


def _unusable_key(event: InboundMessage | StatusUpdate | Other) -> str | None:
    """Return what is wrong with the ids by which an item would be found again; None when nothing is."""
    keys = {"external id": event.external_id} if event.external_id or not isinstance(event, Other) else {}
    if isinstance(event, InboundMessage):
        keys |= {f"{identity.kind} of the sender": identity.value for identity in event.identities}
    elif event.message_ref:
        keys["id of the message"] = event.message_ref
    for name, key in keys.items():
        if not clean(key):
            return f"the {name} is empty"
        if not fits(key):
            return f"the {name} is longer than {KEY_BYTES} bytes"
    return None


def _message(event: InboundMessage, channel_id: UUID, arrival: Arrival, *, outbound: bool = False) -> None:
    """Add the row of a message, and what it tells by the way; an outbound one is an echo."""
    tenant_id, received_at, new_id = arrival.route.tenant_id, arrival.received_at, arrival.new_id
    first, other = _identities(event)
    mail = event.mail
    message_id = new_id()
    attachments = event.attachments[:MOST_ATTACHMENTS]
    media = [part for part in attachments if isinstance(part, Media)]
    files = [_file(one, place, new_id()) for place, one in enumerate(media)]
    parts = [_part(part) for part in attachments if not isinstance(part, Media)]
    extra = event.extra if arrival.verified else {**event.extra, "unverified": True}
    if len(event.attachments) > MOST_ATTACHMENTS:
        extra = {**extra, "attachments_left_out": len(event.attachments) - MOST_ATTACHMENTS}
    external_id, text, preview = clean(event.external_id), clean(event.text), preview_of(event)
    sender_name = (clean(event.sender_name) or "")[:NAME_LENGTH] or None
    sender = clean(_address(event.sender))
    recipients = [clean(_address(r)) or "" for r in event.recipients]
    occurred_at = moment(event, received_at)
    direction, status = ("outbound", "sent") if outbound else ("inbound", "received")
    view = message_view(
        event, message_id, channel_id, external_id, text, preview, sender_name, sender, recipients,
        parts or [shown(file) for file in files], extra, occurred_at, received_at, direction, status,
    )  # fmt: skip
    opens_window = event.channel == "whatsapp" and not outbound
    arrival.rows.messages.append((
        tenant_id, channel_id, external_id, message_id, new_id(), new_id(),
        first.kind, clean(first.value), other.kind if other else None, clean(other.value) if other else None,
        sender_name, direction, event.channel, event.subtype, text, preview,
        text_json(parts) if parts else None,
        text_json([{**file, "id": str(file["id"])} for file in files]) if files else None,
        sender, recipients, _reference(event.in_reply_to),
        clean(mail.get("subject")) if mail else None,
        text_json({key: mail[key] for key in MAIL_KEPT if key in mail}) if mail else None,
        clean(mail.get("html")) if mail else None,
        text_json(extra) if extra else None,
        _message_ids(mail) if mail else None,
        bool(mail and mail.get("auto")),
        WHATSAPP_WINDOW_SECONDS if opens_window else None,
        status, occurred_at, received_at, text_json(view)[1:-1],
    ))  # fmt: skip
    number = first.value if first.kind != "bsuid" else other.value if other else ""
    if spellings := aliases(number):
        arrival.rows.aliases[message_id] = [(number, spelling) for spelling in spellings]
    if not CONSENTS.keys().isdisjoint(event.extra):
        _consent_by_the_way(event, channel_id, arrival)


def _status(event: StatusUpdate, channel_id: UUID, arrival: Arrival) -> None:
    if not event.message_ref:
        _ignore(event, "status_without_message", arrival.rows)
        return
    rank = standing(event.channel, event.status)
    status_id = arrival.new_id()
    if isinstance(told := event.extra.get(REFERENCE), str) and fits(told) and (mark := clean(told)):
        arrival.rows.marks[status_id] = mark
    error = None
    if event.error_code is not None or event.error_message is not None:
        error = text_json({"code": event.error_code, "message": event.error_message})
    arrival.rows.statuses.append(
        (
            arrival.route.tenant_id,
            channel_id,
            clean(event.message_ref),
            status_id,
            clean(event.external_id),
            rank.shown,
            rank.rank,
            moment(event, arrival.received_at),
            error,
        )
    )
    if not CONSENTS.keys().isdisjoint(event.extra):
        _consent_by_the_way(event, channel_id, arrival)


def _identities(event: InboundMessage) -> tuple[Identity, Identity | None]:
    """Return the identity to know the sender by, and a second one to look under.

    A number is one person's whether it writes by SMS or by WhatsApp, so it is looked up under both kinds.
    """
    first, *more = event.identities or (Identity(kind="phone", value="anonymous"),)
    if first.kind == "phone":
        return first, Identity(kind="whatsapp", value=first.value)
    if first.kind == "whatsapp":
        return first, Identity(kind="phone", value=first.value)
    return first, more[0] if more else None


def _reference(external_id: str | None) -> str | None:
    """Return the id of an earlier message; one that could not be stored as such names nothing."""
    return (clean(external_id) or None) if external_id and fits(external_id) else None


def _address(party: str | Mailbox | None) -> str | None:
    return party.address if isinstance(party, Mailbox) else party


def _part(part: Location | ContactCard) -> Mapping[str, Any]:
    match part:
        case Location():
            return {
                "id": None, "type": "location", "state": None, "latitude": part.latitude,
                "longitude": part.longitude, "name": part.name, "address": part.address, "url": part.url,
            }  # fmt: skip
        case ContactCard():
            return {
                "id": None, "type": "contact", "state": None, "name": part.name, "phones": part.phones,
                "emails": part.emails,
            }  # fmt: skip
        case _:
            assert_never(part)


def _file(media: Media, position: int, attachment_id: UUID) -> Mapping[str, Any]:
    return {
        "id": attachment_id,
        "position": position,
        "type": media.type,
        "provider_media_id": media.id,
        "provider_url": media.url,
        "filename": media.filename,
        "mime_type": media.mime_type,
        "size_bytes": media.size,
        "sha256": media.sha256,
        "content_id": media.content_id,
    }


def _message_ids(mail: Mapping[str, Any]) -> list[str]:
    """Return a mail's own Message-ID, then those it names, newest first; before them the token that it came with."""
    own = mail.get("message_id")
    named = [thread_name(mail.get("reply_token")), mail.get("in_reply_to"), *reversed(mail.get("references") or ())]
    found = dict.fromkeys(text.replace("\0", "") for text in (own, *named) if text and fits(text))
    return [key for key in found if key][:MESSAGE_ID_LIMIT]
