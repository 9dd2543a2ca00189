"""The other processes of this gateway, by way of Redis' pub/sub: a channel for each tenant that is served here.

Nothing is kept in Redis. Each process says who is connected to it when that changes, when somebody new asks, and every
few seconds; one that was not heard of for a while has died, and its people are gone. So whatever is lost, be it Redis
itself, heals with the next time that everybody says who is there. What is said is sealed under the master key, for the
channel of its tenant: drafts are among it, and whoever can write to Redis could tell browsers anything otherwise.
"""

import asyncio
from collections import deque
from uuid import UUID

import structlog

from gateway.keys import Keyring, KeyUnusable
from gateway.live import gossip
from gateway.live.gossip import Here, Saying, SayingMalformed, Who
from gateway.live.presence import Presence
from gateway.live.radio import Radio
from gateway.redis_servers import AWAY, cancelled

log = structlog.get_logger(__name__)

#: From one time that a process says who is there to the next.
SAY_SECONDS = 10.0
#: A process that was silent for so long has died.
SILENT_SECONDS = 30.0
#: Sayings that wait for Redis; when there are more, the oldest are lost.
MOST_WAITING = 10_000
GOODBYE_SECONDS = 1.0
PURPOSE = "live sayings"


class Neighbours:
    """Tells other processes, and listens to them.

    Args:
        radio: sharded pub/sub, which runs by itself.
        process: a name that no other process has.
        keyring: seals what is said.
        say_seconds: see ``SAY_SECONDS``.
        silent_seconds: see ``SILENT_SECONDS``.
    """

    def __init__(
        self,
        radio: Radio,
        process: str,
        keyring: Keyring,
        say_seconds: float = SAY_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._radio = radio
        self._process = process
        self._keyring = keyring
        self._say_seconds = say_seconds
        self._silent_seconds = silent_seconds
        self._joined: set[UUID] = set()
        self._waiting: deque[tuple[str, bytes]] = deque(maxlen=MOST_WAITING)
        self._grown = asyncio.Event()
        self._heard_at: dict[tuple[UUID, str], float] = {}
        self._presence: Presence | None = None

    def join(self, tenant_id: UUID) -> None:
        """Begin to listen to the processes that serve a tenant."""
        self._joined.add(tenant_id)
        self._radio.join(gossip.channel_of(tenant_id), self)

    def part(self, tenant_id: UUID) -> None:
        """Listen to them no more."""
        self._joined.discard(tenant_id)
        for key in [key for key in self._heard_at if key[0] == tenant_id]:
            del self._heard_at[key]
        self._radio.part(gossip.channel_of(tenant_id))

    def say(self, tenant_id: UUID, saying: Saying) -> None:
        """Tell the others something; without Redis it is lost."""
        if self._radio.connected.is_set():
            self._say(tenant_id, saying)

    async def run(self, presence: Presence) -> None:
        """Tell the others what is to be said, for ever; what they say is put beside what is known here."""
        self._presence = presence
        while not cancelled():
            await self._grown.wait()
            self._grown.clear()
            try:
                await self._publish()
            except AWAY as error:
                log.warning("live.saying_lost", error=type(error).__name__)

    async def look_after(self, presence: Presence) -> None:
        """Say who is here and forget those who are silent, for ever; also without Redis."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._say_seconds)
            for (tenant_id, process), heard_at in list(self._heard_at.items()):
                if heard_at <= loop.time() - self._silent_seconds:
                    del self._heard_at[tenant_id, process]
                    presence.lost(tenant_id, process)
            for tenant_id in presence.tenants:
                self.say(tenant_id, presence.state(tenant_id))

    async def goodbye(self) -> None:
        """Tell the others that nobody is here any more, if that is quick; before ``run`` is stopped."""
        for tenant_id in self._joined:
            self.say(tenant_id, Here(sessions=()))
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._publish()
        except AWAY as error:
            log.info("live.no_goodbye", error=type(error).__name__)

    def begins(self, channel: str) -> None:
        """Say who is here, and ask who is there, now that the answers will be heard."""
        if self._presence is not None:
            tenant_id = gossip.tenant_of(channel)
            self._say(tenant_id, self._presence.state(tenant_id))
            self._say(tenant_id, Who())

    def hears(self, channel: str, data: bytes) -> None:
        """Take in what another process says."""
        try:
            tenant_id, saying = gossip.tenant_of(channel), gossip.read(self._keyring.unseal(PURPOSE, data, channel))
        except (SayingMalformed, KeyUnusable):
            log.warning("live.saying_malformed", channel=channel[:100])
            return
        if saying.process == self._process or tenant_id not in self._joined or self._presence is None:
            return
        self._heard_at[tenant_id, saying.process] = asyncio.get_running_loop().time()
        self._presence.heard(tenant_id, saying)

    def _say(self, tenant_id: UUID, saying: Saying) -> None:
        channel = gossip.channel_of(tenant_id)
        said = self._keyring.seal(PURPOSE, gossip.write(self._process, saying), channel)
        self._waiting.append((channel, said))
        self._grown.set()

    async def _publish(self) -> None:
        if self._waiting:
            said, self._waiting = list(self._waiting), deque(maxlen=MOST_WAITING)
            await self._radio.send(said)
