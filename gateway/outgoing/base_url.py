"""Calls that go to a connection's own base URL instead of to its provider's: a proxy, a simulator."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from channels.http import HttpRequest, HttpResponse
from gateway.outgoing.dialogue import Send


def moved(request: HttpRequest, settings: Mapping[str, Any]) -> HttpRequest:
    """Return a request as it is to be made under a connection's settings.

    The setting ``base_url`` takes the place of scheme, host and port of the URL; its path comes in front of the
    URL's own, which stays as it is, byte for byte. A request that is signed with its host is no longer rightly so.
    """
    base = settings.get("base_url")
    if not isinstance(base, str) or not base:
        return request
    rest = request.url.partition("://")[2]
    host = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    return replace(request, url=base.rstrip("/") + rest[len(host) :])


def calling(send: Send, settings: Mapping[str, Any]) -> Send:
    """Return what makes a connection's requests, all of them to where its settings lead."""
    return partial(_moved_and_sent, send, settings)


async def _moved_and_sent(send: Send, settings: Mapping[str, Any], request: HttpRequest) -> HttpResponse:
    return await send(moved(request, settings))
