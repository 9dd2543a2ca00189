"""What happens after a message was taken: statuses come back, and the customer answers."""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
import structlog

from channels.http import HttpRequest
from gateway.simulator.accounts import Account
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.customers import answer_to
from gateway.simulator.imitation import Imitation, Message, Written

log = structlog.get_logger(__name__)

#: Seconds between one status and the next, and until a customer who read a message has answered it.
STEP_SECONDS = 0.6
ANSWER_SECONDS = 2.0
#: What is added at most, by chance.
JITTER = 0.5
#: How often, and after how many seconds, a webhook is posted again that was not taken.
RETRY_SECONDS = (1.0, 3.0, 10.0)
MOST_AT_ONCE = 5_000
MOST_NAMES = 10_000
POST_TIMEOUT = aiohttp.ClientTimeout(total=15)


@dataclass(frozen=True, slots=True)
class Pace:
    """How time passes: ``scale`` times as long as it says above, 0 for at once."""

    scale: float = 1.0

    async def wait(self, seconds: float) -> None:
        """Wait; at least until everybody else had a turn."""
        await asyncio.sleep(seconds * self.scale)


class Callbacks:
    """Posts webhooks to the gateway, in the background. An ``async with`` opens and closes it.

    Args:
        clock: the time, in UTC.
        chance: varies the pauses.
        new_id: makes ids that nobody had before.
        pace: how time passes.
        names: of customers, by their address.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        chance: random.Random,
        new_id: Callable[[], str],
        pace: Pace,
        names: dict[str, str],
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._new_id = new_id
        self._pace = pace
        self._names: OrderedDict[str, str] = OrderedDict(names)
        self._answers: OrderedDict[str, int] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Callbacks":
        self._session = aiohttp.ClientSession(timeout=POST_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def full(self) -> bool:
        """Tell whether more is under way than may be."""
        return len(self._tasks) >= MOST_AT_ONCE

    def follow(self, imitation: Imitation, message: Message, behaviour: Behaviour) -> None:
        """Begin to tell what becomes of a message; returns at once."""
        self._start(self._course(imitation, message, behaviour))

    async def tell_all(self, imitation: Imitation, message: Message, behaviour: Behaviour) -> None:
        """Post all statuses of a message without a pause; returns when they have arrived."""
        for word in _words(imitation, message, behaviour):
            await self._tell(imitation, message, word, behaviour)

    def answer(self, imitation: Imitation, message: Message) -> None:
        """Let the customer answer after a while; returns at once."""
        self._start(self._answered(imitation, message))

    async def bring(self, imitation: Imitation, written: Written) -> bool:
        """Post what a customer writes; tells whether the gateway took it."""
        if written.name:
            _note(self._names, written.customer, written.name, MOST_NAMES)
        request = imitation.write(written, self._clock(), self._new_id())
        return await self._post(imitation, written.account, request)

    async def _course(self, imitation: Imitation, message: Message, behaviour: Behaviour) -> None:
        for word in _words(imitation, message, behaviour):
            await self._pause(STEP_SECONDS)
            await self._tell(imitation, message, word, behaviour)
        if behaviour.replies and behaviour.fail is None:
            await self._answered(imitation, message)

    async def _tell(self, imitation: Imitation, message: Message, word: str, behaviour: Behaviour) -> None:
        reason = behaviour.fail if word == imitation.failed else None
        post = imitation.status(message, word, reason, self._clock(), self._new_id())
        if post is not None:
            for _ in range(behaviour.repeat):
                await self._post(imitation, message.account, post)

    async def _answered(self, imitation: Imitation, message: Message) -> None:
        await self._pause(ANSWER_SECONDS)
        turn = self._answers.get(message.recipient, 0)
        _note(self._answers, message.recipient, turn + 1, MOST_NAMES)
        written = Written(
            account=message.account,
            channel=message.channel,
            address=message.reply_to or message.sender,
            customer=message.recipient,
            name=self._names.get(message.recipient, ""),
            text=answer_to(message.text, turn),
            answers=message,
        )
        await self.bring(imitation, written)

    async def _pause(self, seconds: float) -> None:
        await self._pace.wait(seconds + self._chance.random() * JITTER)

    async def _post(self, imitation: Imitation, account: Account, request: HttpRequest) -> bool:
        """Post a webhook until it is taken, or was tried often enough."""
        url = account.reached(request.url)
        if url is None:
            log.warning("simulator.elsewhere", provider=imitation.provider)  # we call nobody but the gateway
            return False
        signed = imitation.signed(request, account, self._clock())
        for seconds in (*RETRY_SECONDS, None):
            answered = await self._answer_to(url, signed)
            if answered == "taken" or seconds is None:
                break
            log.info("simulator.not_taken", provider=imitation.provider, answered=answered)
            await self._pace.wait(seconds)
        return answered == "taken"

    async def _answer_to(self, url: str, signed: HttpRequest) -> str:
        if self._session is None:
            raise RuntimeError("not opened yet")
        try:
            async with self._session.post(
                url, data=signed.body, headers=signed.headers.as_dict(), allow_redirects=False
            ) as answer:
                await answer.read()
                return "taken" if answer.status // 100 == 2 else str(answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="simulated provider")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("simulator.failed", exc_info=error)


def _words(imitation: Imitation, message: Message, behaviour: Behaviour) -> list[str]:
    """Return the provider's words on a message, in the order in which they are posted."""
    course = message.course if behaviour.fail is None else (*message.course[:1], imitation.failed)
    words = list(course[: behaviour.steps])
    return words[::-1] if behaviour.reorder else words


def _note(kept: OrderedDict[str, Any], key: str, value: Any, most: int) -> None:
    """Keep a value as the newest; the oldest goes when there are too many."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
