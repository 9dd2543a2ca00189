"""``/hooks/…``: where providers post. The order in these handlers is the contract."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from aiohttp import web

from channels.adapter import Adapter, no_handshake
from channels.errors import SignatureInvalid
from channels.http import Headers, HttpRequest, HttpResponse
from gateway import passage
from gateway.ingest.door import Door, Room
from gateway.ingest.receive import Receiver
from gateway.ingest.routing import Directory, Route, SharedApp
from gateway.ingest.shared import SharedReceiver
from gateway.model.ids import IdInvalid, parse
from gateway.problems import Forbidden, NotFound, ShareUsed, TooLarge, answer_to
from gateway.selftest.probes import Probes, url_seen
from gateway.selftest.refusals import Refusals

BODY_SECONDS = 60.0
#: Of a body, so many bytes count before they have come: as many as are buffered without anybody asking for them.
SMALL_BODY = 64 * 1024


class Hooks:
    """The handlers of all webhook URLs.

    Args:
        directory: finds connections and apps.
        receiver: stores webhooks of one connection.
        shared: stores webhooks of an app that tenants share.
        door: bounds what is here at the same time.
        public_url: the base URL that providers know, without a trailing slash.
        probes: recognises requests of a connection's self-test.
        refusals: remembers what was refused, for the self-test.
    """

    def __init__(
        self,
        directory: Directory,
        receiver: Receiver,
        shared: SharedReceiver,
        door: Door,
        public_url: str,
        probes: Probes,
        refusals: Refusals,
    ) -> None:
        self._directory = directory
        self._receiver = receiver
        self._shared = shared
        self._door = door
        self._public_url = public_url.rstrip("/")
        self._probes = probes
        self._refusals = refusals

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Verify, translate and store one webhook; answer 2xx only once it is committed."""
        route = await self._route(request)
        try:
            with self._room(request, route.tenant_id) as room:
                hook = await self._as_value(request, route.adapter.max_body, room.grow)
                await room.turn(len(hook.body))
                passage.took("wait")
                if probe := self._probes.answer(request, hook, route.integration_id, route.adapter, route.credentials):
                    return probe
                await self._receiver.receive(route, hook, crowded=room.crowded)
        except SignatureInvalid as error:
            self._refusals.note(route.integration_id, error, url_seen(request))
            return _refused(route.adapter, error)
        except ShareUsed as error:
            return _crowded(route.adapter, error)
        return _answer(route.adapter.acknowledgement)

    async def handshake(self, request: web.Request) -> web.StreamResponse:
        """Answer a provider that asks whether this URL is ours; one that never does may send webhooks by GET."""
        route = await self._route(request)
        if route.adapter.handshake is no_handshake:
            return await self.receive(request)
        return await self._shake(route, request)

    async def receive_shared(self, request: web.Request) -> web.StreamResponse:
        """Do the same for an app that tenants share: each change goes to the tenant that owns its address."""
        app = await self._app(request)
        try:
            with self._room(request, app.app_id) as room:
                hook = await self._as_value(request, app.adapter.max_body, room.grow)
                await room.turn(len(hook.body))
                passage.took("wait")
                await self._shared.receive(app, hook)
        except SignatureInvalid as error:
            return _refused(app.adapter, error)
        except ShareUsed as error:
            return _crowded(app.adapter, error)
        return _answer(app.adapter.acknowledgement)

    async def handshake_shared(self, request: web.Request) -> web.StreamResponse:
        """Answer the handshake of a shared app."""
        return await self._shake(await self._app(request), request)

    async def _shake(self, known: Route | SharedApp, request: web.Request) -> web.StreamResponse:
        hook = await self._as_value(request, known.adapter.max_body, no_count)
        answer = known.adapter.handshake(hook, known.credentials)
        if answer is None:
            raise Forbidden("this is no handshake that this connection's provider would make")
        return _answer(answer)

    async def _route(self, request: web.Request) -> Route:
        key = _id_of(request, "int")
        route = self._directory.cached(key) or await self._directory.route(key)
        if route is None or not route.adapter.posted:
            raise NotFound("no connection has this URL")
        passage.known(route.adapter.provider, route.tenant_id, route.integration_id)
        return route

    async def _app(self, request: web.Request) -> SharedApp:
        app = await self._directory.app(_id_of(request, "app"))
        if app is None:
            raise NotFound("no app has this URL")
        passage.known(app.adapter.provider)
        return app

    async def _as_value(self, request: web.Request, limit: int, grown: Callable[[int], None]) -> HttpRequest:
        """Read a request, bounded; its URL is the public one, not what the Host header says."""
        body = await self._body(request, limit, grown)
        passage.read(len(body))
        url = self._public_url + request.raw_path
        return HttpRequest(request.method, url, Headers(request.headers.items()), body)

    def _room(self, request: web.Request, key: UUID) -> Room:
        announced = request.content_length
        return self._door.room(key, SMALL_BODY if announced is None else min(announced, SMALL_BODY))

    async def _body(self, request: web.Request, limit: int, grown: Callable[[int], None]) -> bytes:
        """Read a body. Anybody may send one, the signature is looked at after: so time is bounded.

        Raises:
            TooLarge: see ``read_bounded``.
            HTTPRequestTimeout: when it does not come.
        """
        if request.content.is_eof():  # most are there already: nothing to wait for, and a limit would cost more
            return await read_bounded(request, limit, grown)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await read_bounded(request, limit, grown)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None


def no_count(_size: int) -> None:
    """Count nothing of a handshake, which has no body to speak of."""


async def read_bounded(request: web.Request, limit: int, grown: Callable[[int], None]) -> bytes:
    """Read a body of at most ``limit`` bytes.

    Args:
        request: with the body.
        limit: bytes.
        grown: told how many bytes have come, where they are many.

    Raises:
        TooLarge: as soon as more was announced or came.
    """
    announced = request.content_length
    if announced is not None and announced > limit:
        raise TooLarge(f"a webhook of this provider has at most {limit} bytes")
    if not request.can_read_body:
        return b""
    small = announced is not None and announced <= SMALL_BODY
    if small and not request.headers.get("Content-Encoding"):  # then no more than that can come
        return await request.content.read()
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"a webhook of this provider has at most {limit} bytes")
        grown(size)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _id_of(request: web.Request, prefix: str) -> UUID:
    try:
        return parse(prefix, request.match_info["id"])
    except IdInvalid:
        raise NotFound("no connection has this URL") from None


def _refused(adapter: Adapter, error: SignatureInvalid) -> web.Response:
    """Answer what is not genuine with the status by which its provider does the right thing."""
    status = adapter.status_of(error)
    return answer_to(error, status)


def _crowded(adapter: Adapter, error: ShareUsed) -> web.Response:
    """Answer a tenant that has used up its share with the status after which its provider comes back."""
    return answer_to(error, adapter.crowded_status)


def _answer(answer: HttpResponse) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers.as_dict())


def add_routes(app: web.Application, hooks: Hooks) -> None:
    """Mount the webhook URLs."""
    app.router.add_post("/hooks/apps/{id}", hooks.receive_shared)
    app.router.add_get("/hooks/apps/{id}", hooks.handshake_shared, allow_head=False)
    app.router.add_post("/hooks/{id}", hooks.receive)
    app.router.add_get("/hooks/{id}", hooks.handshake, allow_head=False)
