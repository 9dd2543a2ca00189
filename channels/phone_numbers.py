"""Phone numbers in one spelling (E.164), and the other spellings under which the same subscriber may be known.

Numbering plans are those of libphonenumber: https://github.com/google/libphonenumber/blob/master/FAQ.md
"""

import re
from functools import cache, lru_cache
from types import ModuleType

from channels.phone_addresses import SHORTEST_NUMBER

#: Longer texts are no numbers; with blanks and brackets a number of 15 digits has less than twice as many characters.
LONGEST_TEXT = 40
LONGEST_NUMBER = 15

#: What people write numbers with: digits, a plus, blanks, brackets, dashes, dots, and the marks that come with a copy.
#: A letter makes it a name, a colon or an at sign an address of another kind.
WRITTEN = re.compile(r"[\d+＋\s()\[\]./~\-\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")

# Where WhatsApp's ids and the numbers that people dial differ:
# https://green-api.com/en/docs/faq/features-of-sending-and-receiving-messages-from-different-countries
#: Mexico: a 1 stood before the ten digits of a mobile number until 2019, and in ids it often still does.
MEXICO = re.compile(r"\+52(1?)([2-9]\d{9})", re.ASCII)
#: Argentina: a 9 stands before the ten digits of a mobile number that is called from abroad; texts go without it.
ARGENTINA = re.compile(r"\+54(9?)([1-8]\d{9})", re.ASCII)
#: Brazil: mobile numbers got a leading 9 from 2012 to 2016, older ids did not. They go on with 6 to 9, and fixed
#: ones, which have no 9, with 2 to 5. https://www.zoko.io/learning-article/whatsapp-id-brazil-mexico
BRAZIL = re.compile(r"\+55([1-9][1-9])(9?)([6-9]\d{7})", re.ASCII)


@lru_cache(maxsize=4096)  # to read a number takes 40 microseconds, and who writes once writes again
def e164(text: str, country: str | None = None) -> str:
    """Put a number into E.164: a plus, the country code, and up to 15 digits in all. Never raises.

    What begins with a plus, with 00 or with the international prefix of ``country`` is international. Anything else
    is a number of ``country``, or, if it can't be one or no country is given, one that came without its plus. Short
    codes, names, user ids and whatever else is no number stay as they are.

    Args:
        text: a number as a provider or a person writes it.
        country: the ISO 3166 code of the country that national numbers belong to.
    """
    if len(text) > LONGEST_TEXT or not WRITTEN.fullmatch(text):
        return text
    digits = "".join(str(int(character)) for character in text if character.isdecimal())
    if text.lstrip()[:1] in {"+", "＋"}:
        return _possible("+" + digits) or _as_written(digits) or text
    if len(digits) < SHORTEST_NUMBER:
        return text
    if digits.startswith("00"):
        return _possible("+" + digits[2:]) or text
    return (_possible(digits, country) if country else None) or _possible("+" + digits) or text


def aliases(number: str) -> tuple[str, ...]:
    """Return other spellings of an E.164 number that may be in use for the same subscriber; mostly there are none.

    They are for looking somebody up, not for writing to: only one of them can be called.
    """
    if not number.startswith("+5"):
        return ()
    if match := MEXICO.fullmatch(number):
        mobile, rest = match.groups()
        return (f"+52{rest}" if mobile else f"+521{rest}",)
    if match := ARGENTINA.fullmatch(number):
        mobile, rest = match.groups()
        return (f"+54{rest}" if mobile else f"+549{rest}",)
    if match := BRAZIL.fullmatch(number):
        area, ninth, rest = match.groups()
        return (f"+55{area}{rest}" if ninth else f"+55{area}9{rest}",)
    return ()


def _possible(text: str, country: str | None = None) -> str | None:
    """Return a number in E.164 if one of its country may be that long; which are given out changes too often."""
    library = _numbering()
    try:
        number = library.parse(text, country)
    except library.NumberParseException:
        return None
    if library.is_possible_number_with_reason(number) != library.ValidationResult.IS_POSSIBLE:
        return None
    written: str = library.format_number(number, library.PhoneNumberFormat.E164)
    return written if len(written) <= 1 + LONGEST_NUMBER else None  # the library knows longer ones, which nobody has


def _as_written(digits: str) -> str | None:
    """Return an international number that no numbering plan knows (+52 1 …), if it has the shape of one."""
    fits = SHORTEST_NUMBER <= len(digits) <= LONGEST_NUMBER and digits[0] != "0"
    return "+" + digits if fits else None


@cache
def _numbering() -> ModuleType:
    import phonenumbers  # noqa: PLC0415 - importing takes 0.07 s, and most addresses need none of it

    return phonenumbers
