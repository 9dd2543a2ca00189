"""Telnyx's signature: Ed25519 over the time-stamp and the raw body, with the account's key.

https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from channels.errors import SignatureInvalid
from channels.http import HttpRequest
from channels.signatures import require_fresh

SIGNATURE = "telnyx-signature-ed25519"
TIMESTAMP = "telnyx-timestamp"
KEY_BYTES = 32
SIGNATURE_BYTES = 64

#: How old a request may be, or how far ahead of our clock, in seconds.
TOLERANCE = 300


def key_bytes(text: str) -> bytes:
    """Read a public key as the portal shows it: base64 of 32 bytes.

    Raises:
        ValueError: when it is anything else.
    """
    key = base64.b64decode(text.strip(), validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a public key has {KEY_BYTES} bytes")
    return key


def require_signature(request: HttpRequest, keys: Sequence[bytes], now: datetime) -> None:
    """Check that a request was signed with one of the keys, at most five minutes from now.

    Raises:
        SignatureInvalid: when it was not.
    """
    stamp = request.headers.get(TIMESTAMP)
    require_fresh(stamp, now, past=TOLERANCE, future=TOLERANCE)
    signature = _signature(request.headers.get(SIGNATURE))
    message = stamp.encode() + b"|" + request.body
    if not any(_fits(key, signature, message) for key in keys):
        raise SignatureInvalid("signature_mismatch", "the signature doesn't match the time-stamp and the body")


def _signature(header: str) -> bytes:
    try:
        signature = base64.b64decode(header.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise SignatureInvalid("signature_malformed", f"{SIGNATURE} isn't base64") from error
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureInvalid("signature_malformed", f"{SIGNATURE} is missing or hasn't {SIGNATURE_BYTES} bytes")
    return signature


def _fits(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):  # 32 bytes may still be no point of the curve
        return False
    return True
