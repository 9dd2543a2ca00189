"""SendGrid's signature on events, and on mail once a security policy is attached to it.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features

ECDSA over P-256 with SHA-256, of the time-stamp's text and the raw body. The body is signed as it was sent, CRLFs
between the events included.
"""

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels.errors import SignatureInvalid
from channels.http import HttpRequest
from channels.signatures import require_fresh

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
FUTURE_SECONDS = 60


def public_key(encoded: str) -> ec.EllipticCurvePublicKey:
    """Read a verification key as SendGrid shows it: base64 of a DER SubjectPublicKeyInfo.

    Raises:
        ValueError: when it is none, or on another curve.
    """
    try:
        key = load_der_public_key(base64.b64decode(encoded.strip(), validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("this is no public key in base64") from error
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise ValueError("this key is not on the curve P-256")


def is_signed(request: HttpRequest) -> bool:
    """Tell whether a request claims to be signed."""
    return SIGNATURE in request.headers


def require_signature(request: HttpRequest, keys: Iterable[str], now: datetime, *, past: float) -> None:
    """Check a signature that is at most ``past`` seconds old.

    Raises:
        SignatureInvalid: when it is stale, unreadable, or made with none of the keys.
    """
    stamp = request.headers.get(TIMESTAMP)
    require_fresh(stamp, now, past=past, future=FUTURE_SECONDS)
    try:
        signature = base64.b64decode(request.headers.get(SIGNATURE).encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise SignatureInvalid("signature_malformed", "the signature isn't base64") from error
    signed = stamp.encode("ascii") + request.body
    if not any(_fits(public_key(key), signature, signed) for key in keys):
        raise SignatureInvalid("signature_mismatch", "the signature doesn't match the body")


def _fits(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
