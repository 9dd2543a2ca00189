"""A server in a process of its own: started, ready once it has said its URL, stopped."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import NotMeasured

READY = re.compile(r'"url": ?"(http[^"]+)"')
READY_SECONDS = 30.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    url: str
    process: int


@asynccontextmanager
async def serving(
    arguments: Sequence[str], output: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Server]:
    """Run ``python`` with some arguments; leaving stops it as its operator would, by SIGTERM.

    Args:
        arguments: what to run.
        output: where everything goes that it says; among that a JSON line with its ``url``.
        environment: all of its environment; without it, ours.

    Raises:
        NotMeasured: when it does not become ready.
    """
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file, env=environment
        )
    try:
        yield Server(await _url(process, output), process.pid)
    finally:
        await _stop(process)


async def _url(process: asyncio.subprocess.Process, output: Path) -> str:
    try:
        async with asyncio.timeout(READY_SECONDS):
            while process.returncode is None:
                if found := READY.search(_said(output)):
                    return found[1]
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        pass  # told below
    raise NotMeasured(f"a server did not start: {' / '.join(_said(output).splitlines()[-5:])}")


def _said(output: Path) -> str:
    return output.read_text("utf-8", "replace")


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
