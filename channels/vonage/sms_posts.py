"""Webhooks of the SMS API: an inbound message or one part of it, or a delivery receipt.

https://developer.vonage.com/en/messaging/sms/guides/inbound-sms
https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts
"""

import re
from typing import Any

from channels.errors import PayloadMalformed
from channels.events import ChannelEvent, InboundMessage, StatusUpdate
from channels.http import HttpRequest
from channels.identities import identities_of
from channels.json_fields import iso_moment_in
from channels.opt_out_words import opt_out_of
from channels.phone_addresses import spelled
from channels.refusals import in_words
from channels.vonage.sms_fields import Fields, FieldsInvalid, fields_of
from channels.vonage.sms_problems import NO_ERROR, RECEIPTS

#: What events of this API name as their provider, whichever connection they came in on.
PROVIDER = "vonage_sms"

#: Vonage's words → ours.
STATUSES = {
    "accepted": "sent",
    "buffered": "queued",
    "delivered": "delivered",
    "expired": "failed",
    "failed": "failed",
    "rejected": "failed",
    "unknown": "unknown",
}
CHANNEL = "sms"
SMALL_NUMBER = re.compile(r"[0-9]{1,3}")


def read_sms_post(request: HttpRequest) -> ChannelEvent:
    """Return the event of a webhook.

    Raises:
        PayloadMalformed: when it is not what Vonage documents.
    """
    try:
        fields = fields_of(request)
    except FieldsInvalid as error:
        raise PayloadMalformed("fields_malformed", f"the webhook can't be read: {error}") from error
    message_id = fields.get("messageId")
    if not message_id:
        raise PayloadMalformed("message_id_missing", "there is no messageId")
    if word := fields.get("status"):
        return _receipt(fields, message_id, word.lower())
    return _message(fields, message_id)


def _message(fields: Fields, message_id: str) -> InboundMessage:
    sender, ours = _address(fields, "msisdn"), _address(fields, "to")
    binary = fields.get("type") == "binary"
    text = None if binary else fields.get("text") or None
    return InboundMessage(
        provider=PROVIDER,
        channel=CHANNEL,
        account=fields.get("api-key") or None,
        address=ours,
        external_id=message_id,
        occurred_at=iso_moment_in(fields, "message-timestamp"),
        extra=_message_extra(fields, text, binary=binary),
        subtype="unsupported" if binary else "text",
        sender=sender,
        recipients=(ours,) if ours else (),
        identities=identities_of(CHANNEL, sender, message_id),
        text=text,
    )


def _message_extra(fields: Fields, text: str | None, *, binary: bool) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if binary:
        extra = {"raw_type": "binary"} | {name: fields[name] for name in ("data", "udh") if fields.get(name)}
    if fields.get("concat", "").lower() == "true":
        extra["concat"] = {
            "ref": fields.get("concat-ref"),
            "total": _number(fields, "concat-total"),
            "part": _number(fields, "concat-part"),
        }
    elif wish := opt_out_of(text):
        extra["opt_out"] = wish
    return extra


def _receipt(fields: Fields, message_id: str, word: str) -> StatusUpdate:
    """Read a delivery receipt: here ``msisdn`` is the customer all the same, and ``to`` is ours."""
    status = STATUSES.get(word, "unknown")
    code = fields.get("err-code")
    code = None if code == NO_ERROR else code or None
    extra: dict[str, Any] = {"raw_status": word}
    if status == "failed":
        extra["retryable"] = RECEIPTS.is_retryable(code)
    if reference := fields.get("client-ref"):
        extra["callback_data"] = reference
    return StatusUpdate(
        provider=PROVIDER,
        channel=CHANNEL,
        account=fields.get("api-key") or None,
        address=_address(fields, "to"),
        external_id=f"{message_id}:{word}",
        occurred_at=iso_moment_in(fields, "message-timestamp"),
        extra=extra,
        status=status,
        message_ref=message_id,
        recipient=_address(fields, "msisdn"),
        error_code=code,
        error_message=in_words(RECEIPTS.of(code)) if code else None,
    )


def _address(fields: Fields, name: str) -> str | None:
    value = fields.get(name, "").strip()
    return spelled(value) if value else None


def _number(fields: Fields, name: str) -> int | None:
    value = fields.get(name, "")
    return int(value) if SMALL_NUMBER.fullmatch(value) else None
