"""Mail of ours is rendered so that it can be answered, and so that nothing is smuggled into it."""

from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.errors import CannotSend
from channels.events import Mailbox, Media
from channels.mail.ids import message_ids
from channels.mail.letter import read_letter
from channels.mail.outgoing import party
from channels.outbound import OutboundMessage, Reaction
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


def test_text_and_html_are_alternatives_and_pictures_stand_beside_the_html() -> None:
    logo = Media(type="image", mime_type="image/png", filename="l.png", content=b"png", content_id="l1@x")
    file = Media(type="document", mime_type="application/pdf", filename="a.pdf", content=b"%PDF")
    sent = message("Hi", html='<p>Hi <img src="cid:l1@x"></p>', media=(logo, file))
    mail = message_from_bytes(ADAPTER.build(sent, CREDENTIALS).body, policy=default)
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    letter = read_letter(mail.as_bytes())
    assert (letter.text, letter.html) == ("Hi", '<p>Hi <img src="cid:l1@x"></p>\n')
    assert [(one.content_id, one.inline) for one in letter.attachments] == [("l1@x", True), (None, False)]


def test_a_mail_of_html_alone_gets_its_text() -> None:
    letter = read_letter(ADAPTER.build(message("", html="<p>Hi</p><p>you</p>"), CREDENTIALS).body)
    assert letter.text == "Hi\n\nyou"


def test_a_mail_says_when_it_was_sent() -> None:
    sent_at = datetime(2026, 9, 15, 12, tzinfo=timezone(timedelta(hours=2)))
    fields = read_letter(ADAPTER.build(message(sent_at=sent_at), CREDENTIALS).body).fields
    assert fields.get("date") == "Tue, 15 Sep 2026 10:00:00 +0000"


def test_long_ids_are_never_broken_nor_encoded() -> None:
    long = "a" * 140 + "=?utf-8?q?x?=@mail.test"
    sent = message(in_reply_to=long, references=(long, "b" * 90 + "@mail.test"), reference="c" * 200 + "@x.test")
    fields = read_letter(ADAPTER.build(sent, CREDENTIALS).body).fields
    assert fields.get("in-reply-to") == f"<{long}>"
    assert fields.get("message-id") == f"<{'c' * 200}@x.test>"
    assert message_ids(fields.get("references")) == ("b" * 90 + "@mail.test", long, "c" * 200 + "@x.test")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": ""}, "message_empty"),
        ({"content": Reaction(emoji="x")}, "content_unsupported"),
        ({"media": (Media(type="file", url="https://x.test/a"),)}, "file_unusable"),
    ],
)
def test_what_no_mail_can_hold_is_not_sent(fields: dict[str, object], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        ADAPTER.build(message(**{"text": "x", **fields}), CREDENTIALS)  # type: ignore[arg-type]  # a table
    assert refused.value.code == code


@pytest.mark.parametrize("address", ["", "jane", "jane@", "@x.test", "jänę@x.test", "a@" + "ü" * 300])
def test_an_address_that_no_server_takes_is_refused(address: str) -> None:
    with pytest.raises(CannotSend):
        party(address)


def test_a_domain_is_written_in_ascii() -> None:
    assert party("Jäne <jane@bücher.example>") == Mailbox("jane@xn--bcher-kva.example", "Jäne")


strange = st.text(max_size=30) | st.text(alphabet="<>@\"'(),;:=?. \r\nab\\\udcff\x00é", max_size=30)


@settings(max_examples=150, deadline=None)
@given(
    st.builds(
        OutboundMessage,
        reference=strange,
        sender=st.just("Jö <a@x.test>") | strange,
        recipient=st.just("b@x.test"),
        text=strange,
        html=st.none() | strange,
        subject=strange,
        in_reply_to=st.none() | strange,
        references=st.lists(strange, max_size=3),
        headers=st.dictionaries(st.sampled_from(["Reply-To", "List-Id", "X-A", "Resent-Date"]), strange, max_size=3),
        media=st.lists(
            st.builds(Media, type=st.just("file"), filename=strange, mime_type=strange, content=st.binary(max_size=5)),
            max_size=2,
        ),
    )
)
def test_whatever_is_written_becomes_a_mail_of_short_lines_or_is_refused(sent: OutboundMessage) -> None:
    try:
        rendered = ADAPTER.build(sent, CREDENTIALS).body
    except CannotSend:
        return
    assert rendered.isascii()
    assert max(len(line) for line in rendered.split(b"\r\n")) < 998
    assert "bcc" not in read_letter(rendered).fields
