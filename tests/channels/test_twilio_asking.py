"""Twilio: what is asked of it beside sending: to show that somebody is typing, and which templates there are."""

import base64
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest

from channels.http import HttpResponse
from channels.operations import Receipt
from channels.outbound import Refused
from channels.providers.twilio import ADAPTER, TwilioCredentials
from tests.channels.dialogues import played

CREDENTIALS = TwilioCredentials.model_validate({"account_sid": "AC1", "auth_token": "token-1"})
NO_TOKEN = TwilioCredentials.model_validate({"account_sid": "AC1", "shared_key": "x"})
LOGIN = "Basic " + base64.b64encode(b"AC1:token-1").decode()
MESSAGE = "SM" + 32 * "1"
FIRST_PAGE = "https://content.twilio.com/v1/ContentAndApprovals?PageSize=100"


def answer(document: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(status, orjson.dumps(document))


def typing(*answers: HttpResponse, credentials: Any = CREDENTIALS, **changes: Any) -> Any:
    assert ADAPTER.operations.mark_read
    whole: dict[str, Any] = {"sender": "+13125550188", "message_ref": MESSAGE, "typing": True} | changes
    return played(ADAPTER.operations.mark_read(Receipt(**whole), credentials), *answers)


def templates(*answers: HttpResponse, credentials: Any = CREDENTIALS) -> Any:
    assert ADAPTER.operations.templates
    return played(ADAPTER.operations.templates("AC1", credentials), *answers)


def test_a_customer_is_shown_that_somebody_types() -> None:
    result, (request,) = typing(answer({"success": True}))
    assert result is None
    assert (request.method, request.url) == ("POST", "https://messaging.twilio.com/v2/Indicators/Typing.json")
    assert request.headers.get("authorization") == LOGIN
    assert parse_qsl(request.body.decode()) == [("messageId", MESSAGE), ("channel", "whatsapp")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"typing": False}, "read_unsupported"),
        ({"message_ref": "wamid.1"}, "message_unknown"),
        ({"message_ref": "SM1\udcff"}, "message_unknown"),
        ({"credentials": NO_TOKEN}, "credentials_incomplete"),
    ],
)
def test_what_twilio_can_not_show_is_not_asked(changes: dict[str, Any], code: str) -> None:
    result, asked = typing(**changes)
    assert (result.code, result.retryable, asked) == (code, False, [])


@pytest.mark.parametrize(
    ("given_answer", "code"),
    [(answer({"code": 20003, "message": "No"}, 401), "20003"), (answer({"success": False}), "http_200")],
)
def test_typing_may_be_refused(given_answer: HttpResponse, code: str) -> None:
    assert typing(given_answer)[0].code == code


def page(following: str | None, *contents: Any) -> HttpResponse:
    return answer({"meta": {"key": "contents", "next_page_url": following}, "contents": contents})


SALE = {
    "sid": "HX1", "friendly_name": "sale", "language": "en", "variables": {"1": "Ana"},
    "types": {"twilio/media": {"body": "Hi {{1}}", "media": []}, "whatsapp/card": 7},
    "approval_requests": {"status": "Approved", "category": "MARKETING", "name": "sale"},
}  # fmt: skip


def test_templates_are_listed_by_the_id_that_they_are_sent_by() -> None:
    following = "https://content.twilio.com/v1/ContentAndApprovals?PageSize=100&Page=1&PageToken=DN1"
    found, asked = templates(page(following, SALE, 7, {"language": "en"}), page(None, {"sid": "HX2"}))
    assert [request.url for request in asked] == [FIRST_PAGE, following]
    assert {request.headers.get("authorization") for request in asked} == {LOGIN}
    sale, bare = found
    assert (sale.name, sale.external_id, sale.language, sale.status, sale.category, sale.body) == (
        "HX1", "HX1", "en", "approved", "marketing", "Hi {{1}}",
    )  # fmt: skip
    assert list(sale.components) == [
        {"type": "friendly_name", "text": "sale"},
        {"type": "twilio/media", "body": "Hi {{1}}", "media": []},
    ]
    assert (bare.name, bare.status, bare.category, bare.body) == ("HX2", "unsubmitted", None, None)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.org/v1/ContentAndApprovals",
        "http://content.twilio.com/v1/ContentAndApprovals?Page=1",
        "https://content.twilio.com@evil.example.org/v1/ContentAndApprovals",
        "https://user@content.twilio.com/v1/ContentAndApprovals",
        "https://content.twilio.com:8443/v1/ContentAndApprovals",
        "https://content.twilio.com/v1/Content",
        "https://content.twilio.com/v1/ContentAndApprovals?a=\r\nb",
        "https://content.twilio.com/v1/ContentAndApprovals?é",
        "https://[/v1/ContentAndApprovals",
        "/v1/ContentAndApprovals?Page=1",
    ],
)
def test_no_answer_chooses_where_our_login_is_sent(elsewhere: str) -> None:
    result, asked = templates(page(elsewhere, SALE))
    assert (result.code, len(asked)) == ("page_elsewhere", 1)


@pytest.mark.parametrize("document", [[], {}, {"contents": {}}])
def test_an_answer_that_is_no_list_is_a_refusal(document: Any) -> None:
    assert isinstance(templates(answer(document))[0], Refused)


def test_a_list_without_an_end_or_with_an_error_is_a_refusal() -> None:
    assert templates(*[page(FIRST_PAGE, SALE)] * 100)[0].code == "templates_endless"
    assert templates(page(FIRST_PAGE, SALE), answer({"code": 20429}, 429))[0].retryable
    again = templates(HttpResponse(503))[0]
    assert (again.retryable, again.unknown) == (True, False)
    assert templates(credentials=NO_TOKEN)[0].code == "credentials_incomplete"
