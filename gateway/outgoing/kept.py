"""Answers that are kept for a day: certificates that webhooks are signed with."""

import asyncio
from collections.abc import Callable

from channels.http import NO_ANSWER, HttpRequest, HttpResponse
from gateway.outgoing.dialogue import Send

DAY_SECONDS = 24 * 3600.0
LONGEST_BODY = 64 * 1024
MOST_KEPT = 256
MOST_AT_ONCE = 8


class KeptAnswers:
    """Makes each GET once a day, and only once at a time, however many ask for it.

    Strangers have a say in which URLs are asked for. So only good, short answers are kept, and few of them; and few
    are fetched at the same time.

    Args:
        send: makes the requests.
        monotonic: seconds that only grow.
    """

    def __init__(self, send: Send, monotonic: Callable[[], float]) -> None:
        self._send = send
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, HttpResponse]] = {}
        self._fetching: dict[str, asyncio.Task[HttpResponse]] = {}

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Answer from what is kept, else make the request."""
        if request.method != "GET":
            return await self._send(request)
        until, kept = self._kept.get(request.url, (0.0, None))
        if kept is not None and self._monotonic() < until:
            return kept
        task = self._fetching.get(request.url)
        if task is None:
            if len(self._fetching) >= MOST_AT_ONCE:
                return HttpResponse(NO_ANSWER, failure="too much is being fetched", sent=False)
            task = self._fetching[request.url] = asyncio.create_task(self._fetch(request))
            task.add_done_callback(lambda _: self._fetching.pop(request.url, None))
        return await asyncio.shield(task)

    async def _fetch(self, request: HttpRequest) -> HttpResponse:
        response = await self._send(request)
        if response.status == 200 and len(response.body) <= LONGEST_BODY:
            if len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))  # the oldest
            self._kept.pop(request.url, None)
            self._kept[request.url] = (self._monotonic() + DAY_SECONDS, response)
        return response
