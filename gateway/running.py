"""Running a gateway: on a socket, until it is told to stop; and single errands that need parts of it."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import structlog
import uvloop
from aiohttp import web

from gateway import app as wiring
from gateway import tracing
from gateway.audit.operators import row_of
from gateway.files.errors import StorageUnavailable
from gateway.keys import KeyUnusable
from gateway.leaving import LEAVING
from gateway.logs import configure_logs
from gateway.model.ids import public
from gateway.outgoing.egress import Endpoint
from gateway.protocol_errors import Runner
from gateway.settings import Settings
from gateway.siblings import Siblings
from gateway.smtp.listener import CertificateUnusable
from gateway.store import audit
from gateway.store.ledger import waiting_for_a_look
from gateway.store.pool import UNAVAILABLE, RoleTooPowerful, open_pool, tenant_tx

log = structlog.get_logger(__name__)

BACKLOG = 1024
#: So many new objects that are still there begin a round of the garbage collector: a few dozen requests.
YOUNG_OBJECTS = 5_000
DIRECT = (
    "POSTGATE_DATABASE_POOLER is true: POSTGATE_WRITER_DATABASE_URL and POSTGATE_LISTENER_DATABASE_URL have to name"
    " Postgres itself (the listener's not where POSTGATE_LISTEN is false)"
)
#: What requests that are under way get when it stops.
UNDER_WAY_SECONDS = 15.0


class Refused(Exception):
    """The gateway does not start; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that serves."""

    url: str
    app: web.Application
    runner: Runner
    smtp_port: int | None = None


@dataclass(frozen=True, slots=True)
class Sockets:
    """Where a gateway is reached."""

    http: socket.socket
    mail: socket.socket | None

    def url(self, settings: Settings) -> str:
        """Return the base URL by which this machine reaches it."""
        return f"http://{_shown(settings.host)}:{self.http.getsockname()[1]}"


def event_loop() -> asyncio.AbstractEventLoop:
    """Make the event loop of a server."""
    return uvloop.new_event_loop()


@asynccontextmanager
async def run_gateway(
    settings: Settings,
    endpoints: Collection[Endpoint] = (),
    sockets: Sockets | None = None,
    siblings: Siblings | None = None,
) -> AsyncIterator[Running]:
    """Serve inside the ``async with``; leaving it stops gracefully.

    Args:
        settings: of the server.
        endpoints: of this machine, that it may call by plain http although they are inside; none in production.
        sockets: to serve on; None to open those of the settings.
        siblings: the workers that share them.

    Raises:
        Refused: when it can't start.
    """
    async with AsyncExitStack() as stack:
        opened = stack.enter_context(open_sockets(settings)) if sockets is None else sockets
        url = opened.url(settings)
        application = await _assembled(
            stack, settings, settings.public_url or url, opened.mail, endpoints, siblings=siblings
        )
        runner = await _serve(stack, application, opened.http)
        yield Running(url, application, runner, None if opened.mail is None else opened.mail.getsockname()[1])


async def serve_until_stopped(
    settings: Settings, ready: Callable[[Running], None] | None = None, endpoints: Collection[Endpoint] = ()
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: of the server.
        ready: called once it serves.
        endpoints: see ``run_gateway``.

    Raises:
        Refused: when it can't start.
    """
    observe(settings)
    stopped = stop_signal()
    async with AsyncExitStack() as stack:
        stack.callback(tracing.stop)
        running = await stack.enter_async_context(run_gateway(settings, endpoints))
        spare_what_stays()
        log.info("serving", url=running.url, smtp_port=running.smtp_port)
        if ready is not None:
            ready(running)
        await stopped.wait()
        await leave(running, settings)


async def leave(running: Running, settings: Settings) -> None:
    """Send everybody elsewhere, before what serves is stopped."""
    log.info("stopping")
    await running.app[LEAVING].leave(running.runner, settings.drain_seconds)


async def work_until_stopped(settings: Settings, port: int | None = None) -> None:
    """Do all that a serving process does beside serving, until SIGTERM or SIGINT.

    Args:
        settings: of the server.
        port: where it tells how it is; None to tell nobody.

    Raises:
        Refused: when it can't start.
    """
    if settings.public_url is None:
        raise Refused("set POSTGATE_PUBLIC_URL: providers are told to call it")
    observe(settings)
    stopped = stop_signal()
    async with AsyncExitStack() as stack:
        stack.callback(tracing.stop)
        listener = None if port is None else listen(settings.host, port)
        application = await _assembled(stack, settings, settings.public_url, None, (), serves=False)
        runner = None if listener is None else await _serve(stack, application, listener)
        spare_what_stays()
        log.info("working", port=port, roles=settings.roles)
        await stopped.wait()
        log.info("stopping")
        if runner is not None:
            await application[LEAVING].leave(runner, 0)


def spare_what_stays() -> None:
    """Take what has been loaded out of the rounds of the garbage collector: it stays until the end.

    A full round looks at every object, and everybody waits meanwhile: for tens of milliseconds, with all modules in it.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


def observe(settings: Settings) -> None:
    """Begin to write logs, and traces if the environment says where they go.

    Raises:
        Refused: when it asks for traces that can't be had.
    """
    configure_logs(settings.log_level)
    try:
        tracing.start(os.environ)
    except tracing.NotTraced as error:
        raise Refused(str(error)) from error


@contextmanager
def open_sockets(settings: Settings) -> Iterator[Sockets]:
    """Open the sockets that the settings name, for as long as the ``with`` lasts.

    Raises:
        Refused: when an address is taken or not ours.
    """
    with ExitStack() as stack:
        http = stack.enter_context(listen(settings.host, settings.port))
        mail = None
        if settings.smtp_port is not None:
            mail = stack.enter_context(listen(settings.smtp_host or settings.host, settings.smtp_port, "--smtp"))
        yield Sockets(http, mail)


def listen(host: str, port: int, option: str = "--port", *, shared: bool = False) -> socket.socket:
    """Open a socket to listen on; port 0 takes a free one.

    Args:
        host: the address.
        port: the port.
        option: where another port can be chosen.
        shared: whether others that are opened so may have the same port; the system shares connections out among them.

    Raises:
        Refused: when the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Refused(f"can't listen on {host}:{port}: {error.strerror}; choose another with {option}") from error
    listener.setblocking(False)
    return listener


async def replay_all(settings: Settings, tenant_id: UUID, webhooks: Sequence[UUID]) -> list[str]:
    """Replay webhooks of a tenant, or all that wait for a look; returns a line for each.

    Raises:
        Refused: when the database can't be used.
    """
    try:
        async with wiring.ingest_alone(settings) as ingest:
            pool = await open_pool(settings.database_url.get_secret_value(), 1)
            async with tenant_tx(pool, tenant_id) as tx:
                chosen = list(webhooks) or await waiting_for_a_look(tx)
                if chosen:
                    row = row_of(tenant_id, "replay", "postgate replay", "inbound_webhooks", chosen, datetime.now(UTC))
                    await audit.note(tx, row)
            await pool.close()
            return [
                f"{public('whk', key)}: {'replayed' if await ingest.replay(tenant_id, key) else 'not found'}"
                for key in chosen
            ]
    except (*UNAVAILABLE, asyncpg.PostgresError, RoleTooPowerful, KeyUnusable) as error:
        raise Refused(f"the database can't be used: {error}") from error


async def _assembled(
    stack: AsyncExitStack,
    settings: Settings,
    public_url: str,
    mail: socket.socket | None,
    endpoints: Collection[Endpoint],
    *,
    serves: bool = True,
    siblings: Siblings | None = None,
) -> web.Application:
    if settings.database_pooler and (
        settings.writer_database_url is None or (settings.listen and settings.listener_database_url is None)
    ):
        raise Refused(DIRECT)
    try:
        return await stack.enter_async_context(
            wiring.assembled(settings, public_url, mail, endpoints, serves=serves, siblings=siblings)
        )
    except (*UNAVAILABLE, asyncpg.PostgresError) as error:
        raise Refused(f"the database can't be used: {error}") from error
    except (RoleTooPowerful, KeyUnusable, CertificateUnusable, StorageUnavailable) as error:
        raise Refused(str(error)) from error


async def _serve(stack: AsyncExitStack, application: web.Application, listener: socket.socket) -> Runner:
    runner = Runner(application, access_log=None, handle_signals=False, shutdown_timeout=UNDER_WAY_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener, backlog=BACKLOG).start()
    return runner


def stop_signal() -> asyncio.Event:
    """Return what is set by SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def _shown(host: str) -> str:
    """Return the host of a URL by which this machine reaches a listening address."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not listened on
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
