"""The client: one method for each thing that can be done."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, cast
from urllib.parse import quote

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar

from postgate_client.errors import ApiError, NotReached, Resync
from postgate_client.following import Cursor
from postgate_client.models import (
    Attempt,
    Conversation,
    ConversationFilter,
    CreatedEndpoint,
    Delivery,
    DeliveryFilter,
    DeliveryInFull,
    Endpoint,
    EndpointChange,
    EndpointPage,
    Event,
    EventPage,
    Json,
    Message,
    MessageFields,
    NewEndpoint,
    Recovery,
    ReplayFields,
    RotatedEndpoint,
)

Answer = TypeVar("Answer")

SECONDS = 30.0
TRIES = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
#: The gateway is busy, or about to start anew.
PASSING = frozenset({429, 502, 503, 504})


class Postgate:
    """A gateway, as one tenant's API key sees it. Use it with ``async with``.

    What only reads, and messages (by their ``Idempotency-Key``), is tried up to three times when the gateway is busy or
    not reached. Everything may raise ``ApiError`` and ``NotReached``.

    Args:
        url: of the gateway.
        api_key: of the tenant.
        pause: waits some seconds; another one is for tests.
    """

    def __init__(self, url: str, api_key: str, *, pause: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._pause = pause
        self._http: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = ClientSession(headers=self._headers, cookie_jar=DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    # Events.

    async def events(
        self, after: int | None = None, *, epoch: str | None = None, types: Sequence[str] = (), limit: int = 100,
        wait: int = 0,
    ) -> EventPage:  # fmt: skip
        """Return a page of the log after a position; an empty one comes after ``wait`` seconds only.

        Raises:
            Resync: when the log can't be followed from there.
        """
        query = {"after": after, "epoch": epoch, "types": ",".join(types) or None, "limit": limit, "wait": wait or None}
        return await self._call(EventPage, "GET", "/events", query, seconds=SECONDS + wait)

    async def head(self) -> Cursor:
        """Return the newest position: take it first, then load what you need, then follow from it."""
        page = await self.events(limit=1)
        return Cursor(page["head"], page["epoch"])

    async def follow(self, cursor: Cursor, *, types: Sequence[str] = (), wait: int = 30) -> AsyncIterator[Event]:
        """Yield events after a position, in order, for ever; a gateway that is away is waited for.

        The cursor moves past an event once the next one is asked for: save it then, and nothing is lost.

        Raises:
            Resync: when the log can't be followed from there.
            ValueError: when ``wait`` is 0: the gateway would be asked without a pause.
        """
        if wait < 1:
            raise ValueError("wait has to be 1 second or more")
        failures = 0
        while True:
            try:
                page = await self.events(cursor.after, epoch=cursor.epoch, types=types, wait=wait)
            except (NotReached, ApiError) as error:
                if isinstance(error, ApiError) and error.status not in PASSING:
                    raise
                failures += 1
                await self._pause(_pause(failures, error))
                continue
            failures = 0
            for event in page["data"]:
                yield event
                cursor.after = event["seq"]
            cursor.after = page["next_after"]

    # Endpoints.

    async def endpoints(self) -> list[Endpoint]:
        """Return all endpoints."""
        return (await self._call(EndpointPage, "GET", "/webhook-endpoints"))["data"]

    async def endpoint(self, endpoint_id: str) -> Endpoint:
        """Return an endpoint."""
        return await self._call(Endpoint, "GET", _path("webhook-endpoints", endpoint_id))

    async def create_endpoint(self, url: str, **fields: Unpack[NewEndpoint]) -> CreatedEndpoint:
        """Make an endpoint; keep its ``secret``, it is told this once."""
        return await self._call(CreatedEndpoint, "POST", "/webhook-endpoints", body={"url": url, **fields})

    async def change_endpoint(self, endpoint_id: str, **fields: Unpack[EndpointChange]) -> Endpoint:
        """Change an endpoint; what is left out stays."""
        return await self._call(Endpoint, "PATCH", _path("webhook-endpoints", endpoint_id), body=fields)

    async def remove_endpoint(self, endpoint_id: str) -> None:
        """Remove an endpoint; nothing more is sent there."""
        await self._call(object, "DELETE", _path("webhook-endpoints", endpoint_id))

    async def rotate_secret(
        self, endpoint_id: str, *, secret: str | None = None, overlap_seconds: int = 86_400, probe: bool = False
    ) -> RotatedEndpoint:
        """Give an endpoint another secret; those before it count for a while."""
        body = {"secret": secret, "overlap_seconds": overlap_seconds, "probe": probe}
        return await self._call(RotatedEndpoint, "POST", _path("webhook-endpoints", endpoint_id, "rotate-secret"),
            body=_given(body))  # fmt: skip

    async def ping(self, endpoint_id: str) -> Delivery:
        """Let the gateway send a ping to an endpoint."""
        return await self._call(Delivery, "POST", _path("webhook-endpoints", endpoint_id, "ping"))

    # Deliveries.

    async def deliveries(self, **filters: Unpack[DeliveryFilter]) -> AsyncIterator[Delivery]:
        """Yield deliveries, the newest first."""
        async for one in self._pages(Delivery, "/deliveries", filters):
            yield one

    async def delivery(self, delivery_id: str) -> DeliveryInFull:
        """Return a delivery with what is sent."""
        return await self._call(DeliveryInFull, "GET", _path("deliveries", delivery_id))

    async def attempts(self, delivery_id: str) -> AsyncIterator[Attempt]:
        """Yield the attempts of a delivery, the newest first."""
        async for one in self._pages(Attempt, _path("deliveries", delivery_id, "attempts"), {}):
            yield one

    async def redeliver(self, delivery_id: str) -> Delivery:
        """Send a delivery again."""
        return await self._call(Delivery, "POST", _path("deliveries", delivery_id, "redeliver"))

    async def recover(self, endpoint_id: str, since: str, until: str | None = None) -> Recovery:
        """Send again what has failed since a time."""
        body = _given({"since": since, "until": until})
        return await self._call(Recovery, "POST", _path("webhook-endpoints", endpoint_id, "recover"), body=body)

    async def replay(self, endpoint_id: str, **fields: Unpack[ReplayFields]) -> Recovery:
        """Send a part of the log to an endpoint."""
        return await self._call(Recovery, "POST", _path("webhook-endpoints", endpoint_id, "replay"), body=fields)

    async def recovery(self, recovery_id: str) -> Recovery:
        """Return a job that sends again, and how far it is."""
        return await self._call(Recovery, "GET", _path("recoveries", recovery_id))

    async def cancel_recovery(self, recovery_id: str) -> Recovery:
        """Stop a job that sends again."""
        return await self._call(Recovery, "POST", _path("recoveries", recovery_id, "cancel"))

    async def resume_recovery(self, recovery_id: str) -> Recovery:
        """Let a job go on that was stopped."""
        return await self._call(Recovery, "POST", _path("recoveries", recovery_id, "resume"))

    async def progress(self, recovery_id: str, every: float = 1.0) -> AsyncIterator[Recovery]:
        """Yield a job as it is now, again and again, until it ends; the last one says how."""
        while True:
            found = await self.recovery(recovery_id)
            yield found
            if found["status"] != "running":
                return
            await self._pause(every)

    # Conversations.

    async def conversations(self, **filters: Unpack[ConversationFilter]) -> AsyncIterator[Conversation]:
        """Yield conversations, that with the newest message first."""
        async for one in self._pages(Conversation, "/conversations", filters):
            yield one

    async def send_message(
        self, conversation_id: str, *, idempotency_key: str | None = None, **fields: Unpack[MessageFields]
    ) -> Message:
        """Write to a customer. With the same key and fields, also in another process, it is one message."""
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        path = _path("conversations", conversation_id, "messages")
        return await self._call(Message, "POST", path, body=fields, headers=headers)

    # Requests.

    async def _pages(self, kind: type[Answer], path: str, query: Mapping[str, Any]) -> AsyncIterator[Answer]:
        cursor: str | None = None
        while True:
            page = await self._call(dict[str, Any], "GET", path, {**query, "cursor": cursor})
            for one in page["data"]:
                yield cast(Answer, one)
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def _call(
        self, kind: type[Answer], method: str, path: str, query: Mapping[str, Any] | None = None, *,
        body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, seconds: float = SECONDS,
    ) -> Answer:  # fmt: skip
        """Make a request, again if it does no harm; returns what was answered, taken for a ``kind``."""
        tries = TRIES if method == "GET" or headers else 1
        for failures in range(1, tries + 1):
            try:
                return cast(Answer, await self._request(method, f"/api/v1{path}", query or {}, body, headers, seconds))
            except (NotReached, ApiError) as error:
                passing = isinstance(error, NotReached) or error.status in PASSING
                if failures == tries or not passing:
                    raise
                await self._pause(_pause(failures, error))
        raise AssertionError("unreachable")

    async def _request(
        self, method: str, path: str, query: Mapping[str, Any], body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None, seconds: float,
    ) -> Any:  # fmt: skip
        if self._http is None:
            raise RuntimeError("use the client with async with")
        try:
            async with self._http.request(
                method, self._url + path, params=_parameters(query), json=body, headers=headers,
                allow_redirects=False, timeout=ClientTimeout(total=seconds),
            ) as answer:  # fmt: skip
                return await _read(answer)
        except (ClientError, TimeoutError, OSError) as error:
            raise NotReached(str(error) or "no answer in time") from error


async def _read(answer: ClientResponse) -> Any:
    """Return an answer's JSON, None where there is none."""
    text = await answer.read()
    try:
        told = json.loads(text) if text else None
    except ValueError:
        told = None
    if answer.status < 300:
        return told
    if answer.content_type != "application/problem+json" or not isinstance(told, dict):
        raise NotReached(f"this is no gateway's answer, or one from before it: {answer.status}")
    after = answer.headers.get("Retry-After", "")
    kind = Resync if answer.status == 410 else ApiError
    raise kind(cast(Any, told), float(after) if after.isdigit() else None)


def _parameters(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = [(name, one) for name, given in query.items() for one in (given if isinstance(given, list) else [given])]
    return [(name, str(one).lower() if isinstance(one, bool) else str(one)) for name, one in pairs if one is not None]


def _given(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _path(*parts: str) -> str:
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _pause(failures: int, error: Exception) -> float:
    wanted = error.retry_after if isinstance(error, ApiError) else None
    return min(LONGEST_PAUSE, wanted or FIRST_PAUSE * 2 ** min(failures - 1, 10))
