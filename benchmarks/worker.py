"""A process that is told what to do over its standard input, one JSON line a command, one JSON line an answer."""

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import orjson

from benchmarks.errors import NotMeasured

Command = Callable[..., Awaitable[Any]]
LINE_LIMIT = 256 * 1024 * 1024
STOP_SECONDS = 10.0


class Worker:
    """The telling side."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self._name = name
        self._process = process

    @classmethod
    async def start(cls, module: str, environment: Mapping[str, str] | None = None) -> "Worker":
        """Start a module of ``benchmarks.programs`` that calls ``obey``; without an environment it gets ours."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"benchmarks.programs.{module}",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_LIMIT,
            env=environment,
        )  # fmt: skip
        return cls(module, process)

    @property
    def process(self) -> int:
        """The process' number."""
        return self._process.pid

    async def do(self, command: str, **arguments: Any) -> Any:
        """Have a command carried out, and return what it answers.

        Raises:
            NotMeasured: when it fails.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("both were asked for")
        stdin.write(orjson.dumps({"command": command, "arguments": arguments}) + b"\n")
        line = await stdout.readline()
        if not line:
            raise NotMeasured(f"the process {self._name} ended")
        answer = orjson.loads(line)
        if "error" in answer:
            raise NotMeasured(f"{self._name}, {command}: {answer['error']}")
        return answer["result"]

    async def stop(self) -> None:
        """End it: it does so when its input ends."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


async def obey(commands: Mapping[str, Command]) -> None:
    """Carry out commands until there are no more: the told side."""
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    while line := await reader.readline():
        sys.stdout.buffer.write(orjson.dumps(await _answer(commands, line)) + b"\n")
        sys.stdout.buffer.flush()


async def _answer(commands: Mapping[str, Command], line: bytes) -> Mapping[str, Any]:
    call = orjson.loads(line)
    try:
        return {"result": await commands[call["command"]](**call["arguments"])}
    except NotMeasured as error:
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the teller has to know
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}
