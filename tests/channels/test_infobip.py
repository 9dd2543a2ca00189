"""Infobip: the login, how reports find their channel, the requests that send, and what the answers to them mean."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from channels.errors import CannotSend, PayloadMalformed
from channels.events import InboundMessage, Media, Quarantined, StatusUpdate
from channels.http import Headers, HttpRequest, HttpResponse
from channels.infobip.contents import Content, read_segments
from channels.operations import Receipt
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.infobip import ADAPTER, InfobipCredentials
from tests.channels.fixtures import NOW, one

LOGIN = {"username": "hook", "password": "pass"}
SENDING = LOGIN | {"api_key": "k", "base_url": "https://xyz.api.infobip.com"}
CREDENTIALS = InfobipCredentials.model_validate(SENDING)
URL = "https://gw.example.test/hooks/int_1"
OUTBOUND = OutboundMessage(reference="msg_1", sender="+13125550188", recipient="+12025550142", text="hi")
IMAGE = Media(type="image", url="https://f.example.test/1.png", mime_type="image/png", filename="1.png")
PDF = Media(type="document", url="https://f.example.test/2", mime_type="application/pdf", filename="2.pdf")


def test_a_request_gets_the_login_that_infobip_sends() -> None:
    assert ADAPTER.sign
    signed = ADAPTER.sign(HttpRequest("POST", URL, Headers(), b"{}"), CREDENTIALS, NOW)
    ADAPTER.verify(signed, CREDENTIALS, NOW)
    case = one("infobip", "delivery_reports")
    anew = ADAPTER.sign(case.request, InfobipCredentials.model_validate(case.credentials), NOW)
    assert anew.headers.as_dict() == case.request.headers.as_dict()


@pytest.mark.parametrize("base_url", ["https://xyz.api.infobip.com", "xyz.api.infobip.com", "https://api.infobip.com/"])
def test_messages_go_to_the_accounts_own_host(base_url: str) -> None:
    credentials = InfobipCredentials.model_validate(SENDING | {"base_url": base_url})
    host = base_url.removeprefix("https://").rstrip("/")
    assert ADAPTER.build(OUTBOUND, credentials).url == f"https://{host}/sms/3/messages"


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "http://xyz.api.infobip.com"},
        {"base_url": "https://xyz.api.infobip.com.example.org"},
        {"base_url": "https://example.org/api.infobip.com"},
        {"base_url": "https://evilapi.infobip.com"},
        {"base_url": "https://a@api.infobip.com"},
        {"base_url": "https://api.infobip.com:444"},
        {"base_url": "https://api.infobip.com\n"},
        {"base_url": ""},
        {"username": "a:b"},
        {"password": ""},
    ],
)
def test_credentials_that_cannot_be_right_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        InfobipCredentials.model_validate(SENDING | wrong)


def test_reports_name_our_address_where_infobip_does() -> None:
    found = one("infobip", "sms_reports_of_all_kinds").parse()
    assert [event.address for event in found] == ["+13125550188", "+13125550188", "Acme", "55501", None]
    ids = [event.external_id for event in found if isinstance(event, StatusUpdate)]
    assert ids[:2] == ["o1:PENDING_ENROUTE", "o1:EXPIRED_EXPIRED"]
    (seen,) = one("infobip", "whatsapp_seen_reports").parse()
    assert seen.address == "+13125550188"


def test_a_whatsapp_sender_is_recognised_by_the_number() -> None:
    event = one("infobip", "whatsapp_inbound_kinds").parse()[0]
    assert isinstance(event, InboundMessage)
    assert [(identity.kind, identity.value) for identity in event.identities] == [("whatsapp", "+12025550142")]
    assert (event.address, event.sender_name) == ("+13125550188", "Jo Doe")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"results":{}}', b'{"results":null}'])
def test_a_post_without_results_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(HttpRequest("POST", URL, Headers(), body), {})


def test_one_bad_result_costs_no_other() -> None:
    case = one("infobip", "sms_inbound_stop")
    good = orjson.loads(case.request.body)["results"][0]
    bad: list[Any] = [
        7, {"text": "no id"}, {"messageId": "x", "status": {}}, {"messageId": "w", "message": {"type": "IMAGE"}},
        {"messageId": "l", "message": {"type": "LOCATION", "latitude": 91, "longitude": 0}}, {"seenAt": "2026"},
    ]  # fmt: skip
    body = orjson.dumps({"results": [*bad, good, {"event": "NEW_THING"}]})
    found = ADAPTER.parse(replace(case.request, body=body), {})
    assert [type(event) for event in found[: len(bad)]] == [Quarantined] * len(bad)
    assert getattr(found[-2], "external_id", None) == "s1"
    assert getattr(found[-1], "subtype", None) == "new_thing"


def sent(**changes: Any) -> tuple[str, Any]:
    request = ADAPTER.build(replace(OUTBOUND, **changes), CREDENTIALS)
    assert request.headers.get("authorization") == "App k"
    return request.url.removeprefix("https://xyz.api.infobip.com"), orjson.loads(request.body)


def envelope(content: Any) -> Any:
    return {
        "messages": [
            {
                "sender": "13125550188",
                "destinations": [{"to": "12025550142"}],
                "content": content,
                "webhooks": {"callbackData": "msg_1"},
            }
        ]
    }


def whatsapp(**more: Any) -> Any:
    return {"from": "13125550188", "to": "12025550142", "callbackData": "msg_1"} | more


TEXT_PART = {"type": "TEXT", "text": "hi"}
LINK_PART = {"type": "LINK", "contentUrl": IMAGE.url, "contentType": "image/png"}
TEXT = {"text": "hi", "previewUrl": False}


@pytest.mark.parametrize(
    ("changes", "path", "expected"),
    [
        ({}, "/sms/3/messages", envelope({"text": "hi"})),
        ({"channel": "sms", "callback_url": URL}, "/sms/3/messages", envelope({"text": "hi"})),
        ({"media": [IMAGE]}, "/mms/2/messages", envelope({"title": "", "messageSegments": [TEXT_PART, LINK_PART]})),
        (
            {"media": [IMAGE], "text": None, "channel": "mms", "subject": "s"},
            "/mms/2/messages",
            envelope({"title": "s", "messageSegments": [LINK_PART]}),
        ),
        ({"channel": "whatsapp"}, "/whatsapp/1/message/text", whatsapp(content=TEXT)),
        (
            {"channel": "whatsapp", "in_reply_to": "w1"},
            "/whatsapp/1/message/text",
            whatsapp(content=TEXT, context={"replyToMessageId": "w1"}),
        ),
        (
            {"channel": "whatsapp", "media": [IMAGE]},
            "/whatsapp/1/message/image",
            whatsapp(content={"mediaUrl": IMAGE.url, "caption": "hi"}),
        ),
        (
            {"channel": "whatsapp", "media": [PDF], "text": None},
            "/whatsapp/1/message/document",
            whatsapp(content={"mediaUrl": PDF.url, "filename": "2.pdf"}),
        ),
    ],
)
def test_a_message_is_built_as_infobip_takes_it(changes: dict[str, Any], path: str, expected: Any) -> None:
    assert sent(**changes) == (path, expected)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 1531}, "text_too_long"),
        ({"text": "x" * 1601, "media": [IMAGE]}, "text_too_long"),
        ({"text": "x" * 4097, "channel": "whatsapp"}, "text_too_long"),
        ({"text": "x" * 1025, "channel": "whatsapp", "media": [IMAGE]}, "text_too_long"),
        ({"text": "\ud83d"}, "text_unwritable"),
        ({"channel": "email"}, "channel_unsupported"),
        ({"content": Reaction("👍")}, "content_unsupported"),
        ({"recipient": "US.13491208655302741918"}, "recipient_unsupported"),
        ({"media": [IMAGE] * 11}, "too_many_files"),
        ({"media": [IMAGE] * 2, "channel": "whatsapp"}, "too_many_files"),
        ({"media": [Media(type="image", url="https://f.example.test/1")]}, "file_unusable"),
        ({"media": [Media(type="image", id="9")], "channel": "whatsapp"}, "file_unusable"),
        ({"media": [Media(type="hologram", url="https://f.example.test/1")], "channel": "whatsapp"}, "file_unusable"),
        (
            {"media": [Media(type="audio", url="https://f.example.test/1")], "channel": "whatsapp"},
            "caption_unsupported",
        ),
    ],
)
def test_what_infobip_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


@pytest.mark.parametrize("missing", ["api_key", "base_url"])
def test_nothing_is_sent_without_the_credentials_for_it(missing: str) -> None:
    left = InfobipCredentials.model_validate({name: value for name, value in SENDING.items() if name != missing})
    with pytest.raises(CannotSend):
        ADAPTER.build(OUTBOUND, left)


def error(code: str) -> Any:
    return {"requestError": {"serviceException": {"messageId": code, "text": "No"}}}


def rejected(name: str) -> Any:
    return {"messages": [{"messageId": "o1", "status": {"groupName": "REJECTED", "name": name, "description": "No"}}]}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, error("UNAUTHORIZED"), ("UNAUTHORIZED", False, False)),
        (403, {"errorCode": "E403", "description": "No"}, ("E403", False, False)),
        (400, error("BAD_REQUEST"), ("BAD_REQUEST", False, False)),
        (404, {}, ("http_404", False, False)),
        (429, error("TOO_MANY_REQUESTS"), ("TOO_MANY_REQUESTS", True, False)),
        (500, error("GENERAL_ERROR"), ("GENERAL_ERROR", False, True)),
        (503, [], ("http_503", False, True)),
        (418, {}, ("http_418", False, False)),
        (200, rejected("REJECTED_NOT_ENOUGH_CREDITS"), ("REJECTED_NOT_ENOUGH_CREDITS", False, False)),
        (200, rejected("REJECTED_FLOODING_FILTER"), ("REJECTED_FLOODING_FILTER", True, False)),
        (200, rejected("REJECTED_DESTINATION_BLOCKLISTED"), ("REJECTED_DESTINATION_BLOCKLISTED", False, False)),
        (200, {"messages": []}, ("answer_unreadable", False, True)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, body: Any, expected: tuple[str, bool, bool]) -> None:
    found = ADAPTER.read(HttpResponse(status, orjson.dumps(body)))
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"bulkId": "b", "messages": [{"messageId": "o1", "status": {"groupName": "PENDING"}, "destination": "1"}]},
        {"to": "12025550142", "messageCount": 1, "messageId": "o1", "status": {"groupName": "PENDING"}},
    ],
)
def test_an_acceptance_has_an_id(body: Any) -> None:
    assert ADAPTER.read(HttpResponse(200, orjson.dumps(body))) == Accepted("o1")


@pytest.mark.parametrize(("status", "code"), [(200, None), (401, "http_401"), (500, "http_500")])
def test_a_customer_is_told_that_a_message_was_read(status: int, code: str | None) -> None:
    assert ADAPTER.operations.mark_read
    dialogue = ADAPTER.operations.mark_read(Receipt(sender="+13125550188", message_ref="w/1"), CREDENTIALS)
    request = next(dialogue)
    assert request.url == "https://xyz.api.infobip.com/whatsapp/1/senders/13125550188/message/w%2F1/read"
    with pytest.raises(StopIteration) as done:
        dialogue.send(HttpResponse(status))
    result = done.value.value
    assert (result.code if result else None) == code


def test_nobody_is_told_without_the_credentials_for_it() -> None:
    assert ADAPTER.operations.mark_read
    dialogue = ADAPTER.operations.mark_read(
        Receipt(sender="1", message_ref="2"), InfobipCredentials.model_validate(LOGIN)
    )
    with pytest.raises(StopIteration) as done:
        next(dialogue)
    assert isinstance(done.value.value, Refused)


@pytest.mark.parametrize("kind", ["application/smil", "Application/SMIL; charset=utf-8"])
def test_how_an_mms_is_laid_out_is_no_text_of_it(kind: str) -> None:
    layout = [{"contentType": kind, "value": "<smil/>"}, {"contentType": kind, "url": "https://m.example.test/1.smil"}]
    assert read_segments([*layout, {"contentType": "text/plain", "value": "hi"}]) == Content("text", "hi")
