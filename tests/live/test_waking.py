"""Waking other processes by Redis: with it, without it, while it hangs, and beside processes that have none."""

import asyncio
from collections import Counter

from redis.crc import key_slot

from gateway.live import metrics, wakeup
from gateway.live.limits import Limits
from gateway.live.radio import Radio
from gateway.redis_servers import Servers
from tests.conftest import Tenant
from tests.live.serving import Serve
from tests.live.test_other_processes import heard
from tests.valkey import running_cluster, running_valkey

NO_POLL = Limits(poll_seconds=600)
PATIENCE_SECONDS = 20.0
WORD = "postgate_connections"


async def connected(radio: Radio) -> None:
    """Wait until Redis is there."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await radio.connected.wait()


async def lost(radio: Radio) -> None:
    """Wait until it is noticed that Redis is not."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while radio.connected.is_set():
            await asyncio.sleep(0.01)


def woken_by() -> Counter[str]:
    """Count the wake-ups sent so far, by what they went by."""
    return Counter({by: metrics.WAKEUPS.labels(by)._value.get() for by in ("redis", "notify")})


async def test_redis_wakes_while_it_is_there_and_notify_while_it_is_not(serve: Serve, tenant: Tenant) -> None:
    async with running_valkey() as valkey:
        radios = [Radio(valkey.servers(), beat_seconds=0.2, retry_seconds=0.05) for _ in range(2)]
        here, there = [await serve(NO_POLL, radio) for radio in radios]
        reader = await there.reader(tenant)
        await heard(there.live.listener)

        async def seen(last: int) -> Counter[str]:
            """Commit here, see it there; nobody looks by itself."""
            before = woken_by()
            await here.announce(tenant)
            await reader.until_seq(last)
            return woken_by() - before

        for radio in radios:
            await connected(radio)
        assert await seen(1) == {"redis": 1}
        await valkey.stop()
        for radio in radios:
            await lost(radio)
        assert await seen(2) == {"notify": 1}
        await valkey.start()
        for radio in radios:
            await connected(radio)
        assert await seen(3) == {"redis": 1}
        await valkey.pause()  # nobody has noticed yet: what Redis does not take in time goes by NOTIFY
        assert await seen(4) == {"notify": 1}
        await valkey.resume()
        for radio in radios:
            await connected(radio)
        assert await seen(5) == {"redis": 1}


async def test_processes_with_and_without_redis_wake_each_other(serve: Serve, tenant: Tenant) -> None:
    told: list[asyncio.Queue[str]] = [asyncio.Queue(), asyncio.Queue()]
    look = Limits(poll_seconds=0.2)
    async with running_valkey() as valkey:
        radio = Radio(valkey.servers())
        shared = await serve(look, radio, channels={WORD: told[0].put_nowait})
        plain = await serve(look, channels={WORD: told[1].put_nowait})
        readers = [await served.reader(tenant) for served in (shared, plain)]
        for served in (shared, plain):
            await heard(served.live.listener)
        await connected(radio)
        for seq, served in enumerate((shared, plain), 1):
            await served.announce(tenant)
            served.live.tell(WORD, f"word {seq}")
            async with asyncio.timeout(PATIENCE_SECONDS):
                for reader in readers:
                    await reader.until_seq(seq)
                for queue in told:
                    while await queue.get() != f"word {seq}":
                        pass  # the one before, heard twice


async def test_without_a_direct_connection_redis_alone_wakes(serve: Serve, tenant: Tenant) -> None:
    async with running_valkey() as valkey:
        radios = [Radio(valkey.servers()) for _ in range(2)]
        here, there = [await serve(NO_POLL, radio, listens=False) for radio in radios]
        reader = await there.reader(tenant)
        for radio in radios:
            await connected(radio)
        await here.announce(tenant)
        assert await reader.until_seq(1) == [1]


async def test_a_cluster_shares_the_channels_out_and_may_move_them(serve: Serve, tenant: Tenant) -> None:
    async with running_cluster() as cluster:
        servers = [Servers(cluster.url) for _ in range(2)]
        radios = [Radio(one, retry_seconds=0.05) for one in servers]
        here, there = [await serve(NO_POLL, radio, listens=False) for radio in radios]
        reader = await there.reader(tenant)
        for radio in radios:
            await connected(radio)
        assert [len(one.all) for one in servers] == [2, 2]
        await here.announce(tenant)
        await reader.until_seq(1)
        changed = key_slot(wakeup.shard_of(tenant.id).encode())
        connects = metrics.REDIS_CONNECTS._value.get()
        await cluster.move(changed)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while metrics.REDIS_CONNECTS._value.get() == connects:  # who listened there is told
                await asyncio.sleep(0.01)
        for radio in radios:
            await connected(radio)
        await here.announce(tenant)
        await reader.until_seq(2)
