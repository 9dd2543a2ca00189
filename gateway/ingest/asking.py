"""What is asked of a provider on behalf of a webhook: to judge it, to confirm it, to complete it."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import structlog

from channels.adapter import Adapter
from channels.http import HttpRequest
from channels.operations import Dialogue
from channels.outbound import Refused
from gateway.ingest import metrics
from gateway.ingest.routing import Route
from gateway.outgoing.base_url import calling
from gateway.outgoing.dialogue import DialogueEndless, Send, drive
from gateway.outgoing.http import Calls
from gateway.outgoing.kept import KeptAnswers
from gateway.problems import ProviderUnreachable

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

PREPARE_SECONDS = 10.0
CONFIRM_SECONDS = 10.0
COMPLETE_SECONDS = 60.0
#: Of one answer: the largest mail that a provider hands out, in base64.
COMPLETE_BYTES = 56 * 1024 * 1024

TOO_SLOW = Refused("too_slow", "The provider takes too long.", retryable=True)
OUR_FAULT = Refused("operation_failed", "The gateway failed to ask the provider.", retryable=False)


class Questions:
    """Asks providers; a route whose adapter has nothing to ask costs nothing.

    Args:
        calls: makes the requests.
        monotonic: seconds that only grow.
        clock: the time, in UTC.
    """

    def __init__(self, calls: Calls, monotonic: Callable[[], float], clock: Callable[[], datetime]) -> None:
        self._calls = calls
        self._kept = KeptAnswers(calls.send, monotonic)
        self._clock = clock

    async def prepare(self, adapter: Adapter, request: HttpRequest, credentials: Any) -> Any:
        """Return the credentials with what it takes to judge a request. Nothing is proven yet.

        Raises:
            ProviderUnreachable: when that can't be fetched now.
        """
        if adapter.operations.prepare is None:
            return credentials
        outcome = await _asked(
            adapter, "prepare", adapter.operations.prepare(request, credentials), self._kept.send, PREPARE_SECONDS
        )
        if isinstance(outcome, Refused):
            raise ProviderUnreachable("what this webhook has to be judged with can't be fetched at the moment")
        return outcome

    async def confirm(self, route: Route, request: HttpRequest) -> None:
        """Give the provider of a stored webhook what it waits for.

        Raises:
            ProviderUnreachable: when that failed and may work at the provider's next try.
        """
        if route.adapter.operations.confirm is None:
            return
        dialogue = route.adapter.operations.confirm(request, route.credentials)
        outcome = await _asked(route.adapter, "confirm", dialogue, self._calls.send, CONFIRM_SECONDS)
        if outcome is not None and outcome.retryable:
            raise ProviderUnreachable("the confirmation that this webhook asks for did not succeed")

    async def complete(self, route: Route, request: HttpRequest) -> Mapping[str, bytes] | Refused:
        """Fetch what a webhook only points at."""
        if route.adapter.operations.complete is None:
            return {}
        dialogue = route.adapter.operations.complete(request, route.credentials, self._clock())
        send = calling(partial(self._calls.send, limit=COMPLETE_BYTES), route.context)
        return await _asked(route.adapter, "complete", dialogue, send, COMPLETE_SECONDS)


async def _asked(
    adapter: Adapter, operation: str, dialogue: Dialogue[Result], send: Send, seconds: float
) -> Result | Refused:
    """Lead a dialogue, bounded in time; log and count it if anything was asked at all."""
    asked = 0

    async def counted(request: HttpRequest) -> Any:
        nonlocal asked
        asked += 1
        return await send(request)

    outcome: Result | Refused
    try:
        async with asyncio.timeout(seconds):
            outcome = await drive(dialogue, counted)
    except TimeoutError:
        outcome = TOO_SLOW
    except DialogueEndless:
        outcome = OUR_FAULT
    except Exception:  # a fault of an adapter, which never raises: its webhook must not suffer
        log.exception("ingest.operation_failed", provider=adapter.provider, operation=operation)
        outcome = OUR_FAULT
    refused = outcome.code if isinstance(outcome, Refused) else None
    if asked or refused:
        metrics.ASKED.labels(adapter.provider, operation, "refused" if refused else "done").inc()
        level = log.warning if refused else log.debug if operation == "prepare" else log.info
        level("ingest.asked", provider=adapter.provider, operation=operation, requests=asked, refused=refused)
    return outcome
