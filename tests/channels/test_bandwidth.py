"""Bandwidth: the login, whose event it is, error codes, the requests that send, and what the answers to them mean."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from channels.errors import CannotSend, PayloadMalformed
from channels.events import InboundMessage, Media, Other, Quarantined, StatusUpdate
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.bandwidth import ADAPTER, BandwidthCredentials
from tests.channels.fixtures import NOW, one, recorded

LOGIN = {"username": "hook", "password": "pass"}
SENDING = {"account_id": "5500001", "application_id": "app-1", "api_username": "jo", "api_password": "secret"}
CREDENTIALS = BandwidthCredentials.model_validate(LOGIN | SENDING)
URL = "https://gw.example.test/hooks/int_1"
FILES = [Media(type="image", url=f"https://f.example.test/{n}.png") for n in range(11)]
OUTBOUND = OutboundMessage(reference="msg_1", sender="+13125550188", recipient="+12025550142", text="hi")


def test_a_request_gets_the_login_that_bandwidth_sends() -> None:
    assert ADAPTER.sign
    case = one("bandwidth", "sms_received")
    credentials = BandwidthCredentials.model_validate(case.credentials)
    bare = replace(case.request, headers=Headers.of({"content-type": "application/json"}))
    signed = ADAPTER.sign(bare, credentials, NOW)
    assert signed.headers.get("authorization") == case.request.headers.get("authorization")
    ADAPTER.verify(signed, credentials, NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "a:b"},
        {"username": ""},
        {"password": ""},
        {"account_id": "5500001/messages?"},
        {"account_id": "55\n"},
        {"application_id": ""},
        {"api_username": "a:b"},
        {"api_password": ""},
    ],
)
def test_credentials_that_cannot_be_right_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        BandwidthCredentials.model_validate(LOGIN | SENDING | wrong)


@pytest.mark.parametrize("name", [case.name for case in recorded("bandwidth") if case.valid])
def test_each_event_names_our_number(name: str) -> None:
    ours = "55501" if "short_code" in name else "+13125550188"
    events: list[Any] = one("bandwidth", name).parse()
    assert {event.address for event in events} == {ours}


def test_who_wrote_is_recognised_by_the_number() -> None:
    (event,) = one("bandwidth", "group_received").parse()
    assert isinstance(event, InboundMessage)
    assert [(identity.kind, identity.value) for identity in event.identities] == [("phone", "+12025550142")]


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'"x"', b'{"type":"message-received"}'])
def test_a_post_that_is_no_list_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(HttpRequest("POST", URL, Headers(), body), {})


def test_one_bad_event_costs_no_other() -> None:
    case = one("bandwidth", "sms_received")
    good = orjson.loads(case.request.body)[0]
    bad: list[Any] = [
        7, {}, {"type": "message-received"}, {"type": "message-received", "message": {"text": "no id"}},
        {"type": "message-failed", "message": []},
    ]  # fmt: skip
    found = ADAPTER.parse(replace(case.request, body=orjson.dumps([*bad, good, {"type": "new"}])), {})
    assert [type(event) for event in found] == [Quarantined] * len(bad) + [InboundMessage, Other]


def failed(code: object) -> StatusUpdate:
    case = one("bandwidth", "status_failed")
    (item,) = orjson.loads(case.request.body)
    body = orjson.dumps([item | {"errorCode": code, "description": None}])
    (event,) = ADAPTER.parse(replace(case.request, body=body), {})
    assert isinstance(event, StatusUpdate)
    return event


@pytest.mark.parametrize(
    ("code", "words", "retryable"),
    [
        (4432, "account", False),
        (4403, "Our number", False),
        (4720, "can't receive texts", False),
        (4702, "switched off", True),
        (4470, "spam filter", False),
        (4411, "files are too large", False),
        (4360, "expired", False),
        (4435, "fewer at once", False),
        (4735, "fewer at once", False),
        (4754, "without saying why", False),
        (4750, "without saying why", False),
        (4780, "tomorrow", False),
        (4781, "at the moment", True),
        (5100, "Bandwidth had trouble", True),
        (5600, "mobile network", True),
        (9902, "not known", False),
        ("4720", "can't receive texts", False),
        (4999, "was not delivered", False),
        (None, "was not delivered", False),
    ],
)
def test_an_error_code_is_told_in_words(code: object, words: str, retryable: bool) -> None:
    event = failed(code)
    assert event.error_code == (None if code is None else str(code))
    assert words in (event.error_message or "")
    assert event.extra == {"raw_status": "message-failed", "retryable": retryable, "callback_data": "msg_1"}


@pytest.mark.parametrize("code", [4475, 4775])
def test_a_customer_who_had_opted_out_is_noticed(code: int) -> None:
    assert failed(code).extra["opt_out"] == "stop"


def sent(**changes: Any) -> Any:
    request = ADAPTER.build(replace(OUTBOUND, **changes), CREDENTIALS)
    assert request.url == "https://messaging.bandwidth.com/api/v2/users/5500001/messages"
    assert request.headers.get("authorization") == "Basic am86c2VjcmV0"
    return orjson.loads(request.body)


SMS = {"applicationId": "app-1", "to": ["+12025550142"], "from": "+13125550188", "tag": "msg_1", "text": "hi"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, SMS),
        ({"channel": "mms", "media": FILES[:1]}, SMS | {"media": ["https://f.example.test/0.png"]}),
        ({"text": "x" * 2048}, SMS | {"text": "x" * 2048}),
    ],
)
def test_a_message_is_built_as_bandwidth_takes_it(changes: dict[str, Any], expected: Any) -> None:
    assert sent(**changes) == expected


def test_a_file_needs_no_text() -> None:
    assert "text" not in sent(text=None, media=FILES[:2])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 2049}, "text_too_long"),
        ({"text": "\ud83d"}, "text_unwritable"),
        ({"channel": "whatsapp"}, "content_unsupported"),
        ({"content": Reaction("👍")}, "content_unsupported"),
        ({"media": FILES}, "too_many_files"),
        ({"media": [Media(type="image", id="9")]}, "file_unusable"),
    ],
)
def test_what_bandwidth_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


@pytest.mark.parametrize("missing", SENDING)
def test_nothing_is_sent_without_all_credentials(missing: str) -> None:
    some = {name: value for name, value in SENDING.items() if name != missing}
    with pytest.raises(CannotSend, match=missing):
        ADAPTER.build(OUTBOUND, BandwidthCredentials.model_validate(LOGIN | some))


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (400, {"type": "request-validation"}, ("request-validation", False, False)),
        (401, {"type": "unauthorized"}, ("unauthorized", False, False)),
        (403, {"type": "forbidden"}, ("forbidden", False, False)),
        (404, {"status": 404, "error": "Not Found"}, ("http_404", False, False)),
        (429, {"type": "max-message-queue-size-exceeded"}, ("max-message-queue-size-exceeded", True, False)),
        (500, {"type": "internal-server-error"}, ("internal-server-error", True, False)),
        (504, None, ("http_504", False, True)),
        (202, {}, ("answer_unreadable", False, True)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, answer: Any, expected: tuple[str, bool, bool]) -> None:
    found = ADAPTER.read(HttpResponse(status, orjson.dumps(answer), Headers.of({"Retry-After": "7"})))
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == expected
    assert found.retry_after == 7


def test_a_refusal_says_what_is_wrong_with_which_field() -> None:
    fields = [{"fieldName": "to", "description": "'+1202' is no number"}, 7, {"description": None}]
    body = {"type": "request-validation", "description": "Not accepted", "fieldErrors": fields}
    found = ADAPTER.read(HttpResponse(400, orjson.dumps(body)))
    assert isinstance(found, Refused)
    assert found.reason.endswith("(Not accepted; '+1202' is no number)")


def test_an_acceptance_has_an_id() -> None:
    body = {"id": "1767225600000out1", "owner": "+13125550188", "direction": "out", "tag": "msg_1"}
    assert ADAPTER.read(HttpResponse(202, orjson.dumps(body))) == Accepted("1767225600000out1")
