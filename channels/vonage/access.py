"""How we prove to the Messages API who we are: by key and secret, or as an application with a private key.

https://developer.vonage.com/en/getting-started/concepts/authentication
"""

import hashlib
from datetime import datetime

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from channels.errors import CannotSend

#: How long a token of ours is valid, in seconds; each request has its own.
LIFETIME = 900


def rsa_key(pem: str) -> RSAPrivateKey:
    """Read an application's private key.

    Raises:
        ValueError: when it is anything but an RSA key in PEM without a password.
    """
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("this is no private key in PEM without a password") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("an application's private key is an RSA key")  # noqa: TRY004 - pydantic wants a ValueError
    return key


def application_authorization(application_id: str, pem: str, reference: str, sent_at: datetime | None) -> str:
    """Write the ``Authorization`` header of an application, for one request.

    Args:
        application_id: the application.
        pem: its private key.
        reference: our id of the message, which makes the token's id.
        sent_at: the time of this attempt.

    Raises:
        CannotSend: when the time is not given.
    """
    if sent_at is None:
        raise CannotSend("time_missing", "signing as a Vonage application takes the time of the attempt")
    from jwt import PyJWS  # noqa: PLC0415 - importing takes 0.1 s, which only connections with tokens pay

    issued = int(sent_at.timestamp())
    claims = {
        "application_id": application_id,
        "iat": issued,
        "exp": issued + LIFETIME,
        "jti": hashlib.sha256(f"{reference} {sent_at.timestamp()}".encode("utf-8", "replace")).hexdigest()[:32],
    }
    return f"Bearer {PyJWS().encode(orjson.dumps(claims), rsa_key(pem), 'RS256')}"
