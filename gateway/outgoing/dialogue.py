"""Lead a dialogue with a provider: make each request that it yields, tell it what was answered."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from channels.http import HttpRequest, HttpResponse
from channels.operations import Dialogue

Result = TypeVar("Result")
Send = Callable[[HttpRequest], Awaitable[HttpResponse]]

#: More than any operation needs; a provider that sends us from page to page for ever must not keep us.
MOST_REQUESTS = 500


class DialogueEndless(Exception):
    """A dialogue that made ``MOST_REQUESTS`` requests and wanted another."""


async def drive(dialogue: Dialogue[Result], send: Send) -> Result:
    """Lead a dialogue to its end and return what came of it.

    Args:
        dialogue: just begun.
        send: makes one request; see ``Calls.send``.

    Raises:
        DialogueEndless: when it does not come to an end.
    """
    try:
        request = next(dialogue)
        for _ in range(MOST_REQUESTS):
            request = dialogue.send(await send(request))
    except StopIteration as done:
        result: Result = done.value
        return result
    finally:
        dialogue.close()
    raise DialogueEndless(f"a dialogue with a provider wanted more than {MOST_REQUESTS} requests")
