"""Sending through Mailgun: what is posted, and what its answers mean."""

from typing import Any

import orjson
import pytest

from channels.errors import CannotSend
from channels.events import Media, StatusUpdate
from channels.http import Headers, HttpResponse, basic_authorization
from channels.mail.letter import read_letter
from channels.multipart import read_multipart
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.mailgun import ADAPTER, MailgunCredentials
from tests.channels.fixtures import one

CREDENTIALS = MailgunCredentials.model_validate(
    {"signing_key": "key-ü", "previous_signing_key": ["old"], "api_key": "example-key", "domain": "mg.example.org"}
)


def message(**fields: Any) -> OutboundMessage:
    values = {
        "reference": "gw.k1.c.m.mac@example.org",
        "sender": "Support <support@example.org>",
        "recipient": "Jane <jane@example.net>",
        "text": "Hello",
        "subject": "Re: Order",
        "in_reply_to": "c2@example.net",
    }
    return OutboundMessage(**{**values, **fields})


def test_a_mail_is_sent_as_it_was_rendered() -> None:
    paper = Media(type="document", mime_type="application/pdf", filename="b.pdf", content=b"%PDF")
    request = ADAPTER.build(message(html="<p>Hello</p>", media=(paper,)), CREDENTIALS)
    form = read_multipart(request.headers.get("content-type"), request.body)
    (file,) = form.files()
    letter = read_letter(file.body)
    assert request.url == "https://api.mailgun.net/v3/mg.example.org/messages.mime"
    assert request.headers.get("authorization") == basic_authorization("api", "example-key")
    assert (form.text("to"), form.text("v:gw_message_id")) == ("jane@example.net", "gw.k1.c.m.mac@example.org")
    assert (file.name, letter.text, letter.subject) == ("message", "Hello", "Re: Order")
    assert (letter.html or "").strip() == "<p>Hello</p>"
    assert letter.fields.get("message-id") == "<gw.k1.c.m.mac@example.org>"
    assert letter.fields.get("in-reply-to") == "<c2@example.net>"
    assert [item.filename for item in letter.attachments] == ["b.pdf"]


def test_european_domains_have_a_host_of_their_own() -> None:
    request = ADAPTER.build(message(), CREDENTIALS.model_copy(update={"region": "eu"}))
    assert request.url.startswith("https://api.eu.mailgun.net/v3/mg.example.org/")


@pytest.mark.parametrize(
    ("sent", "given_", "code"),
    [
        (message(), MailgunCredentials.model_validate({"signing_key": "k"}), "credentials_incomplete"),
        (message(recipient="nobody"), CREDENTIALS, "address_unusable"),
        (message(content=Reaction("x")), CREDENTIALS, "content_unsupported"),
        (message(text=None), CREDENTIALS, "message_empty"),
    ],
)
def test_what_can_not_be_sent_says_why(sent: OutboundMessage, given_: MailgunCredentials, code: str) -> None:
    with pytest.raises(CannotSend) as error:
        ADAPTER.build(sent, given_)
    assert error.value.code == code


def answer(status: int, body: Any = b"", **headers: str) -> HttpResponse:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return HttpResponse(status, raw, Headers.of({name.replace("_", "-"): value for name, value in headers.items()}))


def test_an_answer_with_an_id_is_an_acceptance_under_the_id_that_events_name() -> None:
    sent = ADAPTER.read(
        answer(200, {"id": "<20260915100000.1.AB12@acme-inbox.example>", "message": "Queued. Thank you."})
    )
    (found,) = one("mailgun", "event_delivered").parse()
    assert isinstance(found, StatusUpdate)
    assert sent == Accepted(found.message_ref or "")


@pytest.mark.parametrize(
    ("response", "code", "retryable", "unknown"),
    [
        (answer(400, {"message": "'to' parameter is not a valid address."}), "http_400", False, False),
        (answer(401, b"Forbidden"), "http_401", False, False),
        (answer(402, {"message": "x"}), "http_402", False, False),
        (answer(404, {"message": "Domain not found"}), "http_404", False, False),
        (answer(413), "http_413", False, False),
        (answer(429, retry_after="30"), "http_429", True, False),
        (answer(500, b"<html>"), "http_500", False, True),
        (answer(200, b"Mailgun Magnificent API"), "answer_unreadable", False, False),
        (answer(200, {"message": "Queued"}), "answer_unreadable", False, True),
        (answer(200, {"id": 7}), "answer_unreadable", False, True),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_refusal_says_whether_to_try_again(
    response: HttpResponse, code: str, *, retryable: bool, unknown: bool
) -> None:
    refused = ADAPTER.read(response)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable, refused.unknown) == (code, retryable, unknown)
    assert "Mailgun" in refused.reason
