"""Several processes that share a Redis: their people see each other, and losing it, or one of them, heals."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiohttp import ClientSession
from redis.asyncio import Redis

from gateway.api.shared_tries import SharedTries
from gateway.api.tries import OwnTries
from gateway.keys import Keyring, new_master_key
from gateway.live.gossip import Came, Gone, Here, Own, SayingMalformed, Types, Who, channel_of, read, write
from gateway.live.neighbours import PURPOSE, Neighbours
from gateway.live.radio import Radio
from gateway.live.room import Change, Present, Room
from gateway.model.ids import parse
from gateway.problems import TooManyRequests
from gateway.redis_servers import Servers
from gateway.running import run_gateway
from gateway.settings import Settings
from tests.api.people import colleague
from tests.conftest import Database, Tenant, new_id
from tests.live.clients import ORIGIN, PATIENCE_SECONDS, Reader
from tests.live.serving import Serve
from tests.valkey import Valkey, running_valkey

SAY, SILENT = 0.2, 2.0
MASTER_KEY = new_master_key()
CONVERSATION = "cnv_0198c0de00007000800000000000000a"
READ = {"conversation_id": CONVERSATION, "read_up_to": None, "updated_at": "2026-01-01T00:00:00.000Z"}
JO = Present(session="ses_1", user="usr_jo", since="2026-01-01T00:00:00.000Z")


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    """What the processes share."""
    async with running_valkey() as server:
        yield server


class Window:
    """A browser's window on some process."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def say(self, **frame: Any) -> None:
        await self._reader.websocket.send_json(frame)

    async def kinds_until(self, kind: str) -> list[str]:
        """Return of what types the frames are up to one."""
        kinds: list[str] = []
        while not kinds or kinds[-1] != kind:
            kinds.append((await self._reader.next())["type"])
        return kinds

    async def until(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """Read until a frame says what is wanted."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame = await self._reader.until(kind)
                if all(frame[key] == value for key, value in wanted.items()):
                    return frame

    async def until_online(self, *users: str) -> None:
        """Read until exactly these are there."""
        await self.until_members("online", "agents", users)

    async def until_viewed_by(self, *users: str) -> None:
        """Read until exactly these look at the conversation."""
        await self.until_members("presence", "viewers", users)

    async def until_members(self, kind: str, key: str, users: tuple[str, ...]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sorted(one["user_id"] for one in (await self._reader.until(kind))[key]) != sorted(users):
                pass


async def window(client: ClientSession, cookie: str) -> Window:
    """Open a window that looks at the conversation."""
    headers = {"Cookie": f"postgate_session={cookie}", **ORIGIN}
    reader = Reader(await client.ws_connect("/api/v1/stream", headers=headers))
    await reader.resume()
    shown = Window(reader)
    await shown.say(type="subscribe", conversation_id=CONVERSATION)
    await shown.say(type="online")
    return shown


@asynccontextmanager
async def started(database: Database, valkey: Valkey) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run a process of its own; yields it and its URL."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.live.program", stdin=pipe, stdout=pipe)
    told = {
        "app_url": database.app_url,
        "hook_url": database.hook_url,
        "relay_url": database.relay_url,
        "redis_url": valkey.url,
        "master_key": MASTER_KEY,
    }
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({**told, "say_seconds": SAY, "silent_seconds": SILENT}).encode())
    process.stdin.close()
    try:
        async with asyncio.timeout(3 * PATIENCE_SECONDS):  # it imports everything first
            url = (await process.stdout.readline()).decode().strip()
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_people_see_each_other_across_processes_until_one_is_killed(
    serve: Serve, tenant: Tenant, database: Database, valkey: Valkey
) -> None:
    kim = await colleague(database, tenant, "operator")
    owner = f"usr_{UUID(tenant.facts['user_id']).hex}"
    async with (
        started(database, valkey) as (process, url),
        ClientSession(url) as client,
    ):
        radio = Radio(valkey.servers())
        here = await serve(radio=radio, neighbours=Neighbours(radio, "here", Keyring(MASTER_KEY), SAY, SILENT))
        there = replace(here, client=client)
        mine = await window(here.client, await here.log_in(tenant))
        theirs = await window(there.client, await here.log_in(tenant, parse("usr", kim.id)))
        for shown in (mine, theirs):
            await shown.until_online(owner, kim.id)
        await shown_to_both(mine, theirs, owner, kim.id)
        await theirs.say(type="typing", conversation_id=CONVERSATION)
        await mine.until("typing", user_id=kim.id)
        here.live.tell_own(tenant.id, parse("usr", kim.id), "read.updated", orjson.dumps(READ).decode())
        await theirs.until("own", what="read.updated", data=READ)

        await valkey.stop()  # for a while: the others are gone, one's own process goes on
        await mine.until_online(owner)
        assert (await here.announce(tenant))[0].seq == 1
        await mine.until("event")
        await valkey.start()
        await mine.until_online(owner, kim.id)

        process.kill()
        await process.wait()
        await mine.until_online(owner)
        await mine.say(type="presence", conversation_id=CONVERSATION)
        await mine.until_viewed_by(owner)


class Eavesdropper:
    """Hears a channel of Redis without being one of the processes."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def begins(self, _channel: str) -> None:
        """Nothing to do."""

    def hears(self, _channel: str, data: bytes) -> None:
        """Keep it."""
        self.heard.put_nowait(data)


async def test_who_reads_and_writes_in_redis_learns_and_forges_nothing(
    serve: Serve, tenant: Tenant, valkey: Valkey
) -> None:
    keyring, ear, tap = Keyring(MASTER_KEY), Eavesdropper(), Radio(valkey.servers())
    channel, owner = channel_of(tenant.id), f"usr_{UUID(tenant.facts['user_id']).hex}"
    tap.join(channel, ear)
    tapping = asyncio.create_task(tap.run())
    radio = Radio(valkey.servers())
    here = await serve(radio=radio, neighbours=Neighbours(radio, "here", keyring, SAY, SILENT))
    mine = await window(here.client, await here.log_in(tenant))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await tap.connected.wait()
        here.live.tell_own(tenant.id, UUID(tenant.facts["user_id"]), "read.updated", orjson.dumps(READ).decode())
        while True:
            raw = await ear.heard.get()
            assert CONVERSATION.encode() not in raw
            assert owner.encode() not in raw
            if b"read.updated" in keyring.unseal(PURPOSE, raw, channel):
                break
    await mine.until("own", what="read.updated")

    forged = write("evil", Own(user=owner, what="read.updated", data='null,"type":"event"'))
    types = write("other", Types(conversation_id=CONVERSATION, session="ses_2", user=owner))
    elsewhere = keyring.seal(PURPOSE, write("evil", Own(user=owner, what="moved", data="null")), channel_of(new_id()))
    await tap.send([(channel, forged), (channel, elsewhere), (channel, keyring.seal(PURPOSE, types, channel))])
    assert "own" not in await mine.kinds_until("typing")
    tapping.cancel()
    await asyncio.gather(tapping, return_exceptions=True)


async def shown_to_both(mine: Window, theirs: Window, *users: str) -> None:
    """Ask both who looks at the conversation, until it is these."""
    for shown in (mine, theirs):
        await shown.say(type="presence", conversation_id=CONVERSATION)
        await shown.until_viewed_by(*users)


async def test_two_gateways_share_logins_that_end_people_and_tries(
    settings: Settings, tenant: Tenant, valkey: Valkey
) -> None:
    shared = Settings.model_validate({**settings.model_dump(), "redis_url": valkey.url})
    async with (
        run_gateway(shared) as one,
        run_gateway(shared) as two,
        ClientSession(one.url) as here,
        ClientSession(two.url) as there,
    ):
        login = {"email": tenant.ready["email"], "password": tenant.ready["password"]}
        async with here.post("/api/v1/login", json=login) as answer:
            cookie = answer.cookies["postgate_session"].value
        browser = {"Cookie": f"postgate_session={cookie}", **ORIGIN}
        mine, theirs = await window(here, cookie), await window(there, cookie)
        await shown_to_both(mine, theirs, *[f"usr_{UUID(tenant.facts['user_id']).hex}"] * 2)

        async with here.post(
            "/api/v1/api-keys", json={"name": "feed", "scopes": ["inbox.read"]}, headers=browser
        ) as answer:
            key = await answer.json()
        program = {"Authorization": f"Bearer {key['key']}"}
        reader = Reader(await there.ws_connect("/api/v1/stream", headers=program))
        await reader.resume()
        stream = await there.get("/api/v1/events", headers={**program, "Accept": "text/event-stream"})
        async with here.delete(f"/api/v1/api-keys/{key['id']}", headers=browser) as answer:
            assert answer.status == 204
        assert await reader.closed() == 1008
        async with asyncio.timeout(PATIENCE_SECONDS):  # the usual look at logins comes only after 30 seconds
            await stream.content.read()

        wrong = {**login, "password": "not this one"}
        for place in range(10):
            async with (here, there)[place % 2].post("/api/v1/login", json=wrong) as answer:
                assert answer.status == 401
        for client in (here, there):
            async with client.post("/api/v1/login", json=login) as answer:
                assert answer.status == 429
        await valkey.pause()
        async with there.post("/api/v1/login", json=login) as answer:  # which counts by itself again
            assert answer.status == 200


async def test_whoever_tries_waits_for_a_hung_redis_once(valkey: Valkey) -> None:
    servers = valkey.servers()
    asked = Counting(servers)
    tries = SharedTries(servers, "peer", 1, 300, OwnTries(5, lambda: 0.0, 300))
    servers.up = True
    await tries.take("192.0.2.7")
    await valkey.pause()
    for _ in range(2):  # the first one gets no answer
        await tries.take("192.0.2.7")
    await tries.give_back("192.0.2.7")
    assert (asked.times, servers.up) == (2, False)
    assert servers.doubted.is_set()
    await valkey.resume()
    servers.up = True
    with pytest.raises(TooManyRequests):
        await tries.take("192.0.2.7")
    await servers.aclose()


class Counting:
    """Counts how often somebody asks some servers for something."""

    def __init__(self, servers: Servers) -> None:
        self.times = 0
        self._of = servers.of
        servers.of = self.of  # type: ignore[method-assign]

    def of(self, name: str) -> Redis:
        """Return the server of a key."""
        self.times += 1
        return self._of(name)


def test_a_room_tells_what_changes_and_nothing_else() -> None:
    room, elsewhere = Room(), replace(JO, session="ses_2", viewing=CONVERSATION)
    looks = Change(conversations=frozenset({CONVERSATION}))
    assert room.put(JO) == Change(online=True)
    assert room.put(elsewhere, "other") == looks
    assert room.put(elsewhere, "other") == Change()
    assert room.replace("other", [elsewhere]) == Change()
    assert room.drop("ses_1") == Change()  # there is another window
    assert room.replace("other", []) == Change(online=True) | looks
    assert (room.members(), room.viewers(CONVERSATION)) == ([], [])


def test_sayings_are_read_as_they_were_written() -> None:
    typing = Types(conversation_id=CONVERSATION, session="ses_1", user=None)
    for saying in (Who(), Here(sessions=(JO,)), Came(one=JO), Gone(session="ses_1"), typing):
        assert read(write("p", saying)) == saying.model_copy(update={"process": "p"})
    for nonsense in (b"", b"{}", b'{"type":"here","sessions":[{}]}', b"\xff"):
        with pytest.raises(SayingMalformed):
            read(nonsense)
