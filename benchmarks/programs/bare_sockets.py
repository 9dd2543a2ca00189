"""A websocket with nothing behind it, in aiohttp: whose memory row 8 is compared with."""

import asyncio

import orjson
import uvloop
from aiohttp import web

from benchmarks.client.sockets import PATH
from benchmarks.machine import allow_many_sockets
from gateway.running import BACKLOG, listen


async def stream(request: web.Request) -> web.WebSocketResponse:
    """Greet, then only listen."""
    websocket = web.WebSocketResponse(compress=False)
    await websocket.prepare(request)
    await websocket.receive()
    await websocket.send_str('{"type":"hello","seq":0}')
    async for _ in websocket:
        pass
    return websocket


async def main() -> None:
    """Serve until killed."""
    app = web.Application()
    app.router.add_get(PATH, stream)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = listen("127.0.0.1", 0)
    await web.SockSite(runner, listener, backlog=BACKLOG).start()
    print(orjson.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}).decode(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    allow_many_sockets()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
