"""The ceiling of rows 1 to 3: an aiohttp application that reads a POST and answers 200, and does nothing else."""

import asyncio

import orjson
import uvloop
from aiohttp import web

from gateway.running import BACKLOG, listen


async def answer(request: web.Request) -> web.Response:
    """Read the body, as every receiver has to."""
    await request.read()
    return web.Response()


async def main() -> None:
    """Serve until killed, the way the gateway does: no access log, the same backlog, the same loop."""
    app = web.Application()
    app.router.add_post("/hooks/{id}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = listen("127.0.0.1", 0)
    await web.SockSite(runner, listener, backlog=BACKLOG).start()
    print(orjson.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}).decode(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
