"""What may be used once: where a proof does not cover all of a request, it counts for the one that it came with."""

import hashlib
from datetime import timedelta

import asyncpg
import structlog

from channels.http import HttpRequest
from gateway.ingest.routing import Route
from gateway.problems import Overloaded
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

log = structlog.get_logger(__name__)

TAKE = "SELECT take_nonce($1, $2, $3, $4, $5, $6)"
USE = "SELECT use_nonce($1, $2, $3, $4)"
GIVE_BACK = "SELECT give_nonce_back($1, $2, $3, $4)"
#: How long a request has a nonce for itself while it is stored; longer than storing takes when the database is slow.
LEASE = timedelta(seconds=60)


class Nonces:
    """Remembers nonces in the database, so that all processes know them.

    A nonce is taken before its request is stored. Then it is either used up, or given back when storing failed; one
    whose process died in between is free again when its lease ends.

    Args:
        pool: connections as the role ``hook``.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def take(self, route: Route, request: HttpRequest) -> bool:
        """Take what a verified request holds; False when another request was stored with it. A repeat may go on.

        Raises:
            Overloaded: when another request with it is being stored, which may fail.
            DatabaseUnavailable: when that can't be told.
        """
        found = await self._ask(TAKE, route, request, LEASE, route.adapter.nonce_kept)
        if found == "held":
            raise Overloaded("another webhook with the same proof is being stored")
        return found != "used"

    async def use_up(self, route: Route, request: HttpRequest) -> None:
        """Note that a request is stored.

        Raises:
            DatabaseUnavailable: when it is not known to be noted; a repeat then adds nothing but this note.
        """
        await self._ask(USE, route, request)

    async def give_back(self, route: Route, request: HttpRequest) -> None:
        """Let a request be repeated with other bytes, since it could not be stored."""
        try:
            await self._ask(GIVE_BACK, route, request)
        except DatabaseUnavailable:
            log.warning("ingest.proof_held", integration=str(route.integration_id), seconds=LEASE.total_seconds())

    async def _ask(self, statement: str, route: Route, request: HttpRequest, *more: timedelta) -> object:
        once = route.adapter.nonce(request) if route.adapter.nonce is not None else None
        if once is None:
            return None
        nonce = hashlib.sha256(_bytes(once)).digest()
        arguments = (route.tenant_id, route.integration_id, nonce, _digest(request), *more)
        try:
            found: object = await self._pool.fetchval(statement, *arguments, timeout=10)
        except UNAVAILABLE as error:
            raise DatabaseUnavailable("the webhook is not known to be stored") from error
        return found


def _digest(request: HttpRequest) -> bytes:
    """Return a hash of all that a request may say: what a GET says is in its query, as it was sent."""
    query = request.url.partition("?")[2]
    return hashlib.sha256(b"\0".join((_bytes(request.method), _bytes(query), request.body))).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
