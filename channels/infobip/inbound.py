"""Inbound messages: SMS, MMS and WhatsApp, which differ in their content alone.

https://www.infobip.com/docs/whatsapp/message-types-and-templates/inbound-messages
"""

from typing import Any

from channels.events import InboundMessage
from channels.identities import identities_of
from channels.infobip.contents import Content
from channels.json_fields import Object, id_in, iso_moment_in, object_in, required_id, text_in
from channels.opt_out_words import opt_out_of
from channels.phone_addresses import spelled

PROVIDER = "infobip"


def read_message(channel: str, item: Object, content: Content) -> InboundMessage:
    """Read what a customer wrote.

    Raises:
        Unreadable: when it has no id.
    """
    external_id = required_id(item, "messageId")
    sender, ours = id_in(item, "from"), id_in(item, "to")
    sender, ours = spelled(sender) if sender else None, spelled(ours) if ours else None
    return InboundMessage(
        provider=PROVIDER,
        channel=channel,
        account=None,
        address=ours,
        external_id=external_id,
        occurred_at=iso_moment_in(item, "receivedAt"),
        extra={**content.extra, **_extra(channel, item, content.text)},
        subtype=content.subtype,
        sender=sender,
        recipients=(ours,) if ours else (),
        identities=identities_of(channel, sender, external_id),
        sender_name=text_in(object_in(item, "contact"), "name"),
        text=content.text,
        attachments=content.attachments,
        in_reply_to=content.in_reply_to,
    )


def _extra(channel: str, item: Object, text: str | None) -> dict[str, Any]:
    segments = item.get("smsCount")
    found = {
        "segments": segments if type(segments) is int else None,
        "keyword": text_in(item, "keyword"),
        "callback_data": text_in(item, "callbackData"),
        "paired_message_id": id_in(item, "pairedMessageId"),
        "user_name": text_in(object_in(item, "contact"), "name"),
        "opt_out": opt_out_of(text) if channel != "whatsapp" else None,
    }
    return {name: value for name, value in found.items() if value is not None}
