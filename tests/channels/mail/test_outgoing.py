"""Mail of ours is rendered so that it can be answered, and so that nothing is smuggled into it."""

from email import message_from_bytes
from email.policy import default

import pytest

from channels.events import Media
from channels.http import Headers, HttpResponse
from channels.mail.letter import read_letter
from channels.outbound import Accepted, OutboundMessage, Refused
from channels.providers.smtp import ADAPTER, SmtpCredentials

CREDENTIALS = SmtpCredentials(host="mail.example.org", port=2525)


def message(text: str = "Hello", **fields: object) -> OutboundMessage:
    values: dict[str, object] = {"reference": "gw-1@example.org", "subject": "Größe", **fields}
    return OutboundMessage(
        sender="Support <support@example.org>",
        recipient="jane@example.net",
        text=text,
        **values,  # type: ignore[arg-type]  # a table of test values
    )


def test_what_is_written_can_be_read_again() -> None:
    file = Media(type="document", mime_type="application/pdf", filename="März.pdf", content=b"%PDF-1.4")
    request = ADAPTER.build(message("Grüße\n" + "x" * 5000, media=(file,), in_reply_to="c1@example.net"), CREDENTIALS)
    letter = read_letter(request.body)
    assert (request.url, request.headers.get("rcpt-to")) == ("smtp://mail.example.org:2525", "jane@example.net")
    assert (letter.subject, letter.text) == ("Größe", "Grüße\n" + "x" * 5000)
    assert [(item.filename, item.content) for item in letter.attachments] == [("März.pdf", b"%PDF-1.4")]
    assert max(len(line) for line in request.body.split(b"\r\n")) < 998
    assert request.body.isascii()


def test_the_thread_is_named_with_our_own_id_last() -> None:
    rendered = ADAPTER.build(message(in_reply_to="c2@x.test", references=("c1@x.test", "c2@x.test")), CREDENTIALS)
    mail = message_from_bytes(rendered.body, policy=default)
    assert mail["References"] == "<c1@x.test> <c2@x.test> <gw-1@example.org>"
    assert mail["In-Reply-To"] == "<c2@x.test>"


def test_long_threads_keep_their_newest_ids() -> None:
    ids = tuple(f"{number}@x.test" for number in range(100))
    mail = read_letter(ADAPTER.build(message(references=ids), CREDENTIALS).body)
    kept = (mail.fields.get("references") or "").split()
    assert (len(kept), kept[-1], kept[-2]) == (20, "<gw-1@example.org>", "<99@x.test>")


def test_no_line_break_reaches_a_header() -> None:
    sent = message(subject="a\r\nBcc: v@x.test", headers={"X-A": "b\nBcc: v@x.test", "Bad\r\nName": "x"})
    fields = read_letter(ADAPTER.build(sent, CREDENTIALS).body).fields
    assert "bcc" not in fields
    assert fields.get("x-a") == "b Bcc: v@x.test"


@pytest.mark.parametrize("mime_type", ["multipart/mixed", "message/rfc822", "x", "a/b\r\nBcc: v@x.test", "", None])
def test_a_file_of_an_odd_type_is_sent_as_bytes(mime_type: str | None) -> None:
    file = Media(type="file", mime_type=mime_type, filename="../a\r\nb", content=b"--x")
    letter = read_letter(ADAPTER.build(message(media=(file,)), CREDENTIALS).body)
    assert [(item.mime_type, item.filename, item.content) for item in letter.attachments] == [
        ("application/octet-stream", "ab", b"--x")
    ]


@pytest.mark.parametrize(("code", "retryable"), [(451, True), (552, False), (550, False)])
def test_a_refusal_of_a_server_says_whether_to_try_again(code: int, *, retryable: bool) -> None:
    refused = ADAPTER.read(HttpResponse(code, b"5.1.1 no such user"))
    assert refused == Refused(str(code), "5.1.1 no such user", retryable)


def test_an_accepted_mail_is_known_by_its_message_id() -> None:
    assert ADAPTER.read(HttpResponse(250, b"queued", Headers([("message-id", "m@x")]))) == Accepted("m@x")
