"""The exchange of keys, while gateways run: data keys are wrapped anew, and values sealed anew with new data keys.

It goes through all tables in batches, each a transaction that also notes how far it came: whoever does it can be killed
at any time, and the next one goes on there. Gateways read what is sealed with the older key and with the newer one,
since each row names its key; they seal with the newest one they know of. So in the end it looks for what they sealed
with an older one meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

import asyncpg

from gateway.keys import Keyring, KeyUnusable, WrappedKey, seal, unseal
from gateway.store import rekeying as store
from gateway.store.rekeying import KeyRow, Rotation, SealedRow
from gateway.store.sealed import OF_ROWS, OF_TENANTS, SealedColumn

#: Where data keys are, and by what each is found.
KEYS: Mapping[str, Mapping[str, str]] = {
    "encryption_keys": {"tenant_id": "uuid", "id": "uuid"},
    "provider_apps": {"id": "uuid"},
    "second_factors": {"user_id": "uuid"},
}
#: How long a gateway may go on sealing with the key it knows: connections are looked up anew after 30 seconds, and a
#: statement ends after 15.
SETTLE_SECONDS = 60.0
#: How long a data key is kept after another one took its place: whatever hung with it in hand has ended by then.
RETIRED = timedelta(days=1)
#: The clocks of gateways, which say when a webhook came, and that of the database.
CLOCKS = timedelta(minutes=10)
#: Between two words about what is waited for.
WORD_SECONDS = 10.0
TRIES = 5
WRITER = "SET LOCAL ROLE postgate_writer"
#: Gateways look all connections up anew, and find the new keys.
TELL = "SELECT pg_notify('postgate_connections', '')"

Step = Callable[[Rotation], Awaitable[bool]]


class Busy(Exception):
    """Somebody else exchanges keys."""


class Exchange:
    """One exchange of keys, begun anew or gone on with.

    Args:
        connection: to the database, as a role that may become ``writer``; nothing else uses it.
        keyring: the keys; the current one wraps.
        tell: told after each batch what is done, and how many of it.
        say: told in a sentence where it begins, or goes on, and what it waits for.
        new_id: makes an id of now.
        settle_seconds: how long gateways may go on with the keys they know.
    """

    def __init__(
        self,
        connection: asyncpg.Connection,
        keyring: Keyring,
        tell: Callable[[str, int], None],
        say: Callable[[str], None],
        new_id: Callable[[], UUID],
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._connection = connection
        self._keyring = keyring
        self._tell = tell
        self._say = say
        self._new_id = new_id
        self._settle_seconds = settle_seconds
        self._current = ""

    async def run(self, *, data_keys: bool) -> Rotation:
        """Do the whole of it; one that was broken off is gone on with instead, whatever it was to do.

        Args:
            data_keys: whether values are sealed anew, with new data keys.

        Raises:
            Busy: when somebody else is at it.
            KeysUnavailable: when the service that wraps keys does not answer; run it again.
        """
        if not await store.lock(self._connection):
            raise Busy("somebody else exchanges keys")
        self._current = await self._keyring.current()
        rotation = await self._begun(data_keys=data_keys)
        steps = self._steps(data_keys=rotation.data_keys)
        names = [name for name, _ in steps]
        for name, step in steps[names.index(rotation.step) if rotation.step else 0 :]:
            if step is None:
                await self._settle(rotation)
                continue
            if rotation.step != name:
                rotation.step, rotation.place = name, None
            while await self._batch(rotation, step):
                pass
        async with self._transaction():
            await store.finish(self._connection, rotation)
        return rotation

    async def _begun(self, *, data_keys: bool) -> Rotation:
        async with self._transaction():
            earlier = await store.unfinished(self._connection)
            if earlier is None:
                await store.begin(self._connection, self._new_id(), data_keys=data_keys)
            found = earlier or await store.unfinished(self._connection)
        if found is None:
            raise LookupError("an exchange that was just begun is gone")
        self._say(_begins(found) if earlier is None else _goes_on(found))
        return found

    def _steps(self, *, data_keys: bool) -> Sequence[tuple[str, Step | None]]:
        wrap = [(f"{table} wrapped", partial(self._wrap, table)) for table in KEYS]
        remove: list[tuple[str, Step]] = [("data keys removed", self._remove)]
        if not data_keys:
            return [*wrap, *remove]
        return [
            *wrap,
            ("data keys made", self._make_keys),
            *((f"{column.name} sealed", partial(self._seal, column)) for column in OF_TENANTS),
            *((f"{column.name} sealed", partial(self._seal_rows, column)) for column in OF_ROWS),
            ("gateways settled", None),
            *((f"{column.name} sealed again", partial(self._seal, column, again=True)) for column in OF_TENANTS),
            *remove,
        ]

    async def _batch(self, rotation: Rotation, step: Step) -> bool:
        """Do one batch, and note it with it; True when there may be more. One that locks refuse is tried again."""
        place, counts = rotation.place, dict(rotation.counts)
        for tries_left in range(TRIES, 0, -1):
            try:
                async with self._transaction():
                    more = await step(rotation)
                    await store.note(self._connection, rotation)
            except asyncpg.DeadlockDetectedError:
                rotation.place, rotation.counts = place, dict(counts)
                if tries_left == 1:
                    raise
            else:
                self._tell(rotation.step, rotation.counts.get(rotation.step, 0))
                return more
        raise AssertionError("unreachable: the last try returns or raises")

    async def _wrap(self, table: str, rotation: Rotation) -> bool:
        """Wrap data keys under the current name that are wrapped otherwise."""
        found = await store.wrapped_otherwise(self._connection, table, KEYS[table], rotation.place, self._current)
        done = []
        for row in found:
            try:
                done.append(KeyRow(row.place, await self._keyring.rewrap(row.key)))
            except KeyUnusable:
                _count(rotation, f"{table} not to be unwrapped", 1)
        await store.put_wrapped(self._connection, table, KEYS[table], done)
        _count(rotation, rotation.step, len(done))
        return _further(rotation, found)

    async def _make_keys(self, rotation: Rotation) -> bool:
        """Make a new data key for each tenant."""
        tenants = await store.tenants_without(self._connection, rotation.created_at)
        keys = [(tenant, self._new_id(), (await self._keyring.new_data_key())[1]) for tenant in tenants]
        await store.add_keys(self._connection, keys)
        _count(rotation, rotation.step, len(keys))
        return bool(keys)

    async def _seal(self, column: SealedColumn, rotation: Rotation, *, again: bool = False) -> bool:
        """Seal a column anew that is sealed with the tenants' keys; again: only what was written since it began."""
        since = rotation.created_at - CLOCKS if again and column.moment is not None else None
        until = await store.end_of_batch(self._connection, column, rotation.place, since)
        if until is None:
            return False
        found = await store.sealed_with_older(self._connection, column, rotation.place, until)
        done = []
        for row in found:
            if row.newest_id is None or row.newest is None:
                continue
            value = await self._opened(column, row, rotation)
            if value is not None:
                key = await self._keyring.unwrap(row.newest)
                sealed = seal(key, value, column.place(row.place)) if row.value else b""
                done.append((row.place, sealed, row.newest_id))
        await store.put_sealed(self._connection, column, done)
        _count(rotation, rotation.step, len(done))
        rotation.place = list(until)
        return True

    async def _seal_rows(self, column: SealedColumn, rotation: Rotation) -> bool:
        """Seal a column anew whose rows have keys of their own, each with a new key."""
        found = await store.with_own_keys(self._connection, column, rotation.place)
        done: list[tuple[list[str], bytes, WrappedKey]] = []
        for row in found:
            value = await self._opened(column, row, rotation)
            if row.value and value is not None:
                key, wrapped = await self._keyring.new_data_key()
                done.append((row.place, seal(key, value, column.place(row.place)), wrapped))
        await store.put_with_own_keys(self._connection, column, done)
        _count(rotation, rotation.step, len(done))
        return _further(rotation, found)

    async def _opened(self, column: SealedColumn, row: SealedRow, rotation: Rotation) -> bytes | None:
        """Return a value, empty where it was taken away; None, which is counted, where it does not open."""
        if not row.value:
            return b""
        try:
            return unseal(await self._keyring.unwrap(row.key), row.value, column.place(row.place))
        except KeyUnusable:
            _count(rotation, f"{column.name} not to be opened", 1)
            return None

    async def _settle(self, rotation: Rotation) -> None:
        """Wait until all gateways know the new keys."""
        await self._connection.execute(TELL)
        async with self._transaction():
            waited = await store.seconds_since_newest(self._connection, rotation.created_at)
        ends = asyncio.get_running_loop().time() + self._settle_seconds - waited
        while (left := ends - asyncio.get_running_loop().time()) > 0:
            self._say(f"waiting {left:.0f} s more, until all gateways seal with the new keys (--settle)")
            await asyncio.sleep(min(left, WORD_SECONDS))

    async def _remove(self, rotation: Rotation) -> bool:
        """Remove data keys that others took the place of, and that nothing is sealed with."""
        found = await store.superseded(self._connection, RETIRED)
        gone = [await store.drop_key(self._connection, OF_TENANTS, tenant, key) for tenant, key in found]
        _count(rotation, rotation.step, sum(gone))
        return False

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        async with self._connection.transaction():
            await self._connection.execute(WRITER)
            yield


def _begins(rotation: Rotation) -> str:
    return "begins: new data keys" if rotation.data_keys else "begins: data keys are wrapped anew"


def _goes_on(rotation: Rotation) -> str:
    """Say where one that was broken off goes on."""
    what = "new data keys" if rotation.data_keys else "data keys are wrapped anew"
    done = f", where {rotation.counts.get(rotation.step, 0)} are done" if rotation.step else ""
    where = rotation.step or "its beginning"
    return f"goes on with what was begun {rotation.created_at:%Y-%m-%d %H:%M} ({what}), at: {where}{done}"


def _count(rotation: Rotation, what: str, many: int) -> None:
    rotation.counts[what] = rotation.counts.get(what, 0) + many


def _further(rotation: Rotation, found: Sequence[KeyRow] | Sequence[SealedRow]) -> bool:
    """Note the last place of a batch; False when the batch was empty."""
    if found:
        rotation.place = found[-1].place
    return bool(found)
