"""What providers tell beside messages and statuses, as rows for ``ingest``: edits, revokes, consent, addresses, alarms.

Notes count once however often they are told, and mean the same in any order: each has a key that tells it from others
about the same, and the provider's time decides between those that contradict each other.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from channels.events import InboundMessage, Mailbox, Other, StatusUpdate
from channels.phone_addresses import is_user_id
from channels.phone_numbers import aliases
from gateway.ingest.routing import Route
from gateway.ingest.view import clean, one_line
from gateway.ingest.webhook import Row, fits, text_json

WORDS = frozenset({"start", "stop"})
#: Where adapters put a customer's word, and the kind of messages that it is about.
CONSENTS = {"opt_out": "all", "marketing_opt_out": "marketing_messages"}
IDENTITY_KINDS = {"whatsapp": "whatsapp", "sms": "phone", "mms": "phone", "email": "email"}
LEVEL_LENGTH = 40
SENTENCE_LENGTH = 1_000


def change_note(event: Other, tenant_id: UUID, channel_id: UUID, received_at: datetime) -> Row:
    """Return the row of an edit or a revoke; it has a message that is meant."""
    text = clean(edited_text(event)) if event.subtype == "edit" else None
    return _note(
        tenant_id,
        event.subtype,
        channel_id=channel_id,
        reference=clean(event.message_ref),
        key=clean(event.external_id) or _digest(event, received_at),
        occurred_at=event.occurred_at or received_at,  # even if it is still to come: the latest edit wins
        word="outbound" if event.extra.get("echo") else "inbound",
        text=text,
        preview=one_line(text or ""),
        addresses=_authors(event),
    )


def edited_text(event: Other) -> str | None:
    """Return what an edited message says now."""
    content = event.extra.get("content")
    if event.text is None and isinstance(content, Mapping) and isinstance(content.get("text"), str):
        return str(content["text"])
    return event.text


def consent_note(
    event: InboundMessage | StatusUpdate | Other, tenant_id: UUID, channel_id: UUID, received_at: datetime
) -> Row | None:
    """Return the row of a customer's word on being written to; None when the event holds none."""
    told = next((name for name in CONSENTS if name in event.extra), None)
    word = event.extra[told] if told else None
    address = _customer(event) if word in WORDS else None
    if told is None or not address or not fits(address):
        return None
    return _note(
        tenant_id,
        "consent",
        counts=isinstance(event, Other),
        channel_id=channel_id,
        reference=address,
        key=clean(event.external_id) or _digest(event, received_at),
        occurred_at=moment(event, received_at),
        word=word,
        category=CONSENTS[told],
    )


def addresses_note(event: Other, tenant_id: UUID, new_id: Callable[[], UUID]) -> Row | None:
    """Return the row that says which addresses are one person's; None when there is but one."""
    told = ("old_address", "old_user_id", "user_id", "new_address", "new_user_id")
    values = [clean(value) for name in told if isinstance(value := event.extra.get(name), str)]
    addresses = list(dict.fromkeys(value for value in values if value and fits(value)))
    if len(addresses) < 2:
        return None
    return _note(
        tenant_id,
        "addresses",
        id=new_id(),
        kinds=[identity_kind(event.channel, address) for address in addresses],
        addresses=addresses,
    )


def alarm_note(event: Other, route: Route, received_at: datetime, new_id: Callable[[], UUID]) -> Row | None:
    """Return the row of an alarm; None when the event is none."""
    alarm = event.extra.get("alarm")
    if not isinstance(alarm, Mapping):
        return None
    level, sentence = alarm.get("level"), alarm.get("sentence")
    if not isinstance(level, str) or not isinstance(sentence, str):
        return None
    extra = {name: value for name, value in event.extra.items() if name != "alarm"}
    return _note(
        route.tenant_id,
        "alarm",
        id=new_id(),
        channel_id=route.channel_of(event),
        reference=clean(event.subtype),
        key=_digest(event, received_at, str(route.integration_id)),
        occurred_at=moment(event, received_at),
        word=(clean(level) or "")[:LEVEL_LENGTH],
        text=(clean(sentence) or "")[:SENTENCE_LENGTH],
        data=text_json(extra),
    )


def moment(event: InboundMessage | StatusUpdate | Other, received_at: datetime) -> datetime:
    """Return the provider's time; that of receipt when it sent none, or one that is still to come."""
    return min(event.occurred_at or received_at, received_at)


def identity_kind(channel: str, address: str) -> str:
    """Return under which kind of identity an address is known."""
    return "bsuid" if is_user_id(address) else IDENTITY_KINDS[channel]


def _customer(event: InboundMessage | StatusUpdate | Other) -> str | None:
    """Return the customer's address as identities hold it."""
    if isinstance(event, StatusUpdate):
        party: str | Mailbox | None = event.recipient
    else:
        party = event.sender or (event.recipients[0] if event.recipients else None)
    address = clean(party.address if isinstance(party, Mailbox) else party)
    return address.lower() if address and event.channel == "email" else address


def _authors(event: Other) -> list[str]:
    """Return the addresses under which the sender may be known: the number in every spelling, and a user id."""
    number, user_id = _customer(event) or "", event.extra.get("user_id")
    known = (number, *aliases(number), clean(user_id) if isinstance(user_id, str) else None)
    return list(dict.fromkeys(text for text in known if text))


def _digest(event: InboundMessage | StatusUpdate | Other, received_at: datetime, *more: str) -> str:
    """Return a key for news without an id of their own. What is told without a time counts once a day."""
    said = [
        event.address, event.extra, getattr(event, "subtype", None), getattr(event, "text", None),
        event.external_id, event.occurred_at or received_at.date(), *more,
    ]  # fmt: skip
    written = orjson.dumps(said, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)
    return hashlib.sha256(written).hexdigest()


def _note(tenant_id: UUID, kind: str, *, counts: bool = True, **fields: Any) -> Row:
    """Return a row of the SQL type ``ingest_note`` from ``tenant_id`` on."""
    return (tenant_id, kind, counts, *(fields.get(name) for name in FIELDS))


FIELDS = (
    "id", "channel_id", "reference", "key", "occurred_at", "word", "category", "text", "preview", "kinds", "addresses",
    "data",
)  # fmt: skip
