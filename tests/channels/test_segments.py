"""SMS segments: the alphabet, the limits, and characters of two units that are never parted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import CannotSend
from channels.segments import BASIC, EXTENDED, Segments, require_segments, segments

GSM = st.text(st.sampled_from(sorted(BASIC | EXTENDED)), max_size=400)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=250)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 0, 160)),
        ("hi", Segments("GSM-7", 2, 1, 158)),
        ("Çé à\n", Segments("GSM-7", 5, 1, 155)),
        ("x" * 160, Segments("GSM-7", 160, 1, 0)),
        ("x" * 161, Segments("GSM-7", 161, 2, 145)),
        ("x" * 306, Segments("GSM-7", 306, 2, 0)),
        ("x" * 307, Segments("GSM-7", 307, 3, 152)),
        ("€" * 80, Segments("GSM-7", 160, 1, 0)),
        ("€" * 81, Segments("GSM-7", 162, 2, 143)),  # 76 in a part of 153, for half a euro is left over
        ("x" * 152 + "€" + "x" * 151, Segments("GSM-7", 305, 2, 0)),
        ("x" * 152 + "€" + "x" * 152, Segments("GSM-7", 306, 3, 152)),
        ("ç", Segments("UCS-2", 1, 1, 69)),
        ("’", Segments("UCS-2", 1, 1, 69)),
        ("`", Segments("UCS-2", 1, 1, 69)),
        ("\x1b", Segments("UCS-2", 1, 1, 69)),
        ("ж" * 70, Segments("UCS-2", 70, 1, 0)),
        ("ж" * 71, Segments("UCS-2", 71, 2, 63)),
        ("😀" * 35, Segments("UCS-2", 70, 1, 0)),
        ("😀" * 36, Segments("UCS-2", 72, 2, 61)),  # 33 in a part of 67
        ("\ud83d", Segments("UCS-2", 1, 1, 69)),
    ],
)
def test_a_text_comes_to_so_many_parts(text: str, expected: Segments) -> None:
    assert segments(text) == expected


def test_the_alphabet_has_128_places_and_10_more() -> None:
    assert len(BASIC) == 127  # one of the 128 is the escape
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED


@given(GSM | ANY)
def test_units_parts_and_what_is_left_agree(text: str) -> None:
    found = segments(text)
    if found.encoding == "UCS-2":
        assert found.units == len(text.encode("utf-16-le")) // 2
        assert set(text) - BASIC - EXTENDED
    else:
        assert found.units == len(text) + sum(character in EXTENDED for character in text)
        assert set(text) <= BASIC | EXTENDED
    alone, part = (160, 153) if found.encoding == "GSM-7" else (70, 67)
    if found.count <= 1:
        assert found.units + found.left == alone
        return
    parted = found.count * part - found.units - found.left
    assert 0 <= parted < found.count  # at most one unit a part is lost to a pair
    assert 0 <= found.left < part


@given(text=GSM | ANY, more=st.sampled_from(sorted(BASIC | EXTENDED)))
def test_a_longer_text_never_takes_fewer_parts(text: str, more: str) -> None:
    assert segments(text + more).count >= segments(text).count
    assert segments(text + more).units > segments(text).units


def test_a_text_of_too_many_parts_is_refused() -> None:
    require_segments("x" * 1530, 10)
    with pytest.raises(CannotSend) as refused:
        require_segments("x" * 1531, 10)
    assert refused.value.code == "text_too_long"
