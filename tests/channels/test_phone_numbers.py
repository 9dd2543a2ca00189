"""Numbers in one spelling, and the other spellings of the same subscriber."""

import re

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.phone_numbers import LONGEST_TEXT, aliases, e164

SHAPE = re.compile(r"\+[1-9][0-9]{1,14}")
COUNTRIES = st.sampled_from([None, *sorted(phonenumbers.SUPPORTED_REGIONS), "ZZ", ""])
NUMBER_LIKE = st.text(st.sampled_from("+0123456789 ()-./٣５‑\u202a"), max_size=24)


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        # international, however it is written
        ("+13125550188", None, "+13125550188"),
        ("+1 (312) 555-0188", "DE", "+13125550188"),
        ("\u202a+1 (312) 555‑0188\u202c", None, "+13125550188"),
        ("＋49 151 12345678", None, "+4915112345678"),
        ("+٤٩١٥١١٢٣٤٥٦٧٨", None, "+4915112345678"),
        ("+49 (0)151 12345678", None, "+4915112345678"),
        ("0049 151 12345678", None, "+4915112345678"),
        ("011 49 151 12345678", "US", "+4915112345678"),
        ("810 49 151 12345678", "RU", "+4915112345678"),
        ("+39 06 1234567", None, "+39061234567"),
        # without its plus, as many providers send it
        ("4915112345678", None, "+4915112345678"),
        ("4915112345678", "US", "+4915112345678"),
        ("13125550188", "US", "+13125550188"),
        # national
        ("0151 12345678", "DE", "+4915112345678"),
        ("(312) 555-0188", "US", "+13125550188"),
        ("06 1234567", "IT", "+39061234567"),
        ("8 912 345-67-89", "RU", "+79123456789"),
        ("(11) 98765-4321", "BR", "+5511987654321"),
        ("011 15 2345 6789", "AR", "+5491123456789"),
        # what the numbering plan no longer knows, but WhatsApp does; and a country code that nobody has
        ("+52 1 55 1234 5678", None, "+5215512345678"),
        ("+999 123 456 789", None, "+999123456789"),
        # no numbers
        ("22622", "DE", "22622"),
        ("262966", "US", "262966"),
        ("112", "DE", "112"),
        ("555-0188", "US", "555-0188"),
        ("MYSHOP", "US", "MYSHOP"),
        ("1-800-FLOWERS", "US", "1-800-FLOWERS"),
        ("US.13491208655302741918", "US", "US.13491208655302741918"),
        ("anonymous", None, "anonymous"),
        ("whatsapp:+13125550188", None, "whatsapp:+13125550188"),
        ("13125550188@example.test", None, "13125550188@example.test"),
        ("0151 12345678", None, "0151 12345678"),
        ("0151 12345678", "ZZ", "0151 12345678"),
        ("+49", "DE", "+49"),
        ("+4915112345678901234", None, "+4915112345678901234"),
        ("+00000000000", None, "+00000000000"),
        ("00", None, "00"),
        ("", "US", ""),
        ("+", None, "+"),
        ("\ud800", None, "\ud800"),
        ("1" * (LONGEST_TEXT + 1), "US", "1" * (LONGEST_TEXT + 1)),
    ],
)
def test_a_number_has_one_spelling(text: str, country: str | None, expected: str) -> None:
    assert e164(text, country) == expected


@example(text="10000000000000", country="JP")
@given(st.text(max_size=60) | NUMBER_LIKE, COUNTRIES)
def test_a_text_stays_as_it_is_or_becomes_a_number(text: str, country: str | None) -> None:
    spelled = e164(text, country)
    assert spelled == text or SHAPE.fullmatch(spelled)


@given(NUMBER_LIKE, COUNTRIES, COUNTRIES)
def test_a_number_that_was_spelled_is_not_spelled_anew(text: str, country: str | None, other: str | None) -> None:
    spelled = e164(text, country)
    if SHAPE.fullmatch(spelled):
        assert e164(spelled, other) == spelled


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_the_national_and_the_international_spelling_of_a_number_are_one(country: str) -> None:
    number = phonenumbers.example_number(country)
    assert number is not None
    expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert e164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)) == expected
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    if sum(character.isdigit() for character in national) >= 7:
        assert e164(national, country) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+5215512345678", ("+525512345678",)),
        ("+525512345678", ("+5215512345678",)),
        ("+5491123456789", ("+541123456789",)),
        ("+541123456789", ("+5491123456789",)),
        ("+5531987654321", ("+553187654321",)),
        ("+553187654321", ("+5531987654321",)),
        ("+551132654321", ()),  # a fixed line
        ("+5511932654321", ()),  # its digits with a 9 before them
        ("+5500987654321", ()),  # no area begins with a zero
        ("+13125550188", ()),
        ("+4915112345678", ()),
        ("+5255123456789", ()),
        ("525512345678", ()),
        ("US.5215512345678", ()),
        ("+52551234567\u0668", ()),
        ("+525512345678\n", ()),
        ("", ()),
    ],
)
def test_a_subscriber_may_be_known_under_another_spelling(number: str, expected: tuple[str, ...]) -> None:
    assert aliases(number) == expected


@given(st.from_regex(r"\A\+5[245][0-9]{9,12}\Z") | st.text(max_size=20))
def test_aliases_are_of_each_other(number: str) -> None:
    for alias in aliases(number):
        assert alias != number
        assert number in aliases(alias)
