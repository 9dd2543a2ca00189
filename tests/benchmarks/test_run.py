"""A tiny run, with all its processes."""

import asyncio
import sys

from benchmarks.__main__ import run
from benchmarks.accounts import faults
from benchmarks.machine import children, cpu_seconds, family_cpu_seconds, private_bytes
from benchmarks.plan import Plan

TINY = Plan(rounds=1, seconds=0.3, tenants=10, senders=2, watched=5)


async def test_everything_acknowledged_is_stored_logged_and_shown_once() -> None:
    (line,), failures = await run(TINY, [13])
    assert failures == []
    (counts,) = line.rounds
    assert counts["acknowledged"] > counts["stored"] > 20, "some posts were repeats"
    assert counts["entries_shown"] > 0
    assert (line.ours, faults(counts)) == (0, 0)


def test_every_difference_is_a_fault() -> None:
    fine = {"acknowledged": 10, "stored": 9, "entries_shown": 9, "holes": 0, "lost": 0}
    assert faults(fine) == 0
    assert faults({**fine, "holes": 1, "lost": 2}) == 3


async def test_the_system_tells_time_and_memory_of_a_process_and_its_children() -> None:
    busy = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}]); print(flush=True); input()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    assert children(process.pid) == []
    assert cpu_seconds(process.pid) < 0.3 <= family_cpu_seconds(process.pid)
    assert 100_000 < private_bytes(process.pid) < 1_000_000_000
    await process.communicate(b"\n")
