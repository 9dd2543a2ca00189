"""Inbound messages: SMS, MMS and WhatsApp through Twilio.

https://www.twilio.com/docs/messaging/guides/webhook-request
A form holds no time: the time of receipt has to do.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from channels.errors import PayloadMalformed
from channels.events import Attachment, InboundMessage, Location, Media
from channels.media_kinds import kind_of
from channels.opt_out_words import opt_out_of
from channels.phone_addresses import is_user_id
from channels.twilio.forms import Form
from channels.twilio.parties import CHANNELS, Party, identities_of, party

#: WhatsApp's ``MessageType``; others come without notice.
MESSAGE_TYPES = frozenset({
    "text", "image", "audio", "video", "document", "sticker", "location", "contacts", "button", "interactive",
})  # fmt: skip
MEDIA_FIELDS = tuple((f"MediaUrl{index}", f"MediaContentType{index}") for index in range(10))
MEDIA_SID = re.compile(r"/(ME[0-9a-fA-F]{32})(?:$|[/?.])")
WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")

#: What is kept of a click-to-WhatsApp ad: Twilio's field → Meta's name.
REFERRAL = {
    "ReferralSourceId": "source_id",
    "ReferralSourceType": "source_type",
    "ReferralSourceUrl": "source_url",
    "ReferralHeadline": "headline",
    "ReferralBody": "body",
    "ReferralCtwaClid": "ctwa_clid",
    "ReferralMediaId": "media_id",
    "ReferralMediaContentType": "media_content_type",
    "ReferralMediaUrl": "media_url",
}

#: Twilio's field → the name in ``extra``, taken over as sent.
PLAIN = {
    "MessagingServiceSid": "messaging_service",
    "ProfileName": "user_name",
    "ButtonPayload": "payload",
    "ButtonType": "button_type",
    "ListId": "list_id",
    "ListTitle": "list_title",
    "InteractiveData": "interactive_data",
}

#: ``OptOutType`` in lower case: comes with Advanced Opt-Out only, and Twilio has answered the customer already. Without
#: it Twilio acts on the usual words all the same, and on YES (https://help.twilio.com/articles/223134027).
OPT_OUTS = frozenset({"stop", "start", "help"})
FLAGS = {"Forwarded": "forwarded", "FrequentlyForwarded": "frequently_forwarded"}


def read_message(form: Form, provider: str, account: str | None, external_id: str) -> InboundMessage:
    """Read what a customer wrote.

    Raises:
        PayloadMalformed: when it came over a channel that this product doesn't know.
    """
    sender, ours = party(form.first("From")), party(form.first("To"))
    files = tuple(_files(form))
    channel = channel_of(sender, ours, external_id, has_files=bool(files))
    user_id = _user_id(form, sender)
    place = _place(form)
    attachments: tuple[Attachment, ...] = files if place is None else (*files, place)
    subtype, extra = _subtype(form, channel)
    return InboundMessage(
        provider=provider,
        channel=channel,
        account=account,
        address=ours.address,
        external_id=external_id,
        occurred_at=None,
        extra=extra | _extra(form, user_id),
        subtype=subtype,
        sender=sender.address,
        recipients=(ours.address,) if ours.address else (),
        identities=identities_of(sender, user_id, external_id),
        sender_name=form.first("ProfileName"),
        text=form.first("Body") or form.first("ButtonText") or form.first("ListTitle"),
        attachments=attachments,
        in_reply_to=form.first("OriginalRepliedMessageSid"),
    )


def channel_of(one: Party, other: Party, sid: str, *, has_files: bool = False) -> str:
    """Tell the channel by the prefix of either end; an MMS has files, or an id of its own kind.

    Raises:
        PayloadMalformed: when the prefix is not one we know.
    """
    prefix = one.prefix or other.prefix
    channel = CHANNELS.get(prefix)
    if channel is None:
        raise PayloadMalformed("channel_unsupported", "the message came over a channel that is not supported")
    return "mms" if channel == "sms" and (has_files or sid.startswith("MM")) else channel


def _user_id(form: Form, sender: Party) -> str | None:
    """Return the business-scoped user id, which may also stand in ``From``."""
    for value in (party(form.first("ExternalUserId")).address, sender.address):
        if value and is_user_id(value):
            return value
    return None


def _subtype(form: Form, channel: str) -> tuple[str, dict[str, Any]]:
    if channel != "whatsapp":
        return "text", {}
    said = form.first("MessageType")
    if said is None:
        return _guessed(form), {}
    return (said, {}) if said in MESSAGE_TYPES else ("unsupported", {"raw_type": said})


def _guessed(form: Form) -> str:
    if form.first("Latitude"):
        return "location"
    if form.first("ButtonText") or form.first("ButtonPayload"):
        return "button"
    kind = next((file.type for file in _files(form)), "text")
    return "document" if kind == "file" else kind


def _files(form: Form) -> Iterator[Media]:
    """Go through the numbered media fields; NumMedia may be missing or wrong, and numbers may be left out."""
    if form.get("NumMedia") == "0" and MEDIA_FIELDS[0][0] not in form:
        return  # by far the most
    for url_field, type_field in MEDIA_FIELDS:
        url = form.first(url_field)
        if url is None:
            continue
        mime_type = form.first(type_field)
        sid = MEDIA_SID.search(url)
        yield Media(type=kind_of(mime_type), id=sid[1] if sid else None, url=url, mime_type=mime_type)


def _place(form: Form) -> Location | None:
    if "Latitude" not in form:
        return None
    try:
        latitude, longitude = float(form["Latitude"]), float(form.get("Longitude", ""))
    except ValueError:
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Location(latitude=latitude, longitude=longitude, name=form.first("Label"), address=form.first("Address"))


def _extra(form: Form, user_id: str | None) -> dict[str, Any]:
    extra: dict[str, Any] = {PLAIN[name]: form[name] for name in PLAIN.keys() & form.keys() if form[name]}
    extra |= {FLAGS[name]: True for name in FLAGS.keys() & form.keys() if form[name] == "true"}
    if (opt_out := form.get("OptOutType", "").lower()) in OPT_OUTS:
        extra["opt_out"] = opt_out
    elif not form.get("From", "").startswith("whatsapp:") and (wish := _wish(form.get("Body", ""))):
        extra["opt_out"] = wish
    segments = form.get("NumSegments", "1")
    if segments != "1" and WHOLE_NUMBER.fullmatch(segments) and int(segments) > 1:
        extra["segments"] = int(segments)
    if user_id:
        extra["user_id"] = user_id
    if referral := _referral(form):
        extra["referral"] = referral
    return extra


def _wish(text: str) -> str | None:
    return "start" if text.strip().upper() == "YES" else opt_out_of(text)


def _referral(form: Form) -> Mapping[str, str]:
    """Return the ad; ``ReferralNumMedia=0`` alone comes with every message."""
    return {REFERRAL[name]: form[name] for name in REFERRAL.keys() & form.keys() if form[name]}
