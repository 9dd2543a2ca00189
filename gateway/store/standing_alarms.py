"""Alarms of connections that stand until what they are about is over, and how soon silence is one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx


@dataclass(frozen=True, slots=True)
class Alarm:
    """One that stands.

    Attributes:
        kind: ``silence`` or ``login``.
        level: ``warning`` or ``critical``.
        sentence: what is wrong and what to do, for people.
        since: of a silence, when the last webhook came.
        expires_at: of a login; None when the provider refuses it now.
        days_left: of a login, when it was told of last.
    """

    kind: str
    level: str
    sentence: str
    since: datetime
    expires_at: datetime | None = None
    days_left: int | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """A connection that is silent all of a sudden, or no longer.

    Attributes:
        last_at: when the last webhook came.
        usual: in how many hours since then one usually comes.
    """

    tenant_id: UUID
    integration_id: UUID
    silent: bool
    last_at: datetime
    usual: int


ALL = """
SELECT integration_id, kind, level, sentence, since, expires_at, days_left
FROM standing_alarms WHERE tenant_id = $1 ORDER BY integration_id, kind
"""


async def all_of(tx: TenantTx) -> Mapping[UUID, Sequence[Alarm]]:
    """Return the alarms that stand, by connection."""
    found: defaultdict[UUID, list[Alarm]] = defaultdict(list)
    for integration_id, *alarm in await tx.connection.fetch(ALL, tx.tenant_id):
        found[integration_id].append(Alarm(*alarm))
    return found


PUT = """
INSERT INTO standing_alarms AS a (
    tenant_id, integration_id, kind, level, sentence, since, expires_at, days_left)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, integration_id, kind) DO UPDATE
SET level = excluded.level, sentence = excluded.sentence, expires_at = excluded.expires_at,
    days_left = excluded.days_left
WHERE (a.expires_at, a.days_left) IS DISTINCT FROM (excluded.expires_at, excluded.days_left)
RETURNING true
"""


async def put(tx: TenantTx, integration_id: UUID, alarm: Alarm) -> bool:
    """Let an alarm stand; False when it stands like that already."""
    args = (alarm.kind, alarm.level, alarm.sentence, alarm.since, alarm.expires_at, alarm.days_left)
    return await tx.connection.fetchval(PUT, tx.tenant_id, integration_id, *args) is not None


END = "DELETE FROM standing_alarms WHERE tenant_id = $1 AND integration_id = $2 AND kind = $3 RETURNING true"


async def end(tx: TenantTx, integration_id: UUID, kind: str) -> bool:
    """End an alarm; False when there is none."""
    return await tx.connection.fetchval(END, tx.tenant_id, integration_id, kind) is not None


MIND = "UPDATE external_integrations SET silence = $3 WHERE tenant_id = $1 AND id = $2"


async def mind(tx: TenantTx, integration_id: UUID, silence: str) -> None:
    """Say how soon a connection's silence is to raise an alarm."""
    await tx.connection.execute(MIND, tx.tenant_id, integration_id, silence)


NOTE = "SELECT note_webhook_hours($1)"
CHANGED = "SELECT tenant_id, integration_id, silent, last_at, usual FROM changed_silences($1)"


async def changed_silences(pool: asyncpg.Pool, as_of: datetime) -> Sequence[Silence]:
    """Note who got webhooks lately, and return whose silence has begun or ended; of all tenants.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        await pool.execute(NOTE, as_of)
        return [Silence(*row) for row in await pool.fetch(CHANGED, as_of)]
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error


COUNT = "SELECT kind, standing FROM count_alarms()"


async def count(pool: asyncpg.Pool) -> Mapping[str, int]:
    """Count the alarms that stand, of all tenants, by kind."""
    return dict(await pool.fetch(COUNT))


LOGINS = "SELECT tenant_id, integration_id FROM connections_with_logins($1)"


async def connections_of(pool: asyncpg.Pool, providers: Sequence[str]) -> Sequence[tuple[UUID, UUID]]:
    """Return the connections in use to some providers, of all tenants, as tenants and ids.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        return [(row[0], row[1]) for row in await pool.fetch(LOGINS, providers)]
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
