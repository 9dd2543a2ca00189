"""What proves a delivery, as a receiver with each kind of library checks it."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks.webhooks import Webhook

from channels.errors import SignatureInvalid
from channels.http import Headers
from channels.standard_webhooks import verify
from gateway.delivery.signing import Signer
from gateway.model.endpoint_secrets import EndpointSecrets, Secret

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
BODY = '{"type":"message.created","data":{"text":"Grüße"}}'.encode()
TEXTS = [f"whsec_{base64.b64encode(bytes([number]) * 32).decode()}" for number in (1, 2)]
SEED = bytes(range(32))
PUBLIC = base64.b64encode(Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw())


def secret(value: str) -> Secret:
    return Secret(id="one", value=value, created_at=NOW)


SECRETS = EndpointSecrets(
    secrets=[secret(text) for text in TEXTS], keys=[secret(f"whsk_{base64.b64encode(SEED).decode()}")]
)


def test_each_live_secret_and_key_signs() -> None:
    now = datetime.now(UTC)  # the library looks at the clock
    headers = Signer(SECRETS, ["v1a"]).headers("evt_1", now, BODY)
    assert [one.split(",")[0] for one in headers["webhook-signature"].split(" ")] == ["v1", "v1", "v1a"]
    for text in TEXTS:
        Webhook(text).verify(BODY, headers)
    verify(Headers.of(headers), BODY, [b"whpk_" + PUBLIC], now)


def test_schemes_that_nobody_asked_for_are_left_out() -> None:
    headers = Signer(SECRETS).headers("evt_1", NOW, BODY)
    assert set(headers) == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    assert "v1a," not in headers["webhook-signature"]


def test_githubs_and_stripes_libraries_take_the_secret_as_it_is_shown() -> None:
    headers = Signer(SECRETS, ["github", "stripe"]).headers("evt_1", NOW, BODY)
    assert headers["x-hub-signature-256"] == f"sha256={hmac.new(TEXTS[0].encode(), BODY, hashlib.sha256).hexdigest()}"
    stamp, *signatures = headers["stripe-signature"].split(",")
    assert stamp == f"t={headers['webhook-timestamp']}" == f"t={int(NOW.timestamp())}"
    signed = f"{stamp[2:]}.{BODY.decode()}".encode()
    assert signatures == [f"v1={hmac.new(text.encode(), signed, hashlib.sha256).hexdigest()}" for text in TEXTS]


@pytest.mark.parametrize("broken", [{"secrets": [secret("whsec_%")]}, {"keys": [secret("whsk_AAAA")]}])
def test_a_secret_that_cannot_be_read_is_told_at_once(broken: dict[str, list[Secret]]) -> None:
    with pytest.raises(SignatureInvalid, match=r"isn't whsec_|32 bytes"):
        Signer(SECRETS.model_copy(update=broken), ["v1a"])
