"""Connections that usually get webhooks by now, and don't; a chore (``gateway/chores.py``).

What is usual a connection's own past tells: the hours of the last four weeks in which it got any. It is silent once it
had none in several hours in which it usually has one, so that nights and weekends raise no alarm, nor does a connection
that is new or never had any traffic. ``changed_silences`` in the database does the counting.
"""

from datetime import datetime

import asyncpg

from gateway.alarms.telling import Teller, count
from gateway.model.log import iso
from gateway.store.standing_alarms import Alarm, changed_silences

KIND = "silence"


class Silences:
    """Looks at all connections.

    Args:
        pool: of the role ``hook``.
        teller: see there.
    """

    def __init__(self, pool: asyncpg.Pool, teller: Teller) -> None:
        self._pool = pool
        self._teller = teller

    async def look(self) -> None:
        """Raise alarms of those that are silent now, and end those of others.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        for one in await changed_silences(self._pool, self._teller.clock()):
            if one.silent:
                alarm = Alarm(KIND, "warning", _sentence(one.last_at, one.usual), one.last_at)
                extra = {"last_webhook_at": iso(one.last_at), "usual_hours": one.usual}
                await self._teller.begins(one.tenant_id, one.integration_id, alarm, "silence", extra)
            else:
                over = "This connection gets webhooks again, or they are no longer minded."
                await self._teller.ends(one.tenant_id, one.integration_id, KIND, over, "silence_over")
        await count(self._pool)


def _sentence(last_at: datetime, usual: int) -> str:
    return (
        f"No webhook has come since {last_at:%d %B %Y, %H:%M} UTC, though one usually comes in {usual} of the hours"
        " since. Look at the provider's console whether it still posts to this connection's URL, and run the self-test."
    )
