"""Proofs of origin that several providers share, compared in constant time and on bytes.

``hmac.compare_digest`` raises ``TypeError`` for text beyond ASCII, and never for bytes. Every function takes all
secrets that are live at the moment: while one is being rotated there are two.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr

from channels.errors import SignatureInvalid

#: A secret that a tenant enters. An empty one would let everybody sign.
Secret = Annotated[SecretStr, Field(min_length=1)]

HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
EPOCH_SECONDS = re.compile(r"[0-9]{1,12}")


def live(current: SecretStr | None, previous: Sequence[SecretStr] = ()) -> tuple[bytes, ...]:
    """Return the secrets that count now as bytes, the current one first."""
    secrets = previous if current is None else (current, *previous)
    return tuple(secret.get_secret_value().encode() for secret in secrets)


def matches(expected: Iterable[bytes], given: str) -> bool:
    """Tell in constant time whether a value sent to us is one of those expected."""
    sent = given.encode("utf-8", "surrogatepass")  # whatever a header may hold
    return any(hmac.compare_digest(value, sent) for value in expected)


def require_hmac_sha256(secrets: Sequence[bytes], message: bytes, signature: str) -> None:
    """Check an HMAC-SHA256 of a message, written as 64 lower-case hexadecimal digits.

    Raises:
        SignatureInvalid: when it is missing, written otherwise, or made with another secret.
    """
    if HEX_SHA256.fullmatch(signature) is None:
        raise SignatureInvalid("signature_malformed", "the signature is missing or isn't 64 lower-case hex digits")
    expected = [hmac.digest(secret, message, "sha256").hex().encode() for secret in secrets]
    if not matches(expected, signature):
        raise SignatureInvalid("signature_mismatch", "the signature doesn't match the body")


def require_basic(authorization: str, accounts: Iterable[tuple[str, bytes]]) -> None:
    """Check an ``Authorization: Basic`` header (RFC 7617) against pairs of user name and password.

    Raises:
        SignatureInvalid: when it is missing, unreadable, or names none of the pairs.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise SignatureInvalid("authorization_missing", "the request carries no Basic authorization")
    try:
        sent = base64.b64decode(encoded.strip().encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise SignatureInvalid("authorization_malformed", "the Basic authorization isn't base64") from error
    # The pair is compared whole: a user name holds no colon, so that it can be cut in one way only.
    pairs = [user.encode() + b":" + password for user, password in accounts]
    if not any(hmac.compare_digest(pair, sent) for pair in pairs):
        raise SignatureInvalid("authorization_mismatch", "the user name or the password is wrong")


def require_fresh(stamp: str, now: datetime, *, past: float, future: float) -> None:
    """Check that a time-stamp (epoch seconds, as text) is at most ``past`` seconds old or ``future`` seconds ahead.

    Raises:
        SignatureInvalid: when it is not, or can't be read.
    """
    if EPOCH_SECONDS.fullmatch(stamp) is None:
        raise SignatureInvalid("timestamp_malformed", "the time-stamp is missing or isn't in epoch seconds")
    age = now.timestamp() - int(stamp)
    if age > past:
        raise SignatureInvalid("timestamp_too_old", "the request was signed too long ago")
    if -age > future:
        raise SignatureInvalid("timestamp_in_future", "the request was signed in the future")
