"""Standard Webhooks: what the standardwebhooks package signs and accepts, and nothing else; and its ed25519 sibling."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from channels.errors import SignatureInvalid
from channels.http import Headers
from channels.standard_webhooks import SigningSecret, key_of, keys_of, sign, verify

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


# Published by the authors of the scheme, as the test of their server; the specification shows the same signature:
# https://github.com/svix/svix-webhooks/blob/main/server/svix-server/src/worker.rs
PAIR = base64.b64decode("6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==")
THEIRS = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
PRIVATE = b"whsk_" + base64.b64encode(PAIR)
SEED = b"whsk_" + base64.b64encode(PAIR[:32])
PUBLIC = b"whpk_" + base64.b64encode(PAIR[32:])
OTHER_PUBLIC = b"whpk_" + base64.b64encode(
    Ed25519PrivateKey.from_private_bytes(KEY + b"8 bytes.").public_key().public_bytes_raw()
)
SIGNED_A = sign("msg_1", NOW, BODY, [PRIVATE])["webhook-signature"]


@pytest.mark.parametrize("key", [PRIVATE, SEED])
def test_the_published_asymmetric_example_holds(key: bytes) -> None:
    moment = datetime.fromtimestamp(1614265330, UTC)
    signed = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", moment, b'{"test": 2432232314}', [key])
    assert signed["webhook-signature"] == THEIRS
    verify(Headers.of(signed), b'{"test": 2432232314}', [PUBLIC], moment)


@given(
    message_id=IDS, body=st.binary(max_size=80), seed=st.binary(min_size=32, max_size=32), flipped=st.integers(0, 63)
)
def test_an_asymmetric_signature_is_what_the_public_key_verifies(
    message_id: str, body: bytes, seed: bytes, flipped: int
) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = b"whpk_" + base64.b64encode(private.public_key().public_bytes_raw())
    signed = sign(message_id, NOW, body, [SECRET, b"whsk_" + base64.b64encode(seed), OTHER])
    first, second, asymmetric = signed["webhook-signature"].split(" ")
    assert (first[:3], second[:3], asymmetric[:4]) == ("v1,", "v1,", "v1a,")
    content = base64.b64decode(asymmetric[4:])
    message = b".".join([message_id.encode(), signed["webhook-timestamp"].encode(), body])
    Ed25519PublicKey.from_public_bytes(base64.b64decode(public[5:])).verify(content, message)
    for secrets in ([public], [SECRET], [OTHER, public], [OTHER_PUBLIC, public]):
        verify(Headers.of(signed), body, secrets, NOW)
    spoilt = bytearray(content)
    spoilt[flipped] ^= 1
    only = {**signed, "webhook-signature": f"v1a,{base64.b64encode(spoilt).decode()}"}
    with pytest.raises(SignatureInvalid):
        verify(Headers.of(only), body, [public], NOW)


@pytest.mark.parametrize(
    ("signature", "secrets"),
    [
        (SIGNED_A, (PUBLIC,)),
        (SIGNED_A, (SEED,)),
        (SIGNED_A, (OTHER, OTHER_PUBLIC, PUBLIC)),
        (f"v1a,AAAA v1a,é {RIGHT} {SIGNED_A}", (PUBLIC,)),
        (f"{RIGHT} {SIGNED_A}", (SECRET, OTHER_PUBLIC)),
    ],
)
def test_secrets_and_keys_may_stand_together(signature: str, secrets: tuple[bytes, ...]) -> None:
    check(signature=signature, secrets=secrets)


@pytest.mark.parametrize(
    ("signature", "secrets", "code"),
    [
        (SIGNED_A, (OTHER_PUBLIC,), "signature_mismatch"),
        (SIGNED_A, (SECRET,), "signature_malformed"),
        (RIGHT, (PUBLIC,), "signature_malformed"),
        (SIGNED_A.replace("v1a,", "v1,"), (SECRET, PUBLIC), "signature_mismatch"),
        (RIGHT.replace("v1,", "v1a,"), (SECRET, PUBLIC), "signature_mismatch"),
        (SIGNED_A[:-2], (PUBLIC,), "signature_mismatch"),
        ("v1a,", (PUBLIC,), "signature_mismatch"),
        ("v1a,\udcff", (PUBLIC,), "signature_mismatch"),
        (SIGNED_A, (PUBLIC[:-4],), "secret_unusable"),
        (SIGNED_A, (b"whpk_",), "secret_unusable"),
        (SIGNED_A, (b"whsk_", PUBLIC), "secret_unusable"),
        (SIGNED_A, (b"whsk_%%%%",), "secret_unusable"),
        (SIGNED_A, (b"whsk_" + base64.b64encode(PAIR[:32] + bytes(32)),), "secret_unusable"),
        (SIGNED_A, (PRIVATE.replace(b"whsk_", b"whpk_"),), "secret_unusable"),
    ],
)
def test_other_keys_and_versions_do_not_count(signature: str, secrets: tuple[bytes, ...], code: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        check(signature=signature, secrets=secrets)
    assert refused.value.code == code


#: Public keys that a signature fits without a private key: all encodings of the eight points of small order, the six
#: that RFC 8032 doesn't allow among them (https://github.com/C2SP/CCTV/tree/main/ed25519 numbers them so).
WEAK = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
]


@pytest.mark.parametrize("key", WEAK)
def test_a_public_key_that_anybody_signs_for_is_refused(key: str) -> None:
    forged = "v1a," + base64.b64encode(bytes.fromhex(WEAK[0]) + bytes(32)).decode()
    with pytest.raises(SignatureInvalid) as refused:
        check(signature=forged, secrets=(b"whpk_" + base64.b64encode(bytes.fromhex(key)), PUBLIC))
    assert refused.value.code == "secret_unusable"


def test_a_public_key_signs_nothing() -> None:
    assert keys_of([PUBLIC]).signatures("msg_1", "1", BODY) == ""


class Entered(BaseModel):
    secret: SigningSecret


def test_a_secret_that_cannot_be_read_is_refused_when_it_is_entered() -> None:
    assert Entered.model_validate({"secret": SECRET.decode()}).secret.get_secret_value() == SECRET.decode()
    for wrong in ("", "whsec_", "whsec_é", "not base64!", PRIVATE.decode(), PUBLIC.decode()):
        with pytest.raises(ValidationError):
            Entered.model_validate({"secret": wrong})
