"""Whether the digits and letters of a national id are right: its check digits, and the dates in it.

Each function takes capitals and digits without separators; that of Sweden and of Finland takes theirs, which tell the
century.
"""

from datetime import date

from gateway.pii.checksums import luhn, mod_11_2, mod_11_10, verhoeff, weighted

#: Spain's and Finland's letters, by the remainder.
DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
HETU_LETTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
#: Italy's values of characters in odd places, 0 to 9 and A to Z (D.M. 23 dicembre 1976).
CODICE_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
CURP_LETTERS = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
HETU_CENTURIES = {"+": 1800, **dict.fromkeys("-UVWXY", 1900), **dict.fromkeys("ABCDEF", 2000)}
PESEL_CENTURIES = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}


def us_ssn(digits: str) -> bool:
    """No area 000, 666 or 9xx, no group 00, no serial 0000, and none that was printed in advertisements."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    shown = digits in {"078051120", "219099999"}
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000" and not shown


def gb_nino(text: str) -> bool:
    """No D, F, I, Q, U or V first, no O second, and none of the pairs that are not given out."""
    first, second = text[0], text[1]
    bad = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
    return first not in "DFIQUV" and second not in "DFIQUVO" and text[:2] not in bad


def gb_nhs(digits: str) -> bool:
    """Modulus 11; a check digit of ten is not given out."""
    check = 11 - weighted(digits[:9], range(10, 1, -1)) % 11
    return check != 10 and check % 11 == int(digits[9]) and len(set(digits)) > 1


def de_tax_id(digits: str) -> bool:
    """ISO 7064 MOD 11,10; of the first ten digits one is there twice or three times, no other more than once."""
    counts = sorted((digits[:10].count(one) for one in set(digits[:10])), reverse=True)
    repeated = counts[0] in {2, 3} and (len(counts) == 1 or counts[1] == 1)
    return digits[0] != "0" and repeated and mod_11_10(digits)


def es_dni(text: str) -> bool:
    """The letter follows from the number; X, Y and Z of foreigners are 0, 1 and 2."""
    number = text[:-1].translate({ord("X"): "0", ord("Y"): "1", ord("Z"): "2"})
    return DNI_LETTERS[int(number) % 23] == text[-1]


def fr_nir(text: str) -> bool:
    """Key 97 - n mod 97, Corsica's 2A and 2B being 19 and 18; a month that is one, or one of those for the unknown."""
    number, key = text[:13].replace("2A", "19").replace("2B", "18"), int(text[13:])
    month = int(text[3:5])
    return (1 <= month <= 12 or 20 <= month <= 42 or month >= 50) and 97 - int(number) % 97 == key


def it_codice_fiscale(text: str) -> bool:
    """The last letter follows from all others."""
    total = 0
    for place, one in enumerate(text[:15]):
        value = int(one) if one.isdigit() else ord(one) - ord("A")
        total += value if place % 2 else CODICE_ODD[value]
    return chr(ord("A") + total % 26) == text[15]


def pt_nif(digits: str) -> bool:
    """Modulus 11 with weights 9 to 2; of a person they begin with 1, 2, 3 or 45."""
    check = 11 - weighted(digits[:8], range(9, 1, -1)) % 11
    return (digits[0] in "123" or digits[:2] == "45") and (0 if check > 9 else check) == int(digits[8])


def br_cpf(digits: str) -> bool:
    """Two check digits of modulus 11."""
    if len(set(digits)) == 1:
        return False
    first = weighted(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return digits[9:] == f"{first}{second}"


def nl_bsn(digits: str) -> bool:
    """The elfproef: weights 9 to 2 and -1, a sum that 11 divides."""
    return weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and len(set(digits)) > 1


def be_national_number(digits: str) -> bool:
    """A date of birth, and 97 - n mod 97, with a 2 before it for those born since 2000."""
    number, key = int(digits[:9]), int(digits[9:])
    month, day = int(digits[2:4]), int(digits[4:6])
    dated = month <= 12 and day <= 31
    return dated and key in {97 - number % 97, 97 - (2_000_000_000 + number) % 97}


def pl_pesel(digits: str) -> bool:
    """A date of birth whose month tells the century, and a check digit."""
    century, month = divmod(int(digits[2:4]), 20)
    right = _is_date(PESEL_CENTURIES[century] + int(digits[:2]), month, int(digits[4:6]))
    return right and weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def se_personnummer(text: str) -> bool:
    """A date of birth, its day 60 higher in the number of a foreigner, and Luhn's formula over the last ten digits."""
    digits = "".join(one for one in text if one.isdigit())[-10:]
    day = int(digits[4:6])
    return _is_date(2000, int(digits[2:4]), day - 60 if day > 60 else day) and luhn(digits)


def fi_hetu(text: str) -> bool:
    """A date of birth, a sign for the century, and a letter for the remainder of 31."""
    century = HETU_CENTURIES[text[6]]
    right = _is_date(century + int(text[4:6]), int(text[2:4]), int(text[:2]))
    return right and HETU_LETTERS[int(text[:6] + text[7:10]) % 31] == text[10]


def in_aadhaar(digits: str) -> bool:
    """Verhoeff's scheme; the first digit is at least 2, and it does not read the same backwards."""
    return digits[0] >= "2" and digits != digits[::-1] and verhoeff(digits)


def cn_resident_id(text: str) -> bool:
    """A region, a date of birth, and ISO 7064 MOD 11-2."""
    right = _is_date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    return "11" <= text[:2] <= "91" and "1900" <= text[6:10] < "2100" and right and mod_11_2(text)


def mx_curp(text: str) -> bool:
    """A date of birth, and a digit that follows from all other characters."""
    total = sum(CURP_LETTERS.index(one) * (18 - place) for place, one in enumerate(text[:17]))
    return 1 <= int(text[6:8]) <= 12 and 1 <= int(text[8:10]) <= 31 and (10 - total % 10) % 10 == int(text[17])


def cl_rut(text: str) -> bool:
    """Modulus 11 with weights 2 to 7 from the right, K being ten."""
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(text[:-1])))
    return "0123456789K0"[11 - total % 11] == text[-1]


def ch_ahv(digits: str) -> bool:
    """The check digit of EAN-13."""
    return weighted(digits, (1, 3) * 6 + (1,)) % 10 == 0


def tr_kimlik(digits: str) -> bool:
    """Two check digits, of which the second is that of the sum of all others."""
    odd, even = sum(map(int, digits[0:9:2])), sum(map(int, digits[1:8:2]))
    return (odd * 7 - even) % 10 == int(digits[9]) and sum(map(int, digits[:10])) % 10 == int(digits[10])


def za_id(digits: str) -> bool:
    """A date of birth, a citizenship of 0 to 2, and Luhn's formula."""
    return _is_date(2000, int(digits[2:4]), int(digits[4:6])) and digits[10] in "012" and luhn(digits)


def ca_sin(digits: str) -> bool:
    """Luhn's formula; none begins with 0 or 8."""
    return digits[0] not in "08" and luhn(digits) and len(set(digits)) > 1


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
