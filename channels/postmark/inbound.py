"""Postmark's inbound webhook: a mail to one of our addresses.

https://postmarkapp.com/developer/webhooks/inbound-webhook. With the raw mail in the post that is
what is read; the envelope, the token and the verdicts come from Postmark's own fields always.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from channels.events import ChannelEvent, Mailbox
from channels.mail import limits
from channels.mail.addresses import mailboxes
from channels.mail.arrival import Arrival, Envelope, Settings
from channels.mail.fields import Fields
from channels.mail.letter import Letter, read_letter
from channels.mail.parsed import File, fields_of, parsed_letter
from channels.mail.reading import events
from channels.mail.trust import Authentication
from channels.mail.words import base64_bytes
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
        reply_hint=text(post, "StrippedTextReply") or None,
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
    recipient = text(post, "OriginalRecipient").strip() or next(
        (box.address for box in mailboxes(_listed(post, "To"))), ""
    )
    return Envelope(sender or None, (recipient,) if recipient else (), sender == "")


def _letter(post: Mapping[str, Any], fields: Fields) -> Letter:
    """Take a mail from Postmark's parsed fields. From, To and the like are not among its Headers."""
    beside = {
        "from": _senders(post),
        "to": _listed(post, "To"),
        "cc": _listed(post, "Cc"),
        "reply-to": text(post, "ReplyTo"),
        "subject": text(post, "Subject"),
        "date": text(post, "Date"),
    }
    html = text(post, "HtmlBody")
    files = [_file(one, html) for one in objects(post, "Attachments")]
    return parsed_letter(fields_of(fields.items, beside), text=text(post, "TextBody"), html=html, files=files)


def _senders(post: Mapping[str, Any]) -> str:
    """Return the sender; the parsed form knows the name even where From is only an address."""
    full = post.get("FromFull")
    named = _written(full) if isinstance(full, dict) else ""
    written = text(post, "From")
    if not named:
        return written
    address = mailboxes(named)[0].address
    return ", ".join([named, *(_quoted(box) for box in mailboxes(written)[1:] if box.address != address)])


def _listed(post: Mapping[str, Any], name: str) -> str:
    listed = [written for one in objects(post, f"{name}Full")[: limits.MAX_ADDRESSES] if (written := _written(one))]
    return ", ".join(listed) or text(post, name)


def _written(full: Mapping[str, Any]) -> str:
    """Write a party as a header has it; empty when it has no address."""
    box = next(iter(mailboxes(f"<{text(full, 'Email').strip()}>")), None)
    return "" if box is None else _quoted(Mailbox(box.address, text(full, "Name") or None))


def _quoted(box: Mailbox) -> str:
    name = (box.name or "").replace("\\", "").replace('"', "")
    return f'"{name}" <{box.address}>' if name else f"<{box.address}>"


def _file(attached: Mapping[str, Any], html: str) -> File:
    """Describe a file; Postmark does not say which are inline, so the HTML tells."""
    content_id = text(attached, "ContentID").strip().removeprefix("cid:").strip("<>") or None
    content = text(attached, "Content") or text(attached, "Data")  # the dashboard's test button says Data
    return File(
        content=base64_bytes(content.encode()),
        type=text(attached, "ContentType"),
        name=text(attached, "Name"),
        content_id=content_id,
        inline=content_id is not None and f"cid:{content_id}" in html,
    )


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
