"""Agents, who answer customers through the API, and ask again under the same key when they got no answer."""

import asyncio
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp

from tests.drill.companies import Company
from tests.drill.marks import mark

TIMEOUT = aiohttp.ClientTimeout(total=8)
#: The share of requests that are repeated although they were answered.
AGAIN_CHANCE = 0.15
#: After so many answers an agent looks at the list anew.
LOOK_EVERY = 5
LISTED = 30
#: Marks of answers are numbered from here on.
ANSWERS_FROM = 5_000_000
PAUSE_SECONDS = 0.3
#: What is tried again under the same key; 0: there was no answer.
PASSING = frozenset({0, 429, 500, 502, 503, 504})


class Agents:
    """One agent for each tenant, who writes something at least once.

    Args:
        companies: the tenants.
        gateways: URLs; each try goes to any of them.
        rate: answers a second, of all together.
        chance: draws everything.

    Attributes:
        answers: marks of answers that were accepted, with the ids that were told.
        refused: how often each other status came.
    """

    def __init__(
        self, companies: Sequence[Company], gateways: Sequence[str], rate: float, chance: random.Random
    ) -> None:
        self.answers: dict[str, set[str]] = defaultdict(set)
        self.refused: Counter[int] = Counter()
        self._companies = companies
        self._gateways = gateways
        self._pause = len(companies) / rate
        self._chance = chance

    async def answer_until(self, ended: Callable[[], bool]) -> None:
        """Answer until it is time to end."""
        async with asyncio.TaskGroup() as tasks:
            for company in self._companies:
                tasks.create_task(self._work(company, random.Random(self._chance.random()), ended))

    async def _work(self, company: Company, chance: random.Random, ended: Callable[[], bool]) -> None:
        conversations: list[str] = []
        wrote = False
        async with aiohttp.ClientSession(timeout=TIMEOUT, headers=company.auth) as session:
            for number in itertools.count():
                await asyncio.sleep(self._pause * chance.uniform(0.5, 1.5))
                if ended() and wrote:
                    return
                if number % LOOK_EVERY == 0 or not conversations:
                    conversations = await self._listed(session, chance) or conversations
                if conversations:
                    wrote |= await self._answer(
                        session, chance, chance.choice(conversations), mark(company.name, ANSWERS_FROM + number)
                    )

    async def _listed(self, session: aiohttp.ClientSession, chance: random.Random) -> list[str]:
        status, page = await self._ask(
            session, "GET", f"{chance.choice(self._gateways)}/api/v1/conversations?limit={LISTED}"
        )
        return [one["id"] for one in page["data"]] if status == 200 else []

    async def _answer(
        self, session: aiohttp.ClientSession, chance: random.Random, conversation: str, words: str
    ) -> bool:
        """Write one answer, until it is accepted; False when it is refused for good."""
        path = f"/api/v1/conversations/{conversation}/messages"
        while True:
            url = chance.choice(self._gateways) + path
            status, made = await self._ask(
                session, "POST", url, {"text": f"Answer {words}"}, {"Idempotency-Key": words}
            )
            if status == 201:
                self.answers[words].add(made["id"])
                if chance.random() >= AGAIN_CHANCE:
                    return True
            else:
                self.refused[status] += 1
                if status not in PASSING:
                    return False
                await asyncio.sleep(PAUSE_SECONDS)

    async def _ask(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Make a request; returns its status, 0 when there was no answer, and what it says."""
        try:
            async with session.request(method, url, json=body, headers=headers) as answer:
                return answer.status, await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0, None
