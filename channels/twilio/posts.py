"""A whole webhook: a form is one message or one status; JSON comes from Event Streams."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from channels.errors import PayloadMalformed
from channels.events import ChannelEvent, Other, Quarantined
from channels.http import HttpRequest
from channels.json_bodies import read_json
from channels.json_fields import iso_moment_in, object_in, text_in
from channels.twilio.forms import Form, TooManyFields, holds_json, read_form
from channels.twilio.inbound import read_message
from channels.twilio.parties import CHANNELS, party
from channels.twilio.sending import REFERENCE, SERVICE
from channels.twilio.statuses import read_status

#: Words of ``MessageStatus`` and ``SmsStatus`` that stand for a message to us.
INBOUND = frozenset({"received", "receiving"})


def read_post(provider: str, request: HttpRequest) -> Sequence[ChannelEvent]:
    """Return the events of a webhook.

    Raises:
        PayloadMalformed: when it is not what Twilio documents.
    """
    if holds_json(request):
        return _stream(provider, read_json(request.body))
    try:
        query = read_form(request.query)
        form = query if request.method == "GET" else read_form(request.body.decode())
    except (UnicodeDecodeError, TooManyFields) as error:
        raise PayloadMalformed("form_malformed", "the body isn't a form") from error
    return (_event(provider, form, query),)


def _event(provider: str, form: Form, query: Form) -> ChannelEvent:
    account = form.first("AccountSid")
    sid = form.first("MessageSid") or form.first("SmsMessageSid") or form.first("SmsSid")
    if sid is None:
        if form.first("CallSid"):
            return _other(provider, account, "call", form.first("CallSid") or "")
        raise PayloadMalformed("message_sid_missing", "the form has no MessageSid")
    word = form.first("MessageStatus")
    if word is None and form.first("SmsStatus") not in {None, *INBOUND}:
        word = form.first("SmsStatus")  # a callback of the older kind
    if word is not None and word not in INBOUND:
        event = read_status(form, provider, account, sid, word.lower(), query.first(REFERENCE))
        service = query.first(SERVICE)
        return replace(event, address=service) if service else event
    if word is not None and "Body" not in form:
        return _other(provider, account, word, sid)
    return read_message(form, provider, account, sid)


def _stream(provider: str, document: Any) -> Sequence[ChannelEvent]:
    """Take note of CloudEvents: the same news also comes in forms, which are what is used."""
    items = document if isinstance(document, list) else [document]
    return [_cloud_event(provider, item) for item in items]


def _cloud_event(provider: str, item: Any) -> ChannelEvent:
    if not isinstance(item, dict):
        return Quarantined(reason="event_malformed", detail="an event is not an object")
    subtype, data = text_in(item, "type") or "event_stream", object_in(item, "data")
    ours = party(text_in(data, "to" if "inbound" in subtype else "from"))
    event = _other(provider, text_in(data, "accountSid"), subtype, text_in(item, "id") or "")
    channel = CHANNELS.get(ours.prefix, event.channel)
    return replace(event, channel=channel, address=ours.address, occurred_at=iso_moment_in(item, "time"))


def _other(provider: str, account: str | None, subtype: str, external_id: str) -> Other:
    return Other(
        provider=provider,
        channel="sms",
        account=account,
        address=None,
        external_id=external_id,
        occurred_at=None,
        subtype=subtype,
    )
