"""The workers that share a port: whichever of them is asked tells how all of them are.

Each listens on a socket in a folder that only they can enter, and tells there of itself alone. One that has died
refuses connections, and is its supervisor's business; one that hangs is told of.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, UnixConnector, web
from prometheus_client import generate_latest

from gateway.api.services import NotReady

ASK_SECONDS = 2.0
SUFFIX = ".sock"
UP = "# HELP postgate_worker_up Whether a worker answers.\n# TYPE postgate_worker_up gauge\n"


class Siblings:
    """The workers of one supervisor, the own one among them.

    Args:
        folder: of the sockets.
        name: of this worker; its socket is made anew.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name

    @asynccontextmanager
    async def listening(self, ready: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
        """Tell the others of this worker, until it is left.

        Args:
            ready: whether this one can do its work.
        """

        async def tell_ready(_request: web.Request) -> web.Response:
            return web.Response(text="yes" if await ready() else "no")

        application = web.Application()
        application.router.add_get("/metrics", _own_measurements)
        application.router.add_get("/ready", tell_ready)
        runner = web.AppRunner(application, access_log=None, handle_signals=False)
        await runner.setup()
        place = self._folder / f"{self._name}{SUFFIX}"
        place.unlink(missing_ok=True)
        await web.UnixSite(runner, str(place)).start()
        try:
            yield
        finally:
            place.unlink(missing_ok=True)
            await runner.cleanup()

    async def measurements(self) -> bytes:
        """Return the measurements of all workers, told apart by the label ``worker``."""
        told = await self._ask("/metrics")
        texts = {name: text for name, text in told.items() if text is not None}
        up = "".join(f'postgate_worker_up{{worker="{name}"}} {int(name in texts)}\n' for name in sorted(told))
        return (merged(texts) + UP + up).encode()

    async def check_alive(self) -> None:
        """Require that no worker hangs.

        Raises:
            NotReady: naming those that do.
        """
        hanging = sorted(name for name, text in (await self._ask("/ready")).items() if text is None)
        if hanging:
            raise NotReady(f"workers do not answer: {', '.join(hanging)}")

    async def check_ready(self) -> dict[str, list[str]]:
        """Require that all workers can do their work; returns their names.

        Raises:
            NotReady: naming those that can't, or hang.
        """
        told = await self._ask("/ready")
        unready = sorted(name for name, text in told.items() if text != "yes")
        if unready:
            raise NotReady(f"workers are not ready: {', '.join(unready)}")
        return {"ready": sorted(told)}

    async def _ask(self, path: str) -> dict[str, str | None]:
        """Ask all workers; None for those that do not answer in time."""
        places = sorted(self._folder.glob("*" + SUFFIX))
        answers = await asyncio.gather(*(_ask(place, path) for place in places))
        return {place.stem: answer for place, answer in zip(places, answers, strict=True) if answer != ""}


async def _ask(place: Path, path: str) -> str | None:
    """Ask a worker; the answer is empty when there is none behind that socket any more."""
    timeout = ClientTimeout(total=ASK_SECONDS)
    try:
        async with (
            ClientSession(connector=UnixConnector(str(place)), timeout=timeout) as session,
            session.get(f"http://worker{path}") as answer,
        ):
            return await answer.text()
    except ClientConnectorError:
        return ""
    except (ClientError, TimeoutError):
        return None


async def _own_measurements(_request: web.Request) -> web.Response:
    return web.Response(body=generate_latest())


def merged(texts: dict[str, str]) -> str:
    """Put measurements of several workers together, family by family as Prometheus wants them.

    Args:
        texts: what each told, in Prometheus' text format, by its name.
    """
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for name, text in sorted(texts.items()):
        family = ""
        for line in text.splitlines():
            if line.startswith("#"):
                family = line.split(" ", 3)[2]
                head = heads.setdefault(family, [])
                if line not in head:
                    head.append(line)
            else:
                samples.setdefault(family, []).append(_labelled(line, name))
    lines = [line for family, head in heads.items() for line in (*head, *samples.get(family, ()))]
    return "".join(line + "\n" for line in lines)


def _labelled(sample: str, worker: str) -> str:
    """Add the label to a sample: ``name 1`` or ``name{label="value"} 1``."""
    end = next(place for place, letter in enumerate(sample) if letter in "{ ")
    more = sample[end + 1 :] if sample[end] == "{" else "} " + sample[end + 1 :]
    comma = "" if more.startswith("}") else ","
    return f'{sample[:end]}{{worker="{worker}"{comma}{more}'
