"""Mailgun beyond the recordings: proofs within the body, stored mail, and every kind of news."""

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import PayloadMalformed, SignatureInvalid
from channels.events import InboundMessage, Media, Other, StatusUpdate
from channels.http import NO_ANSWER, Headers, HttpRequest, HttpResponse, basic_authorization
from channels.mailgun.posts import read_form
from channels.mailgun.sending import is_store
from channels.multipart import MOST_PARTS, FormPart, write_multipart
from channels.outbound import Refused
from channels.providers.mailgun import ADAPTER, MailgunCredentials, complete
from tests.channels.dialogues import played
from tests.channels.fixtures import recorded

NOW = datetime(2026, 9, 15, 10, 1, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
TOKEN = "0123456789abcdefghij" * 2 + "ABCDEFGHIJ"
CREDENTIALS = MailgunCredentials.model_validate(
    {"signing_key": "key-ü", "previous_signing_key": ["old"], "api_key": "example-key", "domain": "mg.example.org"}
)


def proof(key: str = "key-ü", at: datetime = NOW, token: str = TOKEN) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    return {"timestamp": stamp, "token": token, "signature": digest}


def event(signature: Any = None, **data: Any) -> HttpRequest:
    post = {"signature": signature if signature is not None else proof(), "event-data": {"id": "e1", **data}}
    return HttpRequest("POST", "", Headers.of({"Content-Type": "application/json"}), orjson.dumps(post))


def mail(**fields: str | bytes) -> HttpRequest:
    sent = {"recipient": "in@example.org", "sender": "a@example.net", "from": "a@example.net", **proof(), **fields}
    return HttpRequest("POST", "", Headers.of({"Content-Type": FORM}), urlencode(sent).encode())


def multipart(*parts: FormPart) -> HttpRequest:
    proofs = [FormPart(name, value.encode()) for name, value in proof().items()]
    kind, body = write_multipart([*parts, *proofs])
    return HttpRequest("POST", "", Headers.of({"Content-Type": kind}), body)


def read_mail(request: HttpRequest, **context: Any) -> InboundMessage:
    (found,) = ADAPTER.parse(request, context)
    assert isinstance(found, InboundMessage)
    return found


def news(**data: Any) -> StatusUpdate:
    (found,) = ADAPTER.parse(event(**data), {})
    assert isinstance(found, StatusUpdate)
    return found


def code_of(request: HttpRequest) -> str:
    with pytest.raises(SignatureInvalid) as refusal:
        ADAPTER.verify(request, CREDENTIALS, NOW)
    return refusal.value.code


@pytest.mark.parametrize("key", ["key-ü", "old"])
def test_each_live_key_proves_a_post_of_any_kind(key: str) -> None:
    for request in (event(proof(key)), mail(**proof(key))):
        ADAPTER.verify(request, CREDENTIALS, NOW)
    ADAPTER.verify(multipart(FormPart("from", b"a@example.net")), CREDENTIALS, NOW)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signature": ""}, "signature_malformed"),
        ({"signature": "é" * 64}, "signature_malformed"),
        ({"signature": "0" * 64}, "signature_mismatch"),
        ({"signature": "A" * 64}, "signature_malformed"),
        ({"token": TOKEN[:-1]}, "signature_missing"),
        ({"token": TOKEN[:-1] + "Z"}, "signature_mismatch"),
        ({"token": "٣" * 50}, "signature_missing"),
        ({"timestamp": "1789466460 "}, "signature_missing"),
        ({"timestamp": "٣٧٨٩٤٦٦٤٦٠"}, "signature_missing"),
        ({"timestamp": "1789466461"}, "signature_mismatch"),
    ],
)
def test_a_proof_that_is_changed_is_refused(changes: dict[str, str], code: str) -> None:
    assert code_of(event({**proof(), **changes})) == code
    assert code_of(mail(**{**proof(), **changes})) == code


@pytest.mark.parametrize("wrong", [None, 7, [], "x", {"timestamp": 1789466460, "token": TOKEN, "signature": "0" * 64}])
def test_a_proof_of_another_type_is_refused(wrong: Any) -> None:
    body = orjson.dumps({"signature": wrong, "event-data": {"id": "e", "event": "opened"}})
    request = HttpRequest("POST", "", Headers.of({"Content-Type": "application/json"}), body)
    assert code_of(request) == "signature_missing"


@pytest.mark.parametrize(
    ("age", "code"),
    [(timedelta(hours=12, seconds=1), "timestamp_too_old"), (timedelta(seconds=-301), "timestamp_in_future")],
)
def test_a_proof_is_fresh(age: timedelta, code: str) -> None:
    assert code_of(event(proof(at=NOW - age))) == code
    ADAPTER.verify(event(proof(at=NOW - age + age / abs(age) * timedelta(seconds=1))), CREDENTIALS, NOW)


@pytest.mark.parametrize("parent", ["", "0" * 64, "x"])
def test_the_key_above_counts_only_when_it_is_ours(parent: str) -> None:
    foreign = proof("of-a-sub-account")
    code_of(event({**foreign, "parent-signature": parent}))
    ADAPTER.verify(event({**foreign, "parent-signature": proof()["signature"]}), CREDENTIALS, NOW)


@pytest.mark.parametrize("case", [case for case in recorded("mailgun") if case.valid], ids=str)
def test_what_we_sign_is_proven_and_means_the_same(case: Any) -> None:
    assert ADAPTER.sign is not None
    request = ADAPTER.sign(case.request, CREDENTIALS, NOW)
    ADAPTER.verify(request, CREDENTIALS, NOW)
    assert ADAPTER.nonce is not None
    assert ADAPTER.nonce(request) not in (None, ADAPTER.nonce(case.request))
    events = case.parse(), ADAPTER.parse(request, case.context)
    before, after = ([replace(event, external_id="") for event in found] for found in events)  # a mail's is the token
    assert after == before


def test_what_can_not_be_read_is_not_signed() -> None:
    assert ADAPTER.sign is not None
    request = HttpRequest("POST", "", Headers.of({"Content-Type": "application/json"}), b"[")
    assert ADAPTER.sign(request, CREDENTIALS, NOW) == request


def test_the_token_is_for_one_use() -> None:
    assert ADAPTER.nonce is not None
    assert [ADAPTER.nonce(request) for request in (event(), mail())] == [TOKEN, TOKEN]
    assert ADAPTER.nonce(HttpRequest("POST", "", body=b"\xff")) is None
    assert read_mail(mail()).external_id == TOKEN


@given(st.dictionaries(st.text(max_size=5), st.binary(max_size=30), max_size=5))
def test_every_byte_of_an_escaped_form_comes_back(fields: dict[str, bytes]) -> None:
    fields = {name.encode("utf-8", "replace").decode(): value for name, value in fields.items() if name}
    request = HttpRequest("POST", "", Headers.of({"Content-Type": FORM}), urlencode(fields).encode())
    assert {part.name: part.body for part in read_form(request).parts} == fields


@given(st.text(st.sampled_from("ab=+%&1\u00e9 "), max_size=20))
def test_a_form_that_escapes_badly_is_read_all_the_same(text: str) -> None:
    request = HttpRequest("POST", "", Headers.of({"Content-Type": FORM}), text.encode())
    whole = dict(parse_qsl(text, keep_blank_values=True)) if "%" not in text else None
    found = {part.name: part.body.decode("utf-8", "replace") for part in read_form(request).parts}
    assert whole is None or whole == found


def test_a_form_has_its_bounds() -> None:
    body = b"&".join([b"a=1"] * (MOST_PARTS + 1))
    request = HttpRequest("POST", "", Headers.of({"Content-Type": FORM}), body)
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(request, {})
    assert code_of(request) == "body_unreadable"


def test_the_header_list_outdoes_the_loose_fields() -> None:
    header = orjson.dumps([["From", "Jane <j@example.net>"], ["from", "x"], ["bad"], 7, ["Reply-To", None]]).decode()
    found = read_mail(mail(**{"message-headers": header, "subject": "Loose"}))
    assert found.sender_name == "Jane"
    assert found.mail is not None
    assert (found.mail["subject"], found.mail["malformed"]) == ("Loose", True)


@pytest.mark.parametrize("value", ["", "[", "{}", "7", '{"a":1}', '[["a","b"]]', "[" * 2000, '{"c1":"attachment-1"}'])
def test_a_map_of_content_ids_may_be_anything(value: str) -> None:
    parts = (
        FormPart("recipient", b"in@example.org"),
        FormPart("from", b"a@example.net"),
        FormPart("content-id-map", value.encode()),
        FormPart("attachments", value.encode()),
        FormPart("attachment-1", b"x", "", "text/plain"),
    )
    (file,) = read_mail(multipart(*parts)).attachments
    assert isinstance(file, Media)
    assert file.content_id == ("c1" if "c1" in value else None)


def test_mailguns_opinion_of_what_is_new_counts_where_we_see_no_mark() -> None:
    found = read_mail(mail(**{"body-plain": "Yes.\nBye\nJane", "stripped-text": "Yes."}))
    assert found.mail is not None
    assert (found.text, found.mail["reply_text"]) == ("Yes.\nBye\nJane", "Yes.")


@pytest.mark.parametrize("fields", [{"token": ""}, {"from": "", "recipient": "x"}])
def test_a_form_without_a_mail_or_a_token_is_malformed(fields: dict[str, str]) -> None:
    sent = {**proof(), "sender": "a@example.net", **fields}
    request = HttpRequest("POST", "", Headers.of({"Content-Type": FORM}), urlencode(sent).encode())
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(request, {})


STORED = "https://storage-us-east4.api.mailgun.net/v3/domains/mg.example.org/messages/KEY1"


def test_a_stored_mail_is_fetched_and_read() -> None:
    request = mail(**{"message-url": STORED, "body-plain": "cut"})
    answer = HttpResponse(200, orjson.dumps({"body-mime": "From: a@example.net\r\n\r\nWhole ü"}))
    fetched, (asked,) = played(complete(request, CREDENTIALS, NOW), answer)
    assert (asked.method, asked.url, asked.headers.get("accept")) == ("GET", STORED, "message/rfc2822")
    assert asked.headers.get("authorization") == basic_authorization("api", "example-key")
    assert read_mail(request, fetched=fetched).text == "Whole ü"
    assert read_mail(request).text == "cut"


def test_a_stored_mail_may_come_as_it_is() -> None:
    found, _ = played(
        complete(mail(**{"message-url": STORED}), CREDENTIALS, NOW), HttpResponse(200, b"Subject: x\n\ny")
    )
    assert found == {"raw": b"Subject: x\n\ny"}


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        (HttpResponse(404), False),
        (HttpResponse(401), False),
        (HttpResponse(429), True),
        (HttpResponse(502), True),
        (HttpResponse(NO_ANSWER), True),
        (HttpResponse(200), False),
        (HttpResponse(200, b'{"message":"x"}'), False),
        (HttpResponse(302), False),
    ],
)
def test_a_fetch_that_fails_says_whether_to_try_again(answer: HttpResponse, *, retryable: bool) -> None:
    refused, _ = played(complete(mail(**{"message-url": STORED}), CREDENTIALS, NOW), answer)
    assert isinstance(refused, Refused)
    assert refused.retryable == retryable
    assert "Mailgun" in refused.reason


@pytest.mark.parametrize(
    "url",
    [
        "http://api.mailgun.net/v3/domains/x",
        "https://api.mailgun.net.evil.test/v3/domains/x",
        "https://evil.test/v3/domains/api.mailgun.net",
        "https://api.mailgun.net@evil.test/v3/domains/x",
        "https://api:k@api.mailgun.net/v3/domains/x",
        "https://api.mailgun.net:8443/v3/domains/x",
        "https://evilapi.mailgun.net/v3/domains/x",
        "https://mailgun.net/v3/domains/x",
        "https://api.mailgun.net/v4/x",
        "https://api.mailgun.net/v3/domains/\r\nx",
        "https://api.mailgun.net/v3/domains/é",
        "https://[api.mailgun.net/v3/domains/x",
        "file:///etc/passwd",
    ],
)
def test_the_api_key_goes_nowhere_else(url: str) -> None:
    assert not is_store(url)
    refused, asked = played(complete(mail(**{"message-url": url}), CREDENTIALS, NOW))
    assert (refused.code, asked) == ("url_refused", [])


@pytest.mark.parametrize(
    "host", ["api.mailgun.net", "api.eu.mailgun.net", "se.api.mailgun.net", "storage-x.api.mailgun.net"]
)
def test_mailgun_has_several_stores(host: str) -> None:
    assert is_store(f"https://{host}/v3/domains/mg.example.org/messages/K=")


@pytest.mark.parametrize(
    "request_",
    [
        mail(),
        mail(**{"message-url": STORED, "body-mime": "From: x"}),
        event(event="opened"),
        HttpRequest("POST", "", Headers.of({"Content-Type": "multipart/form-data"}), b"x"),
    ],
)
def test_a_mail_that_came_along_is_not_fetched(request_: HttpRequest) -> None:
    assert played(complete(request_, CREDENTIALS, NOW)) == ({}, [])


def test_without_an_api_key_a_stored_mail_is_refused() -> None:
    given_ = MailgunCredentials.model_validate({"signing_key": "k"})
    refused, _ = played(complete(mail(**{"message-url": STORED}), given_, NOW))
    assert (refused.code, refused.retryable) == ("credentials_incomplete", False)


@pytest.mark.parametrize(
    ("data", "status", "bounce_class"),
    [
        ({"event": "failed", "severity": "permanent", "reason": "bounce"}, "bounced", "hard"),
        ({"event": "failed", "severity": "permanent", "reason": "suppress-complaint"}, "rejected", None),
        ({"event": "failed", "severity": "permanent", "delivery-status": {"code": 607}}, "rejected", None),
        ({"event": "failed", "severity": "temporary", "reason": "suppress-bounce"}, "deferred", None),
        ({"event": "failed"}, "unknown", None),
        ({"event": "failed", "severity": ["permanent"]}, "unknown", None),
        ({"event": "rejected", "reject": "x"}, "rejected", None),
    ],
)
def test_a_failure_is_a_bounce_a_delay_or_a_refusal(
    data: dict[str, Any], status: str, bounce_class: str | None
) -> None:
    found = news(**data)
    assert found.mail is not None
    assert (found.status, found.mail["bounce_class"]) == (status, bounce_class)


@pytest.mark.parametrize(
    ("stamp", "external_id"),
    [
        (1789466410.9, "e1@1789466410"),
        ("1789466410", "e1@1789466410"),
        (None, "e1"),
        (1e30, "e1"),
        (-5, "e1"),
        ([], "e1"),
    ],
)
def test_the_id_of_an_event_holds_its_second(stamp: Any, external_id: str) -> None:
    assert news(event="opened", timestamp=stamp).external_id == external_id


@pytest.mark.parametrize(("bot", "wanted"), [("gmail", True), ("", False), (None, None), (7, None)])
def test_an_open_by_a_program_is_marked(bot: Any, *, wanted: bool | None) -> None:
    found = news(event="opened", **{"client-info": {"bot": bot}})
    assert found.mail is not None
    assert found.mail["machine"] is wanted


def test_a_stored_mail_is_no_news_on_one_of_ours() -> None:
    (found,) = ADAPTER.parse(event(event="stored"), {})
    assert isinstance(found, Other)


@pytest.mark.parametrize("post", [{}, {"event-data": {}}, {"event-data": {"event": "opened"}}, {"event-data": [1]}])
def test_an_event_without_an_id_is_malformed(post: dict[str, Any]) -> None:
    request = HttpRequest("POST", "", Headers.of({"Content-Type": "application/json"}), orjson.dumps(post))
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(request, {})


def test_a_token_is_remembered_until_its_proof_is_stale() -> None:
    request = event()
    at = timedelta(seconds=int(orjson.loads(request.body)["signature"]["timestamp"]))
    earliest = datetime(1970, 1, 1, tzinfo=UTC) + at - timedelta(minutes=5)
    ADAPTER.verify(request, CREDENTIALS, earliest)
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(request, CREDENTIALS, earliest + ADAPTER.nonce_kept)
