"""What hostile inputs cost grows as they do, counted in lines of Python that are run, those of other packages included.

Nothing here looks at a clock: the machine's other work would count. Lines are counted by a trace function, in the same
number on every machine. What C does is counted in ``test_work.py``, and what patterns do in ``test_patterns.py``.
"""

import sys
from itertools import cycle, islice
from types import FrameType
from typing import Any

from tests.fuzz.hostile import SHAPES
from tests.fuzz.parser import Parser
from tests.fuzz.parsers import parsers

SMALL, LARGE = 400, 1600
#: What is done once whatever comes, in lines.
START = 3000
#: How many shapes each parser is measured with; they take turns.
EACH = 2


def lines_of(parser: Parser, data: bytes) -> int:
    """Count the lines of Python that a parser runs for an input."""
    counted = 0

    def step(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal counted
        counted += event == "line"
        return step

    sys.settrace(step)
    try:
        parser.tries(data)
    finally:
        sys.settrace(None)
    return counted


def test_four_times_the_input_is_four_times_the_work() -> None:
    shapes = cycle(SHAPES.items())
    for parser in parsers().values():
        if parser.name.startswith("body-"):
            continue  # all of them are one and the same, in Rust
        for name, make in islice(shapes, EACH):
            small, large = make(min(SMALL, parser.most)), make(min(LARGE, parser.most))
            parser.tries(large)  # what is loaded or kept at first is no work of an input
            few, many = lines_of(parser, small), lines_of(parser, large)
            assert many <= 5 * few + START, (parser.name, name, few, many)
