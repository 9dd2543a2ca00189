"""Mail through APIs: what is sent, what an answer means, and what is fetched before a mail is read."""

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.adapter import Adapter
from channels.errors import CannotSend
from channels.events import Media
from channels.http import Headers, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers import brevo, mailjet, postmark, resend
from tests.channels.fixtures import Recorded, all_recorded, one

NOW = datetime(2026, 9, 15, 10, tzinfo=UTC)
SECRET = "whsec_NO4LTfwWpCNbFQXyriOiMciTtzm52zmu"
KEYS: Mapping[str, dict[str, Any]] = {
    "mailjet": {"username": "u", "password": "p", "api_key": "key", "api_secret": "secret"},
    "brevo": {"bearer_token": "t", "api_key": "key"},
    "resend": {"signing_secret": SECRET, "api_key": "key"},
    "postmark": {"username": "u", "password": "p", "server_token": "key"},
}
ADAPTERS = {module.PROVIDER: module.ADAPTER for module in (mailjet, brevo, resend, postmark)}
each = pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=lambda adapter: adapter.provider)
GENUINE = [case for case in all_recorded() if case.valid and case.provider in ADAPTERS]


def credentials(adapter: Adapter, **fields: Any) -> Any:
    return adapter.credentials.model_validate({**KEYS[adapter.provider], **fields})


def message(**fields: Any) -> OutboundMessage:
    values = {
        "reference": "gw.k1.c.m.mac@example.org",
        "sender": '"Jörg, Support" <support@example.org>',
        "recipient": "Jane <jane@example.net>",
        "text": "Hello",
        "subject": "Re: Order",
        "in_reply_to": "c2@example.net",
        "references": ("c1@example.net", "c2@example.net"),
    }
    return OutboundMessage(**{**values, **fields})


def body(adapter: Adapter, **fields: Any) -> Any:
    return orjson.loads(adapter.build(message(**fields), credentials(adapter)).body)


@pytest.mark.parametrize("case", GENUINE, ids=str)
def test_what_we_sign_is_accepted_as_the_providers(case: Recorded) -> None:
    keys = case.adapter.credentials.model_validate(case.credentials)
    kept = {"content-type": case.request.headers.get("content-type")}
    assert case.adapter.sign is not None
    signed = case.adapter.sign(replace(case.request, headers=Headers.of(kept)), keys, case.now)
    case.adapter.verify(signed, keys, case.now)
    assert signed.body == case.request.body
    if case.provider != "resend":  # that one is signed with a time
        assert signed.headers.get("authorization") == case.request.headers.get("authorization")


def test_a_signature_of_resend_is_reproduced_from_its_id_and_time() -> None:
    case = one("resend", "event_delivered")
    keys = resend.ResendCredentials.model_validate(case.credentials)
    stamp = datetime.fromtimestamp(int(case.request.headers.get("svix-timestamp")), UTC)
    assert resend.sign(case.request, keys, stamp).headers.get("svix-signature") == case.request.headers.get(
        "svix-signature"
    )


def test_a_mail_through_mailjet() -> None:
    sent = body(mailjet.ADAPTER, headers={"reply-to": "R <r@example.org>", "X-A": "b"}, html="<p>Hello</p>")
    (mail,) = sent["Messages"]
    assert mail["From"] == {"Email": "support@example.org", "Name": "Jörg, Support"}
    assert mail["To"] == [{"Email": "jane@example.net", "Name": "Jane"}]
    assert (mail["TextPart"], mail["HTMLPart"], mail["Subject"]) == ("Hello", "<p>Hello</p>", "Re: Order")
    assert mail["CustomID"] == "gw.k1.c.m.mac@example.org"
    assert mail["ReplyTo"] == {"Email": "r@example.org", "Name": "R"}
    assert mail["Headers"] == {
        "In-Reply-To": "<c2@example.net>",
        "References": "<c1@example.net> <c2@example.net> <gw.k1.c.m.mac@example.org>",
        "X-A": "b",
    }


def test_a_mail_through_brevo() -> None:
    sent = body(brevo.ADAPTER, headers={"Reply-To": "r@example.org"}, html="<p>Hello</p>")
    assert (sent["sender"], sent["to"]) == (
        {"email": "support@example.org", "name": "Jörg, Support"},
        [{"email": "jane@example.net", "name": "Jane"}],
    )
    assert (sent["textContent"], sent["htmlContent"], sent["subject"]) == ("Hello", "<p>Hello</p>", "Re: Order")
    assert sent["replyTo"] == {"email": "r@example.org"}
    assert orjson.loads(sent["headers"]["X-Mailin-custom"]) == {"gw_message_id": "gw.k1.c.m.mac@example.org"}
    assert sent["headers"]["In-Reply-To"] == "<c2@example.net>"


def test_a_mail_through_resend() -> None:
    request = resend.ADAPTER.build(
        message(headers={"Reply-To": "r@example.org"}, html="<p>Hello</p>"), credentials(resend.ADAPTER)
    )
    sent = orjson.loads(request.body)
    assert request.headers.get("authorization") == "Bearer key"
    assert request.headers.get("idempotency-key") == "gw.k1.c.m.mac@example.org"
    assert sent["from"] == '"Jörg, Support" <support@example.org>'
    assert (sent["to"], sent["text"], sent["html"]) == (["jane@example.net"], "Hello", "<p>Hello</p>")
    assert sent["reply_to"] == ["r@example.org"]
    assert "Message-ID" not in sent["headers"]
    (tag,) = sent["tags"]
    assert tag["name"] == "gw_message_id64"
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,256}", tag["value"])


@each
def test_files_and_pictures_go_along(adapter: Adapter) -> None:
    picture = Media(type="image", mime_type="image/png", filename="a.png", content=b"png", content_id="c1@x")
    file = Media(type="file", mime_type="text/x\r\nevil", filename="../b.pdf", content=b"%PDF")
    text = orjson.dumps(body(adapter, html='<img src="cid:c1@x">', media=(picture, file))).decode()
    assert base64.b64encode(b"png").decode() in text
    assert base64.b64encode(b"%PDF").decode() in text
    assert '"b.pdf"' in text
    assert "../" not in text
    assert ('c1@x"' in text.replace('cid:c1@x\\"', "")) is (adapter is not brevo.ADAPTER)
    assert "evil" not in text


@each
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"content": Reaction(emoji="x")}, "content_unsupported"),
        ({"media": (Media(type="file", url="https://x.test/a"),)}, "file_unusable"),
        ({"recipient": "nobody"}, "address_unusable"),
        ({"sender": ""}, "address_unusable"),
        ({"headers": {"Reply-To": "nobody"}}, "address_unusable"),
    ],
)
def test_what_can_not_be_sent_is_refused_before(adapter: Adapter, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        adapter.build(message(**fields), credentials(adapter))
    assert refused.value.code == code


@each
def test_without_a_key_nothing_is_sent(adapter: Adapter) -> None:
    missing = {"api_key": None, "server_token": None}
    fields = {name: value for name, value in missing.items() if name in adapter.credentials.model_fields}
    with pytest.raises(CannotSend) as refused:
        adapter.build(message(), credentials(adapter, **fields))
    assert refused.value.code == "credentials_incomplete"


STRANGE = st.text(max_size=20) | st.text(alphabet='<>@"(),;: \r\nab\\\udcff\x00é', max_size=20)


@each
@settings(max_examples=60, deadline=None)
@given(
    reference=STRANGE,
    text=STRANGE,
    html=st.none() | STRANGE,
    subject=STRANGE,
    headers=st.dictionaries(st.sampled_from(["Reply-To", "X-A", "Bcc", "To"]), STRANGE, max_size=2),
    name=STRANGE,
)
def test_whatever_is_written_is_sent_as_json_or_refused(adapter: Adapter, name: str, **fields: Any) -> None:
    file = Media(type="file", filename=name, mime_type=name, content=b"x", content_id=name)
    sent = message(sender=f"{name} <s@example.org>", media=(file,), **fields)
    try:
        request = adapter.build(sent, credentials(adapter))
    except CannotSend:
        return
    written = str(orjson.loads(request.body))
    assert "Bcc" not in written
    assert all(value.isascii() and "\n" not in value for value in request.headers.as_dict().values())


def answer(status: int, document: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, orjson.dumps(document), Headers.of(headers))


SUCCESS = {
    "mailjet": answer(200, {"Messages": [{"Status": "success", "To": [{"MessageID": 19421777835146490}]}]}),
    "brevo": answer(201, {"messageId": "<2026@smtp-relay.mailin.fr>"}),
    "resend": answer(200, {"id": "49a3999c"}),
    "postmark": answer(200, {"ErrorCode": 0, "MessageID": "b7bc2f4a", "Message": "OK"}),
}
IDS = {
    "mailjet": "19421777835146490",
    "brevo": "2026@smtp-relay.mailin.fr",
    "resend": "49a3999c",
    "postmark": "b7bc2f4a",
}


@each
def test_an_answer_with_an_id_is_an_acceptance(adapter: Adapter) -> None:
    assert adapter.read(SUCCESS[adapter.provider]) == Accepted(IDS[adapter.provider])


def mailjet_error(code: str, status: int = 400, http: int = 200) -> HttpResponse:
    error = {"ErrorIdentifier": "x", "ErrorCode": code, "StatusCode": status, "ErrorMessage": "why"}
    return answer(http, {"Messages": [{"Status": "error", "Errors": [error]}]})


REFUSALS = [
    ("mailjet", mailjet_error("mj-0013"), "mj-0013", "recipient's address", False, False),
    ("mailjet", mailjet_error("send-0008", 403), "send-0008", "not validated", False, False),
    ("mailjet", mailjet_error("send-0003"), "send-0003", "did not accept", False, False),
    ("mailjet", mailjet_error("mj-0011", http=400), "mj-0011", "too large", False, False),
    ("mailjet", mailjet_error("zz-9999", 500), "zz-9999", "not known", False, True),
    ("mailjet", answer(401, {"ErrorCode": "mj-0015", "ErrorMessage": "x"}), "mj-0015", "administrator", False, False),
    ("mailjet", answer(403, {}), "http_403", "administrator", False, False),
    ("mailjet", answer(429, {}, **{"Retry-After": "7"}), "http_429", "no more requests", True, False),
    ("mailjet", answer(500, {"ErrorIdentifier": "x"}), "http_500", "not known", False, True),
    ("mailjet", answer(200, {"Messages": []}), "http_200", "not known", False, True),
    ("mailjet", answer(200, {"Messages": [{"Status": "success"}]}), "http_200", "not known", False, True),
    ("brevo", answer(400, {"code": "invalid_parameter", "message": "why"}), "invalid_parameter", "(why)", False, False),
    ("brevo", answer(401, {"code": "unauthorized", "message": "x"}), "unauthorized", "administrator", False, False),
    ("brevo", answer(402, {"code": "not_enough_credits"}), "not_enough_credits", "no mails left", False, False),
    ("brevo", answer(403, {"code": "account_under_validation"}), "account_under_validation", "activated", False, False),
    ("brevo", answer(413, {}), "http_413", "too large", False, False),
    ("brevo", answer(429, {}), "http_429", "no more requests", True, False),
    ("brevo", answer(503, []), "http_503", "not known", False, True),
    ("brevo", answer(201, {"messageId": 7}), "http_201", "not known", False, True),
    ("brevo", answer(418, {"code": "new_code"}), "new_code", "refused", False, False),
    ("resend", answer(401, {"name": "missing_api_key"}), "missing_api_key", "administrator", False, False),
    ("resend", answer(403, {"name": "validation_error"}), "validation_error", "not verified", False, False),
    ("resend", answer(422, {"name": "validation_error"}), "validation_error", "did not accept", False, False),
    (
        "resend", answer(409, {"name": "invalid_idempotent_request"}), "invalid_idempotent_request",
        "same id", False, False,
    ),
    (
        "resend", answer(409, {"name": "concurrent_idempotent_requests"}), "concurrent_idempotent_requests",
        "still working", True, False,
    ),
    ("resend", answer(429, {"name": "rate_limit_exceeded"}), "rate_limit_exceeded", "no more requests", True, False),
    ("resend", answer(429, {"name": "daily_quota_exceeded"}), "daily_quota_exceeded", "quota", False, False),
    ("resend", answer(500, {"name": "application_error"}), "application_error", "not sent twice", True, False),
    ("resend", answer(200, {"object": "email"}), "http_200", "not known", False, True),
    ("postmark", answer(422, {"ErrorCode": 406, "Message": "x"}), "406", "suppressed", False, False),
    ("postmark", answer(422, {"ErrorCode": 300, "Message": "x"}), "300", "did not accept", False, False),
    ("postmark", answer(422, {"ErrorCode": 400, "Message": "x"}), "400", "not confirmed", False, False),
    ("postmark", answer(422, {"ErrorCode": 405}), "405", "used up", False, False),
    ("postmark", answer(422, {"ErrorCode": 412}), "412", "account", False, False),
    ("postmark", answer(401, {"ErrorCode": 10}), "10", "administrator", False, False),
    ("postmark", answer(413, {}), "http_413", "too large", False, False),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "response", "code", "words", "retryable", "unknown"), REFUSALS)
def test_a_refusal_says_why_and_whether_to_try_again(
    provider: str, response: HttpResponse, code: str, words: str, *, retryable: bool, unknown: bool
) -> None:
    refused = ADAPTERS[provider].read(response)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable, refused.unknown) == (code, retryable, unknown)
    assert words in refused.reason


ANSWER_KEYS = st.sampled_from(["Messages", "Errors", "Status", "To", "id", "code", "name", "ErrorCode", "MessageID"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5) | st.just("success"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANSWER_KEYS, inner),
    max_leaves=8,
)


@each
@given(status=st.sampled_from([200, 201, 400, 422, 500]), document=DOCUMENTS, raw=st.binary(max_size=20))
def test_no_answer_makes_reading_fail(adapter: Adapter, status: int, document: Any, raw: bytes) -> None:
    assert isinstance(adapter.read(answer(status, document)), Accepted | Refused)
    assert isinstance(adapter.read(HttpResponse(status, raw)), Accepted | Refused)
