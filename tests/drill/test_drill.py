"""A short drill: everything is broken in some way, and nothing is lost, doubled, mixed up or out of date."""

import pytest

from tests.drill.audit import counts
from tests.drill.drill import Options, run

#: One whose plan has as many kinds of faults as fit into some seconds.
SEED = 3


@pytest.mark.timeout(400)  # most of it is starting processes, and waiting until all is well again
async def test_a_short_drill_loses_nothing() -> None:
    said: list[str] = []
    report = await run(Options(SEED, seconds=8, rate=12, workers=0, hurry=True), said.append)
    told = "\n".join([*said, report.as_text()])
    assert report.passed, told
    found = counts(report.evidence, report.verdict)
    assert found["acknowledged"] > 50, told
    assert len({(one.target, one.kind) for one in report.evidence.happened}) >= 6, told
    assert report.evidence.answers, told
    assert sum(one.frames for one in report.evidence.browsers) > found["acknowledged"], told
