"""The parts of the server, each with the connections that it takes.

Here the clock, chance and connections are taken for whatever is given them.
"""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from pydantic import SecretStr

from channels.providers.smtp import SmtpCredentials
from gateway.api.tries import OwnTries, Tries
from gateway.audit.access import Auditor
from gateway.audit.recorder import Recorder
from gateway.delivery.service import Delivery, Outside
from gateway.demo.sample_poster import SamplePoster
from gateway.ingest.service import Ingest
from gateway.keys import Keyring
from gateway.keys.remembering import Remembering
from gateway.keys.vault import Transit
from gateway.lasting import keep_at
from gateway.live.service import Live
from gateway.measuring import watch_pool
from gateway.model.ids import new_id
from gateway.model.log import Entry
from gateway.outgoing.egress import Endpoint
from gateway.outgoing.http import Calls
from gateway.outgoing.smtp import MailSender
from gateway.people.letters import Post, PostOffice
from gateway.people.single_sign_on import Client, SingleSignOn
from gateway.rates import Rates
from gateway.retention import Rules
from gateway.sending.attempt import Surroundings
from gateway.sending.making import Own
from gateway.sending.sender import MOST_IN_FLIGHT, Sender
from gateway.settings import Settings
from gateway.smtp.listener import MailListener, tls_context
from gateway.store.pool import connect, open_pool
from gateway.store.retention import Keeping

if TYPE_CHECKING:
    from gateway.redis_servers import Servers

SENDER_POOL_SIZE = 4
#: Wrong logins of one computer at the SMTP listener, as at the page.
SMTP_TRIES, SMTP_TRIES_SECONDS = 30, 300.0
POOL_CLOSE_SECONDS = 5.0


def keyring_of(settings: Settings) -> Keyring:
    """Return the master keys, and the Vault that wraps instead of them if the operator named one.

    Raises:
        KeyUnusable: when one is not 32 bytes of base64.
    """
    previous = settings.previous_master_keys.get_secret_value() if settings.previous_master_keys else ""
    earlier = [key for key in previous.split(",") if key.strip()]
    return Keyring(settings.master_key.get_secret_value(), earlier, _vault_of(settings))


def _vault_of(settings: Settings) -> Remembering | None:
    if settings.vault_url is None:
        return None
    token = settings.vault_token
    transit = Transit(
        url=settings.vault_url,
        mount=settings.vault_mount,
        key=settings.vault_key,
        token=token.get_secret_value() if token else None,
        token_file=settings.vault_token_file,
        ca_file=settings.vault_ca_file,
    )
    return Remembering(transit)


def rules_of(settings: Settings) -> Rules:
    """Return how long the operator keeps what."""
    days = (settings.keep_webhooks_days, settings.keep_deliveries_days, settings.keep_events_days)
    return Rules(Keeping(*days), settings.events_hot_days)


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def id_of_now() -> UUID:
    """Make an id of this moment."""
    return new_id(time.time_ns() // 1_000_000)


def auditor_of(stack: AsyncExitStack, settings: Settings, hook_pool: asyncpg.Pool) -> Auditor:
    """Begin to write down who reads and changes personal data; what ends later is stopped before."""
    recorder = Recorder(hook_pool)
    recorder.start()
    stack.push_async_callback(recorder.stop)
    return Auditor(recorder, now, settings.trusted_proxies)


def live_of(
    settings: Settings,
    relay_pool: asyncpg.Pool,
    keyring: Keyring,
    servers: "Servers | None",
    grown: Callable[[UUID], None] | None,
) -> Live:
    """Make what tells browsers of changes, here and in other processes."""
    direct = settings.listener_database_url or settings.relay_database_url
    open_relay = partial(connect, direct.get_secret_value()) if settings.listen else None
    if servers is None:
        return Live(relay_pool, open_relay, random.random, grown=grown)
    from gateway.live.neighbours import Neighbours  # noqa: PLC0415 - see servers_of
    from gateway.live.radio import Radio  # noqa: PLC0415

    radio = Radio(servers)
    neighbours = Neighbours(radio, id_of_now().hex, keyring)
    return Live(relay_pool, open_relay, random.random, radio=radio, neighbours=neighbours, grown=grown)


async def sender_of(
    stack: AsyncExitStack,
    settings: Settings,
    keyring: Keyring,
    hook_pool: asyncpg.Pool,
    own: Own,
    announce: Callable[[Sequence[Entry]], None],
    endpoints: Collection[Endpoint],
) -> Sender:
    """Start the worker that sends, with calls and connections of its own: nobody else waits for slow providers."""
    calls = Calls(settings.allow_private, endpoints=endpoints, per_host=MOST_IN_FLIGHT)
    host = urlsplit(own.base_url).hostname or "localhost"
    around = Surroundings(
        pool=await pool_of(stack, settings, settings.database_url, SENDER_POOL_SIZE),
        keyring=keyring,
        own=own,
        call=(await stack.enter_async_context(calls)).send,
        deliver=(await stack.enter_async_context(MailSender(settings.allow_private, name=host))).deliver,
        announce=announce,
        clock=now,
        new_id=id_of_now,
        chance=random.random,
    )
    sender = Sender(hook_pool, around)
    sender.start()
    stack.push_async_callback(sender.stop)
    return sender


async def delivery_of(
    stack: AsyncExitStack,
    settings: Settings,
    keyring: Keyring,
    hook_pool: asyncpg.Pool,
    app_pool: asyncpg.Pool,
    announce: Callable[[Sequence[Entry]], None],
    tell: Callable[[str, str], None],
    post: Post | None,
    public_url: str,
) -> Delivery:
    """Start what delivers events to integrators' endpoints."""
    outside = Outside(
        hook_pool=hook_pool,
        app_pool=app_pool,
        keyring=keyring,
        allowed=settings.allow_private,
        announce=announce,
        tell=tell,
        clock=now,
        chance=random.random,
        new_id=id_of_now,
        post=post,
        public_url=public_url,
    )
    return await stack.enter_async_context(Delivery(outside))


async def post_of(stack: AsyncExitStack, settings: Settings, public_url: str) -> Post | None:
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


def single_sign_on_of(settings: Settings, calls: Calls) -> SingleSignOn | None:
    """Return the identity provider, if the operator named one."""
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


async def take_mail(
    stack: AsyncExitStack,
    listening: socket.socket,
    settings: Settings,
    public_url: str,
    ingest: Ingest,
    tries: Callable[[str, int, float], Tries],
) -> None:
    """Take mail on a socket until the stack is left."""
    listener = MailListener(
        listening,
        ingest.directory,
        ingest.receiver,
        hostname=settings.smtp_name or urlsplit(public_url).hostname or "localhost",
        tls=tls_context(settings.smtp_tls_cert, settings.smtp_tls_key),
        plain_login=settings.smtp_plain_login,
        clock=now,
        monotonic=time.monotonic,
        tries=tries("smtp", SMTP_TRIES, SMTP_TRIES_SECONDS),
    )
    await listener.start()
    stack.push_async_callback(listener.stop)


async def ingest_of(
    stack: AsyncExitStack,
    settings: Settings,
    keyring: Keyring,
    hook_pool: asyncpg.Pool,
    app_pool: asyncpg.Pool,
    calls: Calls,
    announce: Callable[[Sequence[Entry]], None],
    echo_tenants: Callable[[], Collection[UUID]],
    mail_stored: Callable[[], None] | None,
    *,
    starts: bool = True,
) -> Ingest:
    """Make what stores webhooks, and start it if anything is stored here."""
    ingest = Ingest(
        (settings.writer_database_url or settings.hook_database_url).get_secret_value(),
        hook_pool,
        app_pool,
        keyring,
        calls,
        announce,
        echo_tenants,
        settings.queue_limit,
        mail_stored,
        now,
        new_id,
    )
    if starts:
        await ingest.start()
        stack.push_async_callback(ingest.stop)
    return ingest


def poster_of(stack: AsyncExitStack, settings: Settings) -> SamplePoster:
    """Make what posts samples to a demo tenant."""
    poster = SamplePoster(settings.demo_file, random.Random(), now)  # noqa: S311 - no secret
    stack.push_async_callback(poster.stop)
    return poster


def tries_of(servers: "Servers | None", name: str, allowed: int, seconds: float) -> Tries:
    """Make what counts tries; with Redis those of all processes together."""
    own = OwnTries(allowed, time.monotonic, seconds)
    if servers is None:
        return own
    from gateway.api.shared_tries import SharedTries  # noqa: PLC0415 - see servers_of

    return SharedTries(servers, name, allowed, seconds, own)


async def rates_of(stack: AsyncExitStack, settings: Settings, servers: "Servers | None") -> Rates:
    """Make what counts requests; with Redis those at all processes together."""
    rates = Rates(settings.caller_rate, settings.tenant_rate, settings.socket_rate, time.time)
    if servers is not None:
        sharing = keep_at("rates", partial(rates.share, servers))
        stack.push_async_callback(_end, sharing)
    return rates


def servers_of(stack: AsyncExitStack, settings: Settings) -> "Servers | None":
    """Return the Redis that all processes share, if the operator named one."""
    if settings.redis_url is None:
        return None
    from gateway.redis_servers import Servers  # noqa: PLC0415 - takes a tenth of a second, which only those with a Redis pay

    servers = Servers(settings.redis_url.get_secret_value())
    stack.push_async_callback(servers.aclose)
    return servers


async def pool_of(stack: AsyncExitStack, settings: Settings, url: SecretStr, size: int) -> asyncpg.Pool:
    """Open a pool that is closed when the stack is left; it connects when it is used."""
    pool = await open_pool(url.get_secret_value(), size, pooler=settings.database_pooler)
    role = (urlsplit(url.get_secret_value()).username or "-").removeprefix("postgate_")
    stack.callback(watch_pool(role, pool))
    stack.push_async_callback(_close, pool)
    return pool


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _close(pool: asyncpg.Pool) -> None:
    """Close a pool; a database that does not answer must not keep the process from ending."""
    try:
        async with asyncio.timeout(POOL_CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()
