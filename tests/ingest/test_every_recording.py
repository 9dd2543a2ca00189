"""Every recorded webhook of every provider, through the store: all items are accounted for, a repeat adds nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from channels.events import InboundMessage, Quarantined, StatusUpdate
from channels.registry import ADAPTERS
from gateway.ingest.routing import CHANNEL_KIND
from gateway.ingest.service import Ingest
from gateway.keys import Keyring, credentials_of, seal
from gateway.model.ids import new_id as id_of_moment
from gateway.outgoing.http import Calls
from gateway.store import provision
from gateway.store.pool import open_pool
from tests.channels.fixtures import Recorded, recorded
from tests.conftest import Database, Tenant, new_id
from tests.ingest.reading import until

POSTED = sorted(provider for provider in ADAPTERS if any(case.valid for case in recorded(provider)))
COUNTS = """
SELECT state, received, stored, duplicate, ignored, quarantined, items, error_code, error_detail FROM inbound_webhooks
WHERE tenant_id = $1 ORDER BY created_at
"""
ROWS = """
SELECT (SELECT count(*) FROM messages WHERE tenant_id = $1) AS messages,
       (SELECT count(*) FROM customers WHERE tenant_id = $1) AS customers,
       (SELECT count(*) FROM conversations WHERE tenant_id = $1) AS conversations
"""


@dataclass
class Clock:
    """The time that the next webhook is judged by."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Bench:
    """What stores webhooks, at a clock of its own."""

    ingest: Ingest
    clock: Clock
    database: Database
    tenant: Tenant
    keyring: Keyring

    async def connect(self, case: Recorded) -> UUID:
        """Connect the recording's provider, with every address that the recording names."""
        integration_id, key_id = new_id(), new_id()
        key, stored = await self.keyring.new_data_key()
        sealed = seal(key, orjson.dumps(case.credentials), credentials_of(self.tenant.id, integration_id))
        async with provision.provisioning(self.database.admin_url) as connection:
            await provision.add_data_key(connection, self.tenant.id, key_id, stored.wrapped, stored.master_key_id)
            await provision.add_integration(
                connection, self.tenant.id, integration_id, case.provider, str(case), key_id, sealed,
                config=case.context,
            )  # fmt: skip
            for kind, address in sorted(addresses_of(case)):
                await provision.add_channel(
                    connection, self.tenant.id, new_id(), integration_id, case.provider, kind, address, address
                )
        return integration_id


def addresses_of(case: Recorded) -> set[tuple[str, str]]:
    """Return our addresses in a recording, each with the kind of its channel; one for what names none."""
    found: set[tuple[str, str]] = set()
    for event in case.parse():
        assert not isinstance(event, Quarantined), str(case)
        kind = CHANNEL_KIND[event.channel]
        if event.address:
            found.add((kind, event.address.lower() if kind == "email" else event.address))
        elif kind not in {known for known, _ in found}:
            found.add((kind, "the only one"))
    return found


def homeless(case: Recorded) -> int:
    """Return how many items name no address of ours where the connection has several: nobody can tell which."""
    kinds = [kind for kind, _ in addresses_of(case)]
    events = [event for event in case.parse() if isinstance(event, InboundMessage | StatusUpdate)]
    return sum(1 for event in events if not event.address and kinds.count(CHANNEL_KIND[event.channel]) > 1)


@pytest.fixture
async def bench(database: Database, tenant: Tenant, master_key: str) -> AsyncIterator[Bench]:
    clock, keyring = Clock(), Keyring(master_key)
    hook_pool, app_pool = await open_pool(database.hook_url, 3), await open_pool(database.app_url, 2)
    async with Calls() as calls:
        ingest = Ingest(
            database.hook_url,
            hook_pool,
            app_pool,
            keyring,
            calls,
            lambda _: None,
            lambda: (),
            100,
            None,
            clock,
            id_of_moment,
        )
        await ingest.start()
        yield Bench(ingest, clock, database, tenant, keyring)
        await ingest.stop()
    await hook_pool.close()
    await app_pool.close()


@pytest.mark.parametrize("provider", POSTED)
async def test_all_recordings_of_a_provider_are_accounted_for(provider: str, bench: Bench) -> None:
    for case in recorded(provider):
        if not case.valid or needs_asking(case):
            continue
        key = await bench.connect(case)
        bench.clock.now = case.now
        route = await bench.ingest.directory.route(key)
        assert route is not None
        counted = []
        for _ in range(2):
            await bench.ingest.receiver.receive(route, case.request)
            counted.append(await settled(bench))
        events: list[Any] = case.parse()
        first, again = counted[0].accounts[-1], counted[1].accounts[-1]
        assert first["received"] == len(events), str(case)
        for account in (first, again):
            parts = sum(account[name] for name in ("stored", "duplicate", "ignored", "quarantined"))
            assert account["received"] == parts, (str(case), account)
            assert account["quarantined"] == homeless(case), f"{case}: {account}"
        assert again["stored"] == 0, (str(case), again)
        assert counted[0].rows == counted[1].rows, str(case)


def needs_asking(case: Recorded) -> bool:
    """Tell whether a webhook makes us ask its provider something, which no test may do."""
    complete, confirm = case.adapter.operations.complete, case.adapter.operations.confirm
    credentials = case.adapter.credentials.model_validate(case.credentials)
    asked = [next(complete(case.request, credentials, case.now), None)] if complete is not None else []
    asked += [next(confirm(case.request, credentials), None)] if confirm is not None else []
    return any(request is not None for request in asked)


@dataclass(frozen=True)
class Settled:
    """What the store holds once nothing is pending."""

    accounts: list[dict[str, Any]]
    rows: dict[str, Any]


async def settled(bench: Bench) -> Settled:
    async def accounts() -> list[dict[str, Any]]:
        return [dict(row) for row in await bench.database.fetch(COUNTS, bench.tenant.id)]

    found = await until(accounts, lambda rows: all(row["state"] != "pending" for row in rows))
    [rows] = await bench.database.fetch(ROWS, bench.tenant.id)
    return Settled(found, dict(rows))
