"""No parser falls over: not by what once made one do so, by hostile shapes, nor by what comes of spoiling both."""

import importlib
import inspect
import pkgutil
import random
import re
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import channels
import gateway
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


#: Named like something that reads a stranger's words, and none: they read what we or an operator wrote.
OURS = {
    "channels.providers.smtp.verify", "channels.providers.smtp.read", "gateway.cli.private_file.read_private",
    "gateway.cli.verify_webhook.verify_webhook", "gateway.demo.tenant.ready", "gateway.model.event_types.matches",
    "gateway.openapi.reading.read_id", "gateway.passage.read_later", "gateway.receivers.findings.finding",
}  # fmt: skip
NAMED = re.compile(r"read|parse|decode|verify|unescape|layout|scrub|flow|sanitise|normal|match|find")
TAKES = re.compile(r"\b(?:str|bytes|HttpRequest|HttpResponse)\b")


def test_whatever_reads_strangers_words_is_driven() -> None:
    """By the names of functions, and by what they take: who adds a parser adds it to those that are tried."""
    called = set[tuple[str, str]]()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            called.add((frame.f_globals.get("__name__", ""), frame.f_code.co_name))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for parser in parsers().values():
            for data in [*parser.seeds, *(make(200) for make in islice(SHAPES.values(), 0, None, 6))]:
                parser.tries(data[: parser.most])
    finally:
        sys.setprofile(before)
    assert {f"{module}.{name}" for module, name in reading() if (module, name) not in called} == OURS


def reading() -> Iterator[tuple[str, str]]:
    """Give the public functions of the product that read something, by their names."""
    for package in (channels, gateway):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(found.name)).items():
                if not inspect.isfunction(value) or value.__module__ != found.name or NAMED.match(name) is None:
                    continue
                takes = [str(one) for key, one in value.__annotations__.items() if key != "return"]
                if any(TAKES.search(one) for one in takes) and not inspect.iscoroutinefunction(value):
                    yield found.name, name


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
