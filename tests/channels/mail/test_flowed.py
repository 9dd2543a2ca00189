"""Soft line breaks are joined, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.flowed import unflowed

WORDS = st.text(alphabet="ab >-", max_size=12)


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ("a \nb", "a b"),
        ("a\nb", "a\nb"),
        ("a \n\nb", "a \nb"),
        (" >not a quote", ">not a quote"),
        ("  two spaces", " two spaces"),
        ("> a \n> b\nc", "> a b\nc"),
        ("> a \n>> b", "> a \n>> b"),
        ("a \n-- \nJane", "a \n-- \nJane"),
        (">\n> a", ">\n> a"),
    ],
)
def test_only_soft_breaks_are_joined(sent: str, wanted: str) -> None:
    assert unflowed(sent, delsp=False) == wanted


def test_the_space_of_a_soft_break_may_belong_to_it() -> None:
    assert unflowed("a \nb  \nc", delsp=True) == "ab c"


@given(text=st.lists(WORDS).map("\n".join), delsp=st.booleans())
def test_no_letter_is_lost(text: str, *, delsp: bool) -> None:
    letters = [char for char in text if char in "ab-"]
    assert [char for char in unflowed(text, delsp=delsp) if char in "ab-"] == letters


def test_many_soft_breaks_take_time_in_proportion() -> None:
    joined = unflowed("word \n" * 100_000, delsp=False)
    assert joined.count("word") == 100_000
