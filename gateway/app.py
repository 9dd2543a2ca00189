"""The whole server, wired: who gets which connection, and who tells whom.

Here the clock, chance and connections are taken for whatever is given them.
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from uuid import UUID

import asyncpg
from aiohttp import web

from gateway import tracing
from gateway.answering import problems
from gateway.api import health
from gateway.api import routes as api_routes
from gateway.api.services import Services
from gateway.behind import Behind, Shared, start
from gateway.demo import routes as demo_routes
from gateway.demo.sample_poster import SamplePoster
from gateway.files.chosen import NoStorage, storage_of
from gateway.files.keeping import Files
from gateway.files.sweeping import Sweeper
from gateway.ingest.service import Ingest
from gateway.key_check import KeyCheck
from gateway.leaving import LEAVING, Leaving
from gateway.live import routes as live_routes
from gateway.live.service import Live
from gateway.measuring import Measuring
from gateway.model.ids import new_id, public
from gateway.model.log import Entry
from gateway.openapi import Api
from gateway.outgoing.egress import Endpoint
from gateway.outgoing.http import Calls
from gateway.parts import (
    auditor_of,
    id_of_now,
    ingest_of,
    keyring_of,
    live_of,
    now,
    pool_of,
    post_of,
    poster_of,
    rates_of,
    rules_of,
    servers_of,
    single_sign_on_of,
    take_mail,
    tries_of,
)
from gateway.rates import RATES
from gateway.request_log import request_log
from gateway.response_headers import add_headers
from gateway.settings import Settings
from gateway.siblings import Siblings
from gateway.store.pool import prove
from gateway.store.positions import log_position

#: Connections at most; each is opened when it is needed, and closed when it was not for five minutes.
RELAY_POOL_SIZE = 3
HOOK_POOL_SIZE = 3
CONNECTIONS = "postgate_connections"
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
    siblings: Siblings | None = None,
) -> AsyncIterator[web.Application]:
    """Put the server together and start its parts; leaving stops them, the newest first.

    Args:
        settings: of the server.
        public_url: the base URL that providers and browsers use.
        mail: the socket to take mail on; None to take none.
        endpoints: of this machine, that it may call by plain http although they are inside.
        serves: whether the application serves everything; otherwise it only tells how it is.
        siblings: the workers that share its port; None when it has it alone.

    Raises:
        RoleTooPowerful: when a database role could see past row-level security.
        KeyUnusable: when the master key is none.
        StorageUnavailable: when the folder of files can't be used.
        CertificateUnusable: when there is one for mail, and it is no good.
    """
    keyring, roles, leaving = keyring_of(settings), settings.roles, Leaving()
    async with AsyncExitStack() as stack:
        app_pool, relay_pool, hook_pool = await _pools(stack, settings)

        def tell_of_connection(key: UUID) -> None:
            ingest.directory.forget(key)
            live.tell(CONNECTIONS, str(key))

        def end_login(token_hash: bytes) -> None:
            live.end_login(token_hash)
            live.tell(LOGINS, token_hash.hex())

        def announce(entries: Sequence[Entry]) -> None:
            if tracing.current is not None:
                tracing.current.committed(entries)
            live.announce(entries)
            behind.grown(entries)

        def grown_elsewhere(tenant_id: UUID) -> None:
            # Whoever serves shares out what it commits itself; for others wake-ups tell of it.
            behind.grown_elsewhere(tenant_id)

        auditor, servers = auditor_of(stack, settings, hook_pool), servers_of(stack, settings)
        live = live_of(settings, relay_pool, keyring, servers, None if serves else grown_elsewhere)
        stack.push_async_callback(live.stop)
        behind = Behind(roles, live.tell)
        calls = await stack.enter_async_context(Calls(settings.allow_private, endpoints=endpoints))
        ingest = await ingest_of(
            stack, settings, keyring, hook_pool, app_pool, calls, announce, lambda: live.watched,
            None if "media" in roles else behind.mail_waits, starts=serves or "media" in roles,
        )  # fmt: skip
        storage = storage_of(settings)
        if not isinstance(storage, NoStorage):
            start(stack, Sweeper(storage.spool))
        shared = Shared(
            settings=settings,
            public_url=public_url,
            keyring=keyring,
            app_pool=app_pool,
            calls=calls,
            storage=storage,
            files=Files(storage, app_pool, keyring, now, new_id, settings.file_limit),
            ingest=ingest,
            live=live,
            announce=announce,
            post=await post_of(stack, settings, public_url),
            endpoints=endpoints,
        )
        await behind.start(stack, shared)
        channels = {CONNECTIONS: ingest.directory.changed, **behind.channels}
        if serves:
            channels[LOGINS] = live.login_ended_elsewhere
        await live.start(channels)
        start(stack, Measuring(relay_pool))
        poster = poster_of(stack, settings)
        services = Services(
            pool=app_pool,
            public_url=public_url,
            assets=settings.assets_dir,
            clock=now,
            new_id=new_id,
            secret=os.urandom,
            announce=announce,
            keyring=keyring,
            files=shared.files,
            auditor=auditor,
            connection_changed=tell_of_connection,
            refusals=ingest.refusals.lately,
            call=lambda request, limit: calls.send(request, limit=limit),
            check_url=calls.check_url,
            replay=ingest.replay,
            login_ended=end_login,
            post=shared.post,
            single_sign_on=single_sign_on_of(settings, calls),
            trusted_proxies=settings.trusted_proxies,
            message_queued=behind.message_queued,
            keeping=rules_of(settings).keeping,
            endpoint_changed=behind.endpoint_changed,
            demo=poster.serves,
            tell_own=live.tell_own,
            import_waits=behind.import_waits,
            data_request_waits=behind.data_request_waits,
            tries=partial(tries_of, servers),
            checks={
                "leaving": leaving.check,
                "keys": KeyCheck(keyring, hook_pool, time.monotonic),
                "log": partial(log_position, relay_pool),
                **behind.checks,
            },
        )
        if siblings is not None:
            services = await _told_by_all(stack, services, siblings)
        application = web.Application(middlewares=[request_log, problems])
        if serves:
            application[RATES] = await rates_of(stack, settings, servers)
            _mount(application, services, ingest, live, poster)
        else:
            health.add_routes(Api(application), services)
        add_headers(application, public_url)
        application[LEAVING] = leaving
        application.on_response_prepare.append(leaving.ask_to_reconnect)
        application.on_shutdown.append(lambda _app: live.send_away())
        if mail is not None:
            await take_mail(stack, mail, settings, public_url, ingest, partial(tries_of, servers))
        yield application


@asynccontextmanager
async def ingest_alone(settings: Settings) -> AsyncIterator[Ingest]:
    """Start what stores webhooks, and nothing that serves; for errands. Serving processes notice by themselves."""
    async with AsyncExitStack() as stack:
        app_pool = await pool_of(stack, settings, settings.database_url, 1)
        hook_pool = await pool_of(stack, settings, settings.hook_database_url, HOOK_POOL_SIZE)
        calls = await stack.enter_async_context(Calls(settings.allow_private))
        yield await ingest_of(
            stack,
            settings,
            keyring_of(settings),
            hook_pool,
            app_pool,
            calls,
            announce=lambda _entries: None,
            echo_tenants=lambda: (),
            mail_stored=None,
        )


async def _pools(stack: AsyncExitStack, settings: Settings) -> tuple[asyncpg.Pool, asyncpg.Pool, asyncpg.Pool]:
    """Open the pools of the three roles; what is wrong with one is told now."""
    app_pool = await pool_of(stack, settings, settings.database_url, settings.pool_size)
    relay_pool = await pool_of(stack, settings, settings.relay_database_url, RELAY_POOL_SIZE)
    hook_pool = await pool_of(stack, settings, settings.hook_database_url, HOOK_POOL_SIZE)
    await asyncio.gather(*map(prove, (app_pool, relay_pool, hook_pool)))
    return app_pool, relay_pool, hook_pool


async def _told_by_all(stack: AsyncExitStack, services: Services, siblings: Siblings) -> Services:
    """Tell the other workers how this one is, and whoever asks how all of them are."""
    await stack.enter_async_context(siblings.listening(health.Ready(services).ready))
    return replace(
        services,
        measurements=siblings.measurements,
        check_alive=siblings.check_alive,
        checks={**services.checks, "workers": siblings.check_ready},
    )


def _mount(application: web.Application, services: Services, ingest: Ingest, live: Live, poster: SamplePoster) -> None:
    api, public_url = Api(application), services.public_url
    api_routes.open_gate(application, services)
    ingest.mount(application, public_url)
    api_routes.add_routes(application, api, services)
    live_routes.add_routes(api, live, services.pool, public_url, lambda: public("ses", id_of_now()))
    demo_routes.add_routes(api, poster, id_of_now)
    api_routes.add_last_routes(application, api, services)
