"""What C does for a parser grows as its input does, and a mebibyte costs less than a tenth of a second: counted."""

import ast
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.fuzz.work import COSTLY, ROOT, WORK, Counted, cost

#: Nanoseconds, as they are counted, of the costliest inputs of full size: a tenth of a second.
MOST = 100_000_000
#: What is done once whatever comes.
START = 150_000


def test_work_grows_as_its_input_and_a_mebibyte_costs_less_than_a_tenth_of_a_second() -> None:
    """Counted by a process that loads the product with its code written anew."""
    told = subprocess.run([sys.executable, "-m", "tests.fuzz.work"], cwd=ROOT, capture_output=True, check=True)
    counted = orjson.loads(told.stdout)
    assert sum(few > 0 for _, _, few, _ in counted["growing"]) > 100
    for name, shape, few, many in counted["growing"]:
        assert many <= 5 * few + START, (name, shape, few, many)
    assert set(counted["costly"]) == set(COSTLY)
    for name, nanoseconds in counted["costly"].items():
        assert 1_000_000 < nanoseconds < MOST, (name, nanoseconds)


def written_anew(source: str) -> Callable[[bytes], object]:
    """Return the function ``read`` of some code, which counts."""
    tree = ast.fix_missing_locations(Counted().visit(ast.parse(source)))
    names: dict[str, Any] = {"__work__": WORK}
    exec(compile(tree, "made-up", "exec"), names)
    found: Callable[[bytes], object] = names["read"]
    return found


@pytest.mark.parametrize(
    ("slow", "quick"),
    [
        ("at = data.find(b'!')", "at = data.find(b'a', place)"),
        ("out += data[place:place + 1]", "grown += data[place:place + 1]"),
        ("x = b'!' in data", "x = place in seen"),
        ("data = data.replace(b'!', b'?')", "x = data[place:place + 9].replace(b'!', b'?')"),
        ("data = data[1:] + b'a'", "x = data[place:place + 1] + b'a'"),
        ("x = PATTERN.search(data)", "x = PATTERN.match(data, place)"),
        ("x = data.split(b'!')", "x = data.split(b'a', 1) if place < 3 else 0"),
        ("x = list(data)", "x = len(data)"),
        ("seen = [*seen, place]; x = 5 in sorted(seen)", "seen.append(place)"),
    ],
)
def test_a_square_in_c_is_noticed(slow: str, quick: str) -> None:
    """Planted: one line within a loop over the input."""
    for line, grows in ((slow, True), (quick, False)):
        read = written_anew(
            "import re\nPATTERN = re.compile(b'!')\ndef read(data):\n"
            "    out, grown, seen = b'', bytearray(), []\n    for place in range(len(data)):\n"
            f"        {line}\n"
        )
        few, many = cost(read, b"a" * 2_000), cost(read, b"a" * 8_000)
        assert (many > 5 * few + START) is grows, (line, few, many)
