"""Waking the other processes by Redis while it is there, and by NOTIFY while it is not.

That a log has grown is told one way: by Redis, or else by NOTIFY. A process that hears only the other one, as while
Redis is brought in or when it alone lost its connection, sees it by its next look at the heads. Other words (a login
that ended, a connection that was changed) are few, and not everybody who hears them looks for himself soon: they go
both ways, and those who hear them twice do twice what does no harm.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from uuid import UUID

from gateway.live import metrics, wakeup
from gateway.live.noted import Noted, Word
from gateway.live.notifier import Notifier
from gateway.live.radio import Radio
from gateway.redis_servers import AWAY, cancelled

#: Between two times that something is said.
PAUSE_SECONDS = 0.005
#: What was said by Redis already need not follow by NOTIFY as often as that.
REPEAT_SECONDS = 0.1
#: Before the name of what is NOTIFY's channel.
WORDS = "postgate:word:"


class Waker:
    """Says what is noted, and hears what others say.

    Args:
        radio: sharded pub/sub.
        notifier: sends NOTIFY; None where nobody could hear it.
        channels: what to call with a payload, by NOTIFY's channel.
        missed: called when something may have been missed.

    Attributes:
        noted: what is to be said.
    """

    def __init__(
        self,
        radio: Radio,
        notifier: Notifier | None,
        channels: Mapping[str, Callable[[str], None]],
        missed: Callable[[], None],
    ) -> None:
        self._radio = radio
        self._notifier = notifier
        self._channels = channels
        self._missed = missed
        self._watched: Counter[str] = Counter()
        self._repeated: dict[Word, None] = {}
        self.noted = Noted()

    def watch(self, tenant_id: UUID) -> None:
        """Begin to hear when a tenant's log grows."""
        shard = wakeup.shard_of(tenant_id)
        self._watched[shard] += 1
        if self._watched[shard] == 1:
            self._radio.join(shard, self)

    def unwatch(self, tenant_id: UUID) -> None:
        """Hear it no more."""
        shard = wakeup.shard_of(tenant_id)
        self._watched[shard] -= 1
        if not self._watched[shard]:
            self._radio.part(shard)

    def begins(self, channel: str) -> None:
        """Look after what may have been missed."""
        self._missed()

    def hears(self, channel: str, data: bytes) -> None:
        """Hand on what another process said, or this one."""
        name = wakeup.CHANNEL if channel.startswith(wakeup.SHARD) else channel.removeprefix(WORDS)
        self._channels[name](data.decode("ascii", "replace"))

    async def run(self) -> None:
        """Say what is noted, for ever."""
        for name in self._channels.keys() - {wakeup.CHANNEL}:
            self._radio.join(WORDS + name, self)
        while not cancelled():
            seqs, words = await self.noted.take()
            if await self._said(seqs, words):
                self._repeat_soon(words)
            else:
                await self._go_elsewhere(seqs, words)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _go_elsewhere(self, seqs: Mapping[UUID, int], words: Mapping[Word, None]) -> None:
        """Have it sent by NOTIFY; where that can't be, it waits for Redis."""
        other = self.noted if self._notifier is None else self._notifier.noted
        other.reach(seqs)
        other.tell(words)
        if self._notifier is None:
            await self._radio.connected.wait()

    def _repeat_soon(self, words: Mapping[Word, None]) -> None:
        if words and not self._repeated:
            asyncio.get_running_loop().call_later(REPEAT_SECONDS, self._repeat)
        self._repeated.update(words)

    def _repeat(self) -> None:
        if self._notifier is not None:
            self._notifier.noted.tell(self._repeated)
        self._repeated.clear()

    async def _said(self, seqs: Mapping[UUID, int], words: Mapping[Word, None]) -> bool:
        if not self._radio.connected.is_set():
            return False
        grown = [(channel, payload.encode()) for channel, payload in wakeup.by_shard(seqs)]
        other = [(WORDS + channel, payload.encode()) for channel, payload in words]
        try:
            await self._radio.send([*grown, *other])
        except AWAY:
            metrics.WAKEUPS_LOST.inc()
            return False
        metrics.WAKEUPS.labels("redis").inc(len(grown) + len(other))
        return True
