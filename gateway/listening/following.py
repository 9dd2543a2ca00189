"""Following a gateway's log over its websocket, through restarts, without a hole and nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from gateway.live.protocol import EVENT_FRAME

HEARTBEAT_SECONDS = 30.0
#: What one event may be long.
FRAME_BYTES = 64 * 1024 * 1024
FIRST_SECONDS = 0.5
LONGEST_SECONDS = 15.0
#: Entries of a page, where the log is read page by page; a connection follows once less than that is left.
PAGE = 500
#: What more tries won't change; others, as 429 and 503, pass.
FINAL = frozenset({400, 401, 403, 404, 405})


class Refused(Exception):
    """A gateway that lets nobody listen like this; the text says why."""


class Interrupted(Exception):
    """A connection that has ended; the text says how."""


class FarBehind(Exception):
    """More has happened than a connection begins with."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, and its bytes as the stream has them."""

    seq: int
    id: str
    type: str
    body: bytes


class Follower:
    """Follows one log. Whoever reads ``events`` may take its time: what was not asked for yet is asked for anew.

    Args:
        http: opens connections.
        url: of the gateway.
        api_key: of a tenant, with the right to read.
        after: the seq of the last event that is known; None: from now on.
        tell: called with a sentence when something is amiss, and when it is well again.
        chance: a random number from 0 to 1: not all that were cut off come back in the same instant.

    Attributes:
        seq: of the last event that was taken; None before the first connection.
    """

    def __init__(
        self, http: ClientSession, url: str, api_key: str, after: int | None, tell: Callable[[str], None],
        chance: Callable[[], float],
    ) -> None:  # fmt: skip
        self._http = http
        self._stream = url.rstrip("/") + "/api/v1/stream"
        self._log = url.rstrip("/") + "/api/v1/events"
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._tell = tell
        self._chance = chance
        self._epoch: str | None = None
        self._failures = 0
        self.seq = after

    async def events(self) -> AsyncIterator[Heard]:
        """Yield events in order, for ever.

        Raises:
            Refused: when the gateway lets nobody in, and won't later.
        """
        while True:
            try:
                try:
                    async for heard in self._connection():
                        yield heard
                        self.seq = heard.seq
                except FarBehind:
                    async for heard in self._pages():
                        yield heard
                        self.seq = heard.seq
            except (ClientError, OSError, TimeoutError, Interrupted) as error:
                wait = min(LONGEST_SECONDS, FIRST_SECONDS * 2**self._failures) * (0.5 + self._chance() / 2)
                self._failures = min(self._failures + 1, 10)
                self._tell(f"not connected: {str(error) or 'no answer'}; trying again in {wait:.1f} s")
                await asyncio.sleep(wait)

    async def _connection(self) -> AsyncIterator[Heard]:
        """Yield what one connection brings, until it ends.

        Raises:
            Interrupted: at its end.
            FarBehind: when the log has to be read page by page first.
            Refused: see ``events``.
        """
        try:
            websocket = await self._http.ws_connect(
                self._stream, headers=self._headers, heartbeat=HEARTBEAT_SECONDS, max_msg_size=FRAME_BYTES
            )
        except WSServerHandshakeError as error:
            if error.status in FINAL:
                raise Refused(_why(error.status)) from error
            raise
        try:
            await websocket.send_json({"type": "resume", "after": self.seq, "epoch": self._epoch})
            while True:
                frame = await _next(websocket)
                if frame.startswith(EVENT_FRAME):
                    heard = _heard(frame)
                    if self._is_next(heard):
                        yield heard
                else:
                    self._note(orjson.loads(frame))
        finally:
            await websocket.close()

    async def _pages(self) -> AsyncIterator[Heard]:
        """Yield what is in the log, until little is left. The bytes are not those of the stream, but mean the same.

        Raises:
            Interrupted: when a page is refused.
        """
        while True:
            place = {"after": str(self.seq), "epoch": str(self._epoch), "limit": str(PAGE)}
            async with self._http.get(self._log, params=place, headers=self._headers) as answer:
                if answer.status != 200:
                    raise Interrupted(f"the gateway answered {answer.status}")
                page = orjson.loads(await answer.read())
            for event in page["data"]:
                yield Heard(event["seq"], event["id"], event["type"], orjson.dumps(event))
            if page["head"] - page["next_after"] < PAGE:
                return

    def _is_next(self, heard: Heard) -> bool:
        """Tell whether an event is the one after the last one; False when it was there already.

        Raises:
            Interrupted: when one between them is missing.
        """
        if self.seq is not None and heard.seq > self.seq + 1:
            raise Interrupted(f"event {self.seq + 1} is missing")
        return self.seq is None or heard.seq > self.seq

    def _note(self, frame: dict[str, Any]) -> None:  # Any: JSON
        """Take note of what is no event.

        Raises:
            Interrupted: when the gateway did not understand us.
            FarBehind: when it does not begin that far back.
        """
        if frame["type"] == "hello":
            if self._failures:
                self._tell("connected again")
            self._failures = 0
            self._epoch = frame["epoch"]
            if self.seq is None:
                self.seq = frame["seq"]
        elif frame["type"] == "resync" and frame["reason"] == "behind":
            raise FarBehind
        elif frame["type"] == "resync":
            self._tell(f"{self.seq} is not in the log any more, or not yet: events are left out")
            self.seq = self._epoch = None  # as the gateway does
        elif frame["type"] == "error":
            raise Interrupted(str(frame["problem"]["detail"]))


async def _next(websocket: ClientWebSocketResponse) -> bytes:
    message = await websocket.receive()
    if message.type is WSMsgType.TEXT:
        return str(message.data).encode()
    if message.type is WSMsgType.ERROR:
        raise Interrupted(f"the connection broke off: {message.data}")
    raise Interrupted(str(message.extra or "the gateway has hung up"))


def _heard(frame: bytes) -> Heard:
    body = frame[len(EVENT_FRAME) : -1]
    event = orjson.loads(body)
    return Heard(event["seq"], event["id"], event["type"], body)


def _why(status: int) -> str:
    if status == 401:
        return "the gateway does not know this API key"
    if status == 403:
        return "this API key may not read events: it needs the right inbox.read"
    return f"this is no Postgate, or an older one: it answered {status}"
