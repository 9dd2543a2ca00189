"""What hostile inputs cost grows as they do, counted in lines of Python that are run; no pattern is exponential.

Nothing here looks at a clock: the machine's other work would count. Lines are counted by a trace function, in the same
number on every machine. What one line costs in C is bounded by the limits in front of it; ``make fuzz`` tells that in
processor time, with inputs of full size.
"""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from types import FrameType
from typing import Any

import channels
import gateway
from tests.fuzz.hostile import SHAPES
from tests.fuzz.parser import Parser
from tests.fuzz.parsers import parsers

SMALL, LARGE = 400, 1600
#: What is done once whatever comes, in lines.
START = 3000
#: How many shapes each parser is measured with; they take turns.
EACH = 2
ENDLESS = {re._constants.MAX_REPEAT, re._constants.MIN_REPEAT}  # type: ignore[attr-defined]
MAXREPEAT = re._constants.MAXREPEAT  # type: ignore[attr-defined]
#: In these something stands between two rounds of the outer repetition that the inner one does not take.
APART = {
    "channels.mail.pictures.PARKED", "channels.mail.pictures.WAITING", "channels.whatsapp.files.MIME_TYPE",
    "gateway.api.deliveries.TYPE", "gateway.subjects.archive.PATH",
}  # fmt: skip


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


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Give every pattern that a module of the product keeps, with its place."""
    for package in (channels, gateway):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                for one in (
                    value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
                ):
                    for pattern in one if isinstance(one, tuple) else (one,):
                        if isinstance(pattern, re.Pattern):
                            yield f"{found.name}.{name}", pattern


def repeats(node: Any, inside: bool = False) -> Iterator[bool]:
    """Give for each repetition without an end whether it stands within another one."""
    if isinstance(node, re._parser.SubPattern):  # type: ignore[attr-defined]  # re has no public tree
        for operation, argument in node:
            endless = operation in ENDLESS and argument[1] is MAXREPEAT
            if endless:
                yield inside
            yield from repeats(argument, inside or endless)
    elif isinstance(node, tuple | list):
        for part in node:
            yield from repeats(part, inside)


def test_no_pattern_repeats_a_repetition_without_end() -> None:
    """That is how a pattern tries more than a square of what it is given; those that do are short, and named here."""
    found = {place: pattern for place, pattern in patterns() if any(repeats(re._parser.parse(pattern.pattern)))}  # type: ignore[attr-defined]
    assert set(found) <= APART, set(found) - APART
    assert len(set(patterns())) > 120
