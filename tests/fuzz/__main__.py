"""``make fuzz``: the parsers, coverage-guided, each for its share of the time; then the property tests.

``--seconds N`` tries the parsers alone, for so long in all. A crasher is written into ``tests/fuzz/crashers``, where
the tests find it.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable

from tests.fuzz.guided import fuzz
from tests.fuzz.parsers import parsers

SECONDS = 600


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
    crashers = []
    for number, parser in enumerate(chosen):
        report = fuzz(parser, random.Random(asked.seed + number), until(time.monotonic() + share))
        crashers += report.crashers
        say(str(report))
    for file in crashers:
        say(f"crasher: {file}")
    if asked.seconds is not None or crashers:
        return bool(crashers)
    return subprocess.call([sys.executable, "-m", "pytest", "-n", "2", "-p", "tests.fuzzing", "--timeout", "3600"])


if __name__ == "__main__":
    sys.exit(main())
