"""Logins at providers that end soon, or are refused already; a chore (``gateway/chores.py``).

Providers that can be asked (``login_term`` of their operations) are, and say until when what we send with is good. The
alarm is told anew when 14, 7, 3 and 1 days are left, when it has ended, and when somebody mended it.
"""

import math
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson
import structlog
from pydantic import ValidationError

from channels.http import HttpRequest, HttpResponse
from channels.operations import LoginTerm
from channels.outbound import Refused
from channels.registry import ADAPTERS
from gateway.alarms.telling import Teller, count
from gateway.keys import Keyring, KeysUnavailable, KeyUnusable, credentials_of, unseal
from gateway.model.log import iso
from gateway.outgoing.base_url import calling
from gateway.outgoing.dialogue import DialogueEndless, drive
from gateway.store import connections
from gateway.store.pool import tenant_tx
from gateway.store.standing_alarms import Alarm, connections_of

log = structlog.get_logger(__name__)

KIND, WELL = "login", "login_well"
#: Days before the end at which it is told; the last ones are critical.
DAYS = (14, 7, 3, 1)
CRITICAL_DAYS = 3
BODY_LIMIT = 64 * 1024
DAY_SECONDS = 86_400

#: Ends an alarm at once, whatever the new credentials are worth.
ENTERED = "The credentials of this connection were entered anew. Should they end soon, too, it is told within the hour."
MEND = "Make a new access token in the provider's console and enter it under Settings, Connections."


class Logins:
    """Asks about all connections, one after the other.

    Args:
        pool: of the role ``hook``.
        teller: see there.
        keyring: opens credentials.
        send: makes a request under the guard, and reads that many bytes of its answer at most.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        teller: Teller,
        keyring: Keyring,
        send: Callable[[HttpRequest, int], Awaitable[HttpResponse]],
    ) -> None:
        self._pool = pool
        self._teller = teller
        self._keyring = keyring
        self._send = send

    async def look(self) -> None:
        """Ask until when each login is good; what can't be asked now is asked the next time.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        asked = [name for name, adapter in ADAPTERS.items() if adapter.operations.login_term is not None]
        for tenant_id, integration_id in await connections_of(self._pool, asked):
            term = await self._term(tenant_id, integration_id)
            if term is not None:
                await self._tell(tenant_id, integration_id, term)
        await count(self._pool)

    async def _term(self, tenant_id: UUID, integration_id: UUID) -> LoginTerm | None:
        async with tenant_tx(self._teller.app_pool, tenant_id) as tx:
            connection = await connections.get(tx, integration_id)
        if connection is None:
            return None
        adapter = ADAPTERS[connection.provider]
        ask = adapter.operations.login_term
        try:
            place = credentials_of(tenant_id, integration_id)
            key = await self._keyring.unwrap(connection.key.wrapped)
            values = orjson.loads(unseal(key, connection.credentials_sealed, place))
            credentials = adapter.credentials.model_validate(values)
        except (KeyUnusable, KeysUnavailable, ValidationError) as error:
            log.warning("alarms.credentials_unusable", connection=str(integration_id), error=type(error).__name__)
            return None
        if ask is None:
            return None
        try:
            told = await drive(ask(credentials), calling(self._answer, connection.settings))
        except DialogueEndless:
            return None
        if isinstance(told, Refused):
            log.info("alarms.login_not_asked", connection=str(integration_id), code=told.code)
            return None
        return told

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        return await self._send(request, BODY_LIMIT)

    async def _tell(self, tenant_id: UUID, integration_id: UUID, term: LoginTerm) -> None:
        now = self._teller.clock()
        found = alarm_of(term, now)
        if found is None:
            well = "The login of this connection is good again."
            await self._teller.ends(tenant_id, integration_id, KIND, well, WELL)
            return
        subtype = "login_refused" if found.days_left == 0 else "login_ends"
        extra = {"expires_at": None if found.expires_at is None else iso(found.expires_at)}
        await self._teller.begins(tenant_id, integration_id, found, subtype, extra)


def alarm_of(term: LoginTerm, now: datetime) -> Alarm | None:
    """Return the alarm that a login gives now; None while it is good for more than two weeks."""
    if not term.valid or (term.expires_at is not None and term.expires_at <= now):
        sentence = f"The provider refuses the access token of this connection: nothing can be sent. {MEND}"
        return Alarm(KIND, "critical", sentence, now, term.expires_at, 0)
    if term.expires_at is None:
        return None
    left = (term.expires_at - now).total_seconds() / DAY_SECONDS
    step = min((days for days in DAYS if left <= days), default=None)
    if step is None:
        return None
    level = "critical" if step <= CRITICAL_DAYS else "warning"
    days = "less than a day" if left <= 1 else f"{math.ceil(left)} days"
    sentence = (
        f"The access token of this connection ends in {days}, on {term.expires_at:%d %B %Y, %H:%M} UTC; then nothing"
        f" can be sent. {MEND}"
    )
    return Alarm(KIND, level, sentence, now, term.expires_at, step)
