"""``make fuzz``: the parsers, coverage-guided, each for its share of the time; then the property tests.

``--seconds N`` tries the parsers alone, for so long in all, and then each with every hostile shape in full size, which
takes two minutes more. A crasher is written into ``tests/fuzz/crashers``, where the tests find it; one that takes more
than a tenth of a second of the processor is named at the end.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable

from tests.fuzz.guided import fuzz, slowest
from tests.fuzz.parsers import parsers

SECONDS = 600
#: Processor time of an input of full size, a mebibyte or what lies in front of the parser lets through.
MOST_SECONDS = 0.1


def until(end: float) -> Callable[[int], bool]:
    """Return whether it is not yet a moment."""
    return lambda _tried: time.monotonic() < end


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run; 1 when something fell over."""
    arguments = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    arguments.add_argument("--seconds", type=float, help="for all parsers together; no property tests")
    arguments.add_argument("--only", nargs="*", default=[], help="parsers whose names hold one of these words")
    arguments.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    asked = arguments.parse_args()
    chosen = [one for name, one in parsers().items() if not asked.only or any(word in name for word in asked.only)]
    share = (asked.seconds or SECONDS) / max(1, len(chosen))
    say(f"{len(chosen)} parsers, {share:.1f} s each, --seed {asked.seed}")
    crashers, slow = [], []
    for number, parser in enumerate(chosen):
        report = fuzz(parser, random.Random(asked.seed + number), until(time.monotonic() + share))
        report.slowest = slowest(parser)
        crashers += report.crashers
        slow += [report] if report.slowest[0] > MOST_SECONDS else []
        say(str(report))
    for file in crashers:
        say(f"crasher: {file}")
    for report in slow:
        say(f"too slow: {report}")
    if asked.seconds is not None or crashers or slow:
        return bool(crashers or slow)
    return subprocess.call([sys.executable, "-m", "pytest", "-n", "2", "-p", "tests.fuzzing", "--timeout", "3600"])


if __name__ == "__main__":
    sys.exit(main())
