"""Bird: what is signed, how events find their channel, the requests that send, and what the answers to them mean."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import Identity, InboundMessage, Media, Quarantined, StatusUpdate
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.bird import ADAPTER, BirdCredentials
from tests.channels.fixtures import NOW, one, recorded

CHANNEL = "77777777-7777-4777-8777-777777777777"
SENDING = {"signing_key": "key", "access_key": "k", "workspace_id": "w/1"}
CREDENTIALS = BirdCredentials.model_validate(SENDING)
URL = "https://gw.example.test/hooks/int_1"
OUTBOUND = OutboundMessage(reference="msg_1", sender=CHANNEL, recipient="+12025550142", text="hi", channel="sms")
IMAGE = Media(type="image", url="https://f.example.test/1.png", mime_type="image/png")
PDF = Media(type="document", url="https://f.example.test/2", mime_type="application/pdf", filename="2.pdf")


def test_what_is_signed_here_is_taken_for_genuine_for_five_minutes() -> None:
    assert ADAPTER.sign
    signed = ADAPTER.sign(HttpRequest("POST", URL, Headers(), b"{}"), CREDENTIALS, NOW)
    for seconds in (-300, 0, 300):
        ADAPTER.verify(signed, CREDENTIALS, NOW + timedelta(seconds=seconds))
    for seconds in (-301, 301):
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(signed, CREDENTIALS, NOW + timedelta(seconds=seconds))
    for other in (replace(signed, body=b"[]"), replace(signed, url=URL + "?x")):
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(other, CREDENTIALS, NOW)


@pytest.mark.parametrize("case", [case for case in recorded("bird") if case.valid], ids=str)
def test_a_recorded_signature_is_made_anew(case: Any) -> None:
    assert ADAPTER.sign
    credentials = BirdCredentials.model_validate(case.credentials)
    stamp = int(case.request.headers.get("messagebird-request-timestamp"))
    signed = ADAPTER.sign(case.request, credentials, datetime.fromtimestamp(stamp, UTC))
    assert signed.headers.as_dict() == case.request.headers.as_dict()


@pytest.mark.parametrize("case", [case for case in recorded("bird") if case.valid], ids=str)
def test_each_event_names_the_channel_by_its_id(case: Any) -> None:
    assert {event.address for event in case.parse()} == {CHANNEL}


def test_a_user_id_is_the_lasting_identity() -> None:
    (event,) = one("bird", "whatsapp_inbound_file_reply").parse()
    assert isinstance(event, InboundMessage)
    assert event.sender_name == "Jo Doe"
    assert event.identities == (
        Identity(kind="bsuid", value="US.13491208655302741918"), Identity(kind="whatsapp", value="+12025550142"),
    )  # fmt: skip


def test_a_failure_is_told_in_the_providers_words() -> None:
    (event,) = one("bird", "sms_outbound_failed").parse()
    assert isinstance(event, StatusUpdate)
    assert event.error_message == "details: absent subscriber; code: 27"
    assert event.external_id == "o2:delivery_failed:15001"


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"event":7}', b'{"payload":{}}'])
def test_a_post_that_names_no_event_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(HttpRequest("POST", URL, Headers(), body), {})


@pytest.mark.parametrize(
    "post",
    [
        {"event": "sms.inbound"},
        {"event": "sms.inbound", "payload": {}},
        {"event": "sms.outbound", "payload": {"id": "1"}},
    ],
)
def test_an_event_that_says_nothing_is_set_aside(post: Any) -> None:
    (event,) = ADAPTER.parse(HttpRequest("POST", URL, Headers(), orjson.dumps(post)), {})
    assert isinstance(event, Quarantined)


def sent(**changes: Any) -> Any:
    request = ADAPTER.build(replace(OUTBOUND, **changes), CREDENTIALS)
    assert request.url == f"https://api.bird.com/workspaces/w%2F1/channels/{CHANNEL}/messages"
    assert request.headers.get("authorization") == "AccessKey k"
    body = orjson.loads(request.body)
    contact = {"identifierKey": "phonenumber", "identifierValue": "+12025550142"}
    assert body.pop("receiver") == {"contacts": [contact]}
    assert body.pop("reference") == "msg_1"
    return body


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"body": {"type": "text", "text": {"text": "hi"}}}),
        ({"in_reply_to": "m0"}, {"body": {"type": "text", "text": {"text": "hi"}}}),
        (
            {"in_reply_to": "m0", "channel": "whatsapp"},
            {"body": {"type": "text", "text": {"text": "hi"}}, "replyTo": {"id": "m0", "type": "message"}},
        ),
        ({"media": [IMAGE]}, {"body": {"type": "image", "image": {"images": [{"mediaUrl": IMAGE.url}], "text": "hi"}}}),
        (
            {"media": [PDF], "text": None},
            {
                "body": {
                    "type": "file",
                    "file": {"files": [{"mediaUrl": PDF.url, "contentType": "application/pdf", "filename": "2.pdf"}]},
                }
            },
        ),
    ],
)
def test_a_message_is_built_as_bird_takes_it(changes: dict[str, Any], expected: Any) -> None:
    assert sent(**changes) == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 1531}, "text_too_long"),
        ({"text": "x" * 4097, "channel": "whatsapp"}, "text_too_long"),
        ({"text": "\ud83d"}, "text_unwritable"),
        ({"channel": "email"}, "channel_unsupported"),
        ({"content": Reaction("👍")}, "content_unsupported"),
        ({"recipient": "US.13491208655302741918"}, "recipient_unsupported"),
        ({"media": [IMAGE] * 11}, "too_many_files"),
        ({"media": [Media(type="image", id="9")]}, "file_unusable"),
    ],
)
def test_what_bird_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


@pytest.mark.parametrize("missing", ["access_key", "workspace_id"])
def test_nothing_is_sent_without_the_credentials_for_it(missing: str) -> None:
    left = {name: value for name, value in SENDING.items() if name != missing}
    with pytest.raises(CannotSend):
        ADAPTER.build(OUTBOUND, BirdCredentials.model_validate(left))


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"code": "InvalidPayload", "message": "No"}, ("InvalidPayload", False, False)),
        (401, {}, ("http_401", False, False)),
        (402, {}, ("http_402", False, False)),
        (404, {"code": "NotFound"}, ("NotFound", False, False)),
        (422, {"code": "x", "message": []}, ("x", False, False)),
        (429, {}, ("http_429", True, False)),
        (418, {}, ("http_418", False, False)),
        (500, {"code": "Internal"}, ("Internal", False, True)),
        (202, {}, ("answer_unreadable", False, True)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, body: Any, expected: tuple[str, bool, bool]) -> None:
    found = ADAPTER.read(HttpResponse(status, orjson.dumps(body)))
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == expected


def test_an_acceptance_has_an_id() -> None:
    assert ADAPTER.read(HttpResponse(202, b'{"id":"o1","status":"accepted"}')) == Accepted("o1")
