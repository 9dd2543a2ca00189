"""The hub over a log in memory: every order of events that can be thought of."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from gateway.live.cursor import Cursor
from gateway.live.in_turns import InTurns
from gateway.live.logins import recheck
from gateway.problems import Unauthenticated
from gateway.store.log import Head
from tests.live.fakes import TENANT, FakeLog, FakeWire
from tests.live.hubs import LIMITS, hub_over, join, until


async def test_the_echo_of_a_commit_is_handed_on_at_once() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        wire = FakeWire()
        await join(hub, wire, Cursor())
        hub.offer([log.commit(), log.commit()])
        assert wire.seqs == [1, 2]


async def test_an_entry_out_of_turn_is_not_handed_on_before_those_it_follows() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        wire = FakeWire()
        await join(hub, wire, Cursor())
        log.commit()
        hub.offer([log.commit()])
        assert wire.seqs == []
        await until(lambda: wire.seqs == [1, 2])


async def test_an_entry_without_data_is_read_from_the_log() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        wire = FakeWire()
        await join(hub, wire, Cursor())
        hub.offer([replace(log.commit(), data=None)])  # type: ignore[arg-type] # so does ingest for tenants it was not asked for
        await until(lambda: wire.seqs == [1])


async def test_a_commit_that_nobody_told_of_is_found_by_the_poll() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        wire = FakeWire()
        await join(hub, wire, Cursor())
        log.commit()
        await hub.poll()
        await until(lambda: wire.seqs == [1])


async def test_a_false_wakeup_does_no_harm() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        wire = FakeWire()
        await join(hub, wire, Cursor())
        hub.wake(TENANT, 99)
        await until(lambda: hub.lag == 0)
        hub.offer([log.commit()])
        assert wire.seqs == [1]
        assert wire.resyncs == []


async def test_a_database_that_comes_back_is_read_from_again() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        wire = FakeWire()
        await join(hub, wire, Cursor())
        log.broken = True
        hub.wake(TENANT, log.commit().seq)
        for _ in range(50):
            await asyncio.sleep(0)
        assert wire.seqs == []
        log.broken = False
        await until(lambda: wire.seqs == [1])


async def test_another_epoch_asks_everybody_to_load_afresh() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        wire = FakeWire()
        await join(hub, wire, Cursor())
        hub.offer([log.commit()])
        log.head = replace(log.head, epoch=UUID(int=99), last_seq=0)
        log.entries.clear()
        await hub.poll()
        assert wire.resyncs == ["epoch"]
        hub.offer([log.commit()])
        assert wire.seqs == [1, -1, 1]


async def test_a_log_that_was_cut_off_asks_everybody_to_load_afresh() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        wire = FakeWire()
        await join(hub, wire, Cursor())
        for _ in range(5):
            log.commit()
        log.entries = log.entries[3:]
        log.head = replace(log.head, floor_seq=3)
        await hub.poll()
        assert wire.resyncs == ["retention"]
        hub.offer([log.commit()])
        assert wire.seqs == [-1, 6]


async def test_a_hole_in_the_log_is_not_waited_for_for_ever() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        wire = FakeWire()
        await join(hub, wire, Cursor())
        for _ in range(3):
            log.commit()
        del log.entries[0]
        hub.wake(TENANT, 3)
        await until(lambda: wire.resyncs == ["retention"])
        assert hub.lag == 0


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [
        (Cursor(2, str(UUID(int=99))), "epoch"),
        (Cursor(9), "epoch"),
        (Cursor(0), "retention"),
        (Cursor(1), "behind"),
    ],
)
async def test_a_position_that_cannot_be_followed_is_told(cursor: Cursor, reason: str) -> None:
    log = FakeLog.empty()
    for _ in range(4):
        log.commit()
    log.head = replace(log.head, floor_seq=1)
    async with hub_over(log, replace(LIMITS, replay_entries=2)) as hub:
        wire = FakeWire()
        await join(hub, wire, cursor)
        assert wire.resyncs == [reason]
        hub.offer([log.commit()])
        assert wire.seqs == [-1, 5]


async def test_a_reader_that_stalls_is_hung_up_and_the_others_get_everything() -> None:
    log = FakeLog.empty()
    async with hub_over(log, replace(LIMITS, slow_seconds=0.05, drain_poll_seconds=0.01)) as hub:
        slow, quick = FakeWire(), FakeWire()
        await join(hub, slow, Cursor(), "ses_slow")
        await join(hub, quick, Cursor(), "ses_quick")
        slow.stalled = True
        for _ in range(20):
            hub.offer([log.commit()])
        assert quick.seqs == list(range(1, 21))
        assert slow.seqs == [1, 2, 3, 4]
        async with asyncio.timeout(5):
            while slow.closed is None:
                await asyncio.sleep(0.01)
        assert slow.closed == 1013
        assert quick.closed is None


async def test_a_reader_that_recovers_gets_what_it_missed() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        wire = FakeWire()
        await join(hub, wire, Cursor())
        wire.stalled = True
        for _ in range(20):
            hub.offer([log.commit()])
        wire.stalled = False
        await until(lambda: wire.seqs == list(range(1, 21)))
        hub.offer([log.commit()])
        assert wire.seqs[-1] == 21


async def test_the_sessions_of_an_ended_login_are_closed_and_no_others() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        ended, other = FakeWire(), FakeWire()
        await join(hub, ended, Cursor(), "ses_ended")
        await join(hub, other, Cursor(), "ses_other")
        hub.end_login(b"ses_ended")
        await hub.drain()
        assert (ended.closed, other.closed) == (1008, None)


async def test_a_login_that_no_longer_holds_is_found_out() -> None:
    async def refused() -> None:
        raise Unauthenticated("over")

    log = FakeLog.empty()
    async with hub_over(log) as hub:
        ended, other = FakeWire(), FakeWire()
        joined = await join(hub, ended, Cursor(), "ses_ended")
        joined.login = replace(joined.login, check=refused)
        await join(hub, other, Cursor(), "ses_other")
        await recheck(hub)
        await hub.drain()
        assert (ended.closed, other.closed) == (1008, None)


async def test_a_tenant_nobody_watches_is_forgotten() -> None:
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        joined = await join(hub, FakeWire(), Cursor())
        assert list(hub.watched) == [TENANT]
        hub.leave(joined)
        assert list(hub.watched) == []


async def test_a_tenant_with_many_sockets_is_written_to_in_parts() -> None:
    log = FakeLog.empty()
    limits = replace(LIMITS, fan_out_at_once=4, fan_out_slice=2, held_frames=3, session_page=100)
    async with hub_over(log, limits) as hub:
        wires = [FakeWire() for _ in range(9)]
        sessions = [await join(hub, wire, Cursor(), f"ses_{number}") for number, wire in enumerate(wires)]
        hub.offer([log.commit() for _ in range(5)])  # three are held, and two are left in the log
        written: list[int] = []
        while not written or written[-1] < 9 * 5:
            written.append(sum(len(wire.seqs) for wire in wires))
            if len(written) == 2:
                hub.leave(sessions[0])
                wires[0].seqs += [0] * 5  # it gets no more
                late = FakeWire()
                await join(hub, late, Cursor(0), "ses_late")
                slow = wires[1]
                slow.stalled = True
            if len(written) == 20:
                slow.stalled = False
            assert len(written) < 500
            await asyncio.sleep(0)
        assert written[:2] == [0, 2], "others have a turn after each part"
        await until(lambda: late.seqs == [1, 2, 3, 4, 5])
        assert all(wire.seqs == [1, 2, 3, 4, 5] for wire in wires[1:])


async def test_many_that_come_back_at_once_let_another_tenant_through() -> None:
    log = FakeLog.empty()
    order: list[UUID] = []

    class Gate(FakeLog):
        async def heads(self, tenants: Collection[UUID]) -> Mapping[UUID, Head]:
            order.extend(tenants)
            return await log.heads(tenants)

    reads = InTurns(Gate(log.head, []), at_once=1)
    tasks = [asyncio.create_task(reads.heads([TENANT])) for _ in range(50)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    tasks.append(asyncio.create_task(reads.heads([UUID(int=99)])))
    await asyncio.wait(tasks)
    assert order.index(UUID(int=99)) <= 3
    assert len(order) == 50
