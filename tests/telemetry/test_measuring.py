"""What is measured beside what is counted, and what ``/readyz`` tells of it."""

from aiohttp import ClientSession
from prometheus_client import REGISTRY

from gateway.store import log
from gateway.store.pool import open_pool, tenant_tx
from gateway.store.positions import readers
from tests.conftest import Database, Tenant, new_id
from tests.ingest.posts import text, unique, whatsapp
from tests.live.clients import Reader


def value(name: str, **labels: str) -> float:
    """Return what a measurement says; 0 when it says nothing yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_reader_is_as_late_as_the_oldest_entry_that_it_has_not_read(database: Database, tenant: Tenant) -> None:
    app, relay = await open_pool(database.app_url, 1), await open_pool(database.relay_url, 1)
    before = {one.reader: one.entries for one in await readers(relay)}
    async with tenant_tx(app, tenant.id) as tx:
        await log.lock_head(tx)
        for _ in range(3):
            await log.append(tx, "label.created", None, "{}", new_id())
    await database.fetch("UPDATE events SET created_at = now() - interval '5 minutes' WHERE tenant_id = $1", tenant.id)
    found = {one.reader: one for one in await readers(relay)}
    await app.close()
    await relay.close()
    assert found["search"].entries == before["search"] + 3
    assert found["search"].tenants == 1
    assert 300 <= found["search"].seconds < 900
    assert set(found) == {"delivery", "detection", "search"}


async def test_a_message_is_measured_on_its_way_to_the_screen(client: ClientSession, tenant: Tenant) -> None:
    names = ("postgate_message_screen_seconds", "postgate_live_frame_seconds", "postgate_ingest_commit_seconds")
    before = [value(f"{name}_count") for name in names]
    reader = Reader(await client.ws_connect("/api/v1/stream", headers=tenant.auth))
    await reader.resume()
    connection = tenant.integration("whatsapp_cloud")
    unreadable = connection | {"channels": [{"address": "1"}]}  # nobody's number
    assert await whatsapp(connection, [text(unique())]).send(client) == 200
    assert await whatsapp(unreadable, [text(unique())]).send(client) == 200
    await reader.until_seq(3)
    after = [value(f"{name}_count") for name in names]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 3, 2]
    assert value("postgate_ingest_unstored_total", provider="whatsapp_cloud", state="quarantined") >= 1
    async with client.get("/metrics") as answer:
        told = await answer.text()
    assert 'postgate_database_connections{role="app",state="most"}' in told
    assert "postgate_event_loop_delay_seconds_count" in told
    assert "postgate_build_info{" in told
    async with client.get("/readyz") as answer:
        checks = (await answer.json())["checks"]
    assert checks["log"]["detail"]["entries"] == 3
    assert set(checks["log"]["detail"]["behind"]) == {"delivery", "detection", "search"}
