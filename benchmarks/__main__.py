"""``python -m benchmarks``: measure, print a table, and write JSON when asked to."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from benchmarks import accounts
from benchmarks.bench import Bench, prepared
from benchmarks.errors import NotMeasured
from benchmarks.plan import FULL, QUICK, WHOLE, Plan
from benchmarks.progress import say
from benchmarks.registry import MEASUREMENTS, Measurement
from benchmarks.results import Line
from benchmarks.rows import correctness
from benchmarks.table import table

ROWS = sorted(row for measurement in MEASUREMENTS for row in measurement.rows)


def main() -> int:
    """Run the command line; returns the exit status: 1 when something could not be measured, or the log is wrong."""
    options = _options()
    plan = QUICK if options.quick else FULL
    if options.rounds is not None:
        plan = replace(plan, rounds=options.rounds)
    if options.whole:
        plan = replace(plan, small=FULL.small, large=WHOLE)
    lines, failures = asyncio.run(run(plan, options.rows or ROWS))
    print(table(lines), end="")
    if options.json is not None:
        options.json.write_bytes(as_json(lines))
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if failures else 0


async def run(plan: Plan, rows: Sequence[int]) -> tuple[list[Line], list[str]]:
    """Measure some rows; returns their lines, and what failed: a measurement, or the accounting for all of them."""
    lines: list[Line] = []
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="postgate-bench-") as folder:
        try:
            async with prepared(plan, Path(folder)) as bench:
                for measurement in MEASUREMENTS:
                    if set(rows) & set(measurement.rows):
                        await _measure(bench, measurement, lines, failures)
                counts = await correctness.tally(bench)
        except NotMeasured as error:
            failures.append(str(error))
        else:
            wrong = {name: count for name, count in counts.items() if count and name not in accounts.HARMLESS}
            failures += [f"what was acknowledged is not what is there: {wrong}"] if wrong else []
    return sorted((line for line in lines if line.row in rows), key=lambda line: line.row), failures


async def _measure(bench: Bench, measurement: Measurement, lines: list[Line], failures: list[str]) -> None:
    say(f"{measurement.title} (row {', '.join(map(str, measurement.rows))})")
    started = time.monotonic()
    try:
        lines += await measurement.measure(bench)
    except NotMeasured as error:
        failures.append(f"{measurement.title} could not be measured: {error}")
    say(f"  took {time.monotonic() - started:.0f} s")


def as_json(lines: Sequence[Line]) -> bytes:
    """Write the result for programs."""
    return orjson.dumps({"rows": [line.as_json() for line in lines]}, option=orjson.OPT_INDENT_2)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--rows", type=_rows, metavar="1,2", help=f"only these, of {', '.join(map(str, ROWS))}")
    parser.add_argument("--rounds", type=_positive, metavar="N", help="how often each pair is measured")
    parser.add_argument("--quick", action="store_true", help="few and short rounds: rough figures in a minute or two")
    parser.add_argument("--whole", action="store_true", help="row 12 with ten million messages: an hour, 20 GB")
    return parser.parse_args()


def _rows(text: str) -> list[int]:
    rows = [int(part) for part in text.split(",")]
    unknown = sorted(set(rows) - set(ROWS))
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no row {', '.join(map(str, unknown))}")
    return rows


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
