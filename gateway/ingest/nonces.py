"""What may be used once: where a proof does not cover the body, it counts for the one body that it came with."""

import hashlib
from datetime import timedelta

import asyncpg

from channels.http import HttpRequest
from gateway.ingest.routing import Route
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

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
        """Tell whether a verified request holds what came with another body before; takes it if not.

        Raises:
            DatabaseUnavailable: when that can't be told.
        """
        nonce = route.adapter.nonce(request) if route.adapter.nonce is not None else None
        if nonce is None:
            return False
        once = hashlib.sha256(nonce.encode("utf-8", "surrogatepass")).digest()
        body = hashlib.sha256(request.body).digest()
        try:
            is_fresh: bool = await self._pool.fetchval(
                TAKE, route.tenant_id, route.integration_id, once, body, timeout=10
            )
        except UNAVAILABLE as error:
            raise DatabaseUnavailable("the webhook is not known to be stored") from error
        return not is_fresh
