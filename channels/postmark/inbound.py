"""Postmark's inbound webhook: a mail to one of our addresses.

https://postmarkapp.com/developer/webhooks/inbound-webhook. With the raw mail in the post that is
what is read; the envelope, the token and the verdicts come from Postmark's own fields always.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.events import ChannelEvent, Mailbox, Media
from channels.mail import limits
from channels.mail.addresses import mailboxes
from channels.mail.arrival import Arrival, Envelope, Settings
from channels.mail.bodies import line_ends
from channels.mail.charsets import decode
from channels.mail.crypto import label_of
from channels.mail.dates import moment
from channels.mail.fields import Fields
from channels.mail.files import media
from channels.mail.invitations import invitation
from channels.mail.letter import CALENDARS, Letter, read_letter
from channels.mail.reading import events
from channels.mail.reports import REPORTED, REPORTS, Section
from channels.mail.trust import Authentication
from channels.mail.words import base64_bytes, header_text
from channels.postmark.fields import identifier, objects, plain, text

SPF_TESTS = {
    "SPF_PASS": "pass",
    "SPF_FAIL": "fail",
    "SPF_SOFTFAIL": "softfail",
    "SPF_NEUTRAL": "neutral",
    "SPF_NONE": "none",
}
RECEIVED_SPF = re.compile(r"\s*([A-Za-z]{1,20})")
SCORE = re.compile(r"-?\d{1,6}(?:\.\d{1,6})?")


def inbound(post: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[ChannelEvent, ...]:
    """Read an inbound mail; a report about our mail becomes status updates.

    Raises:
        PayloadMalformed: it has no MessageID.
    """
    fields = _fields(post)
    raw = text(post, "RawEmail")
    letter = read_letter(raw.encode()) if raw.strip() else _letter(post, fields)
    arrival = Arrival(
        provider="postmark",
        external_id=identifier(post, "MessageID"),
        envelope=_envelope(post, fields),
        settings=Settings.of(context),
        reply_token=text(post, "MailboxHash").strip().lower() or None,
        authentication=_authentication(fields),
        spam=_spam(fields),
        extra=plain(post, ("MessageStream", "Tag")),
    )
    return events(letter, arrival)


def _fields(post: Mapping[str, Any]) -> Fields:
    pairs = ((text(one, "Name").strip().lower(), text(one, "Value").strip()) for one in objects(post, "Headers"))
    return Fields(tuple(pair for pair in pairs if pair[0]))


def _envelope(post: Mapping[str, Any], fields: Fields) -> Envelope:
    """Return the envelope: Postmark writes MAIL FROM into a Return-Path that it puts first."""
    path = fields.get("return-path")
    sender = None if path is None else path.strip().strip("<>").strip()
    recipient = text(post, "OriginalRecipient").strip() or next((box.address for box in _boxes(post, "To")), "")
    return Envelope(sender or None, (recipient,) if recipient else (), sender == "")


def _letter(post: Mapping[str, Any], fields: Fields) -> Letter:
    """Take a mail from Postmark's parsed fields. From, To and the like are not among its Headers."""
    senders, sent_at = _senders(post), moment(text(post, "Date"))
    whole = Fields((("from", text(post, "From")), ("subject", text(post, "Subject")), *fields.items))
    attached = objects(post, "Attachments")[: limits.MAX_PARTS]
    body = line_ends(text(post, "TextBody")).rstrip()[: limits.MAX_TEXT]
    html = text(post, "HtmlBody")
    return Letter(
        fields=whole if "from" not in fields else fields,
        senders=senders,
        to=_boxes(post, "To"),
        cc=_boxes(post, "Cc"),
        reply_to=mailboxes(text(post, "ReplyTo")),
        subject=header_text(text(post, "Subject")) or None,
        sent_at=sent_at,
        text=body or None,
        html=html if html.strip() else None,
        attachments=tuple(_media(one, html) for one in attached),
        locations={},
        calendar=_calendar(attached),
        crypto=label_of({_type(one) for one in attached}, body),
        sections=_sections(attached),
        malformed=not senders or (bool(text(post, "Date")) and sent_at is None),
    )


def _senders(post: Mapping[str, Any]) -> tuple[Mailbox, ...]:
    """Return the sender; the parsed form knows the name even where From is only an address."""
    full = post.get("FromFull")
    named = _box(full) if isinstance(full, dict) else None
    written = mailboxes(text(post, "From"))
    if named is None:
        return tuple(replace(box, name=box.name or header_text(text(post, "FromName")) or None) for box in written)
    return (named, *(box for box in written[1:] if box.address != named.address))


def _boxes(post: Mapping[str, Any], name: str) -> tuple[Mailbox, ...]:
    full = objects(post, f"{name}Full")[: limits.MAX_ADDRESSES]
    found = tuple(box for one in full if (box := _box(one)) is not None)
    return found or mailboxes(text(post, name))


def _box(full: Mapping[str, Any]) -> Mailbox | None:
    address = next((box.address for box in mailboxes(f"<{text(full, 'Email').strip()}>")), None)
    return None if address is None else Mailbox(address, header_text(text(full, "Name")) or None)


def _media(attached: Mapping[str, Any], html: str) -> Media:
    """Describe a file; Postmark does not say which are inline, so the HTML tells."""
    content_id = text(attached, "ContentID").strip().removeprefix("cid:").strip("<>") or None
    return media(
        _content(attached),
        mime_type=_type(attached),
        sent_name=text(attached, "Name"),
        content_id=content_id,
        inline=content_id is not None and f"cid:{content_id}" in html,
    )


def _content(attached: Mapping[str, Any]) -> bytes:
    """Decode a file; the dashboard's test button calls the field ``Data``."""
    return base64_bytes((text(attached, "Content") or text(attached, "Data")).encode())


def _type(attached: Mapping[str, Any]) -> str:
    return text(attached, "ContentType").partition(";")[0].strip().lower() or "application/octet-stream"


def _calendar(attached: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    source = next((one for one in attached if _type(one) in CALENDARS), None)
    return None if source is None else invitation(decode(_content(source), "utf-8"))


def _sections(attached: Sequence[Mapping[str, Any]]) -> tuple[Section, ...]:
    """Return the parts of a delivery report or the like, which Postmark passes on as files."""
    found = tuple(Section(_type(one), _content(one)) for one in attached if _type(one) in REPORTED)
    return found if any(section.type in REPORTS for section in found) else ()


def _authentication(fields: Fields) -> Authentication:
    """Translate SpamAssassin's tests. There is no DMARC verdict, so no sender counts as verified.

    The sender can write such headers as well, and nothing tells his from Postmark's: they are
    shown, and nothing is concluded from them.
    """
    tests = _tests(fields)
    spf = next((word for test, word in SPF_TESTS.items() if test in tests), None)
    received = RECEIVED_SPF.match(fields.get("received-spf") or "")
    dkim = "pass" if "DKIM_VALID" in tests else ("fail" if _dkim_failed(tests) else None)
    return Authentication(spf or (received[1].lower() if received is not None else None), dkim)


def _dkim_failed(tests: Iterable[str]) -> bool:
    return bool({"DKIM_SIGNED", "DKIM_INVALID"} & set(tests))


def _tests(fields: Fields) -> frozenset[str]:
    return frozenset(test.strip() for test in (fields.get("x-spam-tests") or "")[:4000].split(","))


def _spam(fields: Fields) -> dict[str, Any] | None:
    """Return the score and the verdict; None when Postmark did not look."""
    score = SCORE.match((fields.get("x-spam-score") or "").strip())
    verdict = (fields.get("x-spam-status") or "").strip().lower()
    if score is None and not verdict:
        return None
    flag = verdict.startswith("yes") if verdict else None
    return {"score": None if score is None else float(score[0]), "flag": flag}
