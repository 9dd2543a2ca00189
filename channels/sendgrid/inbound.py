"""SendGrid's Inbound Parse: a mail to one of our addresses, as a form; raw where that is switched on.

https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook

SendGrid's boundary is the same for ever, so that a sender can bring form fields of his own: what SendGrid says it
checked counts only when it was said once.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from channels.errors import PayloadMalformed
from channels.events import ChannelEvent
from channels.http import HttpRequest
from channels.json_bodies import read_json
from channels.json_fields import Object, object_in, text_in
from channels.mail.addresses import domain_of
from channels.mail.arrival import Arrival, Envelope, Settings
from channels.mail.charsets import decode
from channels.mail.fields import Fields, read_fields
from channels.mail.letter import Letter, read_letter
from channels.mail.parsed import File, fields_of, parsed_letter
from channels.mail.reading import events
from channels.mail.trust import Authentication, is_aligned
from channels.multipart import Form, FormPart, read_multipart

SIGNERS = re.compile(r"@?([A-Za-z0-9._-]{1,253})\s{0,5}:\s{0,5}([A-Za-z]{1,20})")
RESULT = re.compile(r"[A-Za-z]{1,20}")
SCORE = re.compile(r"-?\d{1,6}(?:\.\d{1,6})?")
HEADER_FIELDS = ("from", "to", "cc", "subject")
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
LONGEST_VERDICT = 4000
LONGEST_JSON = 2 * 1024 * 1024


def inbound(provider: str, request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read an inbound mail; a report about our mail becomes status updates.

    Raises:
        PayloadMalformed: the form can't be read, or holds no mail.
    """
    form = read_multipart(request.headers.get("content-type"), request.body)
    header, letter = _letter(form)
    envelope = Envelope.of(_object(form, "envelope"))
    arrival = Arrival(
        provider=provider,
        external_id=_external_id(header, form.first("envelope") or b""),
        envelope=envelope,
        settings=Settings.of(context),
        address=next((box.address for box in letter.to), None),
        authentication=_authentication(form, letter, envelope),
        spam=_spam(form),
        extra={"sender_ip": ip} if (ip := form.text("sender_ip").strip()[:60]) else {},
    )
    return events(letter, arrival)


def _letter(form: Form) -> tuple[bytes, Letter]:
    """Return the mail and its header as sent."""
    raw = form.first("email")
    if raw is not None:
        end = BLANK_LINE.search(raw)
        return raw[: end.start()] if end is not None else raw, read_letter(raw)
    header = form.first("headers")
    if header is None:
        raise PayloadMalformed("mail_missing", "the form has neither the fields of a mail nor a raw one")
    return header, _parsed(form, header)


def _parsed(form: Form, header: bytes) -> Letter:
    charsets = _object(form, "charsets")
    texts = {name: form.text(name, text_in(charsets, name)) for name in (*HEADER_FIELDS, "text", "html")}
    fields: Fields = read_fields(header, 0, len(header))[0]
    return parsed_letter(
        fields_of(fields.items, {name: texts[name] for name in HEADER_FIELDS}),
        text=texts["text"],
        html=texts["html"],
        files=_files(form, texts["html"]),
    )


def _files(form: Form, html: str) -> list[File]:
    described, named = _object(form, "attachment-info"), _object(form, "content-ids")
    content_ids = {part: content_id for content_id, part in named.items() if isinstance(part, str)}
    return [_file(part, object_in(described, part.name), content_ids.get(part.name), html) for part in form.files()]


def _file(part: FormPart, info: Object, content_id: str | None, html: str) -> File:
    """Describe a file. SendGrid does not say which are inline, so the HTML tells."""
    shown_as = (content_id or text_in(info, "content-id") or "").strip().strip("<>") or None
    return File(
        content=part.body,
        type=part.type or text_in(info, "type") or "",
        name=part.filename or text_in(info, "filename") or text_in(info, "name") or "",
        content_id=shown_as,
        inline=shown_as is not None and f"cid:{shown_as}" in html,
    )


def _external_id(header: bytes, envelope: bytes) -> str:
    """Return a hash of what tells this arrival from others: the mail's header and its envelope."""
    lines = header.replace(b"\r\n", b"\n").rstrip(b"\n")
    return "sha256:" + hashlib.sha256(lines + b"\0" + envelope).hexdigest()


def _authentication(form: Form, letter: Letter, envelope: Envelope) -> Authentication:
    """Translate SendGrid's verdicts. There is none on DMARC, so the domains that passed are held against From's."""
    spf = RESULT.fullmatch(_said(form, "SPF"))
    signers = [(match[1].lower().rstrip("."), match[2].lower()) for match in SIGNERS.finditer(_said(form, "dkim"))]
    results = [result for _, result in signers]
    passed = [domain for domain, result in signers if result == "pass"]
    if spf is not None and spf[0].lower() == "pass" and envelope.sender:
        passed.append(domain_of(envelope.sender))
    shown = domain_of(letter.senders[0].address) if letter.senders else ""
    return Authentication(
        spf=None if spf is None else spf[0].lower(),
        dkim="pass" if "pass" in results else next(iter(results), None),
        aligned=bool(shown) and is_aligned(shown, passed),
    )


def _said(form: Form, name: str) -> str:
    """Return a verdict; empty when the field came several times, so that it may be the sender's."""
    return decode(form.once(name) or b"", "utf-8").strip()[:LONGEST_VERDICT]


def _spam(form: Form) -> dict[str, Any] | None:
    """Return the score; None when the check is switched off. Where spam begins is the account's own choice."""
    score = SCORE.fullmatch(_said(form, "spam_score"))
    return None if score is None else {"score": float(score[0]), "flag": None}


def _object(form: Form, name: str) -> Object:
    """Return a field that holds JSON; empty when it holds no object, or one longer than any of SendGrid's."""
    source = form.first(name) or b"{}"
    try:
        value = read_json(source) if len(source) <= LONGEST_JSON else {}
    except PayloadMalformed:
        return {}
    return value if isinstance(value, dict) else {}


def is_mail(request: HttpRequest) -> bool:
    """Tell whether a request is from Inbound Parse; events come as JSON."""
    return request.media_type.startswith("multipart/")
