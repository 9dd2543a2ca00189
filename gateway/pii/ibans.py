"""International bank account numbers (ISO 13616): a country, its length, and two check digits.

Lengths: SWIFT's IBAN registry, https://www.swift.com/standards/data-standards/iban-international-bank-account-number
"""

import re
from collections.abc import Iterator

from gateway.pii.checksums import mod_97
from gateway.pii.finding import Finding

LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip
BEGINNING = re.compile(r"[A-Z]{2}\d{2}", re.IGNORECASE | re.ASCII)


def find_ibans(text: str) -> Iterator[Finding]:
    """Find account numbers, with or without blanks or dashes between their groups."""
    for beginning in BEGINNING.finditer(text):
        start = beginning.start()
        length = LENGTHS.get(text[start : start + 2].upper())
        if length is None or text[start - 1 : start].isalnum():
            continue
        end, written = _read(text, start, length)
        if written is not None and "02" <= written[2:4] <= "98" and mod_97(written[4:] + written[:4]):
            yield Finding("iban", written[:2], start, end, 0.99)


def _read(text: str, start: int, length: int) -> tuple[int, str | None]:
    """Return where an account number ends and what it is, in capitals; None: it is none."""
    written: list[str] = []
    place = start
    while place < len(text) and len(written) < length:
        one = text[place]
        if one.isascii() and one.isalnum():
            written.append(one.upper())
        elif one not in " -" or text[place - 1] in " -":
            return place, None
        place += 1
    if len(written) < length or text[place : place + 1].isalnum():
        return place, None
    return place, "".join(written)
