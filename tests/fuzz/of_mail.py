"""The parsers of mail."""

from collections.abc import Callable, Iterator
from pathlib import Path

from channels.errors import PayloadMalformed
from channels.http import HttpRequest
from channels.mail import addresses, dates, ids, invitations, names, words
from channels.mail.charsets import decode
from channels.mail.delivery_blocks import outcomes
from channels.mail.fields import Fields, read_fields
from channels.mail.flow import flow
from channels.mail.flowed import unflowed
from channels.mail.links import misleads
from channels.mail.mime import read_mail, walk
from channels.mail.parameters import parameterised
from channels.mail.quoted import folds, visible_reply
from channels.mail.sanitise import sanitise
from channels.mail.signatures import signature_start
from channels.mail.text_bounces import text_bounce
from channels.mail.transfer import decoded
from channels.providers import smtp
from gateway.smtp.reception import hops
from tests.fuzz.parser import Parser, text

MAILS = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "fixtures" / "eml").glob("*.eml"))]
HEADERS = (
    "From", "To", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Content-Type", "Received",
    "Content-Disposition", "Authentication-Results", "Auto-Submitted", "X-Failed-Recipients", "Content-ID",
)  # fmt: skip
CONTEXT = {"trusted_authserv_ids": ["mx.example.org"], "reply_address_pattern": "reply+<token>@example.org"}
MULTIPART = b"From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
HTML = b"From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
#: Before the blocks of a delivery report.
REPORT = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\n\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
)


def parsers() -> Iterator[Parser]:
    """Give them."""
    yield Parser("mail", _mail, MAILS)
    yield Parser(
        "mail-text", lambda data: _mail(b"From: a@example.org\r\nSubject: Re: x\r\n\r\n" + data), [b"> a\n\nb"]
    )
    yield Parser("mail-html", lambda data: _mail(HTML + data), [b"<p style='a:b'>x</p>"])
    yield Parser("mail-parts", lambda data: _mail(MULTIPART + data), [b"--b\r\n\r\na\r\n--b--\r\n"])
    yield Parser("mail-report", lambda data: _mail(REPORT + data), [b"Action: failed\r\nStatus: 5.1.1\r\n"])
    for name in HEADERS:
        yield Parser(f"mail-{name.lower()}", _in_field(name), [b"a@example.org"])
    yield Parser("mail-tree", lambda data: [part.body() for part in walk(read_mail(data).root)], MAILS[:3])
    yield Parser("header-block", lambda data: read_fields(data, 0, len(data)), [b"A: b\r\n c\r\n\r\n"])
    yield Parser("header-parameters", lambda data: parameterised(text(data)), [b"a/b; c*0*=utf-8''d; e=\"f\""])
    yield Parser("encoded-words", lambda data: words.header_text(text(data)), [b"=?utf-8?q?a?="])
    yield Parser("address-list", lambda data: addresses.mailboxes(text(data)), [b'"A" <a@example.org>, b@example.org'])
    yield Parser("message-ids", lambda data: (ids.message_id(text(data)), ids.references(text(data))), [b"<a@b> <c@d>"])
    yield Parser("date-of-mail", lambda data: dates.moment(text(data)), [b"Mon, 2 Nov 2026 09:00:00 +0100"])
    yield Parser("file-name", lambda data: names.safe_name(text(data)), [b"../a\\con.png"])
    yield Parser("calendar", lambda data: invitations.invitation(text(data)), [
        b"BEGIN:VEVENT\nDTSTART;TZID=Europe/Berlin:20260101T090000\nORGANIZER:mailto:a@example.org\nEND:VEVENT\n"
    ])  # fmt: skip
    yield Parser("html", _html, [b"<a href='http://a.example'>b.example</a><img src=cid:x>"])
    yield Parser("quoted-reply", _reply, [b"Yes\n\nOn Mon, Jane <j@example.org> wrote:\n> a\n-- \nJ"])
    yield Parser("flowed", lambda data: unflowed(text(data), delsp=True), [b"a \nb\n> c \n> d"])
    yield Parser("delivery-blocks", lambda data: outcomes(data, None), [b"Final-Recipient: a@b\nAction: failed\n"])
    yield Parser("text-bounce", _bounce, [b"Hi. This is the qmail program\n<a@b.example>:\n550 no\n"])
    for encoding in ("base64", "quoted-printable", "x-uuencode"):
        yield Parser(f"transfer-{encoding}", _undone(encoding), [b"QUJD", b"=41=\r\n", b"begin 644 a\n#86)C\n`\nend\n"])
    yield Parser("misleading-link", lambda data: misleads("https://a.example/", text(data)), [b"https://b.example"])
    yield Parser("smtp-hops", hops, [b"Received: by a\r\n\r\n"])


def _mail(data: bytes) -> None:
    try:
        smtp.parse(HttpRequest("SMTP", "", body=data), CONTEXT)
    except PayloadMalformed:
        return


def _in_field(name: str) -> Callable[[bytes], object]:
    before = b"" if name == "From" else b"From: a@example.org\r\n"
    return lambda data: _mail(before + name.encode() + b": " + data + b"\r\nX: y\r\n\r\nbody")


def _html(data: bytes) -> None:
    page = flow(decode(data, "utf-8"))
    sanitise(page.html)


def _reply(data: bytes) -> None:
    written = text(data)
    visible_reply(written, "Re: x")
    folds(written, "x")
    lines = written.split("\n")
    signature_start(lines)


def _bounce(data: bytes) -> None:
    fields = Fields((("from", "mailer-daemon@example.org"), ("x-failed-recipients", text(data))))
    text_bounce(fields, text(data), null_sender=True)


def _undone(encoding: str) -> Callable[[bytes], object]:
    return lambda data: decoded(data, encoding)
