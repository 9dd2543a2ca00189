"""Whether the keys that tenants' data keys are wrapped by are here."""

from collections.abc import Callable, Mapping

import asyncpg
import structlog

from gateway.api.services import NotReady
from gateway.keys import Keyring, WrappedKey
from gateway.store.key_stock import master_keys_in_use

log = structlog.get_logger(__name__)

#: How old may be what is known of the database's keys.
KEYS_SECONDS = 30.0


class KeyCheck:
    """Whether what wraps the tenants' keys is here, for ``/readyz``.

    Args:
        keyring: the keys.
        pool: of the role ``hook``.
        monotonic: seconds that only grow.
    """

    def __init__(self, keyring: Keyring, pool: asyncpg.Pool, monotonic: Callable[[], float]) -> None:
        self._keyring = keyring
        self._pool = pool
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._missing: Mapping[str, int] = {}
        self._most_missing = False

    async def __call__(self) -> object:
        """Tell by what keys are wrapped, and of how many tenants they can't be opened.

        Raises:
            NotReady: when the service that wraps keys failed and no key is at hand, or when the keys of most tenants
                were wrapped by what is not here: then nearly nothing can be opened.
        """
        if self._looked_at is None or self._looked_at + KEYS_SECONDS < self._monotonic():
            await self._look()
            self._looked_at = self._monotonic()
        if self._most_missing:
            names = ", ".join(self._missing)
            raise NotReady(f"the keys of most tenants were wrapped by a master key that is not here: {names}")
        missing = {"missing": self._missing} if self._missing else {}
        found = self._keyring.health()
        if found is None:
            return {"wrapped_by": "master key", **missing}
        held, failure = found
        if failure is not None and not held:
            raise NotReady(f"no key can be unwrapped: {failure}")
        return {"wrapped_by": "vault", "keys_held": held, "failure": failure, **missing}

    async def _look(self) -> None:
        used = await master_keys_in_use(self._pool)
        missing = {name: count for name, count in used.items() if not self._keyring.knows(WrappedKey(b"-", name))}
        if missing and missing != self._missing:
            log.error("keys.missing", wrapped_by=sorted(missing), tenants=sum(missing.values()))
        self._missing = missing
        self._most_missing = sum(missing.values()) * 2 > sum(used.values())
