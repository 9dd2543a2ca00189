"""Amazon SES's receipt rules: a mail to one of our addresses, with its content, or with where that is in S3.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.errors import PayloadMalformed
from channels.events import ChannelEvent, InboundMessage
from channels.json_fields import Object, id_in, list_in, object_in, text_in
from channels.mail.arrival import Arrival, Envelope, Settings
from channels.mail.letter import Letter, read_letter
from channels.mail.parsed import fields_of, parsed_letter
from channels.mail.reading import events
from channels.mail.trust import Authentication
from channels.mail.words import base64_bytes
from channels.ses.stored import Place, place_of

#: Amazon's verdicts → the words of RFC 8601. DISABLED says nothing.
RESULTS = {"PASS": "pass", "FAIL": "fail", "GRAY": "neutral", "PROCESSING_FAILED": "temperror"}
FLAGS = {"PASS": False, "FAIL": True}
COMMON = {
    "from": "from",
    "to": "to",
    "cc": "cc",
    "replyTo": "reply-to",
    "subject": "subject",
    "date": "date",
    "messageId": "message-id",
}


def inbound(provider: str, post: Object, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read an inbound mail; a report about our mail becomes status updates.

    Raises:
        PayloadMalformed: it has no id.
    """
    mail, receipt = object_in(post, "mail"), object_in(post, "receipt")
    external_id = id_in(mail, "messageId")
    if external_id is None:
        raise PayloadMalformed("field_missing", "the mail has no messageId")
    raw = _fetched(context) or _content(post, receipt)
    place = place_of(post)
    arrival = Arrival(
        provider=provider,
        external_id=external_id,
        envelope=_envelope(mail, receipt),
        settings=Settings.of(context),
        authentication=_authentication(receipt),
        spam=_spam(receipt),
        virus=FLAGS.get(_verdict(receipt, "virus")),
        fetch=_url(place) if raw is None and place is not None else None,
        extra={"dmarc_policy": policy} if (policy := text_in(receipt, "dmarcPolicy")) is not None else {},
    )
    if raw is not None:
        return events(read_letter(raw), arrival)
    return [_without_content(event) for event in events(_announced(mail), arrival)]


def _fetched(context: Mapping[str, Any]) -> bytes | None:
    fetched = context.get("fetched")
    raw = fetched.get("raw") if isinstance(fetched, Mapping) else None
    return raw if isinstance(raw, bytes) else None


def _content(post: Object, receipt: Object) -> bytes | None:
    """Return the mail that came along. As UTF8 it is text, and what was in another charset is damaged already."""
    content = text_in(post, "content")
    if content is None:
        return None
    raw = content.encode("utf-8", "replace")
    return base64_bytes(raw) if object_in(receipt, "action").get("encoding") == "BASE64" else raw


def _announced(mail: Object) -> Letter:
    """Make what there is of a mail without its content: the header, which is cut where it is long."""
    common = object_in(mail, "commonHeaders")
    defaults = {name: _joined(common, key) for key, name in COMMON.items()}
    return parsed_letter(fields_of(_header(mail), defaults), text=None, html=None)


def _without_content(event: ChannelEvent) -> ChannelEvent:
    """Say that there is no HTML to show, rather than that it is not known: no part of the content is here."""
    if isinstance(event, InboundMessage) and event.mail is not None:
        return replace(event, mail={**event.mail, "has_html": False})
    return event


def _header(mail: Object) -> Iterator[tuple[str, str]]:
    for field in list_in(mail, "headers"):
        if isinstance(field, dict) and (name := text_in(field, "name")) is not None:
            yield name, text_in(field, "value") or ""


def _joined(common: Object, key: str) -> str:
    """Return a header that is given as text, or as a list of them."""
    listed = [one for one in list_in(common, key) if isinstance(one, str)]
    return ", ".join(listed) or text_in(common, key) or ""


def _envelope(mail: Object, receipt: Object) -> Envelope:
    """Return the envelope; ``mail.destination`` is what the header says, and may be anybody."""
    recipients = tuple(one for one in list_in(receipt, "recipients") if isinstance(one, str) and one.strip())
    sender = (text_in(mail, "source") or "").strip().strip("<>")
    return Envelope(sender or None, recipients, "source" in mail and not sender)


def _verdict(receipt: Object, name: str) -> str:
    return text_in(object_in(receipt, f"{name}Verdict"), "status") or ""


def _authentication(receipt: Object) -> Authentication:
    spf, dkim, dmarc = (RESULTS.get(_verdict(receipt, name)) for name in ("spf", "dkim", "dmarc"))
    return Authentication(spf, dkim, dmarc)


def _spam(receipt: Object) -> dict[str, Any] | None:
    """Return the verdict; its flag is None when the check failed or was not sure. None when there was no check."""
    verdict = _verdict(receipt, "spam")
    return None if verdict in ("", "DISABLED") else {"score": None, "flag": FLAGS.get(verdict)}


def _url(place: Place) -> str:
    return f"s3://{place.bucket}/{place.key}"
