"""Sending through Amazon SES: what is asked for, and what its answers mean."""

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from channels.errors import CannotSend
from channels.http import Headers, HttpResponse
from channels.mail.letter import read_letter
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.ses import ADAPTER, SesCredentials

NOW = datetime(2026, 9, 15, 10, 1, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
CREDENTIALS = SesCredentials.model_validate(
    {
        "topic_arns": [TOPIC],
        "region": "eu-west-1",
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": "example-secret",
        "configuration_set": "gw",
    }
)


def message(**fields: Any) -> OutboundMessage:
    values = {
        "reference": "gw.k1.c.m.mac@example.org",
        "sender": "Support <support@example.org>",
        "recipient": "Jane <jane@example.net>",
        "text": "Hello",
        "subject": "Re: Order",
        "in_reply_to": "c2@example.net",
        "sent_at": NOW,
    }
    return OutboundMessage(**{**values, **fields})


def test_a_mail_is_sent_as_it_was_rendered() -> None:
    request = ADAPTER.build(message(html="<p>Hello</p>"), CREDENTIALS)
    body = orjson.loads(request.body)
    letter = read_letter(base64.b64decode(body["Content"]["Raw"]["Data"]))
    assert request.url == "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails"
    assert "/20260915/eu-west-1/ses/aws4_request" in request.headers.get("authorization")
    assert (letter.text, letter.html and letter.html.strip(), letter.subject) == ("Hello", "<p>Hello</p>", "Re: Order")
    assert (letter.fields.get("references") or "").endswith("<gw.k1.c.m.mac@example.org>")
    assert body["Destination"] == {"ToAddresses": ["jane@example.net"]}
    assert body["ConfigurationSetName"] == "gw"
    encoded = base64.urlsafe_b64encode(b"gw.k1.c.m.mac@example.org").decode().rstrip("=")
    assert body["EmailTags"] == [{"Name": "gw_message_id_b64", "Value": encoded}]


def test_a_plain_reference_is_a_plain_tag_and_one_too_long_is_none() -> None:
    tags = [
        orjson.loads(ADAPTER.build(message(reference=one), CREDENTIALS).body)["EmailTags"]
        for one in ("gw-1", "x" * 300)
    ]
    assert tags == [[{"Name": "gw_message_id", "Value": "gw-1"}], []]


@pytest.mark.parametrize(
    ("sent", "given", "code"),
    [
        (message(), SesCredentials(topic_arns=(TOPIC,)), "credentials_incomplete"),
        (message(sent_at=None), CREDENTIALS, "time_missing"),
        (message(recipient="nobody"), CREDENTIALS, "address_unusable"),
        (message(content=Reaction("x")), CREDENTIALS, "content_unsupported"),
        (message(text=None), CREDENTIALS, "message_empty"),
    ],
)
def test_what_can_not_be_sent_says_why(sent: OutboundMessage, given: SesCredentials, code: str) -> None:
    with pytest.raises(CannotSend) as error:
        ADAPTER.build(sent, given)
    assert error.value.code == code


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status, body if isinstance(body, bytes) else orjson.dumps(body), Headers.of(named))


def test_an_answer_with_an_id_is_an_acceptance() -> None:
    assert ADAPTER.read(answer(200, {"MessageId": "0102-1"})) == Accepted("0102-1")


@pytest.mark.parametrize(
    ("response", "code", "retryable", "unknown"),
    [
        (answer(400, {"message": "x"}, x_amzn_errortype="MessageRejected:http://x/"), "MessageRejected", False, False),
        (answer(400, {"__type": "com.amazon.coral#BadRequestException"}), "BadRequestException", False, False),
        (answer(403, {}, x_amzn_errortype="InvalidSignatureException"), "InvalidSignatureException", False, False),
        (answer(429, {}, x_amzn_errortype="TooManyRequestsException"), "TooManyRequestsException", True, False),
        (answer(400, {}, x_amzn_errortype="ThrottlingException"), "ThrottlingException", True, False),
        (answer(400, {}, x_amzn_errortype="SendingPausedException"), "SendingPausedException", False, False),
        (answer(404, {}, x_amzn_errortype="NotFoundException"), "NotFoundException", False, False),
        (answer(418, b"?"), "http_418", False, False),
        (answer(500, {"__type": "InternalFailure"}), "InternalFailure", False, True),
        (answer(503, b"<html>"), "http_503", False, True),
        (answer(200, b"OK"), "answer_unreadable", False, True),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_refusal_says_whether_to_try_again(
    response: HttpResponse, code: str, *, retryable: bool, unknown: bool
) -> None:
    refused = ADAPTER.read(response)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable, refused.unknown) == (code, retryable, unknown)
    assert "Amazon SES" in refused.reason
