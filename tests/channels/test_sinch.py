"""Sinch: what is signed, how events find their channel, the requests that send, and what the answers to them mean."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import Media, Quarantined, StatusUpdate
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.sinch import ADAPTER, SinchCredentials
from tests.channels.fixtures import NOW, Recorded, one, recorded

SENDING = {"webhook_secret": "s", "project_id": "p/1", "key_id": "id", "key_secret": "secret"}
CREDENTIALS = SinchCredentials.model_validate(SENDING)
URL = "https://gw.example.test/hooks/int_1"
APP = "01TESTAPP"
OUTBOUND = OutboundMessage(reference="msg_1", sender=APP, recipient="+12025550142", text="hi")
IMAGE = Media(type="image", url="https://f.example.test/1.png", filename="1.png")


def test_what_is_signed_here_is_taken_for_genuine_for_five_minutes() -> None:
    assert ADAPTER.sign
    signed = ADAPTER.sign(HttpRequest("POST", URL, Headers(), b"{}"), CREDENTIALS, NOW)
    for seconds in (-300, 0, 300):
        ADAPTER.verify(signed, CREDENTIALS, NOW + timedelta(seconds=seconds))
    for seconds in (-301, 301):
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(signed, CREDENTIALS, NOW + timedelta(seconds=seconds))
    for name in ("nonce", "timestamp", "algorithm"):
        changed = signed.headers.with_fields({f"x-sinch-webhook-signature-{name}": "1767225601"})
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(replace(signed, headers=changed), CREDENTIALS, NOW)


@pytest.mark.parametrize("case", [case for case in recorded("sinch") if case.valid], ids=str)
def test_each_event_names_the_app(case: Recorded) -> None:
    events: list[Any] = case.parse()
    assert {event.address for event in events} == {APP}


def test_statuses_of_one_message_differ() -> None:
    ids = [one("sinch", name).parse()[0] for name in ("report_queued", "report_failed")]
    assert [event.external_id for event in ids if isinstance(event, StatusUpdate)] == [
        "o1:QUEUED_ON_CHANNEL", "o3:FAILED:RECIPIENT_NOT_REACHABLE",
    ]  # fmt: skip


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{}", b'{"app_id":"1","event_time":"x"}'])
def test_a_post_without_an_event_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(HttpRequest("POST", URL, Headers(), body), {})


NO_OBJECTS: tuple[Any, ...] = ("hi", [], 7, None)


@pytest.mark.parametrize(
    "post",
    [
        {"message": 7},
        {"message": {"contact_message": {}}},
        *(
            {"message": {"id": "1", "channel_identity": {"channel": channel}, "contact_message": content}}
            for channel in ("SMS", "NEW")
            for content in NO_OBJECTS
        ),
        {"message_delivery_report": {"message_id": "1"}},
        {
            "message": {
                "id": "1",
                "channel_identity": {"channel": "SMS"},
                "contact_message": {"media_message": {"x": 1}},
            }
        },
    ],
)
def test_an_event_that_cannot_be_read_is_set_aside(post: Any) -> None:
    (event,) = ADAPTER.parse(HttpRequest("POST", URL, Headers(), orjson.dumps(post | {"app_id": APP})), {})
    assert isinstance(event, Quarantined)
    assert event.address == APP


def sent(**changes: Any) -> Any:
    request = ADAPTER.build(replace(OUTBOUND, **changes), CREDENTIALS)
    assert request.url == "https://us.conversation.api.sinch.com/v1/projects/p%2F1/messages:send"
    assert request.headers.get("authorization") == "Basic " + base64.b64encode(b"id:secret").decode()
    return orjson.loads(request.body)


def expected(channel: str, identity: str, message: Any) -> Any:
    return {
        "app_id": APP,
        "recipient": {"identified_by": {"channel_identities": [{"channel": channel, "identity": identity}]}},
        "channel_priority_order": [channel],
        "correlation_id": "msg_1",
        "message": message,
    }


TEXT = {"text_message": {"text": "hi"}}
FILE = {"media_message": {"url": IMAGE.url, "filename_override": "1.png"}}
USER = "US.13491208655302741918"


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({}, expected("SMS", "12025550142", TEXT)),
        ({"channel": "whatsapp"}, expected("WHATSAPP", "12025550142", TEXT)),
        ({"channel": "whatsapp", "recipient": USER}, expected("WHATSAPP", USER, TEXT)),
        ({"media": [IMAGE], "text": None}, expected("MMS", "12025550142", FILE)),
        ({"media": [IMAGE], "text": None, "channel": "whatsapp"}, expected("WHATSAPP", "12025550142", FILE)),
    ],
)
def test_a_message_is_built_as_sinch_takes_it(changes: dict[str, Any], body: Any) -> None:
    assert sent(**changes) == body


@pytest.mark.parametrize("region", ["us", "eu", "br"])
def test_an_app_is_called_in_its_region(region: str) -> None:
    request = ADAPTER.build(OUTBOUND, SinchCredentials.model_validate(SENDING | {"region": region}))
    assert request.url.startswith(f"https://{region}.conversation.api.sinch.com/")


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(ValidationError):
        SinchCredentials.model_validate(SENDING | {"region": "example.org/"})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 1531}, "text_too_long"),
        ({"text": "x" * 4097, "channel": "whatsapp"}, "text_too_long"),
        ({"text": "\ud83d"}, "text_unwritable"),
        ({"reference": "x" * 129}, "reference_too_long"),
        ({"channel": "email"}, "channel_unsupported"),
        ({"content": Reaction("👍")}, "content_unsupported"),
        ({"media": [IMAGE]}, "caption_unsupported"),
        ({"media": [IMAGE] * 2, "text": None}, "too_many_files"),
        ({"media": [Media(type="image", id="9")], "text": None}, "file_unusable"),
    ],
)
def test_what_sinch_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


@pytest.mark.parametrize("missing", ["project_id", "key_id", "key_secret"])
def test_nothing_is_sent_without_the_credentials_for_it(missing: str) -> None:
    left = SinchCredentials.model_validate({name: value for name, value in SENDING.items() if name != missing})
    with pytest.raises(CannotSend):
        ADAPTER.build(OUTBOUND, left)


@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (
            400,
            {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "No"}},
            ("INVALID_ARGUMENT", False, False),
        ),
        (401, {"error": {"code": 401}}, ("401", False, False)),
        (403, {}, ("http_403", False, False)),
        (404, {}, ("http_404", False, False)),
        (429, {}, ("http_429", True, False)),
        (418, [], ("http_418", False, False)),
        (500, {"error": {"status": "INTERNAL"}}, ("INTERNAL", False, True)),
        (200, {}, ("answer_unreadable", False, True)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, body: Any, refusal: tuple[str, bool, bool]) -> None:
    found = ADAPTER.read(HttpResponse(status, orjson.dumps(body)))
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == refusal


def test_an_acceptance_has_an_id() -> None:
    body = b'{"message_id":"01OUT","accepted_time":"2026-01-01T00:00:00Z"}'
    assert ADAPTER.read(HttpResponse(200, body)) == Accepted("01OUT")
