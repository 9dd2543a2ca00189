"""The load: providers post at a steady rate, and again what was not acknowledged, and some of it twice anyway."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import aiohttp

from tests.drill.companies import Company
from tests.drill.evidence import Acknowledged
from tests.drill.letters import Letter, drawn

#: A provider's patience with one post, shorter than that of real ones: there are two gateways.
TIMEOUT = aiohttp.ClientTimeout(total=8)
#: So many posts wait for an answer, or for their next try, at most.
MOST_OPEN = 400
#: The share that is posted twice, at the same time.
TWICE_CHANCE = 0.1
#: Pauses between tries double from the first to the last.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


class Providers:
    """Posts until told to stop. An ``async with`` opens and closes it.

    Args:
        companies: to whom.
        gateways: URLs; each try goes to any of them.
        rate: posts a second.
        chance: draws everything.
        clock: seconds since the load began.

    Attributes:
        acknowledged: messages that were answered with 2xx.
        refused: how often each other answer came; 0: there was none.
        posts: how many different posts were made.
    """

    def __init__(
        self,
        companies: Sequence[Company],
        gateways: Sequence[str],
        rate: float,
        chance: random.Random,
        clock: Callable[[], float],
    ) -> None:
        self.acknowledged: list[Acknowledged] = []
        self.refused: Counter[int] = Counter()
        self.posts = 0
        self._companies = companies
        self._gateways = gateways
        self._rate = rate
        self._chance = chance
        self._clock = clock
        self._open: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(MOST_OPEN)
        self._numbers = itertools.count(1, step=10)

    async def __aenter__(self) -> "Providers":
        connector = aiohttp.TCPConnector(limit=MOST_OPEN)
        self._session = aiohttp.ClientSession(timeout=TIMEOUT, connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.give_up()
        await self._session.close()

    async def post_until(self, ended: Callable[[], bool]) -> None:
        """Begin one post after the other at the rate, until it is time to end; what is open stays so."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not ended():
            await self._room.acquire()
            await asyncio.sleep(max(0.0, began + self.posts / self._rate - loop.time()))
            letter = drawn(self._chance.choice(self._companies), next(self._numbers), self._chance, datetime.now(UTC))
            self.posts += 1
            task = asyncio.create_task(self._see_through(letter, random.Random(self._chance.getrandbits(64))))
            self._open.add(task)
            task.add_done_callback(self._done)

    @property
    def open(self) -> int:
        """How many posts are not acknowledged yet."""
        return len(self._open)

    async def give_up(self) -> None:
        """Stop trying."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        self._room.release()
        if not task.cancelled():
            task.result()

    async def _see_through(self, letter: Letter, chance: random.Random) -> None:
        """Post until it is acknowledged."""
        pause = FIRST_PAUSE
        while True:
            times = 2 if chance.random() < TWICE_CHANCE else 1
            asked = chance.choices(self._gateways, k=times)
            answers = await asyncio.gather(*(self._once(letter, gateway) for gateway in asked))
            self.refused.update(answer for answer in answers if answer // 100 != 2)
            for gateway, answer in zip(asked, answers, strict=True):
                if answer // 100 == 2:
                    now = self._clock()
                    self.acknowledged += [Acknowledged(one, letter.provider, gateway, now) for one in letter.marks]
                    return
            await asyncio.sleep(pause * chance.uniform(0.5, 1))
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _once(self, letter: Letter, gateway: str) -> int:
        """Post once; returns the status, 0 when there was none."""
        post = letter.signed(datetime.now(UTC))
        try:
            async with self._session.post(gateway + post.path, data=post.body, headers=post.headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0
