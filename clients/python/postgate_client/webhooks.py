"""Proving webhooks: Standard Webhooks, version 1 (HMAC-SHA256).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping

from postgate_client.errors import SignatureInvalid

TOLERANCE = 300.0
PREFIX = "whsec_"


def verify(
    headers: Mapping[str, str], body: bytes, *secrets: str, now: float | None = None, tolerance: float = TOLERANCE
) -> str:
    """Check that the gateway sent a webhook just now; returns its id, the same each time it is sent.

    Args:
        headers: of the request; the case of their names does not matter.
        body: the very bytes that came, not parsed and written again.
        secrets: ``whsec_…``; more than one while they are being changed.
        now: epoch seconds; without it, those of this machine.
        tolerance: seconds that its time-stamp may be off.

    Raises:
        SignatureInvalid: when that is not so.
        ValueError: when a secret is none.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    try:
        key, stamp, signatures = (sent[f"webhook-{part}"] for part in ("id", "timestamp", "signature"))
    except KeyError as error:
        raise SignatureInvalid(f"the header {error.args[0]} is missing") from None
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 15):
        raise SignatureInvalid("the time-stamp is no number of seconds")
    if abs((time.time() if now is None else now) - int(stamp)) > tolerance:
        raise SignatureInvalid("the time-stamp is too far off")
    signed = b".".join((key.encode("utf-8", "surrogatepass"), stamp.encode(), body))
    expected = [_signature(secret, signed) for secret in secrets]
    given = [one.encode("utf-8", "surrogatepass") for one in signatures.split(" ")]
    if not any([hmac.compare_digest(one, other) for one in expected for other in given]):  # noqa: C419 - all, always
        raise SignatureInvalid("no signature is by one of the secrets, over this body")
    return key


def _signature(secret: str, signed: bytes) -> bytes:
    try:
        encoded = secret.removeprefix(PREFIX)
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a secret is whsec_ and base64") from None
    if not key:
        raise ValueError("the secret is empty")
    return b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
