"""No parser falls over: not by what once made one do so, by hostile shapes, nor by what comes of spoiling both."""

import random
from itertools import cycle, islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.guided import CRASHERS, fuzz, spoilt
from tests.fuzz.hostile import SHAPES
from tests.fuzz.parser import Parser, text
from tests.fuzz.parsers import parsers

NAMES = sorted(parsers())


def test_what_was_a_crasher_once_is_none_any_more() -> None:
    for file in sorted(CRASHERS.glob("*/*.bin")):
        parsers()[file.parent.name].tries(file.read_bytes())


def test_hostile_shapes_are_read_or_refused() -> None:
    shapes = cycle(SHAPES.values())
    for parser in parsers().values():
        for make in islice(shapes, len(SHAPES) // 3):
            parser.tries(make(min(parser.most, 100)))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 2**32), st.binary(max_size=80))
def test_whatever_comes_is_read_or_refused(name: str, seed: int, data: bytes) -> None:
    parser = parsers()[name]
    parser.tries(data)
    parser.tries(spoilt(random.Random(seed), [data, *parser.seeds])[: parser.most])


def test_a_crasher_is_found_by_its_way_there_and_kept(tmp_path: Path) -> None:
    def falls(data: bytes) -> None:
        if text(data).count("@") > 3 and b"<" in data:
            raise ZeroDivisionError

    parser = Parser("made-up", falls, [b"a@b"])
    report = fuzz(parser, random.Random(1), lambda tried: tried < 400, tmp_path)
    assert report.crashers
    assert report.examples == 400
    with pytest.raises(ZeroDivisionError):
        parser.tries(report.crashers[0].read_bytes())
    assert "crashers" in str(report)
