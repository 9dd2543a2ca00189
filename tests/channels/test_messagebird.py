"""MessageBird: what is signed, the requests that send, and what the answers to them mean."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import Media, StatusUpdate
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.messagebird import ADAPTER, MessageBirdCredentials
from tests.channels.fixtures import one

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CREDENTIALS = MessageBirdCredentials.model_validate(
    {"signing_key": "signing-key-of-32-characters-000", "access_key": "k"}
)
URL = "https://gw.example.test/hooks/int_1"
FILES = [Media(type="image", url=f"https://f.example.test/{n}") for n in range(11)]
OUTBOUND = OutboundMessage(reference="msg_1", sender="+13125550188", recipient="+12025550142", text="hi")


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("POST", URL, Headers(), b"id=1&originator=12025550142"),
        HttpRequest("GET", URL + "?id=1&status=sent"),
        HttpRequest("POST", URL + "?\udcff", Headers(), b"\xff"),
    ],
)
def test_what_is_signed_here_is_taken_for_genuine(request_: HttpRequest) -> None:
    assert ADAPTER.sign
    signed = ADAPTER.sign(request_, CREDENTIALS, NOW)
    ADAPTER.verify(signed, CREDENTIALS, NOW)
    ADAPTER.verify(signed, CREDENTIALS, NOW - timedelta(seconds=1))
    for late in (timedelta(seconds=61), timedelta(seconds=-2)):
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(signed, CREDENTIALS, NOW + late)
    for other in (replace(signed, body=signed.body + b"x"), replace(signed, url=signed.url + "&x")):
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(other, CREDENTIALS, NOW)


def test_the_deprecated_signature_alone_does_not_count() -> None:
    headers = {"MessageBird-Signature": hashlib.sha256(b"x").hexdigest(), "MessageBird-Request-Timestamp": "1767225600"}
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(HttpRequest("POST", URL, Headers.of(headers), b"id=1"), CREDENTIALS, NOW)


def test_a_status_names_our_number_by_the_url_it_was_asked_for_with() -> None:
    (event,) = one("messagebird", "status_get_delivered").parse()
    assert isinstance(event, StatusUpdate)
    assert (event.address, event.external_id) == ("+13125550188", "b1" * 16 + ":delivered")


@pytest.mark.parametrize("body", [b"", b"\xff", b"originator=1", b"{}", b"a=1&" * 1001, b"id=&mid="])
def test_a_form_without_an_id_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(HttpRequest("POST", URL, Headers(), body), {})


@pytest.mark.parametrize("stamp", ["20261301000000", "2026", "２０２６０１０１００００００"])
def test_a_time_that_cannot_be_read_is_none(stamp: str) -> None:
    body = f"mid=1&shortcode=55501&originator=1&receive_datetime={stamp}".encode()
    (event,) = ADAPTER.parse(HttpRequest("POST", URL, Headers(), body), {})
    assert getattr(event, "occurred_at", 0) is None


def sent(**changes: Any) -> tuple[str, Any]:
    request = ADAPTER.build(replace(OUTBOUND, **changes), CREDENTIALS)
    assert request.headers.get("authorization") == "AccessKey k"
    return request.url, orjson.loads(request.body)


SMS = {
    "recipients": ["12025550142"],
    "originator": "13125550188",
    "reference": "msg_1",
    "body": "hi",
    "datacoding": "auto",
}
MMS = {"recipients": ["12025550142"], "originator": "13125550188", "reference": "msg_1"}


@pytest.mark.parametrize(
    ("changes", "path", "expected"),
    [
        ({}, "messages", SMS),
        ({"sender": "Acme"}, "messages", SMS | {"originator": "Acme"}),
        ({"callback_url": URL}, "messages", SMS | {"reportUrl": URL + "?sender=%2B13125550188"}),
        ({"media": FILES[:1]}, "mms", MMS | {"body": "hi", "mediaUrls": ["https://f.example.test/0"]}),
        ({"text": None, "media": FILES[:1]}, "mms", MMS | {"mediaUrls": ["https://f.example.test/0"]}),
        ({"channel": "mms", "subject": "s"}, "mms", MMS | {"body": "hi", "subject": "s"}),
    ],
)
def test_a_message_is_built_as_messagebird_takes_it(changes: dict[str, Any], path: str, expected: Any) -> None:
    assert sent(**changes) == (f"https://rest.messagebird.com/{path}", expected)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 1378}, "text_too_long"),
        ({"text": "x" * 2001, "channel": "mms"}, "text_too_long"),
        ({"text": "\ud83d"}, "text_unwritable"),
        ({"channel": "whatsapp"}, "channel_unsupported"),
        ({"content": Reaction("👍")}, "content_unsupported"),
        ({"media": FILES}, "too_many_files"),
        ({"media": [Media(type="image", id="9")]}, "file_unusable"),
    ],
)
def test_what_messagebird_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


def test_nothing_is_sent_without_an_access_key() -> None:
    with pytest.raises(CannotSend):
        ADAPTER.build(OUTBOUND, MessageBirdCredentials.model_validate({"signing_key": "x"}))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, 2, ("2", False, False)),
        (422, 9, ("9", False, False)),
        (422, 10, ("10", False, False)),
        (404, 20, ("20", False, False)),
        (422, 25, ("25", False, False)),
        (400, 99, ("99", True, False)),
        (429, None, ("http_429", True, False)),
        (500, 99, ("99", False, True)),
        (503, None, ("http_503", False, True)),
        (422, 4711, ("4711", False, False)),
        (200, None, ("answer_unreadable", False, True)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, code: int | None, expected: tuple[str, bool, bool]) -> None:
    errors = [{"code": code, "description": "No", "parameter": None}]
    body = b"<html>" if code is None else orjson.dumps({"errors": errors})
    found = ADAPTER.read(HttpResponse(status, body, Headers.of({"Retry-After": "7"})))
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == expected
    assert found.retry_after == 7


def test_an_acceptance_has_an_id() -> None:
    body = {"id": "b1" * 16, "recipients": {"items": [{"recipient": 12025550142, "status": "sent"}]}}
    assert ADAPTER.read(HttpResponse(201, orjson.dumps(body))) == Accepted("b1" * 16)
