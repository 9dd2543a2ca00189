"""The worker that parses stored mails, out of the path that answers: reading hostile mail can take its time."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
import structlog

from channels.http import Headers, HttpRequest
from channels.outbound import Refused
from gateway import passage
from gateway.ingest.asking import Questions
from gateway.ingest.receive import Receiver
from gateway.ingest.routing import Directory, Route
from gateway.ingest.webhook import Webhook
from gateway.ingest.writer import Writer
from gateway.keys import Keyring, KeysUnavailable, KeyUnusable
from gateway.lasting import keep_at
from gateway.problems import Overloaded
from gateway.store.ledger import StoredWebhook, claim_mails, postpone
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

log = structlog.get_logger(__name__)

CLAIM_AT_ONCE = 8
LEASE_SECONDS = 120
LOOK_SECONDS = 5.0
#: Attempts to parse a mail that did not end, by workers that died or lost the database. Most often that is not the
#: mail's fault, and nobody can tell: a few restarts and outages may meet the same one.
TRIES = 10
#: Mails whose content is fetched at the same time. Others wait in the ledger: a provider that hangs holds up no mail
#: that is complete.
FETCHES_AT_ONCE = 4
BUSY_SECONDS = 5.0
#: Between the tries to fetch the content of a mail; after the last one it is read without.
FETCH_WAITS = (5.0, 15.0, 60.0, 120.0, 300.0)
LOCKED = "the key that it was sealed with is not here; replay it once that is back"
GONE = "its connection is gone, or of a provider that this version does not know; replay it once that is back"
#: After trouble with the database.
TROUBLE_SECONDS = 30.0
#: What passes by itself: the mail stays pending and is taken up again.
LATER: tuple[type[BaseException], ...] = (*UNAVAILABLE, DatabaseUnavailable, KeysUnavailable, Overloaded)


class MailParser:
    """Takes pending mails from the ledger, parses them in a thread, and has them stored.

    A mail is leased while it is worked on: if this process dies, another takes it when the lease ends. One that
    has cost several workers their lives is quarantined. Where a provider keeps the content of a mail, that is fetched
    first, in several tries.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        directory: Directory,
        keyring: Keyring,
        receiver: Receiver,
        writer: Writer,
        questions: Questions,
    ) -> None:
        self._pool = pool
        self._directory = directory
        self._keyring = keyring
        self._receiver = receiver
        self._writer = writer
        self._questions = questions
        self._fetching: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._served: UUID | None = None
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for mails."""
        self._task = keep_at("mail parser", self._run)

    async def stop(self) -> None:
        """Finish the mails at hand and stop. What is being fetched is left to whoever takes it up next."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        for task in self._fetching:
            task.cancel()
        await asyncio.gather(*self._fetching, return_exceptions=True)

    def waits(self) -> None:
        """Tell that a mail was stored."""
        self._wake.set()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                found = await claim_mails(self._pool, CLAIM_AT_ONCE, LEASE_SECONDS, self._served)
            except LATER as error:
                log.warning("mail.later", error=type(error).__name__)
                found = []
            for place, mail in enumerate(found):
                self._served = mail.tenant_id
                try:
                    await self._parse(mail)
                except LATER as error:
                    await self._give_back(mail, found[place + 1 :], error)
                    found = []
                    break
            if not found and not self._stopping:
                await _event_or_time(self._wake, LOOK_SECONDS)

    async def _parse(self, mail: StoredWebhook) -> None:
        route = await self._directory.route_of_stored(mail.integration_id)
        if route is None:
            log.warning("mail.connection_gone", webhook=str(mail.id), provider=mail.provider)
            await self._set_aside(mail, "connection_gone", GONE)
        elif mail.attempts > TRIES:
            await self._set_aside(mail, "parser_failed", f"{TRIES} attempts to parse it did not end")
        elif route.adapter.operations.complete is not None and len(self._fetching) >= FETCHES_AT_ONCE:
            await postpone(self._pool, mail, BUSY_SECONDS)
        else:
            try:
                webhook = await as_webhook(mail, self._keyring)
            except KeyUnusable as error:
                log.warning("mail.key_unusable", webhook=str(mail.id), error=str(error))
                await self._set_aside(mail, "key_unusable", LOCKED)
                return
            if route.adapter.operations.complete is None:
                await self._read(mail, webhook, route, {})
                return
            task = asyncio.create_task(self._complete(mail, webhook, route), name="mail fetch")
            self._fetching.add(task)
            task.add_done_callback(self._fetching.discard)

    async def _set_aside(self, mail: StoredWebhook, code: str, why: str) -> None:
        request = HttpRequest(mail.method, mail.raw.url, Headers.of(mail.headers), b"")
        await self._writer.store(_known(mail, request).quarantined(code, why))

    async def _give_back(self, mail: StoredWebhook, others: Sequence[StoredWebhook], error: BaseException) -> None:
        """Let go of mails after trouble, so that they need not wait for the end of their leases."""
        log.warning("mail.later", error=type(error).__name__)
        try:
            await postpone(self._pool, mail, TROUBLE_SECONDS, parsed=not isinstance(error, Overloaded))
            for other in others:
                await postpone(self._pool, other, 0.0)
        except LATER as again:
            log.warning("mail.lease_kept", error=type(again).__name__)

    async def _complete(self, mail: StoredWebhook, webhook: Webhook, route: Route) -> None:
        """Fetch what a mail points at, then read it; or give it back for another try."""
        try:
            fetched = await self._questions.complete(route, webhook.request)
            if not isinstance(fetched, Refused):
                await self._read(mail, webhook, route, fetched)
            elif fetched.retryable and mail.fetches < len(FETCH_WAITS):
                wait = max(FETCH_WAITS[mail.fetches], fetched.retry_after or 0.0)
                await postpone(self._pool, mail, min(wait, FETCH_WAITS[-1]), fetched=True)
            else:
                log.warning("mail.incomplete", webhook=str(mail.id), provider=mail.provider, code=fetched.code)
                await self._read(mail, webhook, route, {})
        except LATER as error:
            await self._give_back(mail, (), error)
        except Exception:  # nobody waits for this task; its lease ends, and the mail is taken up again
            log.exception("mail.fetch_failed", webhook=str(mail.id))

    async def _read(self, mail: StoredWebhook, webhook: Webhook, route: Route, fetched: Mapping[str, bytes]) -> None:
        began = passage.clock()
        parsed = await asyncio.to_thread(self._receiver.parsed, webhook, route, fetched)
        commit = await self._writer.store(parsed)
        passage.read_later(parsed, mail.provider, commit, began, first=mail.method == "SMTP")


async def as_webhook(mail: StoredWebhook, keyring: Keyring) -> Webhook:
    """Return a stored webhook as it came in.

    Raises:
        KeyShredded: when the tenant's keys were destroyed.
        KeyUnusable: when the master key that it was sealed under is not here.
        KeysUnavailable: when the service that has it does not answer.
    """
    url, body = await mail.raw.opened(keyring)
    return _known(mail, HttpRequest(mail.method, url, Headers.of(mail.headers), body))


def _known(mail: StoredWebhook, request: HttpRequest) -> Webhook:
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
