"""Twilio: the requests that send, and what the answers to them mean."""

import base64
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest

from channels.errors import CannotSend
from channels.events import Location, Media
from channels.http import Headers, HttpResponse
from channels.outbound import (
    Accepted,
    LocationRequest,
    OutboundMessage,
    Parameter,
    Reaction,
    Refused,
    Template,
    TemplateButton,
)
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


SERVICE = "MG" + 32 * "8"
CONTENT = "HX" + 32 * "a"
TO, FROM = ("To", "+12025550142"), ("From", "+13125550188")
TO_WHATSAPP, FROM_WHATSAPP = ("To", "whatsapp:+12025550142"), ("From", "whatsapp:+13125550188")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [TO, FROM, ("Body", "hi")]),
        ({"channel": "whatsapp"}, [TO_WHATSAPP, FROM_WHATSAPP, ("Body", "hi")]),
        ({"recipient": "US.1"}, [("To", "whatsapp:US.1"), FROM_WHATSAPP, ("Body", "hi")]),
        ({"sender": SERVICE}, [TO, ("MessagingServiceSid", SERVICE), ("Body", "hi")]),
        ({"sender": SERVICE, "channel": "whatsapp"},
         [TO_WHATSAPP, ("MessagingServiceSid", SERVICE), ("Body", "hi")]),
        ({"sender": SERVICE, "callback_url": "https://gw.example.test/h"},
         [TO, ("MessagingServiceSid", SERVICE), ("Body", "hi"),
          ("StatusCallback", f"https://gw.example.test/h?reference=msg_1&service={SERVICE}")]),
        ({"sender": "MGMotors"}, [TO, ("From", "MGMotors"), ("Body", "hi")]),
        ({"media": FILES[:1], "channel": "whatsapp"},
         [TO_WHATSAPP, FROM_WHATSAPP, ("Body", "hi"), ("MediaUrl", "https://f.example.test/0")]),
        ({"in_reply_to": "SM1"}, [TO, FROM, ("Body", "hi")]),
        ({"text": " ü& \n"}, [TO, FROM, ("Body", " ü& \n")]),
        ({"text": None, "media": FILES[:2]},
         [TO, FROM, ("MediaUrl", "https://f.example.test/0"), ("MediaUrl", "https://f.example.test/1")]),
        ({"callback_url": "https://gw.example.test/h?x=1"},
         [TO, FROM, ("Body", "hi"), ("StatusCallback", "https://gw.example.test/h?x=1&reference=msg_1")]),
    ],
)  # fmt: skip
def test_a_message_is_built_as_twilio_takes_it(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert sent(**changes) == expected


def template(**parts: Any) -> Template:
    return Template(**{"name": CONTENT, "language": "en"} | parts)


@pytest.mark.parametrize(
    ("parts", "variables"),
    [
        ({}, None),
        ({"body": [Parameter("Ana"), Parameter('5 "pm"')]}, {"1": "Ana", "2": '5 "pm"'}),
        ({"body": [Parameter("Ana", "name"), Parameter("x", "7")]}, {"name": "Ana", "7": "x"}),
        ({"header": Parameter("Hi"), "body": [Parameter("Ana")],
          "buttons": [TemplateButton(index=1, kind="url", value="b"), TemplateButton(index=0, kind="url", value="a")]},
         {"1": "Hi", "2": "Ana", "3": "a", "4": "b"}),
        ({"header": FILES[0]}, {"1": "https://f.example.test/0"}),
    ],
)  # fmt: skip
def test_a_template_is_sent_by_its_id_with_its_variables_as_json(parts: Any, variables: Any) -> None:
    fields = sent(content=template(**parts), channel="whatsapp")
    assert fields[:3] == [TO_WHATSAPP, FROM_WHATSAPP, ("ContentSid", CONTENT)]
    shown = [(name, orjson.loads(value)) for name, value in fields[3:]]
    assert shown == ([("ContentVariables", variables)] if variables else [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"content": template(name="sale")}, "template_unknown"),
        ({"content": template(), "media": FILES[:1]}, "files_unsupported"),
        ({"content": template(body=[Parameter("a"), Parameter("b", "1")])}, "parameters_mixed"),
        ({"content": template(header=Location(latitude=1, longitude=1))}, "header_unsupported"),
        ({"content": template(header=Media(type="image", id="9"))}, "header_unsupported"),
        ({"content": template(body=[Parameter("half \ud83d")])}, "text_unusable"),
        ({"content": LocationRequest()}, "content_unsupported"),
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
    ("codes", "retryable", "words"),
    [
        ([20003, 20404, 30002, 63001, 63020], False, "administrator"),
        ([20429, 30022, 63017, 63018, 21611, 30001], True, "no more messages"),
        ([30023, 30027, 63038], False, "today"),
        ([30008, 30017, 30410, 63009, 63010, 63012], True, "had trouble"),
        ([30003], True, "switched off"),
        ([21211, 21614, 21612, 21408, 30005, 30006, 63003, 63024, 63033, 63014, 63032, 30011, 21608, 63015], False,
         "can't receive"),
        ([21610], False, "STOP"),
        ([63016], False, "24 hours"),
        ([21602, 21617, 21620, 21623, 30019, 63019, 63034, 21622, 30004, 30007, 63005, 63006, 63013, 63021, 63026],
         False, "was not accepted"),
        ([21212, 21606, 21659, 21660, 21703, 21705, 63002, 63007, 30018, 30024, 30032, 30034], False, "Our number"),
        ([21654, 21655, 21656, 63027, 63028, 63029, 63040, 63041], False, "template"),
        ([99999], False, "refused the message"),
    ],
)  # fmt: skip
def test_each_class_of_errors_has_its_outcome_and_its_words(codes: list[int], retryable: bool, words: str) -> None:
    for code in codes:
        found = ADAPTER.read(HttpResponse(400, orjson.dumps({"code": code, "message": "No details"})))
        assert isinstance(found, Refused)
        assert (found.code, found.retryable, found.unknown) == (str(code), retryable, False)
        assert words in found.reason
        assert found.reason.endswith("(No details)")


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
