"""Master keys that are here: from the environment or a file. They wrap by AES key wrap (RFC 3394)."""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from gateway.keys.sealing import seal, unseal
from gateway.keys.wrapped import KEY_BYTES, KeyUnusable, WrappedKey


class MasterKeys:
    """The current one wraps, it and the earlier ones unwrap and prove.

    Args:
        current: 32 bytes as base64.
        previous: the same.

    Raises:
        KeyUnusable: when one is something else.
    """

    def __init__(self, current: str, previous: Sequence[str] = ()) -> None:
        self._current = _decoded(current)
        self._by_id = {_key_id(key): key for key in (*map(_decoded, previous), self._current)}

    async def current(self) -> str:
        """Return the current one's name: a digest."""
        return _key_id(self._current)

    def wrapped(self, key: WrappedKey) -> bool:
        """Tell whether one of these wrapped a data key."""
        return key.master_key_id in self._by_id

    async def wrap(self, data_key: bytes) -> WrappedKey:
        """Wrap a data key with the current one."""
        return WrappedKey(aes_key_wrap(self._current, data_key), _key_id(self._current))

    async def unwrap(self, key: WrappedKey) -> bytes:
        """Return the data key.

        Raises:
            KeyUnusable: when the master key that wrapped it is not here, or it was changed.
        """
        master = self._by_id.get(key.master_key_id)
        if master is None:
            raise KeyUnusable(f"the master key {key.master_key_id} is not configured")
        try:
            return aes_key_unwrap(master, key.wrapped)
        except InvalidUnwrap:
            raise KeyUnusable("a data key does not unwrap") from None

    async def rewrap(self, key: WrappedKey) -> WrappedKey:
        """Wrap a data key with the current one that an earlier one wrapped.

        Raises:
            KeyUnusable: when the master key that wrapped it is not here, or it was changed.
        """
        return await self.wrap(await self.unwrap(key))

    def mac(self, purpose: str, message: bytes) -> str:
        """Return a proof, as hexadecimal digits, that this installation has seen a message for a purpose."""
        return _mac(self._current, purpose, message)

    def proves(self, purpose: str, message: bytes, given: str) -> bool:
        """Tell in constant time whether ``mac`` has made a proof, under any of the keys."""
        sent = given.encode("utf-8", "surrogateescape")
        return any(hmac.compare_digest(_mac(key, purpose, message).encode(), sent) for key in self._by_id.values())

    def seal(self, purpose: str, message: bytes, belongs_to: str) -> bytes:
        """Encrypt a message for the other processes of this installation; see ``gateway.keys.seal``."""
        return seal(_derived(self._current, purpose), message, belongs_to)

    def unseal(self, purpose: str, sealed: bytes, belongs_to: str) -> bytes:
        """Decrypt what ``seal`` has encrypted, under any of the keys.

        Raises:
            KeyUnusable: when it was made elsewhere, changed, or belongs to something else.
        """
        for key in reversed(self._by_id.values()):  # the current one first
            try:
                return unseal(_derived(key, purpose), sealed, belongs_to)
            except KeyUnusable:
                continue
        raise KeyUnusable("a sealed message does not open")


def new_master_key() -> str:
    """Make a master key, as base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnusable("a master key (POSTGATE_MASTER_KEY, or an earlier one) is 32 bytes, written as base64")
    return key


def _mac(master: bytes, purpose: str, message: bytes) -> str:
    """Authenticate under a key derived for one purpose (HKDF, RFC 5869): the master key itself only wraps."""
    return hmac.digest(_derived(master, purpose), message, "sha256").hex()


@lru_cache(64)
def _derived(master: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"postgate {purpose}".encode()).derive(master)


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"postgate master key" + key).hexdigest()[:16]
