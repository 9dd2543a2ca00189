"""Data keys as they are stored, who wraps them, and what can go wrong with that."""

from dataclasses import dataclass
from typing import Protocol

KEY_BYTES = 32


class KeyUnusable(Exception):
    """A key that is not 32 bytes of base64, or does not open what it should."""


class KeyShredded(KeyUnusable):
    """A data key that was destroyed: what it sealed can't be read by anybody any more."""


class KeysUnavailable(Exception):
    """The service that unwraps data keys can't be used now; trying again later may work. The text is for operators."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as it is stored; ``master_key_id`` names what wrapped it. One that was destroyed has no bytes."""

    wrapped: bytes
    master_key_id: str


class Wrapping(Protocol):
    """Who wraps data keys: master keys that are here, or a service that never shows its own."""

    async def current(self) -> str:
        """Return the name under which data keys are wrapped now.

        Raises:
            KeysUnavailable: when the service can't be asked.
        """

    def wrapped(self, key: WrappedKey) -> bool:
        """Tell whether a data key was wrapped here."""

    async def wrap(self, data_key: bytes) -> WrappedKey:
        """Wrap a data key.

        Raises:
            KeysUnavailable: when the service can't be asked.
        """

    async def unwrap(self, key: WrappedKey) -> bytes:
        """Return the data key.

        Raises:
            KeyUnusable: when it can't be unwrapped, now or later.
            KeysUnavailable: when the service can't be asked.
        """

    async def rewrap(self, key: WrappedKey) -> WrappedKey:
        """Wrap a data key that was wrapped here anew, under the current name.

        Raises:
            KeyUnusable: when it can't be unwrapped, now or later.
            KeysUnavailable: when the service can't be asked.
        """
