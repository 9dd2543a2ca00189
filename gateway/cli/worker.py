"""One worker of ``postgate serve --workers N``, as its supervisor starts it: with what to do as JSON."""

import asyncio
import signal
import socket
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import typer
from aiohttp import web

from gateway import tracing
from gateway.cli.configured import configured
from gateway.running import (
    BACKLOG,
    Refused,
    Running,
    Sockets,
    event_loop,
    leave,
    observe,
    run_gateway,
    spare_what_stays,
    stop_signal,
)
from gateway.settings import Settings
from gateway.siblings import Siblings
from gateway.workers import READY, TAKE


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is told; the sockets are those that it was handed down.

    Attributes:
        place: which of the sockets is its own.
        run: how often there was a worker in this place, this one included.
        sockets: all on the same port.
        mail: the socket to take mail on, shared by all workers; None when none is taken.
        control: the supervisor; the worker stops when it is closed.
        folder: of the workers' own sockets.
        told: settings that the command line says.
    """

    place: int
    run: int
    sockets: list[int]
    mail: int | None
    control: int
    folder: str
    told: dict[str, Any]


async def serve(settings: Settings, orders: Orders) -> None:
    """Serve until SIGTERM or SIGINT, or until there is no supervisor any more.

    Raises:
        Refused: when it can't start.
    """
    observe(settings)
    stopped = stop_signal()
    # It goes to all processes of a terminal; the supervisor says who is to be replaced.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: None)
    sockets = [socket.socket(fileno=number) for number in orders.sockets]
    mail = None if orders.mail is None else socket.socket(fileno=orders.mail)
    own = Sockets(sockets[orders.place].dup(), mail)
    own.http.setblocking(False)
    siblings = Siblings(Path(orders.folder), f"{orders.place}-{orders.run}")
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=orders.control))
    async with AsyncExitStack() as stack:
        stack.callback(tracing.stop)
        running = await stack.enter_async_context(run_gateway(settings, (), own, siblings))
        spare_what_stays()
        writer.write(f"{READY}\n".encode())
        obeying = asyncio.create_task(_obey(reader, sockets, running, stopped), name="supervisor")
        stack.callback(obeying.cancel)
        await stopped.wait()
        obeying.cancel()
        for shared in sockets:  # otherwise the system goes on to take connections that nobody accepts
            shared.close()
        await leave(running, settings)


async def _obey(
    reader: asyncio.StreamReader, sockets: list[socket.socket], running: Running, stopped: asyncio.Event
) -> None:
    """Accept from the sockets of others while they have no worker; stop with the supervisor."""
    taken: dict[int, web.SockSite] = {}
    while line := await reader.readline():
        word, number = line.decode().split()
        place = int(number)
        if word == TAKE:
            listener = sockets[place].dup()
            listener.setblocking(False)
            taken[place] = web.SockSite(running.runner, listener, backlog=BACKLOG)
            await taken[place].start()
        elif place in taken:
            await taken.pop(place).stop()
    stopped.set()


def main() -> None:
    """Run a worker."""
    orders = Orders(**orjson.loads(sys.argv[1]))
    settings = configured(orders.told)
    try:
        with asyncio.Runner(loop_factory=event_loop) as runner:
            runner.run(serve(settings, orders))
    except Refused as refused:
        typer.echo(f"not started: {refused}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
