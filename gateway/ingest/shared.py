"""Webhooks of a provider app that tenants share: one post may hold changes for several of them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson
import structlog

from channels.errors import PayloadMalformed
from channels.http import HttpRequest
from gateway.ingest import metrics
from gateway.ingest.receive import Receiver
from gateway.ingest.routing import Directory, SharedApp
from gateway.ingest.webhook import kept_headers
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

log = structlog.get_logger(__name__)

KEEP_UNROUTED = "SELECT keep_unrouted($1, $2, $3, $4, $5)"


class SharedReceiver:
    """Gives each tenant the part of a post that is for its own addresses, and no other part.

    A part that nobody owns, and a post that nobody can read, is kept for the operator.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        directory: Directory,
        receiver: Receiver,
        clock: Callable[[], datetime],
        new_id: Callable[[int], UUID],
    ) -> None:
        self._pool = pool
        self._directory = directory
        self._receiver = receiver
        self._clock = clock
        self._new_id = new_id

    async def receive(self, app: SharedApp, request: HttpRequest) -> None:
        """Verify a post and store all its parts; returns after the last commit.

        Raises:
            SignatureInvalid: when it is not genuine.
            Overloaded: when too many webhooks wait.
            DatabaseUnavailable: when a part is not known to be stored.
        """
        now = self._clock()
        app.adapter.verify(request, app.credentials, now)
        if app.adapter.divide is None:
            await self._keep(app, request, "not_divisible", now)
            return
        try:
            parts = app.adapter.divide(request)
        except PayloadMalformed as error:
            await self._keep(app, request, error.code, now)
            return
        except Exception:  # a fault of ours: the provider must not pay for it
            log.exception("ingest.divider_failed", provider=app.adapter.provider)
            await self._keep(app, request, "parser_failed", now)
            return
        outcomes = await asyncio.gather(
            *(self._part(app, replace(request, body=body), address, now) for address, body in parts),
            return_exceptions=True,  # all parts get their chance; then one failure fails the post
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _part(self, app: SharedApp, request: HttpRequest, address: str | None, now: datetime) -> None:
        integration_id = app.routes.get(address) if address is not None else None
        route = await self._directory.route(integration_id) if integration_id is not None else None
        if route is None:
            metrics.UNROUTED.labels(app.adapter.provider).inc()
            await self._keep(app, request, "unknown_address", now)
        else:
            await self._receiver.store(route, request, now, verified=True)

    async def _keep(self, app: SharedApp, request: HttpRequest, reason: str, now: datetime) -> None:
        key = self._new_id(int(now.timestamp() * 1000))
        headers = orjson.dumps(kept_headers(request, app.adapter.provider)).decode()
        try:
            await self._pool.execute(KEEP_UNROUTED, app.app_id, key, reason, headers, request.body, timeout=30)
        except UNAVAILABLE as error:
            raise DatabaseUnavailable("the webhook is not known to be stored") from error
