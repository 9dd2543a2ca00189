"""The event loop of the tests themselves."""

import asyncio

import uvloop


async def test_tests_run_on_the_loop_that_the_gateway_runs_on() -> None:
    assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
