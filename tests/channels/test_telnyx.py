"""Telnyx: signatures, the shapes that no recording holds, sending, and what the answers mean."""

import base64
from dataclasses import replace
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import ContactCard, Identity, InboundMessage, Media, Other, Quarantined, StatusUpdate
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import Accepted, Contacts, OutboundMessage, Refused
from channels.providers.telnyx import ADAPTER, TelnyxCredentials
from channels.telnyx.posts import STATUSES
from tests.channels.fixtures import NOW, one

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
PUBLIC_KEY = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
CREDENTIALS = TelnyxCredentials.model_validate({"public_key": PUBLIC_KEY, "api_key": "KEY1"})
AT = int(NOW.timestamp())
RECEIVED = orjson.loads(one("telnyx", "sms_received").request.body)
FAILED = orjson.loads(one("telnyx", "status_failed").request.body)
OUTBOUND = OutboundMessage(reference="msg_1", sender="+13125550188", recipient="+12025550142", text="hi")
FILES = [Media(type="image", url=f"https://f.example.test/{n}") for n in range(11)]


def signed(body: bytes, stamp: str = str(AT)) -> HttpRequest:
    signature = base64.b64encode(KEY.sign(stamp.encode() + b"|" + body)).decode()
    headers = Headers.of({"telnyx-signature-ed25519": signature, "telnyx-timestamp": stamp})
    return HttpRequest("POST", "https://gw.example.test/hooks/int_1", headers, body)


def parsed(document: Any, **payload: Any) -> list[Any]:
    changed = {**document, "data": {**document["data"], "payload": {**document["data"]["payload"], **payload}}}
    return list(ADAPTER.parse(signed(orjson.dumps(changed)), {}))


@given(st.binary(max_size=80), st.integers(-300, 300), st.booleans())
def test_exactly_what_was_signed_within_five_minutes_is_genuine(body: bytes, age: int, tampered: bool) -> None:
    request = signed(body, str(AT - age))
    if not tampered:
        ADAPTER.verify(request, CREDENTIALS, NOW)
        return
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(replace(request, body=body + b" "), CREDENTIALS, NOW)


@pytest.mark.parametrize("stamp", [AT - 301, AT + 301, 0])
def test_what_was_signed_at_another_time_is_refused(stamp: int) -> None:
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(signed(b"{}", str(stamp)), CREDENTIALS, NOW)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("telnyx-timestamp", "", "timestamp_malformed"),
        ("telnyx-timestamp", "soon", "timestamp_malformed"),
        ("telnyx-timestamp", f"{AT}.0", "timestamp_malformed"),
        ("telnyx-timestamp", "١٧٦٧٢٢٥٦٠٠", "timestamp_malformed"),
        ("telnyx-timestamp", "9" * 400, "timestamp_malformed"),
        ("telnyx-signature-ed25519", "", "signature_malformed"),
        ("telnyx-signature-ed25519", "é", "signature_malformed"),
        ("telnyx-signature-ed25519", "\udcff", "signature_malformed"),
        ("telnyx-signature-ed25519", base64.b64encode(bytes(63)).decode(), "signature_malformed"),
        ("telnyx-signature-ed25519", base64.b64encode(bytes(64)).decode(), "signature_mismatch"),
    ],
)
def test_a_malformed_header_is_refused(name: str, value: str, code: str) -> None:
    request = signed(b"{}")
    with pytest.raises(SignatureInvalid) as refused:
        ADAPTER.verify(replace(request, headers=request.headers.with_fields({name: value})), CREDENTIALS, NOW)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "key", ["", "short", "é" * 44, base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode()]
)
def test_a_public_key_of_another_shape_is_not_taken(key: str) -> None:
    for fields in ({"public_key": key}, {"public_key": PUBLIC_KEY, "previous_public_key": [key]}):
        with pytest.raises(ValidationError):
            TelnyxCredentials.model_validate(fields)


@pytest.mark.parametrize("byte", [0, 1, 2, 255])
def test_a_key_of_the_right_size_that_is_no_point_lets_nothing_in(byte: int) -> None:
    key = base64.b64encode(bytes([byte]) * 32).decode()
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(signed(b"{}"), TelnyxCredentials.model_validate({"public_key": key}), NOW)


def test_a_group_message_names_everybody_and_finds_our_number() -> None:
    to = [{"phone_number": "+12025550143"}, {"phone_number": "+13125550188", "status": "webhook_delivered"}]
    (message,) = parsed(RECEIVED, to=to, cc=[{"phone_number": "+12025550144"}, {"phone_number": "+12025550143"}, 7])
    assert isinstance(message, InboundMessage)
    assert message.address == "+13125550188"
    assert message.recipients == ("+13125550188", "+12025550143", "+12025550144")
    assert message.extra["group"] == ["+12025550143", "+12025550144"]


@pytest.mark.parametrize("sender", [None, {}, {"phone_number": None}, "+12025550142"])
def test_a_message_without_a_sender_is_of_somebody_of_its_own(sender: Any) -> None:
    (message,) = parsed(RECEIVED, **{"from": sender})
    assert message.sender is None
    assert message.identities == (Identity(kind="phone", value=f"unknown:{message.external_id}"),)


@pytest.mark.parametrize(("word", "status"), [*STATUSES.items(), ("teleported", "unknown")])
def test_each_word_is_a_status(word: str, status: str) -> None:
    (update,) = parsed(FAILED, to=[{"phone_number": "+12025550142", "status": word}])
    assert isinstance(update, StatusUpdate)
    assert (update.status, update.extra["raw_status"]) == (status, word)
    assert update.external_id == f"{update.message_ref}:{word}"
    assert ("retryable" in update.extra) == (status == "failed")
    assert (update.error_code is None) == (status in {"delivered", "read"})


@pytest.mark.parametrize(
    ("code", "retryable", "opt_out"),
    [
        ("40300", False, "stop"), ("40318", True, None), ("10011", True, None), ("40011", True, None),
        ("40310", False, None), ("40301", False, None), ("40319", False, None), ("40001", False, None),
        ("40304", False, None), ("40305", False, None), ("40306", False, None), ("40307", False, None),
        ("40308", False, None), ("40309", False, None), ("40312", False, None), ("40002", False, None),
        ("40003", False, None), ("40322", False, None), ("40006", True, None), ("10009", False, None),
        ("20001", False, None), ("20012", False, None), ("49999", False, None),
    ],
)  # fmt: skip
def test_each_error_says_whether_it_may_be_sent_again(code: str, retryable: bool, opt_out: str | None) -> None:
    (update,) = parsed(FAILED, errors=[{"code": code, "title": "T", "detail": "Details."}])
    assert (update.error_code, update.extra["retryable"], update.extra.get("opt_out")) == (code, retryable, opt_out)
    assert update.error_message.endswith("(Details.)")


def test_the_recipients_of_a_group_message_are_told_apart() -> None:
    numbers = ("+12025550142", "+12025550143")
    updates = parsed(FAILED, to=[{"phone_number": number, "status": "delivered"} for number in numbers])
    assert [update.recipient for update in updates] == list(numbers)
    assert len({update.external_id for update in updates}) == 2


def test_a_recipient_that_cannot_be_read_costs_no_other() -> None:
    first, second = parsed(FAILED, to=[7, {"phone_number": "+12025550142", "status": "delivered"}])
    assert isinstance(first, Quarantined)
    assert isinstance(second, StatusUpdate)
    assert second.status == "delivered"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"{}", b'{"data":[]}', b'{"data":null}', b"\xff"])
def test_a_body_that_is_no_event_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(signed(body), {})


@pytest.mark.parametrize(
    "data", [{}, {"event_type": 7.5}, {"event_type": "message.sent"}, {"event_type": "message.received", "payload": {}}]
)
def test_an_event_that_cannot_be_read_is_quarantined(data: Any) -> None:
    (item,) = ADAPTER.parse(signed(orjson.dumps({"data": data})), {})
    assert isinstance(item, Quarantined)


def test_an_event_of_another_kind_is_noted() -> None:
    (event,) = ADAPTER.parse(signed(b'{"data":{"event_type":"call.initiated"}}'), {})
    assert event == Other(
        provider="telnyx", channel="sms", account=None, address=None, external_id="", occurred_at=None,
        subtype="call.initiated",
    )  # fmt: skip


def sent(**changes: Any) -> dict[str, Any]:
    request = ADAPTER.build(replace(OUTBOUND, **changes), CREDENTIALS)
    assert (request.method, request.url) == ("POST", "https://api.telnyx.com/v2/messages")
    assert request.headers.get("authorization") == "Bearer KEY1"
    body: dict[str, Any] = orjson.loads(request.body)
    return body


ENDS = {"from": "+13125550188", "to": "+12025550142"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {**ENDS, "text": "hi"}),
        ({"text": "x" * 1530}, {**ENDS, "text": "x" * 1530}),
        ({"text": "é☕" * 335}, {**ENDS, "text": "é☕" * 335}),
        (
            {"media": FILES[:2], "subject": "S"},
            {**ENDS, "text": "hi", "type": "MMS", "subject": "S",
             "media_urls": ["https://f.example.test/0", "https://f.example.test/1"]},
        ),
        ({"text": None, "media": FILES[:1]}, {**ENDS, "type": "MMS", "media_urls": ["https://f.example.test/0"]}),
        (
            {"callback_url": "https://gw.example.test/h?x=1"},
            {**ENDS, "text": "hi", "webhook_url": "https://gw.example.test/h?x=1&reference=msg_1"},
        ),
    ],
)  # fmt: skip
def test_a_message_is_built_as_telnyx_takes_it(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert sent(**changes) == expected


def test_a_name_is_sent_from_with_its_profile() -> None:
    credentials = CREDENTIALS.model_copy(update={"messaging_profile_id": "p1"})
    body = orjson.loads(ADAPTER.build(replace(OUTBOUND, sender="Example"), credentials).body)
    assert (body["from"], body["messaging_profile_id"]) == ("Example", "p1")


def test_our_id_comes_back_with_the_status() -> None:
    url = sent(callback_url="https://gw.example.test/h")["webhook_url"]
    (update,) = parsed(FAILED, webhook_url=url)
    assert update.extra["callback_data"] == "msg_1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 1531}, "text_too_long"),
        ({"text": "☕" * 671}, "text_too_long"),
        ({"text": "x" * 1531, "media": FILES[:1]}, "text_too_long"),
        ({"content": Contacts([ContactCard(name="Jane")])}, "content_unsupported"),
        ({"channel": "whatsapp"}, "content_unsupported"),
        ({"media": FILES}, "too_many_files"),
        ({"media": [Media(type="image", id="9")]}, "file_unusable"),
    ],
)
def test_what_telnyx_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


def test_nothing_is_sent_without_an_api_key() -> None:
    with pytest.raises(CannotSend) as refused:
        ADAPTER.build(OUTBOUND, TelnyxCredentials.model_validate({"public_key": PUBLIC_KEY}))
    assert refused.value.code == "credentials_incomplete"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "10009", ("10009", False, False)),
        (403, "20012", ("20012", False, False)),
        (429, "10011", ("10011", True, False)),
        (429, None, ("http_429", True, False)),
        (400, "40318", ("40318", True, False)),
        (422, "40310", ("40310", False, False)),
        (400, "40300", ("40300", False, False)),
        (400, "40305", ("40305", False, False)),
        (422, "40302", ("40302", False, False)),
        (500, "10007", ("10007", False, True)),
        (503, None, ("http_503", False, True)),
        (404, None, ("http_404", False, False)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, code: str | None, expected: tuple[str, bool, bool]) -> None:
    body = b"<html>" if code is None else orjson.dumps({"errors": [{"code": code, "title": "No", "detail": "Not so."}]})
    found = ADAPTER.read(HttpResponse(status, body, Headers.of({"Retry-After": "7"})))
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == expected
    assert found.retry_after == 7
    assert found.reason.endswith("(Not so.)") == (code is not None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b'{"data":{"id":"40385f64"}}', Accepted("40385f64")), (b'{"data":{}}', None), (b"", None), (b"[]", None)],
)
def test_an_acceptance_has_an_id_or_its_outcome_is_unknown(body: bytes, expected: Accepted | None) -> None:
    answer = ADAPTER.read(HttpResponse(200, body))
    assert answer == expected or (isinstance(answer, Refused) and answer.unknown and not answer.retryable)
