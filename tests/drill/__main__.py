"""``python -m tests.drill``: hold a fire drill, and tell what came of it."""

import argparse
import asyncio
import random
import signal
import sys
from pathlib import Path

import orjson

from gateway.running import event_loop
from tests.drill.drill import Options, run
from tests.drill.report import Report


def main() -> int:
    """Run the command line; returns the exit status: 1 when anything is not as promised, 130 when interrupted."""
    asked = _asked()
    options = Options(asked.seed, asked.minutes * 60, asked.rate)
    try:
        with asyncio.Runner(loop_factory=event_loop) as runner:
            report = runner.run(_run(options))
    except (KeyboardInterrupt, asyncio.CancelledError):
        _say("Stopped early; everything that ran was ended.\n")
        return 130
    _say(report.as_text())
    if asked.json is not None:
        asked.json.write_bytes(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2))
    return 0 if report.passed else 1


async def _run(options: Options) -> Report:
    """Hold the drill; SIGTERM ends it in order, as Ctrl-C does."""
    task = asyncio.current_task()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel if task else lambda: None)
    return await run(options, _say)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="the same seed gives the same plan")
    parser.add_argument("--minutes", type=_positive, default=2.0, help="how long the load lasts (2)")
    parser.add_argument("--rate", type=_positive, default=20.0, help="posts of providers a second (20)")
    parser.add_argument("--json", type=Path, help="also write the report here, as JSON")
    return parser.parse_args()


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 100_000:
        raise ValueError
    return number


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
