"""Values sealed with a data key."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.keys.wrapped import KeyUnusable

NONCE_BYTES = 12
#: How much longer a sealed value is: the nonce, and GCM's tag of 16 bytes.
SEAL_BYTES = NONCE_BYTES + 16


def seal(key: bytes, value: bytes, belongs_to: str) -> bytes:
    """Encrypt a value for the one place that ``belongs_to`` names."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, value, belongs_to.encode())


def unseal(key: bytes, sealed: bytes, belongs_to: str) -> bytes:
    """Decrypt a value.

    Raises:
        KeyUnusable: when the key is another one, the value was changed, or it belongs elsewhere.
    """
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], belongs_to.encode())
    except (InvalidTag, ValueError):
        raise KeyUnusable("a sealed value does not open") from None


def credentials_of(owner: object, row: object) -> str:
    """Name the credentials of a connection (owner: its tenant) or of a shared app (owner: ``app``)."""
    return f"{owner}/credentials/{row}"
