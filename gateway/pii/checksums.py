"""Check digits: each function tells whether those of a number are right. They take digits and letters only."""

from collections.abc import Sequence

#: Verhoeff's tables (J. Verhoeff, "Error Detecting Decimal Codes", 1969): the dihedral group D5, and its permutation.
D5 = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
SHIFT = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
#: What a digit becomes at each place of eight: shifted once more than at the place before.
SHIFTED = [tuple(range(10))]
for _ in range(7):
    SHIFTED.append(tuple(SHIFT[value] for value in SHIFTED[-1]))
#: Luhn's formula: what a digit counts that is doubled.
DOUBLED = {str(digit): digit * 2 - (9 if digit > 4 else 0) for digit in range(10)}


def luhn(digits: str) -> bool:
    """Check by Luhn's formula (ISO/IEC 7812-1 annex B)."""
    return (sum(map(int, digits[-1::-2])) + sum(map(DOUBLED.__getitem__, digits[-2::-2]))) % 10 == 0


def mod_97(text: str) -> bool:
    """Check letters and digits by ISO 7064 MOD 97-10, as IBANs are (ISO 13616): the number they stand for leaves 1."""
    return int("".join(str(int(one, 36)) for one in text)) % 97 == 1


def mod_11_10(digits: str) -> bool:
    """Check by ISO 7064 MOD 11,10, as German tax ids are."""
    product = 10
    for digit in digits[:-1]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def mod_11_2(text: str) -> bool:
    """Check by ISO 7064 MOD 11-2 with X for ten, as Chinese resident ids are (GB 11643)."""
    product = 0
    for digit in text[:-1]:
        product = (product + int(digit)) * 2 % 11
    return (product + (10 if text[-1] == "X" else int(text[-1]))) % 11 == 1


def verhoeff(digits: str) -> bool:
    """Check by Verhoeff's scheme, as Aadhaar numbers are."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = D5[check][SHIFTED[place % 8][int(digit)]]
    return check == 0


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of digits, each times its weight."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
