"""SendGrid's event webhook: what became of mails of ours, many in one post.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from channels.errors import PayloadMalformed
from channels.events import ChannelEvent, Quarantined, StatusUpdate
from channels.json_bodies import read_json
from channels.json_fields import Object, id_in, moment_in, text_in

#: SendGrid's events → our words. Bounces are told apart by their type.
STATUSES = {
    "processed": "queued",
    "deferred": "deferred",
    "delivered": "delivered",
    "dropped": "rejected",
    "open": "opened",
    "click": "clicked",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "group_resubscribe": "subscribed",
}
OPT_OUTS = {"unsubscribed": "stop", "subscribed": "start"}
DROPPED_FOR_OPT_OUT = "Unsubscribed Address"
NOTED = ("sg_message_id", "smtp-id", "type", "bounce_classification", "attempt", "asm_group_id", "category")

#: The custom argument that brings our own id back; it stands among the event's own keys.
REFERENCE = "gw_message_id"


@dataclass(frozen=True, slots=True)
class _News:
    """What one event says of the mail."""

    status: str
    bounce_class: str | None = None
    code: str | None = None
    message: str | None = None


def updates(provider: str, body: bytes) -> Sequence[ChannelEvent]:
    """Read a batch of events; one that is no event is quarantined, and doubles are left out.

    Raises:
        PayloadMalformed: the body is no JSON array.
    """
    batch = read_json(body)
    if not isinstance(batch, list):
        raise PayloadMalformed("json_not_an_array", "the body is JSON, but no array")
    found: dict[str, ChannelEvent] = {}
    for number, event in enumerate(batch):
        if not isinstance(event, dict) or text_in(event, "event") is None:
            detail = f"event {number} is no object, or doesn't say what happened"
            found[f"quarantined {number}"] = Quarantined(reason="event_malformed", detail=detail)
        else:
            update = _update(provider, event)
            found.setdefault(update.external_id, update)
    return tuple(found.values())


def _update(provider: str, event: Object) -> StatusUpdate:
    word = text_in(event, "event") or ""
    news = _news(word, event)
    return StatusUpdate(
        provider=provider,
        channel="email",
        account=None,
        address=None,
        external_id=id_in(event, "sg_event_id") or _hash(event),
        occurred_at=moment_in(event, "timestamp"),
        extra=_extra(word, news, event),
        status=news.status,
        message_ref=id_in(event, REFERENCE) or _sent_id(event),
        recipient=text_in(event, "email"),
        error_code=news.code,
        error_message=news.message,
        mail={"bounce_class": news.bounce_class, "url": text_in(event, "url"), "machine": _machine(event)},
    )


def _news(word: str, event: Object) -> _News:
    match word:
        case "bounce":
            bounce_class = "soft" if event.get("type") == "blocked" else "hard"
            return _News("bounced", bounce_class, text_in(event, "status"), text_in(event, "reason"))
        case "dropped":
            return _News(STATUSES[word], None, text_in(event, "status"), text_in(event, "reason"))
        case "deferred":
            return _News(STATUSES[word], None, text_in(event, "status"), text_in(event, "response"))
        case _:
            return _News(STATUSES.get(word, "unknown"))


def _extra(word: str, news: _News, event: Object) -> Mapping[str, Any]:
    extra: dict[str, Any] = {"raw_status": word}
    extra |= {name: event[name] for name in NOTED if type(event.get(name)) in (str, int) and event[name] != ""}
    if isinstance(categories := event.get("category"), list):
        extra["category"] = [one for one in categories if isinstance(one, str)]
    if (reference := id_in(event, REFERENCE)) is not None:
        extra["callback_data"] = reference
    if news.status in ("bounced", "rejected"):
        extra["retryable"] = news.bounce_class == "soft"
    if (opt_out := "stop" if news.message == DROPPED_FOR_OPT_OUT else OPT_OUTS.get(news.status)) is not None:
        extra["opt_out"] = opt_out
    return extra


def _sent_id(event: Object) -> str | None:
    """Return the id that the answer to the send had: the events' ids begin with it."""
    return (id_in(event, "sg_message_id") or "").partition(".")[0] or None


def _machine(event: Object) -> bool | None:
    seen = event.get("sg_machine_open")
    return seen if isinstance(seen, bool) else None


def _hash(event: Object) -> str:
    """Return an id for an event without one; the same event always gets the same."""
    return "sha256:" + hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).hexdigest()
