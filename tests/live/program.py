"""The live part in a process of its own, to be killed: ``python -m tests.live.program``, told by JSON on its input."""

import asyncio
import json
import random
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp.test_utils import TestServer

from gateway.keys import Keyring
from gateway.live.neighbours import Neighbours
from gateway.live.radio import Radio
from gateway.live.service import Live
from gateway.redis_servers import Servers
from gateway.store.pool import connect, open_pool
from tests.live.serving import application


async def main(told: Mapping[str, Any]) -> None:
    """Serve until killed; the first line that it writes is where."""
    pool, relay = await open_pool(told["app_url"], 2), await open_pool(told["relay_url"], 1)
    radio = Radio(Servers(told["redis_url"]))
    neighbours = Neighbours(radio, "program", Keyring(told["master_key"]), told["say_seconds"], told["silent_seconds"])
    live = Live(relay, partial(connect, told["relay_url"]), random.random, radio=radio, neighbours=neighbours)
    await live.start()
    server = TestServer(await application(live, pool, told["hook_url"], "program"))
    await server.start_server()
    await radio.connected.wait()
    sys.stdout.write(f"{server.make_url('/')}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
