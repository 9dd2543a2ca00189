"""Everything that wraps and unwraps data keys, and proves what this installation made."""

import os
from collections.abc import Sequence

from gateway.keys.master import MasterKeys
from gateway.keys.remembering import Remembering
from gateway.keys.wrapped import KEY_BYTES, KeyShredded, WrappedKey, Wrapping


class Keyring:
    """The master keys, and a service that wraps instead of them if the operator named one.

    Args:
        current: the master key, 32 bytes as base64.
        previous: earlier ones.
        service: wraps data keys from now on; those that master keys wrapped stay readable.

    Raises:
        KeyUnusable: when a master key is none.
    """

    def __init__(self, current: str, previous: Sequence[str] = (), service: Remembering | None = None) -> None:
        self._master = MasterKeys(current, previous)
        self._service = service
        self._away_from_service = False

    def leave_service(self) -> None:
        """Wrap by the master key from now on; what the service wrapped stays readable."""
        self._away_from_service = True

    async def current(self) -> str:
        """Return the name under which data keys are wrapped now.

        Raises:
            KeysUnavailable: when the service can't be asked.
        """
        return await self._wraps().current()

    async def new_data_key(self) -> tuple[bytes, WrappedKey]:
        """Make a data key; returns it and the form in which it is to be stored.

        Raises:
            KeysUnavailable: when the service can't be asked.
        """
        key = os.urandom(KEY_BYTES)
        return key, await self._wraps().wrap(key)

    async def unwrap(self, key: WrappedKey) -> bytes:
        """Return the data key.

        Raises:
            KeyShredded: when it was destroyed.
            KeyUnusable: when what wrapped it is not here.
            KeysUnavailable: when the service can't be asked.
        """
        if not key.wrapped:
            raise KeyShredded("this data key was destroyed")
        return await self._wrapper_of(key).unwrap(key)

    async def rewrap(self, key: WrappedKey) -> WrappedKey:
        """Wrap a data key anew, under the current name, whoever wrapped it before.

        Raises:
            KeyShredded: when it was destroyed.
            KeyUnusable: when what wrapped it is not here.
            KeysUnavailable: when the service can't be asked.
        """
        wrapper = self._wrapper_of(key)
        if wrapper is self._wraps() and key.wrapped:
            return await wrapper.rewrap(key)
        return await self._wraps().wrap(await self.unwrap(key))

    def health(self) -> tuple[int, str | None] | None:
        """Tell how many keys the service unwrapped that are at hand, and why it failed last; None without a service."""
        return None if self._service is None else self._service.health()

    def mac(self, purpose: str, message: bytes) -> str:
        """Return a proof, as hexadecimal digits, that this installation has seen a message for a purpose."""
        return self._master.mac(purpose, message)

    def proves(self, purpose: str, message: bytes, given: str) -> bool:
        """Tell in constant time whether ``mac`` has made a proof, under any of the master keys."""
        return self._master.proves(purpose, message, given)

    def seal(self, purpose: str, message: bytes, belongs_to: str) -> bytes:
        """Encrypt a message for the other processes of this installation."""
        return self._master.seal(purpose, message, belongs_to)

    def unseal(self, purpose: str, sealed: bytes, belongs_to: str) -> bytes:
        """Decrypt what ``seal`` has encrypted, under any of the master keys.

        Raises:
            KeyUnusable: when it was made elsewhere, changed, or belongs to something else.
        """
        return self._master.unseal(purpose, sealed, belongs_to)

    def knows(self, key: WrappedKey) -> bool:
        """Tell whether what wrapped a data key is here."""
        return self._wrapper_of(key).wrapped(key)

    def _wraps(self) -> Wrapping:
        return self._master if self._service is None or self._away_from_service else self._service

    def _wrapper_of(self, key: WrappedKey) -> Wrapping:
        return self._service if self._service is not None and self._service.wrapped(key) else self._master
