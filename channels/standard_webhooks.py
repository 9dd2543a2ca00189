"""Standard Webhooks, version 1: an HMAC-SHA256 over id, time and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

Secrets are written as ``whsec_`` and base64, with or without the prefix. Svix, where the scheme comes from, names the
headers ``svix-…``. Signatures of other versions are passed over: ``v1a`` (ed25519) needs a public key, not a secret.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from hmac import digest
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from channels.errors import SignatureInvalid
from channels.http import Headers
from channels.signatures import matches, require_fresh

PREFIX = b"whsec_"
SCHEME = "v1,"

#: What the names of the three headers may start with; all three come from one family.
FAMILIES = ("webhook", "svix")

#: Seconds that a request may be off our clock, either way.
TOLERANCE = 300.0


def verify(
    headers: Headers, body: bytes, secrets: Sequence[bytes], now: datetime, *, tolerance: float = TOLERANCE
) -> None:
    """Check that one of the signatures was made over these very bytes with one of the secrets, just now.

    Args:
        headers: of the request.
        body: as it was received.
        secrets: as they are written down, ``whsec_…``; several while one is being changed.
        now: the clock.
        tolerance: seconds that the time-stamp may be old, or ahead.

    Raises:
        SignatureInvalid: when that is not so, or a secret can't be read.
    """
    message_id, stamp, signatures = _signed_headers(headers)
    require_fresh(stamp, now, past=tolerance, future=tolerance)
    expected = [_signature(key_of(secret), message_id, stamp, body).encode() for secret in secrets]
    given = [signature for signature in signatures.split(" ") if signature.startswith(SCHEME)]
    if not given:
        raise SignatureInvalid("signature_malformed", "the request carries no signature of version 1")
    if not any(matches(expected, signature) for signature in given):
        raise SignatureInvalid("signature_mismatch", "no signature matches the id, the time-stamp and the body")


def sign(message_id: str, moment: datetime, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """Return the three headers that prove a body, with one signature for each secret.

    Raises:
        SignatureInvalid: when a secret can't be read.
    """
    stamp = str(int(moment.timestamp()))
    signatures = " ".join(_signature(key_of(secret), message_id, stamp, body) for secret in secrets)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signatures}


def key_of(secret: bytes) -> bytes:
    """Return the key that a secret is written for.

    Raises:
        SignatureInvalid: when it is no base64, or of nothing.
    """
    encoded = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except binascii.Error as error:
        raise SignatureInvalid("secret_unusable", "the secret isn't whsec_ and base64") from error
    if not key:
        raise SignatureInvalid("secret_unusable", "the secret is empty")
    return key


def _signed_headers(headers: Headers) -> tuple[str, str, str]:
    for family in FAMILIES:
        message_id, stamp, signatures = (headers.get(f"{family}-{part}") for part in ("id", "timestamp", "signature"))
        if message_id and stamp and signatures:
            return message_id, stamp, signatures
    raise SignatureInvalid("signature_missing", "webhook-id, webhook-timestamp or webhook-signature is missing")


def _signature(key: bytes, message_id: str, stamp: str, body: bytes) -> str:
    signed = b".".join((message_id.encode("utf-8", "surrogatepass"), stamp.encode(), body))
    return SCHEME + base64.b64encode(digest(key, signed, "sha256")).decode()


def _usable(secret: SecretStr) -> SecretStr:
    try:
        key_of(secret.get_secret_value().encode())
    except SignatureInvalid as error:
        raise ValueError(error.detail) from error
    return secret


#: A secret that a tenant enters; one that can't be read is refused at once.
SigningSecret = Annotated[SecretStr, AfterValidator(_usable)]
