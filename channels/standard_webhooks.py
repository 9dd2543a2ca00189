"""Standard Webhooks: signatures over id, time and body. Version 1 is an HMAC-SHA256, version 1a is ed25519.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme

Secrets are written as ``whsec_`` and base64, with or without the prefix; private keys as ``whsk_`` and base64 of the
seed, alone or with the public key behind it, as libsodium writes them; public keys as ``whpk_`` and base64. Svix, where
the scheme comes from, names the headers ``svix-…``. Signatures of other versions are passed over.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import digest
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AfterValidator, SecretStr

from channels.errors import SignatureInvalid
from channels.http import Headers
from channels.signatures import matches, require_fresh

PREFIX = b"whsec_"
PRIVATE = b"whsk_"
PUBLIC = b"whpk_"
SYMMETRIC = "v1,"
ASYMMETRIC = "v1a,"
KEY_BYTES = 32
SIGNATURE_BYTES = 64
#: A point is written as its y, below this prime if it is done right, and the sign of its x (RFC 8032 section 5.1.2).
FIELD = 2**255 - 19
SIGN_BIT = 1 << 255
#: The y of the eight points whose order divides 8: two of order 4, those of order 1 and 2, and four of order 8.
ORDER_8_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER = frozenset({0, 1, FIELD - 1, ORDER_8_Y, FIELD - ORDER_8_Y})

#: What the names of the three headers may start with; all three come from one family.
FAMILIES = ("webhook", "svix")

#: Seconds that a request may be off our clock, either way.
TOLERANCE = 300.0


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets, read once and ready for use.

    Attributes:
        shared: the keys of secrets; they sign and verify.
        private: they sign.
        public: they verify; those of the private keys are among them.
    """

    shared: tuple[bytes, ...] = ()
    private: tuple[Ed25519PrivateKey, ...] = ()
    public: tuple[Ed25519PublicKey, ...] = ()

    def signatures(self, message_id: str, stamp: str, body: bytes) -> str:
        """Return the signatures of all keys that can sign, as the header holds them.

        Args:
            message_id: the same at every try.
            stamp: of this try, in epoch seconds.
            body: as it is sent.
        """
        signed = _signed(message_id, stamp, body)
        symmetric = [_symmetric(key, signed) for key in self.shared]
        if not self.private:
            return " ".join(symmetric)
        return " ".join([*symmetric, *(ASYMMETRIC + _base64(key.sign(signed)) for key in self.private)])


def verify(
    headers: Headers, body: bytes, secrets: Sequence[bytes], now: datetime, *, tolerance: float = TOLERANCE
) -> None:
    """Check that one of the signatures was made over these very bytes with one of the secrets, just now.

    Args:
        headers: of the request.
        body: as it was received.
        secrets: as they are written down, ``whsec_…`` or ``whpk_…``; several while one is being changed.
        now: the clock.
        tolerance: seconds that the time-stamp may be old, or ahead.

    Raises:
        SignatureInvalid: when that is not so, or a secret can't be read.
    """
    message_id, stamp, signatures = _signed_headers(headers)
    require_fresh(stamp, now, past=tolerance, future=tolerance)
    keys = keys_of(secrets)
    given = _of_version(signatures, keys)
    signed = _signed(message_id, stamp, body)
    expected = [_symmetric(key, signed).encode() for key in keys.shared]
    if not any(matches(expected, one) or _made_by(keys.public, one, signed) for one in given):
        raise SignatureInvalid("signature_mismatch", "no signature matches the id, the time-stamp and the body")


def sign(message_id: str, moment: datetime, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """Return the three headers that prove a body, with one signature for each secret and private key.

    Raises:
        SignatureInvalid: when a secret can't be read.
    """
    stamp = str(int(moment.timestamp()))
    signatures = keys_of(secrets).signatures(message_id, stamp, body)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signatures}


def keys_of(secrets: Sequence[bytes]) -> Keys:
    """Read secrets of any kind.

    Raises:
        SignatureInvalid: when one can't be read.
    """
    private = [_private_key(one) for one in secrets if one.startswith(PRIVATE)]
    public = [_public_key(one) for one in secrets if one.startswith(PUBLIC)]
    return Keys(
        shared=tuple(key_of(one) for one in secrets if not one.startswith((PRIVATE, PUBLIC))),
        private=tuple(private),
        public=(*public, *(key.public_key() for key in private)),
    )


def key_of(secret: bytes) -> bytes:
    """Return the key that a shared secret is written for.

    Raises:
        SignatureInvalid: when it is no base64, or of nothing.
    """
    key = _content(secret.removeprefix(PREFIX), "the secret isn't whsec_ and base64")
    if not key:
        raise SignatureInvalid("secret_unusable", "the secret is empty")
    return key


def _private_key(secret: bytes) -> Ed25519PrivateKey:
    content = _content(secret.removeprefix(PRIVATE), "the private key isn't whsk_ and base64")
    seed, public = content[:KEY_BYTES], content[KEY_BYTES:]
    if len(seed) == KEY_BYTES:
        key = Ed25519PrivateKey.from_private_bytes(seed)
        if public in {b"", key.public_key().public_bytes_raw()}:
            return key
    raise SignatureInvalid(
        "secret_unusable", "the private key is neither a seed of 32 bytes nor that with its public key behind it"
    )


def _public_key(secret: bytes) -> Ed25519PublicKey:
    content = _content(secret.removeprefix(PUBLIC), "the public key isn't whpk_ and base64")
    if len(content) != KEY_BYTES:
        raise SignatureInvalid("secret_unusable", f"the public key hasn't {KEY_BYTES} bytes")
    if (int.from_bytes(content, "little") & ~SIGN_BIT) % FIELD in SMALL_ORDER:
        raise SignatureInvalid("secret_unusable", "anybody can sign for this public key: its point is of small order")
    return Ed25519PublicKey.from_public_bytes(content)


def _content(encoded: bytes, otherwise: str) -> bytes:
    try:
        return base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except binascii.Error as error:
        raise SignatureInvalid("secret_unusable", otherwise) from error


def _signed_headers(headers: Headers) -> tuple[str, str, str]:
    for family in FAMILIES:
        message_id, stamp, signatures = (headers.get(f"{family}-{part}") for part in ("id", "timestamp", "signature"))
        if message_id and stamp and signatures:
            return message_id, stamp, signatures
    raise SignatureInvalid("signature_missing", "webhook-id, webhook-timestamp or webhook-signature is missing")


def _of_version(signatures: str, keys: Keys) -> Sequence[str]:
    """Return the signatures of the versions that the keys are for."""
    versions = [version for version, some in ((SYMMETRIC, keys.shared), (ASYMMETRIC, keys.public)) if some]
    given = [one for one in signatures.split(" ") if one.startswith(tuple(versions or (SYMMETRIC, ASYMMETRIC)))]
    if not given:
        told = "1a" if versions == [ASYMMETRIC] else "1"
        raise SignatureInvalid("signature_malformed", f"the request carries no signature of version {told}")
    return given


def _signed(message_id: str, stamp: str, body: bytes) -> bytes:
    return b".".join((message_id.encode("utf-8", "surrogatepass"), stamp.encode(), body))


def _symmetric(key: bytes, signed: bytes) -> str:
    return SYMMETRIC + _base64(digest(key, signed, "sha256"))


def _made_by(keys: Sequence[Ed25519PublicKey], signature: str, signed: bytes) -> bool:
    """Tell whether a signature is of version 1a and by the holder of one of the keys."""
    if not keys or not signature.startswith(ASYMMETRIC):
        return False
    try:
        content = base64.b64decode(signature.removeprefix(ASYMMETRIC).encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return False
    return len(content) == SIGNATURE_BYTES and any(_fits(key, content, signed) for key in keys)


def _fits(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _usable(secret: SecretStr) -> SecretStr:
    try:
        key_of(secret.get_secret_value().encode())
    except SignatureInvalid as error:
        raise ValueError(error.detail) from error
    return secret


#: A secret that a tenant enters; one that can't be read is refused at once.
SigningSecret = Annotated[SecretStr, AfterValidator(_usable)]
