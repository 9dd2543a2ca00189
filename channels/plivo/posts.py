"""Plivo's webhooks: a form is one message, or the status of one part of a message.

https://www.plivo.com/docs/messaging/xml/request/messages
https://www.plivo.com/docs/messaging/api/message/send-a-message
Nothing in a form holds a time: the time of receipt has to do.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from channels.callback_urls import tag_of
from channels.errors import PayloadMalformed
from channels.events import ChannelEvent, InboundMessage, Media, StatusUpdate
from channels.forms import FormInvalid, first_values, pairs_of
from channels.http import HttpRequest
from channels.identities import identities_of
from channels.opt_out_words import opt_out_of
from channels.phone_addresses import spelled
from channels.plivo.problems import NO_ERROR, OPTED_OUT, PROBLEMS
from channels.refusals import in_words

CHANNELS = {"sms": "sms", "mms": "mms", "whatsapp": "whatsapp"}

#: Plivo's words → ours.
STATUSES = {
    "queued": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "rejected": "failed",
}
MOST_FILES = 20
PART = re.compile(r"([0-9]{1,3}) of ([0-9]{1,3})")
WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")

#: The query field of a callback URL that brings our own id of a message back.
REFERENCE = "reference"

Form = Mapping[str, str]


def read_post(provider: str, request: HttpRequest) -> ChannelEvent:
    """Return the event of a webhook.

    Raises:
        PayloadMalformed: when it is not what Plivo documents.
    """
    try:
        form = first_values(pairs_of(request))
    except FormInvalid as error:
        raise PayloadMalformed("form_malformed", "the webhook isn't a form") from error
    message_id = form.get("MessageUUID")
    if message_id is None:
        raise PayloadMalformed("message_uuid_missing", "the form has no MessageUUID")
    if word := form.get("Status"):
        return _status(provider, form, message_id, word.lower(), tag_of(request, REFERENCE))
    return _message(provider, form, message_id)


def _message(provider: str, form: Form, message_id: str) -> InboundMessage:
    sender, ours = _address(form, "From"), _address(form, "To")
    files = tuple(_files(form))
    channel = _channel(form)
    text = form.get("Text")
    return InboundMessage(
        provider=provider,
        channel=channel,
        account=None,
        address=ours,
        external_id=message_id,
        occurred_at=None,
        extra=_message_extra(form, text),
        subtype="text",
        sender=sender,
        recipients=(ours,) if ours else (),
        identities=identities_of(channel, sender, message_id),
        text=text,
        attachments=files,
    )


def _message_extra(form: Form, text: str | None) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    units = form.get("Units", "")
    if WHOLE_NUMBER.fullmatch(units):
        extra["segments"] = int(units)
    if wish := opt_out_of(text):
        extra["opt_out"] = wish
    if powerpack := form.get("PowerpackUUID"):
        extra["powerpack"] = powerpack
    return extra


def _files(form: Form) -> Iterator[Media]:
    """Go through the numbered media fields; what kind of file it is shows when it is fetched."""
    for index in range(MOST_FILES):
        if url := form.get(f"Media{index}"):
            yield Media(type="file", url=url)


def _channel(form: Form) -> str:
    return CHANNELS.get(form.get("Type", "").lower(), "mms" if "Media0" in form else "sms")


def _address(form: Form, name: str) -> str | None:
    value = form.get(name, "").strip()
    return spelled(value) if value else None


def _status(provider: str, form: Form, message_id: str, word: str, reference: str | None) -> StatusUpdate:
    """Read the status of one part; all parts of a message have the parent's id in common, which the send returned."""
    parent = form.get("ParentMessageUUID")
    status = STATUSES.get(word, "unknown")
    code = form.get("ErrorCode")
    code = None if code in NO_ERROR else code
    return StatusUpdate(
        provider=provider,
        channel=_channel(form),
        account=None,
        address=_address(form, "From"),
        external_id=":".join(found for found in (parent or message_id, word, message_id if parent else None) if found),
        occurred_at=None,
        extra=_status_extra(form, word, status, code) | ({"callback_data": reference} if reference else {}),
        status=status,
        message_ref=parent or message_id,
        recipient=_address(form, "To"),
        error_code=code,
        error_message=in_words(PROBLEMS.of(code)) if code else None,
    )


def _status_extra(form: Form, word: str, status: str, code: str | None) -> dict[str, Any]:
    extra: dict[str, Any] = {"raw_status": word}
    if "ParentMessageUUID" in form:
        extra["part_id"] = form["MessageUUID"]
    if part := PART.fullmatch(form.get("PartInfo", "").strip()):
        extra["part"] = {"part": int(part[1]), "total": int(part[2])}
    if status == "failed":
        extra["retryable"] = PROBLEMS.is_retryable(code)
    if code == OPTED_OUT:
        extra["opt_out"] = "stop"
    return extra
