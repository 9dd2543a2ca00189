"""Made-up values: numbers with right check digits, and numbers that only look like that. Nobody's, by chance only.

Phone numbers are those that libphonenumber gives as examples, of the United States 555-01xx.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from string import ascii_uppercase
from uuid import UUID

import phonenumbers

from gateway.pii import checks
from gateway.pii.checksums import luhn, mod_97
from gateway.pii.ibans import LENGTHS

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
FIRST = ("ana", "jo", "priya", "max", "lena", "omar", "mei", "rui", "zoe", "tim")
LAST = ("example", "muster", "beispiel", "sample", "prueba", "exemple", "teste")
DOMAINS = ("example.org", "example.com", "mail.example.net", "shop.test", "example.co.uk", "beispiel.test")
STREETS: Mapping[str, Sequence[str]] = {
    "en": ("12 Harbour Lane", "221 Maple Street", "48 King's Road", "1600 Ocean Drive", "7 Mill Close"),
    "de": ("Lindenstraße 14", "Am Alten Markt 3", "Gartenweg 7a", "Berliner Str. 120", "Schillerplatz 2"),
    "es": ("Calle Mayor 15", "Avenida de la Luz, 23", "Plaza del Sol 4", "C/ Olivo, 9", "Paseo Marino 101"),
    "fr": ("14 rue des Lilas", "3 bis avenue Victor", "27, boulevard du Port", "8 place du Marché", "5 impasse Verte"),
    "pt": ("Rua das Flores, 120", "Avenida Central 45", "Travessa do Rio, 8", "Praça Nova 3", "Rua Augusta nº 77"),
}
TOWNS: Mapping[str, Sequence[str]] = {
    "en": (", Springfield, IL 62704", ", London NW1 6XE", ", Portland, OR 97201", ""),
    "de": (", 10115 Berlin", ", 80331 München", ", 50667 Köln", ""),
    "es": (", 28013 Madrid", ", 41001 Sevilla", ", 08002 Barcelona", ""),
    "fr": (", 75011 Paris", ", 69002 Lyon", ", 33000 Bordeaux", ""),
    "pt": (", 1200-109 Lisboa", ", 4000-322 Porto", ", São Paulo", ""),
}


def digits(random: Random, count: int) -> str:
    """Return so many digits."""
    return "".join(random.choice("0123456789") for _ in range(count))


def until(random: Random, make: Callable[[], str], check: Callable[[str], bool]) -> str:
    """Return the first value that is right."""
    while not check(value := make()):
        pass
    return value


def card(random: Random) -> str:
    """Return a card's number, in groups or whole."""
    prefix, length = random.choice((("4", 16), ("51", 16), ("2221", 16), ("37", 15), ("6011", 16), ("3530", 16)))
    value = until(random, lambda: prefix + digits(random, length - len(prefix)), luhn)
    groups = (4, 6, 5) if length == 15 else (4, 4, 4, 4)
    separator = random.choice((" ", " ", "-", "", "\u00a0"))
    return grouped(value, groups, separator)


def grouped(value: str, groups: Sequence[int], separator: str) -> str:
    """Return a number in groups."""
    parts, place = [], 0
    for size in groups:
        parts.append(value[place : place + size])
        place += size
    return separator.join(parts)


def iban(random: Random) -> str:
    """Return an account's number, in groups of four or whole."""
    country = random.choice(("DE", "ES", "FR", "PT", "GB", "NL", "IT", "CH", "AE", "BR"))
    letters = {"GB": LETTERS[:4], "NL": "ABNA", "IT": "X"}.get(country, "")
    body = letters + digits(random, LENGTHS[country] - 4 - len(letters))
    check = 98 - int("".join(str(int(one, 36)) for one in body + country + "00")) % 97
    value = f"{country}{check:02}{body}"
    assert mod_97(value[4:] + value[:4])
    return " ".join(value[place : place + 4] for place in range(0, len(value), 4)) if random.random() < 0.6 else value


def email(random: Random) -> str:
    """Return an address."""
    name = random.choice(FIRST) + random.choice((".", "_", "-", "", "+")) + random.choice(LAST)
    return f"{name}{random.choice(('', str(random.randrange(99))))}@{random.choice(DOMAINS)}"


def phone(random: Random, region: str | None = None, *, abroad: bool | None = None) -> str:
    """Return a number of a country, as it is written there or abroad."""
    region = region or random.choice(("US", "GB", "DE", "ES", "FR", "PT", "BR", "IN", "MX"))
    if region == "US":
        number = phonenumbers.parse(f"+1{random.choice((202, 312, 415, 617))}55501{digits(random, 2)}")
    else:
        number = _example(random, region)
    far = random.random() < 0.5 if abroad is None else abroad
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL if far else phonenumbers.PhoneNumberFormat.NATIONAL
    written = phonenumbers.format_number(number, form)
    return written.replace(" ", "") if random.random() < 0.15 else written


def _example(random: Random, region: str) -> phonenumbers.PhoneNumber:
    """Return libphonenumber's example of a mobile number, with other last digits if there is such a number."""
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        raise LookupError(f"there is no example of {region}")
    national = str(example.national_number)[:-2] + digits(random, 2)
    other = phonenumbers.parse(f"+{example.country_code}{national}")
    return other if phonenumbers.is_valid_number(other) else example


def address(random: Random, language: str) -> str:
    """Return an address."""
    return random.choice(STREETS[language]) + random.choice(TOWNS[language])


def local_digits(random: Random, zero: int) -> str:
    """Return a card in digits of another script, the first of which is given."""
    return "".join(chr(zero + int(one)) if one.isdecimal() and one.isascii() else one for one in card(random))


def national_id(random: Random, country: str) -> str:
    """Return an id of a country, as it is usually written."""
    year, month, day = random.randrange(50, 99), random.randrange(1, 13), random.randrange(1, 29)
    born = f"{year:02}{month:02}{day:02}"
    makers: Mapping[str, Callable[[], str]] = {
        "US": lambda: grouped(until(random, lambda: digits(random, 9), checks.us_ssn), (3, 2, 4), "-"),
        "GB": lambda: until(random, lambda: f"{random.choice(LETTERS)}{random.choice(LETTERS)}{digits(random, 6)}C",
            checks.gb_nino),
        "DE": lambda: until(random, lambda: digits(random, 11), checks.de_tax_id),
        "ES": lambda: until(random, lambda: digits(random, 8) + random.choice(checks.DNI_LETTERS), checks.es_dni),
        "FR": lambda: until(random, lambda: f"1{year:02}{month:02}75{digits(random, 8)}", checks.fr_nir),
        "IT": lambda: until(random, lambda: f"RSSMRA{year:02}T10A562{random.choice(ascii_uppercase)}",
            checks.it_codice_fiscale),
        "PT": lambda: grouped(until(random, lambda: "2" + digits(random, 8), checks.pt_nif), (3, 3, 3), " "),
        "BR": lambda: cpf(until(random, lambda: digits(random, 11), checks.br_cpf)),
        "NL": lambda: until(random, lambda: digits(random, 9), checks.nl_bsn),
        "PL": lambda: until(random, lambda: born + digits(random, 5), checks.pl_pesel),
        "IN": lambda: grouped(until(random, lambda: digits(random, 12), checks.in_aadhaar), (4, 4, 4), " "),
        "CN": lambda: until(
            random, lambda: f"1101051989{month:02}{day:02}{digits(random, 3)}{random.choice('0123456789X')}",
            checks.cn_resident_id),
        "MX": lambda: until(random, lambda: f"HEGG{born}MVZRRL0{digits(random, 1)}", checks.mx_curp),
        "CL": lambda: rut(until(random, lambda: digits(random, 8) + random.choice("0123456789K"), checks.cl_rut)),
    }  # fmt: skip
    return makers[country]()


def cpf(value: str) -> str:
    """Write a Brazilian id as it is written."""
    return f"{value[:3]}.{value[3:6]}.{value[6:9]}-{value[9:]}"


def rut(value: str) -> str:
    """Write a Chilean id as it is written."""
    return f"{value[:2]}.{value[2:5]}.{value[5:8]}-{value[8]}"


#: What only looks like personal data, by the name of its slot.
OTHERS: Mapping[str, Callable[[Random], str]] = {
    "order": lambda random: random.choice((digits(random, 8), digits(random, 10), f"#{digits(random, 6)}",
        f"ORD-{digits(random, 9)}", digits(random, 16),
        f"{digits(random, 3)}-{digits(random, 7)}-{digits(random, 7)}")),
    "tracking": lambda random: random.choice((f"1Z999AA1{digits(random, 10)}", digits(random, 12), digits(random, 20),
        f"JJD{digits(random, 18)}", f"RR{digits(random, 9)}DE",
        f"{digits(random, 4)} {digits(random, 4)} {digits(random, 4)}")),
    "timestamp": lambda random: random.choice(("2026-11-22T04:05:06Z", "2026-11-22 04:05:06.123", "22.11.2026 14:30",
        "1795320306", "1795320306123", "11/22/2026 2:30 PM", "20261122040506")),
    "price": lambda random: random.choice((f"{digits(random, 2)}.99", f"1.{digits(random, 3)}.000,00 EUR",
        f"$1,{digits(random, 3)},000.50", f"{digits(random, 3)} 000 000 €", f"R$ 12.{digits(random, 3)},90")),
    "coordinates": lambda random: random.choice((f"52.5{digits(random, 5)}, 13.4{digits(random, 5)}",
        f"-33.86{digits(random, 4)},151.20{digits(random, 4)}", f"40°26'46\"N 79°58'{digits(random, 2)}\"W")),
    "uuid": lambda random: str(UUID(int=random.getrandbits(128), version=4)),
    "hex": lambda random: f"{random.getrandbits(160):040x}",
    "ip": lambda random: f"192.0.2.{random.randrange(255)}",
    "version": lambda random: f"{random.randrange(9)}.{random.randrange(30)}.{digits(random, 4)}",
    "isbn": lambda random: f"978-3-{digits(random, 2)}-{digits(random, 6)}-{digits(random, 1)}",
    "serial": lambda random: f"SN{digits(random, 12)}",
    "number": lambda random: digits(random, random.choice((5, 7, 9, 11, 13))),
}  # fmt: skip
