"""Mail by SMTP: the envelope that travels with a mail, who may deliver, and what a server's reply means."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.errors import CannotSend
from channels.events import InboundMessage
from channels.http import NO_ANSWER, Headers, HttpRequest, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Refused
from channels.providers.smtp import ADAPTER, SmtpCredentials, is_allowed_host, is_login, received

MAIL = b"From: jane@example.org\r\nTo: x@shop.test\r\nSubject: Hi\r\n\r\nHello\r\n"
CREDENTIALS = SmtpCredentials.model_validate({
    "username": "mta", "password": "secret", "previous_password": ["earlier"], "host": "mail.example.org",
})  # fmt: skip


def parsed(request: HttpRequest, **context: object) -> InboundMessage:
    [event] = ADAPTER.parse(request, context)
    assert isinstance(event, InboundMessage)
    return event


def test_the_envelope_travels_with_the_mail() -> None:
    request = received(
        MAIL, "<jane+x@example.org>", ["a@shop.test", "b&c=d@shop.test"], peer="192.0.2.7", helo="mta.test"
    )
    event = parsed(request)
    assert event.mail is not None
    assert event.mail["envelope"] == {"from": "jane+x@example.org", "to": ["a@shop.test", "b&c=d@shop.test"]}
    assert (event.account, event.extra["peer"], event.extra["helo"]) == ("a@shop.test", "192.0.2.7", "mta.test")


@pytest.mark.parametrize("sender", ["", "<>"])
def test_a_bounce_has_no_sender(sender: str) -> None:
    event = parsed(received(MAIL, sender, ["a@shop.test"], peer="192.0.2.7", helo=""))
    assert event.mail is not None
    assert event.mail["envelope"]["from"] is None
    assert event.mail["may_auto_reply"] is False
    assert "helo" not in event.extra


def test_an_envelope_of_the_context_comes_first() -> None:
    request = received(MAIL, "a@example.org", ["a@shop.test"], peer="192.0.2.7", helo="")
    event = parsed(request, envelope={"from": "b@example.org", "to": ["b@shop.test"]})
    assert event.account == "b@shop.test"
    assert parsed(HttpRequest("POST", "", body=MAIL)).account is None


@given(st.text(max_size=50), st.lists(st.text(min_size=1, max_size=50), min_size=1, max_size=5), st.text(max_size=50))
def test_any_envelope_can_be_stored_and_read(sender: str, recipients: list[str], helo: str) -> None:
    request = received(MAIL, sender, recipients, peer="::1", helo=helo)
    assert request.url.isascii()
    parsed(request)


@given(st.binary(max_size=40), st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=3))
def test_bytes_that_are_no_text_can_be_stored_too(sender: bytes, recipients: list[bytes]) -> None:
    named = [one.decode("utf-8", "surrogateescape") for one in recipients]
    request = received(MAIL, sender.decode("utf-8", "surrogateescape"), named, peer="::1", helo="")
    assert request.url.isascii()
    parsed(request)


@pytest.mark.parametrize(
    ("username", "password", "expected"),
    [
        (b"mta", b"secret", True),
        (b"mta", b"earlier", True),
        (b"mta", b"Secret", False),
        (b"mta", b"", False),
        (b"MTA", b"secret", False),
        (b"", b"", False),
        (b"mta", b"\xff\xfe", False),
        (b"mta\xff", b"secret", False),
    ],
)
def test_a_login_is_the_whole_of_it(username: bytes, password: bytes, expected: bool) -> None:
    assert is_login(CREDENTIALS, username, password) is expected


@pytest.mark.parametrize("fields", [{}, {"username": "mta"}, {"password": "x"}, {"previous_password": [""]}], ids=str)
def test_an_unfinished_login_lets_nobody_in(fields: dict[str, object]) -> None:
    credentials = SmtpCredentials.model_validate(fields)
    for username in (b"", b"mta"):
        for password in (b"", b"x"):
            assert not is_login(credentials, username, password)


def test_an_empty_previous_password_is_none() -> None:
    credentials = SmtpCredentials.model_validate({"username": "mta", "password": "x", "previous_password": [""]})
    assert not is_login(credentials, b"mta", b"")


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("10.1.255.255", True),
        ("10.2.0.0", False),
        ("2001:db8::5", True),
        ("2001:db9::5", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_allowed_hosts_are_addresses_and_networks(peer: str, expected: bool) -> None:
    credentials = SmtpCredentials.model_validate({"allowed_hosts": ["192.0.2.7", "10.1.0.0/16", "2001:db8::/32"]})
    assert is_allowed_host(credentials, peer) is expected


@pytest.mark.parametrize("host", ["mta.example.org", "", "10.0.0.0/99", "*"])
def test_a_host_that_is_no_address_is_refused_when_it_is_entered(host: str) -> None:
    with pytest.raises(ValidationError):
        SmtpCredentials.model_validate({"allowed_hosts": [host]})


@pytest.mark.parametrize(
    ("status", "said", "words", "retryable"),
    [
        (421, b"4.3.2 closing", "tried again", True),
        (450, b"4.2.0 greylisted", "tried again", True),
        (451, b"4.7.1 try later", "tried again", True),
        (452, b"4.2.2 full", "tried again", True),
        (454, b"4.7.0 Throttling failure", "tried again", True),
        (550, b"5.1.1 no such user", "no such mailbox", False),
        (550, b"user unknown", "no such mailbox", False),
        (553, b"", "no such mailbox", False),
        (552, b"5.2.2 mailbox full", "full", False),
        (550, b"5.2.1 disabled", "full", False),
        (552, b"5.3.4 too big", "too large", False),
        (552, b"", "too large", False),
        (550, b"5.7.1 relaying denied", "by its rules", False),
        (550, b"5.7.26 unauthenticated", "by its rules", False),
        (554, b"spam", "by its rules", False),
        (530, b"5.7.0 login first", "login", False),
        (535, b"5.7.8 bad credentials", "login", False),
        (535, b"5.1.1 odd", "login", False),
        (501, b"5.5.4 syntax", "refused the mail", False),
        (571, b"5.300.1", "refused the mail", False),
    ],
)
def test_a_reply_that_refuses_is_told_in_words(status: int, said: bytes, words: str, retryable: bool) -> None:
    refused = ADAPTER.read(HttpResponse(status, said))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable, refused.unknown) == (str(status), retryable, False)
    assert words in refused.reason
    assert said.decode() in refused.reason


def test_a_mail_that_was_taken_is_known_by_its_message_id() -> None:
    assert ADAPTER.read(HttpResponse(250, b"queued", Headers([("message-id", "m@x")]))) == Accepted("m@x")


@pytest.mark.parametrize("sent", [True, False])
def test_no_reply_is_unknown_once_the_mail_was_sent(sent: bool) -> None:
    refused = ADAPTER.read(HttpResponse(NO_ANSWER, failure="lost", sent=sent))
    assert isinstance(refused, Refused)
    assert (refused.unknown, refused.retryable) == (sent, not sent)


def message() -> OutboundMessage:
    return OutboundMessage(
        reference="m1@shop.test", sender="Shop <support@shop.test>", recipient="jane@example.org", text="Hi"
    )


def test_a_mail_is_built_for_the_connections_server() -> None:
    request = ADAPTER.build(message(), CREDENTIALS)
    assert (request.method, request.url) == ("SMTP", "smtp://mail.example.org:587")
    assert request.headers.as_dict() == {
        "mail-from": "support@shop.test", "rcpt-to": "jane@example.org", "message-id": "m1@shop.test",
    }  # fmt: skip


def test_without_a_server_nothing_can_be_sent() -> None:
    with pytest.raises(CannotSend):
        ADAPTER.build(message(), SmtpCredentials())


@pytest.mark.parametrize("recipient", ["", "jane", "<>", "@example.org", "jané@example.org"])
def test_a_recipient_that_is_none_is_refused(recipient: str) -> None:
    with pytest.raises(CannotSend):
        ADAPTER.build(replace(message(), recipient=recipient), CREDENTIALS)


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["", "\r\n", "\n", " ", ">", "\0"]))
def test_nothing_can_be_slipped_into_the_envelope(before: str, after: str, between: str) -> None:
    recipient = f"{before}jane@example.org{between}RCPT TO:<x@y.test>{after}"
    try:
        request = ADAPTER.build(replace(message(), recipient=recipient), CREDENTIALS)
    except CannotSend:
        return
    for name in ("rcpt-to", "mail-from"):
        assert re.fullmatch(r"[!-;=?-~]+@[!-;=?-~]+", request.headers.get(name))
