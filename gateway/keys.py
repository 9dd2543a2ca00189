"""Envelope encryption: a master key wraps data keys, a data key seals values.

The master key comes from outside and is never stored. Each tenant (and each shared app) has a data key, stored
wrapped (AES key wrap, RFC 3394). Values are sealed with AES-256-GCM; what they belong to is authenticated with them,
so that a sealed value copied into another row does not open.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyUnusable(Exception):
    """A key that is not 32 bytes of base64, or does not open what it should."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as it is stored; ``master_key_id`` names the master key that wrapped it."""

    wrapped: bytes
    master_key_id: str


class Keyring:
    """The master keys: the current one wraps, it and the earlier ones unwrap."""

    def __init__(self, current: str, previous: Sequence[str] = ()) -> None:
        self._current = _decoded(current)
        self._by_id = {_key_id(key): key for key in (*map(_decoded, previous), self._current)}

    def new_data_key(self) -> tuple[bytes, WrappedKey]:
        """Make a data key; returns it and the form in which it is to be stored."""
        key = os.urandom(KEY_BYTES)
        return key, WrappedKey(aes_key_wrap(self._current, key), _key_id(self._current))

    def unwrap(self, key: WrappedKey) -> bytes:
        """Return the data key.

        Raises:
            KeyUnusable: when the master key that wrapped it is not here.
        """
        master = self._by_id.get(key.master_key_id)
        if master is None:
            raise KeyUnusable(f"the master key {key.master_key_id} is not configured")
        try:
            return aes_key_unwrap(master, key.wrapped)
        except InvalidUnwrap:
            raise KeyUnusable("a data key does not unwrap") from None

    def mac(self, purpose: str, message: bytes) -> str:
        """Return a proof, as hexadecimal digits, that this installation has seen a message for a purpose."""
        return _mac(self._current, purpose, message)

    def proves(self, purpose: str, message: bytes, given: str) -> bool:
        """Tell in constant time whether ``mac`` has made a proof, under any of the keys."""
        sent = given.encode("utf-8", "surrogateescape")
        return any(hmac.compare_digest(_mac(key, purpose, message).encode(), sent) for key in self._by_id.values())


def new_master_key() -> str:
    """Make a master key, as base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


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


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnusable("a master key is 32 bytes, written as base64")
    return key


def _mac(master: bytes, purpose: str, message: bytes) -> str:
    """Authenticate under a key derived for one purpose (HKDF, RFC 5869): the master key itself only wraps."""
    key = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"postgate {purpose}".encode()).derive(master)
    return hmac.digest(key, message, "sha256").hex()


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"postgate master key" + key).hexdigest()[:16]
