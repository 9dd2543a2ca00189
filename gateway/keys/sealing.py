"""Values sealed with a data key."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.keys.wrapped import KeyUnusable

NONCE_BYTES = 12


class Sealer:
    """Seals many values with one data key: to set up the cipher takes as long as to seal a short value.

    Args:
        key: the data key.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, value: bytes, belongs_to: str) -> bytes:
        """Encrypt a value for the one place that ``belongs_to`` names."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value, belongs_to.encode())


def seal(key: bytes, value: bytes, belongs_to: str) -> bytes:
    """Encrypt a value for the one place that ``belongs_to`` names."""
    return Sealer(key).seal(value, belongs_to)


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
