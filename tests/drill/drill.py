"""One drill from its beginning to its end."""

import asyncio
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg

from tests.drill.agents import Agents
from tests.drill.audit import audit
from tests.drill.browsers import Browser, log_in
from tests.drill.chaos import Chaos, harms_of
from tests.drill.collecting import Ledger, Taken
from tests.drill.companies import BUSY, CANARY
from tests.drill.evidence import Browsed, Evidence
from tests.drill.integrators import MOODY, Integrators, integrating
from tests.drill.marks import marks_in
from tests.drill.plan import Plan, draw
from tests.drill.providers import Providers
from tests.drill.report import Course, Report, words_of
from tests.drill.settling import compared, settled
from tests.drill.stage import Stage, staged

#: Answers of agents for each post of a provider.
ANSWERS = 0.1
#: How often the simulator is asked what it took.
LOOK_SECONDS = 2.0
#: After the load, until agents and the plan have come to an end: nobody is left without an answer for long.
LAST_WORD_SECONDS = 120.0
#: Of so many messages that were lost or doubled the report says what is known of them.
SUSPECTS = 5


@dataclass(frozen=True, slots=True)
class Options:
    """What a drill is asked for.

    Attributes:
        seed: decides what goes wrong when, and who writes what.
        seconds: how long the load lasts.
        rate: posts a second.
        workers: of the first gateway; 0: it serves by itself.
        hurry: whether leases of processes that were killed are ended, instead of waiting for their ends.
    """

    seed: int
    seconds: float
    rate: float
    workers: int = 2
    hurry: bool = False


async def run(options: Options, say: Callable[[str], None]) -> Report:
    """Hold a drill; one that passes leaves nothing behind, one that fails its logs.

    Args:
        options: what is asked for.
        say: told the plan before anything happens, and at last where the logs are.
    """
    plan = draw(
        options.seed, options.seconds, [(name, kind) for name in BUSY for kind in MOODY], workers=options.workers > 0
    )
    say(words_of(plan))
    folder = Path(tempfile.mkdtemp(prefix="postgate-drill-"))
    keeps_logs = True
    try:
        async with staged(folder, options.workers) as stage:
            report = await Drill(stage, plan, options).hold()
            keeps_logs = not report.passed
    except asyncio.CancelledError:
        keeps_logs = False  # whoever stopped it knows why
        raise
    finally:
        logs = folder / "logs"
        if keeps_logs and logs.is_dir():
            say(f"The logs are in {shutil.move(logs, tempfile.mkdtemp(prefix='postgate-drill-logs-'))}\n")
        shutil.rmtree(folder)
    return report


class Drill:
    """A drill on an installation that runs.

    Args:
        stage: the installation.
        plan: what goes wrong.
        options: what was asked for.
    """

    def __init__(self, stage: Stage, plan: Plan, options: Options) -> None:
        self._stage = stage
        self._plan = plan
        self._options = options
        self._chance = random.Random(f"{options.seed}/load")
        self._began = 0.0
        busy = [company for company in stage.companies if company.name != CANARY]
        self._providers = Providers(busy, stage.gateway_urls, options.rate, self._split(), self._clock)
        self._agents = Agents(busy, stage.gateway_urls, options.rate * ANSWERS, self._split())
        self._taken = Taken(stage.simulator_url)

    async def hold(self) -> Report:
        """Set everybody to work, break what the plan says, wait until all is well, and audit."""
        stage = self._stage
        async with (
            integrating(stage.companies, self._clock, stage.gateway_urls[0]) as integrators,
            self._browsing() as browsers,
            self._providers,
        ):
            async with _ledger(stage) as ledger:
                before = await ledger.canary_rows()
            chaos = Chaos(harms_of(stage), integrators, self._clock)
            self._began = asyncio.get_running_loop().time()
            await self._under_fire(chaos)
            loaded = self._clock()
            await asyncio.gather(*(program.ready() for program in stage.programs))
            async with _ledger(stage) as ledger:
                unsettled = await settled(ledger, self._taken, lambda: self._providers.open, hurry=self._options.hurry)
                done = self._clock()
                await self._providers.give_up()
                browsed = await compared(browsers, stage.gateway_urls[0])
                evidence = await self._evidence(ledger, before, integrators, chaos, browsed, unsettled)
                verdict = audit(evidence)
                suspects = dict.fromkeys(mark for one in (*verdict.lost, *verdict.duplicated) for mark in marks_in(one))
                traces = [line for mark in [*suspects][:SUSPECTS] for line in await ledger.traces(mark)]
        return Report(self._course(loaded, done), self._plan, replace(evidence, traces=traces), verdict)

    async def _under_fire(self, chaos: Chaos) -> None:
        """Keep the load on while the plan is carried out; returns once both have come to an end."""
        seconds = self._options.seconds

        def ended() -> bool:
            return self._clock() >= seconds

        async with asyncio.timeout(seconds + LAST_WORD_SECONDS), asyncio.TaskGroup() as tasks:
            tasks.create_task(chaos.carry_out(self._plan))
            tasks.create_task(self._providers.post_until(ended))
            tasks.create_task(self._agents.answer_until(ended))
            tasks.create_task(self._look_until(ended))

    async def _look_until(self, ended: Callable[[], bool]) -> None:
        """Note what the simulator takes, before it forgets; what comes later is noted while everything settles."""
        while not ended():
            await self._taken.look()
            await asyncio.sleep(LOOK_SECONDS)

    @asynccontextmanager
    async def _browsing(self) -> AsyncIterator[Sequence[Browser]]:
        """Let two browsers of each tenant come and go: one with a login that follows, one with a key that reloads."""
        gateways = self._stage.gateway_urls
        browsers = []
        for company in self._stage.companies:
            cookie = await log_in(company, gateways[0])
            browsers += [
                Browser(f"{company.name}-1", company, cookie, gateways, self._split(), follows=True),
                Browser(f"{company.name}-2", company, company.auth, gateways, self._split(), follows=False),
            ]
        tasks = [asyncio.create_task(browser.browse(), name=browser.name) for browser in browsers]
        try:
            yield browsers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _evidence(
        self,
        ledger: Ledger,
        before: Mapping[str, int],
        integrators: Integrators,
        chaos: Chaos,
        browsed: Sequence[Browsed],
        unsettled: Mapping[str, int],
    ) -> Evidence:
        after = await ledger.canary_rows()
        return Evidence(
            acknowledged=self._providers.acknowledged,
            answers=self._agents.answers,
            taken=self._taken.times(),
            stored=await ledger.stored(),
            seqs=await ledger.seqs(),
            heads=await ledger.heads(),
            foreign_rows=await ledger.foreign_rows(),
            canary_rows={table: number - before.get(table, 0) for table, number in after.items()},
            canary=CANARY,
            browsers=browsed,
            owed=await ledger.owed(),
            rows=await ledger.rows(),
            unanswered=await ledger.unanswered(),
            arrivals=integrators.arrivals,
            ordered=integrators.ordered,
            happened=chaos.happened,
            unsettled=unsettled,
            troubles=self._troubles(),
        )

    def _troubles(self) -> list[str]:
        """Return what processes did that they should not have, and how often a request was our fault."""
        faults = self._providers.refused[500] + self._agents.refused[500]
        told = [trouble for program in self._stage.programs for trouble in program.troubles]
        return told + ([f"{faults} requests were answered 500"] if faults else [])

    def _course(self, loaded: float, done: float) -> Course:
        return Course(
            seed=self._options.seed,
            seconds=loaded,
            settled_seconds=done - loaded,
            rate=self._options.rate,
            posts=self._providers.posts,
            refused=dict(self._providers.refused),
            answers_refused=dict(self._agents.refused),
            starts={program.name: program.starts for program in self._stage.programs},
        )

    def _clock(self) -> float:
        """Return the seconds since the load began."""
        return asyncio.get_running_loop().time() - self._began

    def _split(self) -> random.Random:
        """Return a chance for one more of those who need one."""
        return random.Random(self._chance.getrandbits(64))


@asynccontextmanager
async def _ledger(stage: Stage) -> AsyncIterator[Ledger]:
    connection = await asyncpg.connect(stage.admin_url)
    try:
        yield Ledger(connection, stage.companies, stage.master_key)
    finally:
        await connection.close()
