"""Standard Webhooks: what the standardwebhooks package signs and accepts, and nothing else."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from channels.errors import SignatureInvalid
from channels.http import Headers
from channels.standard_webhooks import SigningSecret, key_of, sign, verify

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = bytes(range(24))
SECRET = b"whsec_" + base64.b64encode(KEY)
OTHER = b"whsec_" + base64.b64encode(bytes(24))
BODY = b'{"text":"hi"}'
SIGNED = sign("msg_1", NOW, BODY, [SECRET])
RIGHT = SIGNED["webhook-signature"]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


def check(body: bytes = BODY, secrets: tuple[bytes, ...] = (SECRET,), now: datetime = NOW, **headers: str) -> None:
    fields = SIGNED | {f"webhook-{name}": value for name, value in headers.items()}
    verify(Headers.of(fields), body, secrets, now)


@given(message_id=IDS, body=TEXT, key=st.binary(min_size=1, max_size=80), ago=st.integers(-300, 300))
def test_what_the_reference_signs_is_accepted(message_id: str, body: str, key: bytes, ago: int) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    moment = NOW - timedelta(seconds=ago)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, moment, body),
    }
    verify(Headers.of(headers), body.encode(), [secret.encode()], NOW)
    assert sign(message_id, moment, body.encode(), [secret.encode()]) == headers


@given(message_id=IDS, body=TEXT, key=st.binary(min_size=1, max_size=80))
def test_the_reference_accepts_what_is_signed_here(message_id: str, body: str, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    signed = dict(sign(message_id, datetime.now(UTC), body.encode(), [OTHER, secret.encode()]))
    Webhook(secret).verify(body, signed, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + " ", signed, json_parse=False)


def test_the_published_example_holds() -> None:
    """The example of the specification's own libraries: secret, id, time and body to the signature."""
    signed = sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}',
        [b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )  # fmt: skip
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "headers",
    [
        {"signature": f"v1,AAAA {RIGHT}"},
        {"signature": f"v1a,{RIGHT[3:]} v2,x {RIGHT}"},
        {"signature": f"  {RIGHT} rubbish"},
    ],
)
def test_one_right_signature_among_others_is_enough(headers: dict[str, Any]) -> None:
    check(**headers)


def test_the_headers_may_have_the_older_names() -> None:
    verify(Headers.of({name.replace("webhook", "svix"): value for name, value in SIGNED.items()}), BODY, [SECRET], NOW)


@pytest.mark.parametrize("secret", [SECRET.removeprefix(b"whsec_"), SECRET])
def test_a_secret_may_come_without_its_prefix_and_beside_others(secret: bytes) -> None:
    check(secrets=(OTHER, secret))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": BODY + b" "}, "signature_mismatch"),
        ({"id": "msg_2"}, "signature_mismatch"),
        ({"timestamp": str(int(NOW.timestamp()) - 1)}, "signature_mismatch"),
        ({"secrets": (OTHER,)}, "signature_mismatch"),
        ({"secrets": ()}, "signature_mismatch"),
        ({"signature": RIGHT[:-1]}, "signature_mismatch"),
        ({"signature": RIGHT + "="}, "signature_mismatch"),
        ({"signature": RIGHT[:-1] + "\udcff"}, "signature_mismatch"),
        ({"signature": RIGHT.replace("v1,", "v1a,")}, "signature_malformed"),
        ({"signature": RIGHT.replace("v1,", "")}, "signature_malformed"),
        ({"signature": RIGHT.replace(",", "")}, "signature_malformed"),
        ({"signature": RIGHT.swapcase()}, "signature_malformed"),
        ({"signature": " "}, "signature_malformed"),
        ({"signature": ""}, "signature_missing"),
        ({"id": ""}, "signature_missing"),
        ({"timestamp": ""}, "signature_missing"),
        ({"timestamp": "1e9"}, "timestamp_malformed"),
        ({"timestamp": "٣"}, "timestamp_malformed"),
        ({"now": NOW + timedelta(seconds=301)}, "timestamp_too_old"),
        ({"now": NOW - timedelta(seconds=301)}, "timestamp_in_future"),
        ({"secrets": (b"whsec_%%%",)}, "secret_unusable"),
        ({"secrets": (b"whsec_",)}, "secret_unusable"),
    ],
)
def test_anything_else_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        check(**changes)
    assert refused.value.code == code


def test_headers_of_two_families_are_not_mixed() -> None:
    mixed = dict(SIGNED)
    mixed["svix-id"] = mixed.pop("webhook-id")
    with pytest.raises(SignatureInvalid):
        verify(Headers.of(mixed), BODY, [SECRET], NOW)


@given(st.dictionaries(st.sampled_from(sorted(SIGNED)), st.text(st.characters(exclude_categories=[]))), st.binary())
def test_random_headers_raise_nothing_else(fields: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        verify(Headers.of(fields), body, [SECRET], NOW)


@given(st.binary(max_size=60))
def test_a_key_is_what_was_written_or_the_secret_is_refused(secret: bytes) -> None:
    try:
        key = key_of(secret)
    except SignatureInvalid:
        return
    assert key
    assert key_of(b"whsec_" + base64.b64encode(key)) == key


class Entered(BaseModel):
    secret: SigningSecret


def test_a_secret_that_cannot_be_read_is_refused_when_it_is_entered() -> None:
    assert Entered.model_validate({"secret": SECRET.decode()}).secret.get_secret_value() == SECRET.decode()
    for wrong in ("", "whsec_", "whsec_é", "not base64!"):
        with pytest.raises(ValidationError):
            Entered.model_validate({"secret": wrong})
