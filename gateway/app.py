"""The whole server, wired: who gets which connection, and who tells whom.

Here the clock, chance and connections are taken for whatever is given them.
"""

import asyncio
import os
import random
import socket
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from aiohttp import web
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from channels.providers.smtp import SmtpCredentials
from gateway.answering import problems
from gateway.api import health
from gateway.api import routes as api_routes
from gateway.api.services import Services
from gateway.api.shared_tries import SharedTries
from gateway.api.tries import OwnTries, Tries
from gateway.conversations.doing import Doer
from gateway.conversations.errands import Errands
from gateway.customers.importing import Importer
from gateway.demo import routes as demo_routes
from gateway.demo.sample_poster import SamplePoster
from gateway.files.chosen import NoStorage, storage_of
from gateway.files.fetcher import Fetcher
from gateway.files.housekeeping import Housekeeping
from gateway.files.keeping import Files
from gateway.indexing import Indexer
from gateway.ingest.service import Ingest
from gateway.keys import Keyring
from gateway.live import routes as live_routes
from gateway.live.neighbours import Neighbours
from gateway.live.service import Live
from gateway.model.ids import new_id, public
from gateway.model.log import Entry
from gateway.openapi import Api
from gateway.outgoing.egress import Endpoint
from gateway.outgoing.http import Calls
from gateway.outgoing.smtp import MailSender
from gateway.people.letters import Post, PostOffice
from gateway.people.single_sign_on import Client, SingleSignOn
from gateway.pruning import Pruner
from gateway.request_log import request_log
from gateway.response_headers import add_headers
from gateway.sending.attempt import Surroundings
from gateway.sending.making import Own
from gateway.sending.sender import MOST_IN_FLIGHT, Sender
from gateway.settings import Settings
from gateway.smtp.listener import MailListener, tls_context
from gateway.store.pool import connect, open_pool
from gateway.store.positions import log_position

HOOK_POOL_SIZE = 3
RELAY_POOL_SIZE = 3
SENDER_POOL_SIZE = 4
POOL_CLOSE_SECONDS = 5.0
#: Somebody may wait for an answer of Redis, and does without when there is none.
REDIS_SECONDS = 1.0
CONNECTIONS = "postgate_connections"
SENDS = "postgate_sends"
#: Tells the hash of a session that ended, or of an API key that was revoked: every process closes its websockets.
LOGINS = "postgate_logins"


@asynccontextmanager
async def assembled(
    settings: Settings,
    public_url: str,
    mail: socket.socket | None = None,
    endpoints: Collection[Endpoint] = (),
    *,
    serves: bool = True,
) -> AsyncIterator[web.Application]:
    """Put the server together and start its parts; leaving stops them, the newest first.

    Args:
        settings: of the server.
        public_url: the base URL that providers and browsers use.
        mail: the socket to take mail on; None to take none.
        endpoints: of this machine, that it may call by plain http although they are inside.
        serves: whether the application serves everything; otherwise it only tells how it is.

    Raises:
        RoleTooPowerful: when a database role could see past row-level security.
        KeyUnusable: when the master key is none.
        StorageUnavailable: when the folder of files can't be used.
        CertificateUnusable: when there is one for mail, and it is no good.
    """
    keyring = keyring_of(settings)
    async with AsyncExitStack() as stack:
        app_pool = await _pool(stack, settings.database_url, settings.pool_size)
        relay_pool = await _pool(stack, settings.relay_database_url, RELAY_POOL_SIZE)

        def connection_changed(told: str) -> None:
            ingest.directory.changed(told)

        def tell_of_connection(key: UUID) -> None:
            ingest.directory.forget(key)
            live.tell(CONNECTIONS, str(key))

        def login_ended(told: str) -> None:
            live.end_login(bytes.fromhex(told))

        def end_login(token_hash: bytes) -> None:
            live.end_login(token_hash)
            live.tell(LOGINS, token_hash.hex())

        def message_queued() -> None:
            sender.wake()
            live.tell(SENDS, "")

        def look_for_sends(_told: str) -> None:
            sender.wake()

        channels = {CONNECTIONS: connection_changed, LOGINS: login_ended, SENDS: look_for_sends}
        redis = _redis(stack, settings)
        live = _live(settings, relay_pool, channels, redis)
        calls = await stack.enter_async_context(Calls(settings.allow_private, endpoints=endpoints))
        ingest = await _ingest(stack, settings, keyring, app_pool, calls, live.announce, lambda: live.watched)
        files = await _files(stack, settings, keyring, app_pool, calls, ingest, live.announce)
        sender = await _sender(stack, settings, keyring, Own(files, public_url), live.announce, endpoints)
        await live.start()
        stack.push_async_callback(live.stop)
        poster = SamplePoster(settings.demo_file, random.Random(), now)  # noqa: S311 - no secret
        stack.push_async_callback(poster.stop)
        importer = Importer(await _pool(stack, settings.hook_database_url, 1), app_pool, live.announce, id_of_now)
        importer.start()
        stack.push_async_callback(importer.stop)
        services = Services(
            pool=app_pool,
            public_url=public_url,
            assets=settings.assets_dir,
            clock=now,
            new_id=new_id,
            secret=os.urandom,
            announce=live.announce,
            keyring=keyring,
            files=files,
            connection_changed=tell_of_connection,
            refusals=ingest.refusals.lately,
            call=lambda request, limit: calls.send(request, limit=limit),
            check_url=calls.check_url,
            replay=ingest.replay,
            login_ended=end_login,
            post=await _post(stack, settings, public_url),
            single_sign_on=_single_sign_on(settings, calls),
            trusted_proxies=settings.trusted_proxies,
            message_queued=message_queued,
            demo=poster.serves,
            tell_own=live.tell_own,
            import_waits=importer.waits,
            tries=partial(_tries, redis),
            checks={"log": partial(log_position, relay_pool), "sending": sender.position},
        )

        await _start_workers(stack, settings, app_pool, live.announce, sender)

        application = web.Application(middlewares=[request_log, problems])
        if serves:
            _mount(application, services, ingest, live, poster)
        else:
            health.add_routes(Api(application), services)
        add_headers(application, public_url)
        application.on_shutdown.append(lambda _app: live.stop())
        if mail is not None:
            await _take_mail(stack, mail, settings, public_url, ingest)
        yield application


@asynccontextmanager
async def ingest_alone(settings: Settings) -> AsyncIterator[Ingest]:
    """Start what stores webhooks, and nothing that serves; for errands. Serving processes notice by themselves."""
    async with AsyncExitStack() as stack:
        app_pool = await _pool(stack, settings.database_url, 1)
        calls = await stack.enter_async_context(Calls(settings.allow_private))
        yield await _ingest(stack, settings, keyring_of(settings), app_pool, calls, lambda _entries: None, lambda: ())


def keyring_of(settings: Settings) -> Keyring:
    """Return the master keys.

    Raises:
        KeyUnusable: when one is not 32 bytes of base64.
    """
    previous = settings.previous_master_keys.get_secret_value() if settings.previous_master_keys else ""
    return Keyring(settings.master_key.get_secret_value(), [key for key in previous.split(",") if key.strip()])


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def id_of_now() -> UUID:
    """Make an id of this moment."""
    return new_id(time.time_ns() // 1_000_000)


def _mount(application: web.Application, services: Services, ingest: Ingest, live: Live, poster: SamplePoster) -> None:
    api, public_url = Api(application), services.public_url
    api_routes.open_gate(application, services)
    ingest.mount(application, public_url)
    api_routes.add_routes(application, api, services)
    live_routes.add_routes(api, live, services.pool, public_url, lambda: public("ses", id_of_now()))
    demo_routes.add_routes(api, poster, id_of_now)
    api_routes.add_last_routes(application, api, services)


def _live(
    settings: Settings, relay_pool: asyncpg.Pool, channels: Mapping[str, Callable[[str], None]], redis: Redis | None
) -> Live:
    open_relay = partial(connect, settings.relay_database_url.get_secret_value())
    neighbours = None if redis is None else Neighbours(redis, id_of_now().hex)
    return Live(relay_pool, open_relay, random.random, channels=channels, neighbours=neighbours)


async def _start_workers(
    stack: AsyncExitStack,
    settings: Settings,
    app_pool: asyncpg.Pool,
    announce: Callable[[Sequence[Entry]], None],
    sender: Sender,
) -> None:
    errands = Errands(await _pool(stack, settings.hook_database_url, 1), Doer(app_pool, announce, new_id))
    indexer = Indexer(await _pool(stack, settings.hook_database_url, 1))
    pruner = Pruner(await _pool(stack, settings.hook_database_url, 1))
    workers: Sequence[Sender | Errands | Indexer | Pruner] = (sender, errands, indexer, pruner)
    for worker in workers:
        worker.start()
        stack.push_async_callback(worker.stop)


async def _sender(
    stack: AsyncExitStack,
    settings: Settings,
    keyring: Keyring,
    own: Own,
    announce: Callable[[Sequence[Entry]], None],
    endpoints: Collection[Endpoint],
) -> Sender:
    """Make the worker that sends, with calls and connections of its own: nobody else waits for slow providers."""
    calls = Calls(settings.allow_private, endpoints=endpoints, per_host=MOST_IN_FLIGHT)
    host = urlsplit(own.base_url).hostname or "localhost"
    around = Surroundings(
        pool=await _pool(stack, settings.database_url, SENDER_POOL_SIZE),
        keyring=keyring,
        own=own,
        call=(await stack.enter_async_context(calls)).send,
        deliver=(await stack.enter_async_context(MailSender(settings.allow_private, name=host))).deliver,
        announce=announce,
        clock=now,
        new_id=id_of_now,
        chance=random.random,
    )
    return Sender(await _pool(stack, settings.hook_database_url, 1), around)


async def _post(stack: AsyncExitStack, settings: Settings, public_url: str) -> Post | None:
    """Return what sends letters to people, if the operator named a mail server."""
    if settings.mail_host is None:
        return None
    host = urlsplit(public_url).hostname or "localhost"
    sender = await stack.enter_async_context(MailSender(settings.allow_private, name=host))
    credentials = SmtpCredentials(
        host=settings.mail_host,
        port=settings.mail_port,
        tls=settings.mail_tls,
        username=settings.mail_username,
        password=settings.mail_password,
    )
    address = settings.mail_from or f"Postgate <postgate@{host}>"
    return PostOffice(sender, credentials, address, lambda: id_of_now().hex, now).post


def _single_sign_on(settings: Settings, calls: Calls) -> SingleSignOn | None:
    if settings.oidc_issuer is None:
        return None
    secret = settings.oidc_client_secret
    client = Client(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        name=settings.oidc_name,
        domains=settings.oidc_domains,
    )
    return SingleSignOn(client, lambda request, limit: calls.send(request, limit=limit), now)


async def _take_mail(
    stack: AsyncExitStack, listening: socket.socket, settings: Settings, public_url: str, ingest: Ingest
) -> None:
    listener = MailListener(
        listening,
        ingest.directory,
        ingest.receiver,
        hostname=settings.smtp_name or urlsplit(public_url).hostname or "localhost",
        tls=tls_context(settings.smtp_tls_cert, settings.smtp_tls_key),
        plain_login=settings.smtp_plain_login,
        clock=now,
        monotonic=time.monotonic,
    )
    await listener.start()
    stack.push_async_callback(listener.stop)


async def _ingest(
    stack: AsyncExitStack,
    settings: Settings,
    keyring: Keyring,
    app_pool: asyncpg.Pool,
    calls: Calls,
    announce: Callable[[Sequence[Entry]], None],
    echo_tenants: Callable[[], Collection[UUID]],
) -> Ingest:
    hook_pool = await _pool(stack, settings.hook_database_url, HOOK_POOL_SIZE)
    ingest = Ingest(
        settings.hook_database_url.get_secret_value(),
        hook_pool,
        app_pool,
        keyring,
        calls,
        announce,
        echo_tenants,
        settings.queue_limit,
        now,
        new_id,
    )
    await ingest.start()
    stack.push_async_callback(ingest.stop)
    return ingest


async def _files(
    stack: AsyncExitStack,
    settings: Settings,
    keyring: Keyring,
    app_pool: asyncpg.Pool,
    calls: Calls,
    ingest: Ingest,
    announce: Callable[[Sequence[Entry]], None],
) -> Files:
    storage = storage_of(settings)
    files = Files(storage, app_pool, keyring, now, new_id, settings.file_limit)
    if not isinstance(storage, NoStorage):
        hook_pool = await _pool(stack, settings.hook_database_url, 1)
        route_of, reread = ingest.directory.route_of_stored, ingest.reread
        fetcher = Fetcher(hook_pool, app_pool, files, calls, route_of, reread, announce, now, new_id)
        fetcher.start()
        stack.push_async_callback(fetcher.stop)
        housekeeping = Housekeeping(hook_pool, app_pool, storage)
        housekeeping.start()
        stack.push_async_callback(housekeeping.stop)
    return files


def _tries(redis: Redis | None, name: str, allowed: int, seconds: float) -> Tries:
    own = OwnTries(allowed, time.monotonic, seconds)
    return own if redis is None else SharedTries(redis, name, allowed, seconds, own)


def _redis(stack: AsyncExitStack, settings: Settings) -> Redis | None:
    """Return a client that connects when it is used, if the operator named a Redis; what fails is not tried again."""
    if settings.redis_url is None:
        return None
    client: Redis = Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    stack.push_async_callback(client.aclose)
    return client


async def _pool(stack: AsyncExitStack, url: SecretStr, size: int) -> asyncpg.Pool:
    pool = await open_pool(url.get_secret_value(), size)
    stack.push_async_callback(_close, pool)
    return pool


async def _close(pool: asyncpg.Pool) -> None:
    """Close a pool; a database that does not answer must not keep the process from ending."""
    try:
        async with asyncio.timeout(POOL_CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()
