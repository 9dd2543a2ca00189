"""Vonage's SMS API: signatures among the fields, receipts, sending, and answers that are 200 even for a refusal."""

import hashlib
import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.adapter import Adapter
from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import Identity, InboundMessage, Media, StatusUpdate
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.vonage import ADAPTER as VONAGE
from channels.providers.vonage import VonageCredentials
from channels.providers.vonage_sms import ADAPTER, VonageSmsCredentials
from channels.vonage.sms_posts import STATUSES
from channels.vonage.sms_signing import Method
from tests.channels.fixtures import NOW, Recorded, recorded

URL = "https://gw.example.test/hooks/int_1"
SECRET = "signature-secret-1"
KEYS = {"api_key": "abcd1234", "api_secret": "secret-1"}
AT = int(NOW.timestamp())
CREDENTIALS = VonageSmsCredentials.model_validate({"signature_secret": SECRET, **KEYS})
#: Both connections take the signature: the one for this API, and one of the newer API that has a method for it.
METHOD_OF = {
    "vonage_sms": CREDENTIALS,
    "vonage": VonageCredentials.model_validate({"signature_secret": SECRET, "signature_method": "sha256"}),
}
MESSAGE = {"api-key": "abcd1234", "msisdn": "12025550142", "to": "13125550188", "messageId": "1", "text": "hi"}
RECEIPT = {"msisdn": "12025550142", "to": "13125550188", "messageId": "2", "status": "failed", "err-code": "1"}
OUTBOUND = OutboundMessage(reference="msg_1", sender="+13125550188", recipient="+12025550142", text="hi")
#: What would tell fields apart never stands in a name.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="&="), min_size=1, max_size=6)
FIELDS = st.dictionaries(NAMES, st.text(max_size=6), max_size=5)
UNSIGNED = ("sig", "timestamp", "nonce")


def posted(fields: dict[str, Any], form: str = "json") -> HttpRequest:
    if form == "get":
        return HttpRequest("GET", f"{URL}?{urlencode(fields)}" if fields else URL)
    return HttpRequest("POST", URL, Headers(), orjson.dumps(fields) if form == "json" else urlencode(fields).encode())


def signature(fields: dict[str, str]) -> str:
    """Sign fields that hold neither an ampersand nor an equals sign, by SHA-256."""
    text = "".join(f"&{name}={fields[name]}" for name in sorted(fields))
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def credentials(method: str) -> VonageSmsCredentials:
    return VonageSmsCredentials.model_validate({"signature_secret": SECRET, "signature_method": method})


def refusal_of(request: HttpRequest) -> str:
    with pytest.raises(SignatureInvalid) as refused:
        ADAPTER.verify(request, CREDENTIALS, NOW)
    return refused.value.code


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("form", ["json", "form", "get"])
@given(fields=FIELDS)
def test_what_we_sign_is_genuine_until_a_field_changes(method: str, form: str, fields: dict[str, str]) -> None:
    fields = {name: value for name, value in fields.items() if name not in UNSIGNED}
    assert ADAPTER.sign
    signed = ADAPTER.sign(posted(fields, form), credentials(method), NOW)
    ADAPTER.verify(signed, credentials(method), NOW)
    others = [other for other in Method if other != method]
    for other in others:
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(signed, credentials(other), NOW)
    more = urlencode({"one-more-field": "1"})
    changed = replace(signed, url=f"{signed.url}&{more}") if form == "get" else replace(signed, body=_with_more(signed))
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(changed, credentials(method), NOW)


def _with_more(request: HttpRequest) -> bytes:
    if request.body[:1] == b"{":
        return orjson.dumps({**orjson.loads(request.body), "one-more-field": "1"})
    return request.body + b"&one-more-field=1"


@pytest.mark.parametrize(
    "case", [case for case in recorded("vonage_sms") if case.valid and case.request.method == "POST"], ids=str
)
def test_the_signature_of_a_recording_is_reproduced(case: Recorded) -> None:
    model = VonageSmsCredentials.model_validate(case.credentials)
    assert ADAPTER.sign
    again = ADAPTER.sign(case.request, model, NOW)  # the time that all recordings were signed at
    if case.request.body[:1] == b"{":
        sent, ours = orjson.loads(case.request.body), orjson.loads(again.body)
        assert ours["sig"] == sent["sig"].lower()
        assert ours == {name: str(value) for name, value in sent.items()} | {"sig": ours["sig"]}
    else:
        assert again.body == case.request.body


@pytest.mark.parametrize("stamp", [AT - 301, AT + 301, "soon", "", "-1"])
def test_what_was_signed_at_another_time_is_refused(stamp: Any) -> None:
    fields = {**MESSAGE, "timestamp": str(stamp)}
    assert refusal_of(posted({**fields, "sig": signature(fields)})).startswith("timestamp_")


@pytest.mark.parametrize("provider", [ADAPTER, VONAGE], ids=lambda adapter: adapter.provider)
@pytest.mark.parametrize("form", ["json", "form", "get"])
def test_what_holds_no_time_is_refused(provider: Adapter, form: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        provider.verify(posted({**MESSAGE, "sig": signature(MESSAGE)}, form), METHOD_OF[provider.provider], NOW)
    assert refused.value.code == "timestamp_malformed"


@pytest.mark.parametrize("provider", [ADAPTER, VONAGE], ids=lambda adapter: adapter.provider)
@pytest.mark.parametrize("form", ["json", "form", "get"])
@pytest.mark.parametrize(
    ("fields", "first", "second"), [(RECEIPT, "status", "timestamp"), (MESSAGE, "timestamp", "to")]
)
def test_no_two_fields_pass_for_one(
    provider: Adapter, form: str, fields: dict[str, str], first: str, second: str
) -> None:
    """A name that holds the separators would hide the time of a post that was signed long ago."""
    old = {**fields, "timestamp": str(AT - 30 * 86400)}
    proof = signature(old)
    merged = {name: value for name, value in old.items() if name not in (first, second)}
    merged[f"{first}={old[first]}&{second}"] = old[second]
    with pytest.raises(SignatureInvalid) as refused:
        provider.verify(posted({**merged, "sig": proof}, form), METHOD_OF[provider.provider], NOW)
    assert refused.value.code == "fields_malformed"
    with pytest.raises(PayloadMalformed):
        provider.parse(posted(merged, form), {})


@pytest.mark.parametrize("provider", [ADAPTER, VONAGE], ids=lambda adapter: adapter.provider)
def test_a_post_to_be_signed_may_end_in_a_new_line(provider: Adapter) -> None:
    assert provider.sign
    request = HttpRequest("POST", URL, Headers(), b"\n" + orjson.dumps(MESSAGE) + b"\r\n")
    provider.verify(provider.sign(request, METHOD_OF[provider.provider], NOW), METHOD_OF[provider.provider], NOW)


@pytest.mark.parametrize("provider", [ADAPTER, VONAGE], ids=lambda adapter: adapter.provider)
@pytest.mark.parametrize("body", [b"{", b'{"a&b":"1"}', b'{"a":[]}', b"\xff", b"a=1&a=2"])
def test_what_can_not_be_signed_stays_as_it_is(provider: Adapter, body: bytes) -> None:
    assert provider.sign
    request = HttpRequest("POST", URL, Headers(), body)
    assert provider.sign(request, METHOD_OF[provider.provider], NOW) == request


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (posted(MESSAGE), "signature_malformed"),
        (posted({**MESSAGE, "sig": ""}), "signature_malformed"),
        (posted({**MESSAGE, "sig": "é" * 64}), "signature_malformed"),
        (posted({**MESSAGE, "sig": signature(MESSAGE)[:-1]}), "signature_mismatch"),
        (posted({**MESSAGE, "sig": [signature(MESSAGE)]}), "fields_malformed"),
        (posted({**MESSAGE, "sig": signature(MESSAGE), "nested": {}}), "fields_malformed"),
        (posted({**MESSAGE, "sig": signature(MESSAGE), "price": 0.5}), "fields_malformed"),
        (
            HttpRequest("POST", URL, Headers(), orjson.dumps({**MESSAGE, "sig": signature(MESSAGE)}) + b"\n"),
            "fields_malformed",
        ),
        (HttpRequest("POST", URL, Headers(), b"{"), "fields_malformed"),
        (HttpRequest("POST", URL, Headers(), b"\xff"), "fields_malformed"),
        (HttpRequest("POST", URL, Headers(), b"sig=1&sig=2"), "fields_malformed"),
        (HttpRequest("POST", URL, Headers(), b"&".join(b"a=1" for _ in range(501))), "fields_malformed"),
        (HttpRequest("GET", f"{URL}?sig=\udcff"), "signature_malformed"),
    ],
)
def test_any_other_request_is_refused(request_: HttpRequest, code: str) -> None:
    assert refusal_of(request_) == code


@given(st.binary(max_size=60), st.text(st.characters(exclude_categories=[]), max_size=40))
def test_random_bytes_and_queries_are_refused(body: bytes, query: str) -> None:
    for request in (HttpRequest("POST", URL, Headers(), body), HttpRequest("GET", f"{URL}?sig={query}")):
        refusal_of(request)


def test_signing_the_separators_as_underlines_is_what_vonage_does() -> None:
    """Two texts that differ only there have the same signature: the scheme's weakness, not ours."""
    assert ADAPTER.sign
    one, other = (
        ADAPTER.sign(posted({**MESSAGE, "text": text, "nonce": "n"}), CREDENTIALS, NOW) for text in ("a&b=c", "a_b_c")
    )
    assert orjson.loads(one.body)["sig"] == orjson.loads(other.body)["sig"]


def parsed(fields: dict[str, Any], **changes: Any) -> Any:
    kept = {name: value for name, value in {**fields, **changes}.items() if value is not None}
    (event,) = ADAPTER.parse(posted(kept), {})
    return event


@pytest.mark.parametrize("form", ["json", "form", "get"])
def test_a_message_means_the_same_however_it_comes(form: str) -> None:
    (message,) = ADAPTER.parse(posted({**MESSAGE, "text": "é & ☕"}, form), {})
    assert isinstance(message, InboundMessage)
    assert (message.text, message.sender, message.address) == ("é & ☕", "+12025550142", "+13125550188")
    assert message.identities == (Identity(kind="phone", value="+12025550142"),)


def test_the_parts_of_a_text_say_which_they_are() -> None:
    parts: list[Any] = [
        parsed(MESSAGE, messageId=f"p{n}", concat=True, **{"concat-ref": 7, "concat-total": 2, "concat-part": n})
        for n in (1, 2)
    ]
    assert [part.extra["concat"] for part in parts] == [{"ref": "7", "total": 2, "part": n} for n in (1, 2)]
    assert len({part.external_id for part in parts}) == 2
    assert parsed(MESSAGE, concat="true").extra["concat"] == {"ref": None, "total": None, "part": None}


def test_a_message_without_a_sender_is_of_somebody_of_its_own() -> None:
    assert parsed(MESSAGE, msisdn=None).identities == (Identity(kind="phone", value="unknown:1"),)


@pytest.mark.parametrize(("word", "status"), [*STATUSES.items(), ("teleported", "unknown")])
def test_each_word_is_a_status(word: str, status: str) -> None:
    update = parsed(RECEIPT, status=word)
    assert isinstance(update, StatusUpdate)
    assert (update.status, update.extra["raw_status"], update.external_id) == (status, word, f"2:{word}")
    assert (update.address, update.recipient) == ("+13125550188", "+12025550142")
    assert ("retryable" in update.extra) == (status == "failed")


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        *((code, True) for code in (2, 7, 8, 12, 16)),
        *((code, False) for code in (1, 3, 4, 5, 6, 9, 10, 11, 13, 14, 15, 50, 51, 52, 53, 54, 99, 1234)),
    ],
)
def test_each_error_says_whether_it_may_be_sent_again(code: int, retryable: bool) -> None:
    update = parsed(RECEIPT, **{"err-code": code})
    assert (update.error_code, update.extra["retryable"]) == (str(code), retryable)
    assert update.error_message.endswith(".")


def test_no_error_is_none() -> None:
    update = parsed(RECEIPT, status="delivered", **{"err-code": "0"})
    assert (update.error_code, update.error_message) == (None, None)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b"\xff", b'{"messageId":""}', b'{"messageId":[]}', b"a=1&a=2"]
)
def test_a_body_that_is_no_webhook_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(HttpRequest("POST", URL, Headers(), body), {})


def sent(**changes: Any) -> dict[str, Any]:
    request = ADAPTER.build(replace(OUTBOUND, **changes), CREDENTIALS)
    assert (request.method, request.url) == ("POST", "https://rest.nexmo.com/sms/json")
    body: dict[str, Any] = orjson.loads(request.body)
    return body


BUILT = {**KEYS, "from": "13125550188", "to": "12025550142", "text": "hi", "type": "text", "client-ref": "msg_1"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, BUILT),
        ({"channel": "sms", "sender": "Example"}, {**BUILT, "from": "Example"}),
        ({"text": "☕"}, {**BUILT, "text": "☕", "type": "unicode"}),
        ({"text": "é€"}, {**BUILT, "text": "é€"}),
        ({"callback_url": URL}, {**BUILT, "callback": URL, "status-report-req": 1}),
        ({"reference": "x" * 101}, {name: value for name, value in BUILT.items() if name != "client-ref"}),
    ],
)
def test_a_message_is_built_as_vonage_takes_it(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert sent(**changes) == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 1531}, "text_too_long"),
        ({"text": "☕" * 671}, "text_too_long"),
        ({"content": Reaction("👍")}, "content_unsupported"),
        ({"channel": "mms"}, "content_unsupported"),
        ({"media": [Media(type="image", url="https://f.example.test/1")]}, "content_unsupported"),
    ],
)
def test_what_vonage_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


def test_nothing_is_sent_without_key_and_secret() -> None:
    with pytest.raises(CannotSend) as refused:
        ADAPTER.build(OUTBOUND, credentials("sha256"))
    assert refused.value.code == "credentials_incomplete"
    with pytest.raises(ValidationError):
        VonageSmsCredentials.model_validate({"signature_secret": SECRET, "api_key": "abcd1234"})


def answer(*statuses: str) -> HttpResponse:
    """Return what Vonage answers: one entry for each part, each with its own status."""
    parts = [
        {"status": status, "message-id": f"m{n}"} if status == "0" else {"status": status, "error-text": "Not so."}
        for n, status in enumerate(statuses)
    ]
    return HttpResponse(200, orjson.dumps({"message-count": str(len(parts)), "messages": parts}))


def test_a_message_is_taken_when_all_its_parts_are() -> None:
    assert ADAPTER.read(answer("0")) == Accepted("m0")
    assert ADAPTER.read(answer("0", "0", "0")) == Accepted("m0")


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        *((answer(str(code)), (str(code), True, False)) for code in (1, 5, 10)),
        *(
            (answer(str(code)), (str(code), False, False))
            for code in (2, 3, 4, 6, 7, 8, 9, 11, 12, 14, 15, 22, 23, 29, 32, 33, 99)
        ),
        (answer("1", "1"), ("1", True, False)),
        (answer("0", "1"), ("1", False, True)),
        (answer("9", "0"), ("9", False, True)),
        (HttpResponse(200, b'{"messages":[]}'), ("answer_unreadable", False, True)),
        (HttpResponse(200, b'{"messages":[{}]}'), ("answer_unreadable", False, True)),
        (HttpResponse(200, b'{"messages":[{"status":"0"}]}'), ("answer_unreadable", False, True)),
        (HttpResponse(200, b"<html>"), ("answer_unreadable", False, True)),
        (HttpResponse(401), ("http_401", False, False)),
        (HttpResponse(404), ("http_404", False, False)),
        (HttpResponse(429), ("http_429", True, False)),
        (HttpResponse(500), ("http_500", False, True)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(response: HttpResponse, expected: tuple[str, bool, bool]) -> None:
    found = ADAPTER.read(response)
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == expected
    assert found.reason
