"""What happens to one verified webhook: translate it, have it stored, answer only then."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from channels.errors import PayloadMalformed, SignatureInvalid
from channels.http import HttpRequest
from gateway import passage
from gateway.ingest import metrics
from gateway.ingest.asking import Questions
from gateway.ingest.nonces import Nonces
from gateway.ingest.routing import Route
from gateway.ingest.translate import translate
from gateway.ingest.webhook import Webhook
from gateway.ingest.writer import CALL_ITEMS, Writer

log = structlog.get_logger(__name__)


class Receiver:
    """Turns requests into webhooks and waits for them to be stored.

    Args:
        writer: stores what is parsed at once.
        crowd_writer: stores what is parsed at once of a tenant that posts much at the same time, over a connection of
            its own: nobody else waits for its groups.
        slow_writer: stores raw mails and webhooks with very many items, over a connection of its own: a large one
            must not hold up the others.
        mail_waits: called after a mail was stored, so that the parser looks.
        questions: asks providers for what it takes to judge a webhook, and confirms it.
        nonces: knows which proofs were used before.
        clock: the time, in UTC.
        new_id: makes an id of a moment given in milliseconds.
    """

    def __init__(
        self,
        writer: Writer,
        crowd_writer: Writer,
        slow_writer: Writer,
        mail_waits: Callable[[], None],
        questions: Questions,
        nonces: Nonces,
        clock: Callable[[], datetime],
        new_id: Callable[[int], UUID],
    ) -> None:
        self._writer = writer
        self._crowd_writer = crowd_writer
        self._slow_writer = slow_writer
        self._mail_waits = mail_waits
        self._questions = questions
        self._nonces = nonces
        self._clock = clock
        self._new_id = new_id

    async def receive(self, route: Route, request: HttpRequest, *, crowded: bool = False) -> None:
        """Verify a webhook and store it; returns after the commit. A used proof with another content is dropped.

        Args:
            route: its connection.
            request: what was posted.
            crowded: whether it is one of many of its tenant; see ``door.py``.

        Raises:
            SignatureInvalid: when it is not genuine, and the connection does not only report that.
            Overloaded: when too many wait, or another with the same proof is being stored.
            DatabaseUnavailable: when it is not known to be stored.
            ProviderUnreachable: when its provider has to be asked first, and does not answer.
        """
        now = self._clock()
        credentials = await self._questions.prepare(route.adapter, request, route.credentials)
        try:
            route.adapter.verify(request, credentials, now)
        except SignatureInvalid:
            if not route.report_only:
                raise
            await self.store(route, request, now, verified=False, crowded=crowded)
            return
        passage.took("verify")
        if not await self._nonces.take(route, request):
            metrics.REUSED.labels(route.adapter.provider).inc()
            log.warning("ingest.proof_reused", provider=route.adapter.provider, integration=str(route.integration_id))
            return
        try:
            await self.store(route, request, now, verified=True, crowded=crowded)
        except Exception:
            await self._nonces.give_back(route, request)
            raise
        await self._nonces.use_up(route, request)
        await self._questions.confirm(route, request)

    async def store(
        self, route: Route, request: HttpRequest, now: datetime, *, verified: bool, crowded: bool = False
    ) -> None:
        """Store a webhook whose signature was looked at."""
        milliseconds = int(now.timestamp() * 1000)
        key = self._new_id(milliseconds)
        webhook = Webhook(
            id=key,
            tenant_id=route.tenant_id,
            integration_id=route.integration_id,
            provider=route.adapter.provider,
            received_at=now,
            request=request,
            verified=verified,
            sealed=await route.sealing.seal(key, request.url, request.body),
        )
        if route.adapter.deferred:
            raw = replace(webhook, pending=True)
            passage.stored(raw, await self._slow_writer.store(raw))
            self._mail_waits()
        else:
            parsed = self.parsed(webhook, route)
            passage.took("parse")
            writer = self._crowd_writer if crowded else self._writer
            if parsed.item_count > CALL_ITEMS:
                writer = self._slow_writer
            passage.stored(parsed, await writer.store(parsed))

    def parsed(self, webhook: Webhook, route: Route, fetched: Mapping[str, bytes] | None = None) -> Webhook:
        """Return a webhook with its rows; one that can't be read comes back quarantined.

        Args:
            webhook: as it came in.
            route: its connection.
            fetched: what it pointed at.
        """
        milliseconds = int(webhook.received_at.timestamp() * 1000)
        try:
            context = {**route.context, "fetched": fetched} if fetched else route.context
            events = route.adapter.parse(webhook.request, context)
            rows = translate(
                events, route, webhook.received_at, lambda: self._new_id(milliseconds), verified=webhook.verified
            )
        except PayloadMalformed as error:
            return webhook.quarantined(error.code, error.detail)
        except Exception as error:  # a fault of ours: the provider must not pay for it, and a fix can replay it
            log.exception("ingest.parser_failed", webhook=str(webhook.id), provider=webhook.provider)
            return webhook.quarantined("parser_failed", f"reading it failed ({type(error).__name__})")
        return webhook.translated(rows)
