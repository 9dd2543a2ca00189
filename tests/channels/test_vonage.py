"""Vonage's Messages API: tokens, the shapes that no recording holds, sending, and what the answers mean."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import PayloadMalformed, SignatureInvalid
from channels.events import InboundMessage, Media, Other, Quarantined, StatusUpdate
from channels.http import Headers, HttpRequest
from channels.outbound import (
    OutboundMessage,
)
from channels.providers.vonage import ADAPTER, VonageCredentials
from channels.tokens import signed_token
from channels.vonage.messages_posts import STATUSES
from tests.channels.fixtures import NOW, one, recorded

URL = "https://gw.example.test/hooks/int_1"
SECRET = "a-signature-secret-of-more-than-32-bytes"
KEYS = {"api_key": "abcd1234", "api_secret": "secret-1"}
CREDENTIALS = VonageCredentials.model_validate({"signature_secret": SECRET, **KEYS})
OLD_TOO = VonageCredentials.model_validate({"signature_secret": SECRET, "signature_method": "sha256"})
AT = int(NOW.timestamp())
TEXT = orjson.loads(one("vonage", "messages_sms_text").request.body)
IMAGE = orjson.loads(one("vonage", "messages_wa_image").request.body)
REJECTED = orjson.loads(one("vonage", "messages_status_rejected").request.body)
OUTBOUND = OutboundMessage(reference="msg_1", sender="+13125550188", recipient="+12025550142", text="hi")
FILES = [Media(type="image", url=f"https://f.example.test/{n}") for n in range(2)]


def pem(key: Any) -> str:
    written: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return written.decode()


RSA_KEY = rsa.generate_private_key(65537, 2048)
APPLICATION = {"application_id": "app-1", "private_key": pem(RSA_KEY)}


def post(body: bytes, token: str | None = None, **claims: Any) -> HttpRequest:
    written = {"iat": AT, "payload_hash": hashlib.sha256(body).hexdigest()} | claims
    kept = {name: value for name, value in written.items() if value is not None}
    header = f"Bearer {signed_token(kept, SECRET.encode()) if token is None else token}"
    return HttpRequest("POST", URL, Headers.of({"authorization": header}), body)


def parsed(document: Any, **changes: Any) -> Any:
    (event,) = ADAPTER.parse(post(orjson.dumps({**document, **changes})), {})
    return event


def refusal_of(request: HttpRequest, credentials: VonageCredentials = CREDENTIALS) -> str:
    with pytest.raises(SignatureInvalid) as refused:
        ADAPTER.verify(request, credentials, NOW)
    return refused.value.code


@given(st.binary(max_size=60), st.integers(-300, 300), st.booleans())
def test_exactly_what_was_signed_within_five_minutes_is_genuine(body: bytes, age: int, tampered: bool) -> None:
    request = post(body, iat=AT - age)
    if not tampered:
        ADAPTER.verify(request, CREDENTIALS, NOW)
        return
    assert refusal_of(replace(request, body=body + b" ")) == "token_hash_mismatch"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iat": AT - 301}, "timestamp_too_old"),
        ({"iat": AT + 301}, "timestamp_in_future"),
        ({"iat": None}, "timestamp_malformed"),
        ({"iat": "soon"}, "timestamp_malformed"),
        ({"iat": -1}, "timestamp_malformed"),
        ({"iat": 1e300}, "timestamp_malformed"),
        ({"payload_hash": None}, "token_hash_missing"),
        ({"payload_hash": ""}, "token_hash_missing"),
        ({"payload_hash": hashlib.sha256(b"").hexdigest()}, "token_hash_mismatch"),
        ({"exp": AT - 301}, "token_expired"),
    ],
)
def test_a_token_about_something_else_is_refused(claims: dict[str, Any], code: str) -> None:
    assert refusal_of(post(b"{}", **claims)) == code


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "\udcff", jwt.encode({"iat": AT}, "", "none")])
def test_what_is_no_token_of_the_account_is_refused(token: str) -> None:
    for credentials in (CREDENTIALS, OLD_TOO):
        assert refusal_of(post(b"{}", token), credentials) in {"token_malformed", "token_mismatch"}


def test_a_token_proves_no_query() -> None:
    request = replace(post(b""), method="GET", url=f"{URL}?messageId=1&msisdn=12025550142&to=1&text=forged")
    assert refusal_of(request) == "body_missing"
    assert refusal_of(request, OLD_TOO) == "body_missing"


def test_the_older_signature_counts_only_where_its_method_is_set() -> None:
    case = one("vonage", "smsapi_inbound_hmac_sha256")
    without = {name: value for name, value in case.credentials.items() if name != "signature_method"}
    with pytest.raises(SignatureInvalid) as refused:
        ADAPTER.verify(case.request, VonageCredentials.model_validate(without), NOW)
    assert refused.value.code == "token_missing"


@pytest.mark.parametrize("case", [case for case in recorded("vonage") if case.valid], ids=str)
def test_what_we_sign_is_genuine_and_means_the_same(case: Any) -> None:
    credentials = VonageCredentials.model_validate(case.credentials)
    assert ADAPTER.sign
    later = NOW + timedelta(days=1)
    signed = ADAPTER.sign(case.request, credentials, later)
    ADAPTER.verify(signed, credentials, later)
    assert ADAPTER.parse(signed, {}) == ADAPTER.parse(case.request, {})


def test_a_customer_who_writes_a_word_of_ours_is_understood() -> None:
    fields = {"messageId": "1", "msisdn": "12025550142", "to": "13125550188", "text": "message_uuid", "type": "text"}
    (message,) = ADAPTER.parse(HttpRequest("POST", URL, Headers(), orjson.dumps(fields)), {})
    assert isinstance(message, InboundMessage)
    assert (message.provider, message.text) == ("vonage_sms", "message_uuid")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b"{}", b"\xff", b'{"status":"delivered"}', b'{"messageId":{}}']
)
def test_a_body_that_is_no_webhook_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(post(body), {})


@pytest.mark.parametrize(
    "changes",
    [
        {"message_uuid": None}, {"message_uuid": 7.5}, {"channel": "messenger"}, {"channel": None}, {"channel": []},
        {"message_type": "image"}, {"message_type": "image", "image": {}}, {"message_type": "reply", "reply": 7},
        {"message_type": "location", "location": {"lat": 1}}, {"message_type": "button"},
        {"message_type": "location", "location": {"lat": 91, "long": 0}}, {"message_type": "reaction"},
        {"message_type": "order", "order": []}, {"message_type": "content", "content": [{"type": "image"}]},
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_read_is_quarantined(changes: dict[str, Any]) -> None:
    assert isinstance(parsed(TEXT, **changes), Quarantined)


def test_a_post_that_is_neither_message_nor_status_is_noted() -> None:
    event = parsed(TEXT, message_type=None)
    assert isinstance(event, Other)
    assert (event.subtype, event.external_id, event.sender) == ("unknown", TEXT["message_uuid"], "+12025550142")


@pytest.mark.parametrize(("word", "status"), [*STATUSES.items(), ("teleported", "unknown")])
def test_each_word_is_a_status(word: str, status: str) -> None:
    update = parsed(REJECTED, status=word)
    assert isinstance(update, StatusUpdate)
    assert (update.status, update.extra["raw_status"]) == (status, word)
    assert update.external_id == f"{update.message_ref}:{word}"
    assert ("retryable" in update.extra) == (status == "failed")


CODES = {
    **dict.fromkeys((1000, 1241), True),
    **dict.fromkeys(
        (1010, 1020, 1030, 1040, 1050, 1060, 1080, 1160, 1290, 1460, 1120, 1420, 1170, 1430, 1240, 1476, 1210, 1340),
        False,
    ),
    **dict.fromkeys(range(1470, 1484), False),
    9999: False,
}


@pytest.mark.parametrize(("code", "retryable"), CODES.items())
def test_each_error_says_whether_it_may_be_sent_again(code: int, retryable: bool) -> None:
    kind = f"https://developer.vonage.com/api-errors/messages#{code}"
    update = parsed(REJECTED, error={"type": kind, "title": "T", "detail": "Details."})
    assert (update.error_code, update.extra["retryable"]) == (str(code), retryable)
    assert update.error_message.endswith("(Details.)")


def test_an_order_and_a_reaction_taken_back_are_read() -> None:
    order = parsed(IMAGE, message_type="order", order={"catalog_id": "1", "text": "please"})
    assert (order.subtype, order.text, order.extra["order"]["catalog_id"]) == ("order", "please", "1")
    reaction = parsed(IMAGE, message_type="reaction", reaction={"action": "unreact", "emoji": "👍"})
    assert (reaction.subtype, reaction.text) == ("reaction", None)


def test_texting_by_rcs_is_texting() -> None:
    assert parsed(TEXT, channel="rcs").channel == "sms"
