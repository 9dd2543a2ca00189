"""Data keys that a service unwrapped, kept in memory for a while: it is asked seldom, and may be away for a while."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from prometheus_client import Counter

from gateway.keys.wrapped import KeysUnavailable, KeyUnusable, WrappedKey, Wrapping

log = structlog.get_logger(__name__)

#: After so long the service is asked again whether it still unwraps a key that is in use.
FRESH_SECONDS = 300.0
#: For so long a key is used although the service does not answer.
KEPT_SECONDS = 3600.0
#: After a failure it is not asked for a key that is at hand.
PAUSE_SECONDS = 15.0
#: Keys at hand, at most.
MOST_KEYS = 50_000

CALLS = Counter(
    "postgate_key_service_calls_total",
    "Questions to the service that wraps data keys, by outcome: answered, refused or failed.",
    ["outcome"],
)


@dataclass(slots=True)
class Held:
    """A data key at hand: until when it needs no question, and until when it may be used without an answer."""

    key: bytes
    fresh_until: float
    kept_until: float


class Remembering:
    """Wraps by a service, and remembers what that unwrapped.

    Args:
        service: wraps and unwraps.
        monotonic: seconds that only grow.
    """

    def __init__(self, service: Wrapping, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._monotonic = monotonic
        self._held: dict[bytes, Held] = {}
        self._asking: dict[bytes, asyncio.Task[bytes]] = {}
        self._failure: str | None = None

    async def current(self) -> str:
        """Return the name under which data keys are wrapped now; see ``Wrapping``."""
        return await self._service.current()

    def wrapped(self, key: WrappedKey) -> bool:
        """Tell whether the service wrapped a data key."""
        return self._service.wrapped(key)

    async def wrap(self, data_key: bytes) -> WrappedKey:
        """Wrap a data key; see ``Wrapping``."""
        wrapped = await self._service.wrap(data_key)
        self._hold(wrapped.wrapped, data_key)
        return wrapped

    async def rewrap(self, key: WrappedKey) -> WrappedKey:
        """Wrap a data key anew; see ``Wrapping``."""
        return await self._service.rewrap(key)

    async def unwrap(self, key: WrappedKey) -> bytes:
        """Return the data key; the service is asked if it is not at hand, or has been for long.

        Raises:
            KeyUnusable: when the service does not unwrap it, now or later.
            KeysUnavailable: when it is not at hand and the service does not answer.
        """
        held, now = self._held.get(key.wrapped), self._monotonic()
        if held is not None and held.fresh_until > now:
            return held.key
        try:
            return await self._asked(key)
        except KeysUnavailable:
            if held is None or held.kept_until <= now:
                raise
            held.fresh_until = now + PAUSE_SECONDS
            return held.key

    def health(self) -> tuple[int, str | None]:
        """Tell how many keys are at hand, and why the last question failed; None when it did not."""
        now = self._monotonic()
        return sum(one.kept_until > now for one in self._held.values()), self._failure

    async def _asked(self, key: WrappedKey) -> bytes:
        """Ask the service; many who want the same key at the same time ask once."""
        task = self._asking.get(key.wrapped)
        if task is None:
            task = asyncio.create_task(self._ask(key), name="unwrapping")
            self._asking[key.wrapped] = task
            task.add_done_callback(lambda _: self._asking.pop(key.wrapped, None))
        return await asyncio.shield(task)

    async def _ask(self, key: WrappedKey) -> bytes:
        try:
            found = await self._service.unwrap(key)
        except KeysUnavailable as error:
            CALLS.labels("failed").inc()
            self._failure = str(error)
            log.warning("keys.unavailable", reason=self._failure)
            raise
        except KeyUnusable as error:
            CALLS.labels("refused").inc()
            self._held.pop(key.wrapped, None)
            log.warning("keys.refused", reason=str(error))
            raise
        CALLS.labels("answered").inc()
        self._failure = None
        self._hold(key.wrapped, found)
        return found

    def _hold(self, wrapped: bytes, key: bytes) -> None:
        now = self._monotonic()
        if len(self._held) >= MOST_KEYS:
            self._held = {name: one for name, one in self._held.items() if one.fresh_until > now}
            if len(self._held) >= MOST_KEYS:
                self._held.clear()
        self._held[wrapped] = Held(key, now + FRESH_SECONDS, now + KEPT_SECONDS)
