"""Coverage-guided fuzzing of one parser: inputs that reach new lines are kept, and spoilt further."""

import hashlib
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.fuzz.hostile import SHAPES
from tests.fuzz.parser import Parser

ROOT = Path(__file__).parents[2]
#: Inputs that made a parser fall over once; the tests try them again.
CRASHERS = Path(__file__).parent / "crashers"
WATCHED = (str(ROOT / "channels"), str(ROOT / "gateway"))
LONGEST = 4000
#: Every so many inputs there is one of full size, to find what is slow.
LARGE_EVERY = 20
#: Seconds from which on an input is tried again, and how often.
SUSPICIOUS, AGAIN = 0.04, 4
PIECES = (
    *(bytes([one]) for one in b"\0\xff\"'\\<>()[]{},;:=&%@/-+*#?\n\r \t0"), b"\xed\xa0\x80", b"\xe2\x80\xae", b"%00",
    b"..", b"--", b"\r\n", b"null", b"true", b"NaN", b"1e400", b"-1", b"9" * 30, b"2026-13-45", b"\\ud800", b"a" * 300,
    b"=?utf-8?q?",
)  # fmt: skip


@dataclass
class Report:
    """What came of a parser.

    Attributes:
        examples: how many inputs were tried.
        lines: of the product that they reached.
        crashers: files with inputs that it fell over.
        slowest: seconds of the thread's processor time for an input of full size, the bytes of that input, and the name
            of its shape.
    """

    name: str
    examples: int = 0
    lines: int = 0
    crashers: list[Path] = field(default_factory=list)
    slowest: tuple[float, int, str] = (0.0, 0, "")

    def __str__(self) -> str:
        seconds, size, shape = self.slowest
        slow = f"slowest {seconds * 1000:6.1f} ms of {size} bytes: {shape}"
        return f"{self.name:28} {self.examples:7} examples  {self.lines:5} lines  {len(self.crashers)} crashers  {slow}"


class Coverage:
    """The lines of the product that were reached, seen by a trace function while something runs."""

    def __init__(self) -> None:
        self.seen: set[tuple[CodeType, int]] = set()

    def of(self, run: Callable[[], object]) -> bool:
        """Run something; tells whether it reached new lines."""
        before = len(self.seen)
        sys.settrace(self._enters)
        try:
            run()
        finally:
            sys.settrace(None)
        return len(self.seen) > before

    def _enters(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        return self._steps if frame.f_code.co_filename.startswith(WATCHED) else None

    def _steps(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self.seen.add((frame.f_code, frame.f_lineno))
        return self._steps


def slowest(parser: Parser) -> tuple[float, int, str]:
    """Return how long a parser takes for the shape of full size that takes it longest, its bytes, and its name.

    Seconds of the thread's processor time: others' work counts a little all the same, so what looks slow is tried
    again.
    """
    worst = (0.0, 0, "")
    for shape, make in SHAPES.items():
        data = make(parser.most)
        spent = _time(parser, data)
        if spent > SUSPICIOUS:
            spent = min(spent, *(_time(parser, data) for _ in range(AGAIN)))
        worst = max(worst, (spent, len(data), shape))
    return worst


def _time(parser: Parser, data: bytes) -> float:
    began = time.thread_time()
    with suppress(Exception):  # what it falls over is found by fuzzing
        parser.tries(data)
    return time.thread_time() - began


def fuzz(parser: Parser, chance: random.Random, goes_on: Callable[[int], bool], crashers: Path = CRASHERS) -> Report:
    """Try a parser with inputs for as long as ``goes_on`` says, given how many there were."""
    report, coverage = Report(parser.name), Coverage()
    pool = [b"", *parser.seeds, *(make(min(parser.most, 300)) for make in SHAPES.values())]
    inputs: Iterator[bytes] = iter(list(pool))
    while goes_on(report.examples):
        data = next(inputs, None)
        if data is None:
            large = report.examples % LARGE_EVERY == 0
            data = chance.choice(list(SHAPES.values()))(parser.most) if large else spoilt(chance, pool)[: parser.most]
        if tried(parser, data, coverage, report, crashers) and len(data) <= LONGEST:
            pool.append(data)
    report.lines = len(coverage.seen)
    return report


def tried(parser: Parser, data: bytes, coverage: Coverage, report: Report, crashers: Path) -> bool:
    """Try one input and note what came of it; tells whether it reached new lines."""
    report.examples += 1
    found = False
    try:
        if len(data) > LONGEST:
            parser.tries(data)
        else:
            found = coverage.of(lambda: parser.tries(data))
    except Exception:  # noqa: BLE001 - whatever it is, it is what we are looking for
        report.crashers.append(kept(crashers, parser, data))
    return found


def kept(crashers: Path, parser: Parser, data: bytes) -> Path:
    """Write a crasher down, under a name that the same bytes always get."""
    file = crashers / parser.name / f"{hashlib.sha256(data).hexdigest()[:16]}.bin"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def spoilt(chance: random.Random, pool: list[bytes]) -> bytes:
    """Change one of the inputs in a few places."""
    data = bytearray(chance.choice(pool))
    for _ in range(chance.randint(1, 6)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.choice((0, 0, 1, 4, 40)))
        match chance.randint(0, 3):
            case 0:
                data[start:end] = chance.choice(PIECES)
            case 1:
                data[start:end] = chance.randbytes(chance.randint(0, 6))
            case 2:
                data[start:start] = data[start:end] * chance.choice((1, 2, 30))
            case _:
                other = chance.choice(pool)
                at = chance.randint(0, len(other))
                data[start:end] = other[at : at + 60]
    return bytes(data[:LONGEST])
