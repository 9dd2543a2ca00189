"""What may be used once: where a proof does not cover the body, it counts for the one body that it came with."""

import hashlib
from datetime import timedelta

import asyncpg

from channels.http import HttpRequest
from gateway.ingest.routing import Route
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

IS_USED = "SELECT is_nonce_used($1, $2, $3, $4)"
TAKE = "SELECT take_nonce($1, $2, $3, $4)"
FORGET = "SELECT forget_nonces($1)"
#: Longer than any provider repeats a webhook, and any adapter takes a proof for fresh.
KEPT = timedelta(days=3)


class Nonces:
    """Remembers nonces in the database, so that all processes know them.

    Args:
        pool: connections as the role ``hook``.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def is_reused(self, route: Route, request: HttpRequest) -> bool:
        """Tell whether a verified request holds what was stored with another body before.

        Raises:
            DatabaseUnavailable: when that can't be told.
        """
        once = _once(route, request)
        return once is not None and bool(await self._ask(IS_USED, route, once, request.body))

    async def take(self, route: Route, request: HttpRequest) -> None:
        """Note what a stored request held; what is not stored stays free, for the provider's next try.

        Raises:
            DatabaseUnavailable: when it is not known to be noted; a repeat then adds nothing but this note.
        """
        once = _once(route, request)
        if once is not None:
            await self._ask(TAKE, route, once, request.body)

    async def _ask(self, statement: str, route: Route, once: str, body: bytes) -> object:
        nonce = hashlib.sha256(once.encode("utf-8", "surrogatepass")).digest()
        digest = hashlib.sha256(body).digest()
        try:
            found: object = await self._pool.fetchval(
                statement, route.tenant_id, route.integration_id, nonce, digest, timeout=10
            )
        except UNAVAILABLE as error:
            raise DatabaseUnavailable("the webhook is not known to be stored") from error
        return found


def _once(route: Route, request: HttpRequest) -> str | None:
    return route.adapter.nonce(request) if route.adapter.nonce is not None else None
