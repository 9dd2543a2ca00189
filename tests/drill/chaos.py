"""Carries a plan out: breaks what it says when it says so, and brings it back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from tests.drill.evidence import Happened
from tests.drill.integrators import Integrators
from tests.drill.plan import Fault, Mood, Plan
from tests.drill.stage import Stage

Act = Callable[[], Awaitable[None]]
#: For each target, how each kind of harm is done to it, and how it is brought back.
Harms = Mapping[str, Mapping[str, tuple[Act, Act]]]


def harms_of(stage: Stage) -> Harms:
    """Return all that can be done to an installation."""
    postgres, valkey = stage.postgres, stage.valkey
    programs: dict[str, dict[str, tuple[Act, Act]]] = {
        one.name: {"kill": (one.kill, one.start), "stop": (one.stop, one.start), "pause": (one.pause, one.resume)}
        for one in stage.programs
    }
    for one in stage.gateways[:1]:
        programs[one.name] |= {"crash": (one.crash, _by_itself), "roll": (one.roll, _by_itself)}
    return {
        **programs,
        "postgres": {
            "kill": (postgres.kill, postgres.start),
            "stop": (postgres.stop, postgres.start),
            "pause": (postgres.pause, postgres.resume),
            "crash": (postgres.crash, _by_itself),
        },
        "valkey": {"kill": (valkey.stop, valkey.start), "pause": (valkey.pause, valkey.resume)},
    }


class Chaos:
    """Works through a plan.

    Args:
        harms: what can be done.
        integrators: whose endpoints get moods.
        clock: seconds since the load began.

    Attributes:
        happened: the faults so far.
    """

    def __init__(self, harms: Harms, integrators: Integrators, clock: Callable[[], float]) -> None:
        self.happened: list[Happened] = []
        self._harms = harms
        self._integrators = integrators
        self._clock = clock
        self._locks = {name: asyncio.Lock() for name in harms}

    async def carry_out(self, plan: Plan) -> None:
        """Do all of it; returns once everything was brought back, though it may not work again yet."""
        async with asyncio.TaskGroup() as tasks:
            for fault in plan.faults:
                tasks.create_task(self._break(fault))
            for mood in plan.moods:
                tasks.create_task(self._upset(mood))

    async def _break(self, fault: Fault) -> None:
        await self._until(fault.at)
        harm, mend = self._harms[fault.target][fault.kind]
        async with self._locks[fault.target]:  # one after the other: what is away can't be broken
            began = self._clock()
            await harm()
            await asyncio.sleep(fault.seconds)
            await mend()
            self.happened.append(Happened(fault.target, fault.kind, began, self._clock()))

    async def _upset(self, mood: Mood) -> None:
        await self._until(mood.at)
        with self._integrators.upset(mood.tenant, mood.endpoint, mood.kind):
            await asyncio.sleep(mood.seconds)

    async def _until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self._clock()))


async def _by_itself() -> None:
    """Do nothing: it recovers by itself."""
