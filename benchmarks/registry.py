"""Which measurement gives which rows."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.results import Line
from benchmarks.rows import ingest


@dataclass(frozen=True, slots=True)
class Measurement:
    """Gives some rows; all of them at once, also when only one is asked for."""

    rows: Sequence[int]
    title: str
    measure: Callable[[Bench], Awaitable[list[Line]]]


MEASUREMENTS = (
    Measurement((1, 3), "Ingest at 32 connections", ingest.at_few),
    Measurement((2,), "Ingest at 128 connections", ingest.at_many),
)
