"""A whole webhook: a batch of messages, delivery reports or seen reports, each read for itself.

https://www.infobip.com/docs/api/channels/sms/inbound-sms/receive-inbound-sms-messages
"""

from collections.abc import Sequence
from functools import partial

from channels.batches import read_items
from channels.callback_urls import tag_of
from channels.errors import PayloadMalformed
from channels.events import ChannelEvent, Other
from channels.http import HttpRequest
from channels.infobip.contents import Content, read_segments, read_whatsapp
from channels.infobip.inbound import PROVIDER, read_message
from channels.infobip.statuses import read_report, read_seen
from channels.json_bodies import read_json
from channels.json_fields import Object, id_in, iso_moment_in, object_in, text_in
from channels.phone_addresses import spelled


def read_post(request: HttpRequest) -> Sequence[ChannelEvent]:
    """Return the events of a batch in its order, doubles removed, what can't be read as ``Quarantined``.

    Raises:
        PayloadMalformed: when it is no batch at all.
    """
    document = read_json(request.body)
    results = document.get("results") if type(document) is dict else None
    if type(results) is not list:
        raise PayloadMalformed("results_missing", "the body is no object with a list of results")
    return read_items(results, partial(_event, tag_of(request, "channel")), "result_malformed")


def _event(channel: str | None, item: Object) -> ChannelEvent:
    """Read one result; ``channel`` stood in the URL, for delivery reports, which do not name it."""
    if type(item.get("status")) is dict:
        return read_report(item, channel)
    if "seenAt" in item:
        return read_seen(item)
    message = item.get("message")
    if type(message) is list:
        return read_message("mms", item, read_segments(message))
    if type(message) is dict and text_in(item, "integrationType") in {None, "WHATSAPP"}:
        return read_message("whatsapp", item, read_whatsapp(message))
    if "text" in item or "cleanText" in item:
        text = text_in(item, "text") or text_in(item, "cleanText")
        return read_message("sms", item, Content("text", text))
    return _other(item)


def _other(item: Object) -> Other:
    kind = text_in(item, "event") or text_in(item, "integrationType") or text_in(object_in(item, "message"), "type")
    ours = id_in(item, "to")
    return Other(
        provider=PROVIDER,
        channel="sms",
        account=None,
        address=spelled(ours) if ours else None,
        external_id=id_in(item, "messageId") or "",
        occurred_at=iso_moment_in(item, "receivedAt"),
        subtype=(kind or "event").lower(),
    )
