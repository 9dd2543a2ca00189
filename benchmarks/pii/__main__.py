"""``python -m benchmarks.pii [--misses]``: how well personal data is found in the labelled set."""

import sys
from typing import get_args

from benchmarks.pii.labelled import Part
from benchmarks.pii.measuring import scores


def main() -> None:
    """Print a table for each part of the set."""
    for part in get_args(Part):
        found, misses = scores(part)
        print(f"{part:15} {'labels':>7} {'precision':>10} {'recall':>7}")
        for kind, score in found.items():
            print(f"{kind:15} {score.labels:7} {score.precision:10.3f} {score.recall:7.3f}")
        print()
        if f"--misses={part}" in sys.argv:
            for miss in misses:
                print(f"  {miss.text}\n    missed {list(miss.missed)} wrong {list(miss.wrong)}")


main()
