"""The worker that parses stored mails, out of the path that answers: reading hostile mail can take its time."""

import asyncio

import asyncpg
import structlog

from channels.http import Headers, HttpRequest
from gateway.ingest.receive import Receiver
from gateway.ingest.routing import Directory
from gateway.ingest.webhook import Webhook
from gateway.ingest.writer import Writer
from gateway.lasting import keep_at
from gateway.problems import Overloaded
from gateway.store.ledger import StoredWebhook, claim_mails
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

log = structlog.get_logger(__name__)

CLAIM_AT_ONCE = 8
LEASE_SECONDS = 120
LOOK_SECONDS = 5.0
TRIES = 3
#: What passes by itself: the mail stays pending and is taken up again.
LATER: tuple[type[BaseException], ...] = (*UNAVAILABLE, DatabaseUnavailable, Overloaded)


class MailParser:
    """Takes pending mails from the ledger, parses them in a thread, and has them stored.

    A mail is leased while it is worked on: if this process dies, another takes it when the lease ends. One that
    has cost several workers their lives is quarantined.
    """

    def __init__(self, pool: asyncpg.Pool, directory: Directory, receiver: Receiver, writer: Writer) -> None:
        self._pool = pool
        self._directory = directory
        self._receiver = receiver
        self._writer = writer
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for mails."""
        self._task = keep_at("mail parser", self._run)

    async def stop(self) -> None:
        """Finish the mails at hand and stop."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    def waits(self) -> None:
        """Tell that a mail was stored."""
        self._wake.set()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                found = await claim_mails(self._pool, CLAIM_AT_ONCE, LEASE_SECONDS)
                for mail in found:
                    await self._parse(mail)
            except LATER as error:
                log.warning("mail.later", error=type(error).__name__)
                found = []
            if not found and not self._stopping:
                await _event_or_time(self._wake, LOOK_SECONDS)

    async def _parse(self, mail: StoredWebhook) -> None:
        route = await self._directory.route(mail.integration_id)
        if route is None:
            log.warning("mail.connection_gone", webhook=str(mail.id))
            return
        webhook = as_webhook(mail)
        if mail.attempts > TRIES:
            webhook = webhook.quarantined("parser_failed", f"{TRIES} attempts to parse it did not end")
        else:
            webhook = await asyncio.to_thread(self._receiver.parsed, webhook, route)
        await self._writer.store(webhook)


def as_webhook(mail: StoredWebhook) -> Webhook:
    """Return a stored webhook as it came in."""
    request = HttpRequest(mail.method, mail.url, Headers.of(mail.headers), mail.body)
    return Webhook(
        id=mail.id,
        tenant_id=mail.tenant_id,
        integration_id=mail.integration_id,
        provider=mail.provider,
        received_at=mail.received_at,
        request=request,
        verified=mail.verdict == "verified",
        known=True,
    )


async def _event_or_time(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
