"""Twilio: the requests that send, and what the answers to them mean."""

import base64
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest

from channels.errors import CannotSend
from channels.events import Media
from channels.http import Headers, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.twilio import ADAPTER, TwilioCredentials

CREDENTIALS = TwilioCredentials.model_validate({"account_sid": "AC1", "auth_token": "token-1"})
OUTBOUND = OutboundMessage(reference="msg_1", sender="+13125550188", recipient="+12025550142", text="hi")
FILES = [Media(type="image", url=f"https://f.example.test/{n}") for n in range(11)]


def sent(**changes: Any) -> list[tuple[str, str]]:
    message = OutboundMessage(**{name: getattr(OUTBOUND, name) for name in OUTBOUND.__slots__} | changes)
    request = ADAPTER.build(message, CREDENTIALS)
    assert request.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
    assert request.headers.get("authorization") == "Basic " + base64.b64encode(b"AC1:token-1").decode()
    return parse_qsl(request.body.decode(), keep_blank_values=True)


TO, FROM = ("To", "+12025550142"), ("From", "+13125550188")
TO_WHATSAPP, FROM_WHATSAPP = ("To", "whatsapp:+12025550142"), ("From", "whatsapp:+13125550188")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [TO, FROM, ("Body", "hi")]),
        ({"channel": "whatsapp"}, [TO_WHATSAPP, FROM_WHATSAPP, ("Body", "hi")]),
        ({"recipient": "US.1"}, [("To", "whatsapp:US.1"), FROM_WHATSAPP, ("Body", "hi")]),
        ({"text": None, "media": FILES[:2]},
         [TO, FROM, ("MediaUrl", "https://f.example.test/0"), ("MediaUrl", "https://f.example.test/1")]),
        ({"callback_url": "https://gw.example.test/h?x=1"},
         [TO, FROM, ("Body", "hi"), ("StatusCallback", "https://gw.example.test/h?x=1&reference=msg_1")]),
    ],
)  # fmt: skip
def test_a_message_is_built_as_twilio_takes_it(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert sent(**changes) == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 1601}, "text_too_long"),
        ({"content": Reaction("👍")}, "content_unsupported"),
        ({"media": FILES}, "too_many_files"),
        ({"media": FILES[:2], "channel": "whatsapp"}, "too_many_files"),
        ({"media": [Media(type="image", id="9")]}, "file_unusable"),
    ],
)
def test_what_twilio_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


def test_nothing_is_sent_without_an_auth_token() -> None:
    with pytest.raises(CannotSend):
        ADAPTER.build(OUTBOUND, TwilioCredentials.model_validate({"account_sid": "AC1", "shared_key": "x"}))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21610, ("21610", False, False)),
        (400, 21211, ("21211", False, False)),
        (401, 20003, ("20003", False, False)),
        (429, 20429, ("20429", True, False)),
        (429, None, ("http_429", True, False)),
        (400, 21611, ("21611", True, False)),
        (500, 20500, ("20500", False, True)),
        (503, None, ("http_503", False, True)),
        (400, 99999, ("99999", False, False)),
        (404, None, ("http_404", False, False)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, code: int | None, expected: tuple[str, bool, bool]) -> None:
    body = b"<html>" if code is None else orjson.dumps({"code": code, "message": "No", "status": status})
    found = ADAPTER.read(HttpResponse(status, body, Headers.of({"Retry-After": "7"})))
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == expected
    assert found.retry_after == 7


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b'{"sid":"SM1","status":"queued"}', Accepted("SM1")), (b"{}", None), (b"", None), (b'{"sid":1}', None)],
)
def test_an_acceptance_has_an_id_or_its_outcome_is_unknown(body: bytes, expected: Accepted | None) -> None:
    answer = ADAPTER.read(HttpResponse(201, body))
    assert answer == expected or (isinstance(answer, Refused) and answer.unknown and not answer.retryable)
