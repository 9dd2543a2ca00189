"""Signatures as GitHub and Stripe make them, for receivers that verify with what they have.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
https://docs.stripe.com/webhooks/signature

Their libraries take the secret as a text and never decode it: the key is the whole text, ``whsec_`` included, unlike
that of Standard Webhooks.
"""

from collections.abc import Sequence
from hmac import digest


def github_signature(secret: bytes, body: bytes) -> str:
    """Return the value of ``X-Hub-Signature-256``; there is room for one signature.

    Args:
        secret: as it is written down.
        body: as it is sent.
    """
    return f"sha256={digest(secret, body, 'sha256').hex()}"


def stripe_signature(secrets: Sequence[bytes], stamp: str, body: bytes) -> str:
    """Return the value of ``Stripe-Signature``, with a signature for each secret.

    Args:
        secrets: as they are written down.
        stamp: of this try, in epoch seconds.
        body: as it is sent.
    """
    signed = b".".join((stamp.encode(), body))
    return ",".join((f"t={stamp}", *(f"v1={digest(secret, signed, 'sha256').hex()}" for secret in secrets)))
