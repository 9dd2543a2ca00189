"""``GET /api/v1/stream``: the websocket. A session is this handler, which reads, and the hub, which writes."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import assert_never

import structlog
from aiohttp import HttpVersion11, WSMsgType, web

from gateway.access import Caller, identify, require, require_same_origin
from gateway.answering import BEGUN
from gateway.audit.access import Access
from gateway.live import protocol
from gateway.live.hub import RESUME_ELSEWHERE, TRY_AGAIN_LATER, Hub
from gateway.live.limits import Limits
from gateway.live.presence import Presence
from gateway.live.protocol import ClientFrame, FrameMalformed, Online, Ping, Resume, Subscribe, Typing
from gateway.live.protocol import Presence as PresenceAsked
from gateway.live.queries import STREAM
from gateway.live.session import Login, Session
from gateway.live.session_log import closed, opened
from gateway.live.wire import WebsocketWire, transport_of
from gateway.model.ids import public
from gateway.openapi.api import CALLER, access_of
from gateway.problems import Malformed
from gateway.rates import charge, charge_socket
from gateway.store.pool import DatabaseUnavailable

log = structlog.get_logger(__name__)

PROTOCOL_ERROR = 1002


class ClientGone(Exception):
    """The websocket has ended, whoever ended it."""


class Stream:
    """The websocket's handler.

    Args:
        hub: writes to the sessions.
        presence: passes on what is not in the log.
        public_url: the page's own origin.
        new_session: makes a name for a session; others see it, so it is not that of the login.
        limits: see there.
    """

    def __init__(
        self, hub: Hub, presence: Presence, public_url: str, new_session: Callable[[], str], limits: Limits
    ) -> None:
        self._hub = hub
        self._presence = presence
        self._public_url = public_url
        self._new_session = new_session
        self._limits = limits

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Let somebody in, and serve them until they go.

        Raises:
            Unauthenticated: before the handshake.
            Forbidden: when the caller may not read.
            OriginMismatch: when another site's page sent the browser's cookie.
            TooManyRequests: when the caller comes too often.
            Malformed: when it is no websocket handshake.
        """
        caller = request[CALLER] = await reader_of(request)
        charge(request, caller.token_hash, str(caller.tenant_id))
        if caller.user_id is not None:  # a browser, by its cookie
            require_same_origin(request, self._public_url)
            charge_socket(request, caller.token_hash)
        websocket = self._new_websocket()
        if request.version < HttpVersion11 or not websocket.can_prepare(request):
            raise Malformed("this address speaks the websocket protocol only (RFC 6455)")
        await websocket.prepare(request)
        request[BEGUN] = True
        session = self._session(request, websocket, caller)
        await self._serve(websocket, session, access_of(request, caller, STREAM))
        return websocket

    def _new_websocket(self) -> web.WebSocketResponse:
        limits = self._limits
        return web.WebSocketResponse(
            heartbeat=limits.heartbeat_seconds,
            timeout=limits.close_seconds,
            max_msg_size=limits.frame_bytes,
            compress=False,  # 100 KiB for each socket
        )

    def _session(self, request: web.Request, websocket: web.WebSocketResponse, caller: Caller) -> Session:
        wire = WebsocketWire(websocket, transport_of(request))
        return Session(self._new_session(), login_of(request, caller), wire, self._limits.unsent_bytes)

    async def _serve(self, websocket: web.WebSocketResponse, session: Session, access: Access) -> None:
        if not self._hub.has_room_for(session.login.tenant_id):
            code = RESUME_ELSEWHERE if self._hub.stopping else TRY_AGAIN_LATER
            await session.wire.close(code, "no room for one more socket", self._limits.close_seconds)
            return
        self._hub.join(session)
        self._presence.arrive(session)
        since = opened(session, "websocket")
        try:
            await self._converse(Inbox(websocket, self._limits), session, access)
        except ClientGone:
            pass  # the usual end
        except DatabaseUnavailable:
            await session.wire.close(TRY_AGAIN_LATER, "the database can't be reached", self._limits.close_seconds)
        finally:
            self._hub.leave(session)
            self._presence.leave(session)
            await session.said_goodbye()
            await told(session, access)
            closed(session, "websocket", since, websocket.close_code)

    async def _converse(self, inbox: "Inbox", session: Session, access: Access) -> None:
        while True:
            try:
                await self._answer(session, await inbox.next(), inbox, access)
            except FrameMalformed as malformed:
                inbox.malformed += 1
                session.wire.say(protocol.error(malformed))
            if inbox.malformed >= self._limits.malformed_frames:
                self._hub.hang_up(session, PROTOCOL_ERROR, "too many frames that can't be understood")
            if inbox.late:
                self._hub.hang_up(session, PROTOCOL_ERROR, "no resume came")

    async def _answer(self, session: Session, frame: ClientFrame | None, inbox: "Inbox", access: Access) -> None:
        match frame:
            case Resume(cursor):
                inbox.resumed = True
                await access.follows(None if cursor.after is None else cursor.after + 1)
                await self._hub.open(session, cursor)
            case Ping():
                session.whisper(protocol.pong())
            case Subscribe(conversation_id):
                self._presence.look(session, conversation_id)
            case Typing(conversation_id):
                if inbox.may_be_passed_on():
                    self._presence.typing(session, conversation_id)
            case PresenceAsked(conversation_id):
                self._presence.tell(session, conversation_id)
            case Online():
                self._presence.tell_online(session)
            case None:
                return
            case _:
                assert_never(frame)


async def reader_of(request: web.Request) -> Caller:
    """Say who wants to follow the log.

    Raises:
        Unauthenticated: when nobody is to be recognised.
        Forbidden: when the caller may not read.
    """
    caller = await identify(request)
    require(caller, "inbox.read")
    return caller


async def told(session: Session, access: Access) -> None:
    """Write down which entries of the log a session that has ended was told."""
    if session.told is not None:
        try:
            await access.tells(*session.told)
        except DatabaseUnavailable:
            log.exception("audit.end_not_written", session=session.id, told=session.told)


def login_of(request: web.Request, caller: Caller) -> Login:
    """Return who a session belongs to, and how to find out whether that still holds."""
    user = public("usr", caller.user_id) if caller.user_id else None
    return Login(caller.tenant_id, user, caller.token_hash, partial(reader_of, request))


class Inbox:
    """What comes from one client, at a bearable rate."""

    __slots__ = (
        "_deadline",
        "_ephemeral",
        "_frames",
        "_limits",
        "_loop",
        "_second",
        "_websocket",
        "malformed",
        "resumed",
    )

    def __init__(self, websocket: web.WebSocketResponse, limits: Limits) -> None:
        self._websocket = websocket
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + limits.first_frame_seconds
        self._second = 0
        self._frames = 0
        self._ephemeral = 0
        self.malformed = 0
        self.resumed = False

    @property
    def late(self) -> bool:
        """Whether the client should have resumed by now."""
        return not self.resumed and self._loop.time() >= self._deadline

    async def next(self) -> ClientFrame | None:
        """Return the next frame; None when it is late.

        Raises:
            FrameMalformed: when it can't be understood.
            ClientGone: when there will be none.
        """
        await self._pace()
        timeout = None if self.resumed else max(0.001, self._deadline - self._loop.time())
        try:
            message = await self._websocket.receive(timeout)
        except TimeoutError:
            return None
        if message.type is WSMsgType.TEXT:
            return protocol.read(message.data)
        if message.type is WSMsgType.BINARY:
            raise FrameMalformed("frame_malformed", "expected text")
        raise ClientGone

    def may_be_passed_on(self) -> bool:
        """Tell whether others are to be bothered with one more frame of this client now."""
        self._ephemeral += 1
        return self._ephemeral <= self._limits.ephemeral_frames

    async def _pace(self) -> None:
        """Read a client that sends too much only as fast as it may send; the rest waits in its own socket."""
        if self._frames >= self._limits.client_frames and int(self._loop.time()) == self._second:
            await asyncio.sleep(self._second + 1 - self._loop.time())
        if int(self._loop.time()) != self._second:
            self._second, self._frames, self._ephemeral = int(self._loop.time()), 0, 0
        self._frames += 1
