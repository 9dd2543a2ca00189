"""The whole server, wired: who gets which connection, and who tells whom.

Here the clock, chance and connections are taken for whatever is given them.
"""

import os
import socket
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from uuid import UUID

import asyncpg
from aiohttp import web

from gateway import tracing
from gateway.answering import problems
from gateway.api import health
from gateway.api import routes as api_routes
from gateway.api.services import Services
from gateway.chores import Chore, Chores
from gateway.conversations.doing import Doer
from gateway.conversations.errands import Errands
from gateway.delivery.recovering import Recoverer
from gateway.delivery.service import CHANGED, OWED
from gateway.demo import routes as demo_routes
from gateway.demo.sample_poster import SamplePoster
from gateway.files.chosen import NoStorage, storage_of
from gateway.files.housekeeping import Housekeeping
from gateway.files.storage import Storage
from gateway.indexing import Indexer
from gateway.ingest.service import Ingest
from gateway.live import routes as live_routes
from gateway.live.service import Live
from gateway.measuring import Measuring
from gateway.model.ids import new_id, public
from gateway.model.log import Entry
from gateway.openapi import Api
from gateway.outgoing.egress import Endpoint
from gateway.outgoing.http import Calls
from gateway.partitions import make_months
from gateway.parts import (
    delivery_of,
    files_of,
    id_of_now,
    importer_of,
    ingest_of,
    keyring_of,
    live_of,
    now,
    pool_of,
    post_of,
    poster_of,
    redis_of,
    rules_of,
    sender_of,
    single_sign_on_of,
    take_mail,
    tries_of,
)
from gateway.pruning import Pruner
from gateway.request_log import request_log
from gateway.response_headers import add_headers
from gateway.retention import Retention
from gateway.sending.making import Own
from gateway.sending.sender import Sender
from gateway.settings import Settings
from gateway.store.positions import log_position

RELAY_POOL_SIZE = 3
#: As many as there are workers that share it: none waits for another.
WORKERS_POOL_SIZE = 4
CONNECTIONS = "postgate_connections"
SENDS = "postgate_sends"
HOUR_SECONDS = 3600.0
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
        app_pool = await pool_of(stack, settings.database_url, settings.pool_size)
        relay_pool = await pool_of(stack, settings.relay_database_url, RELAY_POOL_SIZE)

        def tell_of_connection(key: UUID) -> None:
            ingest.directory.forget(key)
            live.tell(CONNECTIONS, str(key))

        def end_login(token_hash: bytes) -> None:
            live.end_login(token_hash)
            live.tell(LOGINS, token_hash.hex())

        def message_queued() -> None:
            sender.wake()
            live.tell(SENDS, "")

        def announce(entries: Sequence[Entry]) -> None:
            if tracing.current is not None:
                tracing.current.committed(entries)
            live.announce(entries)
            delivery.grown(entries)

        redis = redis_of(stack, settings)
        live = live_of(settings, relay_pool, redis)
        post = await post_of(stack, settings, public_url)
        delivery = await delivery_of(stack, settings, keyring, app_pool, live.announce, live.tell, post, public_url)
        calls = await stack.enter_async_context(Calls(settings.allow_private, endpoints=endpoints))
        ingest = await ingest_of(stack, settings, keyring, app_pool, calls, announce, lambda: live.watched)
        storage = storage_of(settings)
        files = await files_of(stack, settings, storage, keyring, app_pool, calls, ingest, announce)
        sender = await sender_of(stack, settings, keyring, Own(files, public_url), announce, endpoints)
        channels: Mapping[str, Callable[[str], None]] = {
            CONNECTIONS: ingest.directory.changed,
            LOGINS: lambda told: live.end_login(bytes.fromhex(told)),
            SENDS: lambda _told: sender.wake(),
            OWED: delivery.told_owed,
            CHANGED: delivery.told_changed,
        }
        await live.start(channels)
        stack.push_async_callback(live.stop)
        measuring = Measuring(relay_pool)
        measuring.start()
        stack.push_async_callback(measuring.stop)
        poster = poster_of(stack, settings)
        importer = await importer_of(stack, settings, app_pool, announce)
        services = Services(
            pool=app_pool,
            public_url=public_url,
            assets=settings.assets_dir,
            clock=now,
            new_id=new_id,
            secret=os.urandom,
            announce=announce,
            keyring=keyring,
            files=files,
            connection_changed=tell_of_connection,
            refusals=ingest.refusals.lately,
            call=lambda request, limit: calls.send(request, limit=limit),
            check_url=calls.check_url,
            replay=ingest.replay,
            login_ended=end_login,
            post=post,
            single_sign_on=single_sign_on_of(settings, calls),
            trusted_proxies=settings.trusted_proxies,
            message_queued=message_queued,
            keeping=rules_of(settings).keeping,
            endpoint_changed=delivery.change,
            demo=poster.serves,
            tell_own=live.tell_own,
            import_waits=importer.waits,
            tries=partial(tries_of, redis),
            checks={
                "log": partial(log_position, relay_pool),
                "sending": sender.position,
                "delivery": delivery.position.look,
            },
        )

        await _start_workers(stack, settings, app_pool, announce, sender, delivery.owe)
        await _start_chores(stack, settings, app_pool, storage)

        application = web.Application(middlewares=[request_log, problems])
        if serves:
            _mount(application, services, ingest, live, poster)
        else:
            health.add_routes(Api(application), services)
        add_headers(application, public_url)
        application.on_shutdown.append(lambda _app: live.stop())
        if mail is not None:
            await take_mail(stack, mail, settings, public_url, ingest)
        yield application


@asynccontextmanager
async def ingest_alone(settings: Settings) -> AsyncIterator[Ingest]:
    """Start what stores webhooks, and nothing that serves; for errands. Serving processes notice by themselves."""
    async with AsyncExitStack() as stack:
        app_pool = await pool_of(stack, settings.database_url, 1)
        calls = await stack.enter_async_context(Calls(settings.allow_private))
        yield await ingest_of(stack, settings, keyring_of(settings), app_pool, calls, lambda _entries: None, lambda: ())


def _mount(application: web.Application, services: Services, ingest: Ingest, live: Live, poster: SamplePoster) -> None:
    api, public_url = Api(application), services.public_url
    api_routes.open_gate(application, services)
    ingest.mount(application, public_url)
    api_routes.add_routes(application, api, services)
    live_routes.add_routes(api, live, services.pool, public_url, lambda: public("ses", id_of_now()))
    demo_routes.add_routes(api, poster, id_of_now)
    api_routes.add_last_routes(application, api, services)


async def _start_workers(
    stack: AsyncExitStack,
    settings: Settings,
    app_pool: asyncpg.Pool,
    announce: Callable[[Sequence[Entry]], None],
    sender: Sender,
    owed: Callable[[UUID], None],
) -> None:
    hook_pool = await pool_of(stack, settings.hook_database_url, WORKERS_POOL_SIZE)
    errands = Errands(hook_pool, Doer(app_pool, announce, new_id))
    indexer = Indexer(hook_pool)
    recoverer = Recoverer(hook_pool, now, owed)
    workers: Sequence[Sender | Errands | Indexer | Recoverer] = (sender, errands, indexer, recoverer)
    for worker in workers:
        worker.start()
        stack.push_async_callback(worker.stop)


async def _start_chores(stack: AsyncExitStack, settings: Settings, app_pool: asyncpg.Pool, storage: Storage) -> None:
    hook_pool = await pool_of(stack, settings.hook_database_url, WORKERS_POOL_SIZE)
    await make_months(hook_pool, now().date())
    chores = [
        Chore("months", 24 * HOUR_SECONDS, lambda: make_months(hook_pool, now().date())),
        Chore("pruning", HOUR_SECONDS, Pruner(hook_pool).prune),
        Chore("retention", HOUR_SECONDS, Retention(hook_pool, rules_of(settings), now).tidy),
    ]
    if not isinstance(storage, NoStorage):
        chores.append(Chore("files", HOUR_SECONDS / 6, Housekeeping(hook_pool, app_pool, storage).tidy))
    keeper = Chores(await pool_of(stack, settings.hook_database_url, len(chores)), chores)
    keeper.start()
    stack.push_async_callback(keeper.stop)
