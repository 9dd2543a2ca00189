"""Plivo: signatures, the shapes that no recording holds, sending, and what the answers mean."""

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import Identity, InboundMessage, Media, StatusUpdate
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import (
    Accepted,
    LocationRequest,
    OutboundMessage,
    Parameter,
    Refused,
    Template,
    TemplateButton,
)
from channels.plivo.posts import STATUSES
from channels.providers.plivo import ADAPTER, PlivoCredentials
from tests.channels.fixtures import NOW, Recorded, recorded

URL = "https://gw.example.test/hooks/int_1"
TOKEN, NONCE = "auth-token-1", "12345"
CREDENTIALS = PlivoCredentials.model_validate({"auth_id": "MA1", "auth_token": TOKEN})
MESSAGE = {"From": "12025550142", "To": "13125550188", "Text": "hi", "Type": "sms", "MessageUUID": "u1", "Units": "1"}
STATUS = {"From": "13125550188", "To": "12025550142", "MessageUUID": "u2", "Status": "sent", "ErrorCode": "000"}
FORM = "application/x-www-form-urlencoded"
OUTBOUND = OutboundMessage(reference="msg_1", sender="+13125550188", recipient="+12025550142", text="hi")
FILES = [Media(type="image", url=f"https://f.example.test/{n}") for n in range(11)]
FIELDS = st.lists(st.tuples(st.text(min_size=1, max_size=6), st.text(max_size=6)), max_size=5)

OWNERS = {"X-Plivo-Signature-V2", "X-Plivo-Signature-V3"}
REPRODUCIBLE = [case for case in recorded("plivo") if case.valid and case.header in OWNERS]


def mac(text: str, token: str = TOKEN) -> str:
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()).decode()


def post(fields: dict[str, str] | list[tuple[str, str]], url: str = URL, **headers: str) -> HttpRequest:
    sent = {"Content-Type": FORM} | {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest("POST", url, Headers.of(sent), urlencode(fields).encode())


def v2(signature: str, name: str = "X-Plivo-Signature-V2") -> HttpRequest:
    return post(MESSAGE, **{name: signature, "X-Plivo-Signature-V2-Nonce": NONCE})


def parsed(fields: dict[str, str], **changes: str | None) -> Any:
    kept = {name: value for name, value in (fields | changes).items() if value is not None}
    (event,) = ADAPTER.parse(post(kept), {})
    return event


@pytest.mark.parametrize(
    "signature",
    [mac(URL + NONCE), f"{mac('x')},{mac(URL + NONCE)}", f"{mac(URL + NONCE)} , {mac('x')}", f",,{mac(URL + NONCE)}"],
)
@pytest.mark.parametrize("name", ["X-Plivo-Signature-V2", "X-Plivo-Signature-Ma-V2"])
def test_any_one_of_several_signatures_counts(name: str, signature: str) -> None:
    ADAPTER.verify(v2(signature, name), CREDENTIALS, NOW)


@pytest.mark.parametrize(
    "signature",
    ["", ",", "x", "é", "\udcff", mac(URL), mac(URL + "1"), mac(URL + NONCE, "another"), mac(URL + NONCE)[:-1]],
)
def test_any_other_signature_is_refused(signature: str) -> None:
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(v2(signature), CREDENTIALS, NOW)


@pytest.mark.parametrize("nonce", ["", "é", "\udcff", "9" * 201])
def test_a_nonce_is_needed(nonce: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        ADAPTER.verify(post(MESSAGE, X_Plivo_Signature_V2=mac(URL), X_Plivo_Signature_V2_Nonce=nonce), CREDENTIALS, NOW)
    assert refused.value.code == "nonce_missing"


@pytest.mark.parametrize(
    ("method", "query", "fields", "signed"),
    [
        ("POST", "", [], f"{URL}.{NONCE}"),
        ("POST", "", [("b", "2"), ("a", "1")], f"{URL}?a1b2.{NONCE}"),
        ("POST", "?z=1&y=%C3%A9", [("b", "2"), ("a", "1")], f"{URL}?y=é&z=1.a1b2.{NONCE}"),
        ("POST", "?z=1", [], f"{URL}?z=1.{NONCE}"),
        ("POST", "", [("a", "2"), ("a", "1"), ("b", "")], f"{URL}?a1a2b.{NONCE}"),
        ("GET", "?z=1&y=&y=a+b", [], f"{URL}?y=&y=a b&z=1.{NONCE}"),
        ("GET", "", [("ignored", "1")], f"{URL}.{NONCE}"),
    ],
)
def test_version_3_covers_url_query_and_form(
    method: str, query: str, fields: list[tuple[str, str]], signed: str
) -> None:
    request = post(fields, URL + query, X_Plivo_Signature_V3=mac(signed), X_Plivo_Signature_V3_Nonce=NONCE)
    ADAPTER.verify(replace(request, method=method), CREDENTIALS, NOW)


@given(FIELDS, FIELDS, st.booleans())
def test_what_we_sign_is_genuine_until_a_field_changes(
    query: list[tuple[str, str]], form: list[tuple[str, str]], tampered: bool
) -> None:
    request = post(form, f"{URL}?{urlencode(query)}" if query else URL)
    assert ADAPTER.sign
    signed = ADAPTER.sign(request, CREDENTIALS, NOW)
    if not tampered:
        ADAPTER.verify(signed, CREDENTIALS, NOW)
        return
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(replace(signed, body=urlencode([*form, ("x", "1")]).encode()), CREDENTIALS, NOW)


@pytest.mark.parametrize("case", REPRODUCIBLE, ids=str)
def test_the_signature_of_a_recording_is_reproduced(case: Recorded) -> None:
    assert ADAPTER.sign
    assert case.header
    again = ADAPTER.sign(case.request, PlivoCredentials.model_validate(case.credentials), NOW)
    assert again.headers.get(case.header) in case.request.headers.get(case.header).split(",")


def test_each_request_of_ours_has_another_nonce() -> None:
    assert ADAPTER.sign
    requests = [ADAPTER.sign(post(MESSAGE | {"Text": text}), CREDENTIALS, NOW) for text in ("a", "b")]
    assert len({request.headers.get("x-plivo-signature-v3-nonce") for request in requests}) == 2


def test_a_nonce_counts_once_where_the_body_is_not_signed() -> None:
    assert ADAPTER.nonce
    assert ADAPTER.nonce(v2(mac(URL + NONCE))) == NONCE
    assert ADAPTER.nonce(v2(mac(URL + NONCE), "X-Plivo-Signature-Ma-V2")) == NONCE
    assert ADAPTER.nonce(post(MESSAGE, X_Plivo_Signature_V3="x", X_Plivo_Signature_V3_Nonce=NONCE)) is None
    assert ADAPTER.nonce(post(MESSAGE)) is None


def test_leaving_out_the_better_signature_does_not_free_the_nonce() -> None:
    """What came with both proofs can't come again with the weaker one alone, and another content."""
    assert ADAPTER.nonce
    assert ADAPTER.sign
    request = ADAPTER.sign(post(MESSAGE), CREDENTIALS, NOW)
    weaker = {name: value for name, value in request.headers.as_dict().items() if "v3" not in name}
    forged = replace(request, headers=Headers.of(weaker), body=urlencode(MESSAGE | {"Text": "forged"}).encode())
    ADAPTER.verify(forged, CREDENTIALS, NOW)
    assert ADAPTER.nonce(request) == ADAPTER.nonce(forged) is not None


@pytest.mark.parametrize("body", [b"\xff", b"&".join(b"a=1" for _ in range(501))])
def test_a_body_that_is_no_form_is_refused_and_malformed(body: bytes) -> None:
    headers = {"X-Plivo-Signature-V3": mac("x"), "X-Plivo-Signature-V3-Nonce": NONCE}
    request = HttpRequest("POST", URL, Headers.of(headers), body)
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(request, CREDENTIALS, NOW)
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(request, {})


@given(st.binary(max_size=60), st.text(st.characters(exclude_categories=[]), max_size=40), st.booleans())
def test_random_headers_and_bytes_are_refused(body: bytes, text: str, newer: bool) -> None:
    version = "V3" if newer else "V2"
    for nonce in (text, NONCE):
        headers = Headers.of({f"X-Plivo-Signature-{version}": text, f"X-Plivo-Signature-{version}-Nonce": nonce})
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(HttpRequest("POST", URL, headers, body), CREDENTIALS, NOW)


def test_a_message_holds_all_its_files() -> None:
    message = parsed(
        MESSAGE, Type="mms", Media0="https://m.example.test/0", Media2="https://m.example.test/2", MediaCount="2"
    )
    assert message.channel == "mms"
    assert [file.url for file in message.attachments] == ["https://m.example.test/0", "https://m.example.test/2"]


@pytest.mark.parametrize(
    ("changes", "channel"),
    [
        ({"Type": None}, "sms"),
        ({"Type": None, "Media0": "https://m.example.test/0"}, "mms"),
        ({"Type": "WhatsApp"}, "whatsapp"),
    ],
)
def test_the_channel_is_told_by_the_type(changes: dict[str, str | None], channel: str) -> None:
    message = parsed(MESSAGE, **changes)
    assert isinstance(message, InboundMessage)
    assert message.channel == channel
    assert message.identities == (
        Identity(kind="whatsapp" if channel == "whatsapp" else "phone", value="+12025550142"),
    )


def test_a_message_without_a_sender_is_of_somebody_of_its_own() -> None:
    message = parsed(MESSAGE, From=None)
    assert message.sender is None
    assert message.identities == (Identity(kind="phone", value="unknown:u1"),)


@pytest.mark.parametrize(("word", "status"), [*STATUSES.items(), ("teleported", "unknown")])
def test_each_word_is_a_status(word: str, status: str) -> None:
    update = parsed(STATUS, Status=word)
    assert isinstance(update, StatusUpdate)
    assert (update.status, update.extra["raw_status"], update.external_id) == (status, word, f"u2:{word}")
    assert ("retryable" in update.extra) == (status == "failed")
    assert (update.error_code, update.error_message) == (None, None)


def test_the_parts_of_a_message_are_told_apart() -> None:
    parts = [parsed(STATUS, MessageUUID=f"p{n}", ParentMessageUUID="p1", PartInfo=f"{n} of 2") for n in (1, 2)]
    assert {part.message_ref for part in parts} == {"p1"}
    assert len({part.external_id for part in parts}) == 2
    assert [part.extra["part"] for part in parts] == [{"part": 1, "total": 2}, {"part": 2, "total": 2}]


@pytest.mark.parametrize("info", ["", "2", "x of y", "1 of 2 of 3", "1111 of 2222"])
def test_a_part_that_cannot_be_read_is_left_out(info: str) -> None:
    assert "part" not in parsed(STATUS, ParentMessageUUID="p1", PartInfo=info).extra


@pytest.mark.parametrize(
    ("code", "retryable", "opt_out"),
    [
        ("10", False, None), ("20", True, None), ("30", False, None), ("40", False, None), ("50", False, None),
        ("60", False, None), ("70", False, None), ("80", True, None), ("90", False, None), ("100", False, None),
        ("200", False, "stop"), ("300", False, None), ("420", False, None), ("450", False, None), ("900", False, None),
        ("1000", False, None), ("31337", False, None),
    ],
)  # fmt: skip
def test_each_error_says_whether_it_may_be_sent_again(code: str, retryable: bool, opt_out: str | None) -> None:
    update = parsed(STATUS, Status="undelivered", ErrorCode=code)
    assert (update.error_code, update.extra["retryable"], update.extra.get("opt_out")) == (code, retryable, opt_out)
    assert update.error_message.endswith(".")


@pytest.mark.parametrize("fields", [{}, {"Text": "hi"}, {"MessageUUID": ""}])
def test_a_form_without_an_id_is_malformed(fields: dict[str, str]) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(post(fields), {})


def sent(**changes: Any) -> dict[str, Any]:
    request = ADAPTER.build(replace(OUTBOUND, **changes), CREDENTIALS)
    assert (request.method, request.url) == ("POST", "https://api.plivo.com/v1/Account/MA1/Message/")
    assert request.headers.get("authorization") == "Basic " + base64.b64encode(b"MA1:auth-token-1").decode()
    body: dict[str, Any] = orjson.loads(request.body)
    return body


ENDS = {"src": "13125550188", "dst": "12025550142"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {**ENDS, "type": "sms", "text": "hi"}),
        ({"sender": "Example"}, {**ENDS, "src": "Example", "type": "sms", "text": "hi"}),
        ({"channel": "whatsapp"}, {**ENDS, "type": "whatsapp", "text": "hi"}),
        (
            {"text": None, "media": FILES[:2]},
            {**ENDS, "type": "mms", "media_urls": ["https://f.example.test/0", "https://f.example.test/1"]},
        ),
        (
            {"channel": "whatsapp", "media": FILES[:1]},
            {**ENDS, "type": "whatsapp", "text": "hi", "media_urls": ["https://f.example.test/0"]},
        ),
        (
            {"callback_url": URL},
            {**ENDS, "type": "sms", "text": "hi", "url": f"{URL}?reference=msg_1", "method": "POST"},
        ),
    ],
)
def test_a_message_is_built_as_plivo_takes_it(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert sent(**changes) == expected


def test_a_template_of_whatsapp_is_built_as_plivo_takes_it() -> None:
    template = Template(
        name="order_ready",
        language="en_US",
        header=FILES[0],
        body=[Parameter("Dana")],
        buttons=[
            TemplateButton(index=0, kind="quick_reply", value="yes-1"),
            TemplateButton(index=1, kind="url", value="order/7"),
        ],
    )
    body = sent(channel="whatsapp", content=template, text=None)
    assert (body["type"], body.get("text")) == ("whatsapp", None)
    assert body["template"] == {
        "name": "order_ready",
        "language": "en_US",
        "components": [
            {"type": "header", "parameters": [{"type": "media", "media": "https://f.example.test/0"}]},
            {"type": "body", "parameters": [{"type": "text", "text": "Dana"}]},
            {"type": "button", "sub_type": "quick_reply", "index": "0",
             "parameters": [{"type": "payload", "payload": "yes-1"}]},
            {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "order/7"}]},
        ],
    }  # fmt: skip


HELLO = Template(name="hello", language="en")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"content": HELLO}, "content_unsupported"),
        ({"content": HELLO, "channel": "whatsapp", "media": FILES[:1]}, "content_unsupported"),
        ({"content": replace(HELLO, name=""), "channel": "whatsapp"}, "text_missing"),
        ({"content": replace(HELLO, header=Media(type="image", id="9")), "channel": "whatsapp"}, "file_unusable"),
        ({"content": replace(HELLO, body=[Parameter("x", "who")]), "channel": "whatsapp"}, "template_unsupported"),
        (
            {
                "content": replace(HELLO, buttons=[TemplateButton(index=0, kind="flow", value="t")]),
                "channel": "whatsapp",
            },
            "template_unsupported",
        ),
        ({"text": None}, "message_empty"),
        ({"text": "x" * 1601}, "text_too_long"),
        ({"content": LocationRequest()}, "content_unsupported"),
        ({"channel": "email"}, "content_unsupported"),
        ({"recipient": "12025550142<12025550143"}, "recipient_invalid"),
        ({"media": FILES}, "too_many_files"),
        ({"media": FILES[:2], "channel": "whatsapp"}, "too_many_files"),
        ({"media": [Media(type="image", id="9")]}, "file_unusable"),
    ],
)
def test_what_plivo_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": "Not so."}, ("http_400", False, False)),
        (400, {"error": {"error": "Not so."}}, ("http_400", False, False)),
        (401, None, ("http_401", False, False)),
        (404, {"error": "Not so."}, ("http_404", False, False)),
        (405, None, ("http_405", False, False)),
        (418, None, ("http_418", False, False)),
        (429, {"error": "Not so."}, ("http_429", True, False)),
        (500, {"error": "Not so."}, ("http_500", False, True)),
        (503, None, ("http_503", False, True)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, body: Any, expected: tuple[str, bool, bool]) -> None:
    answer = HttpResponse(status, b"<html>" if body is None else orjson.dumps(body), Headers.of({"Retry-After": "7"}))
    found = ADAPTER.read(answer)
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == expected
    assert found.retry_after == 7
    assert found.reason.endswith("(Not so.)") == (body is not None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"message_uuid":["u1","u2"],"api_id":"x"}', Accepted("u1")),
        (b'{"message_uuid":[7]}', None),
        (b'{"message_uuid":"u1"}', None),
        (b"{}", None),
        (b"", None),
    ],
)
def test_an_acceptance_has_an_id_or_its_outcome_is_unknown(body: bytes, expected: Accepted | None) -> None:
    answer = ADAPTER.read(HttpResponse(202, body))
    assert answer == expected or (isinstance(answer, Refused) and answer.unknown and not answer.retryable)
