"""Values of a tenant's own fields: what each type takes, from the API and from a file."""

import math
import re
from datetime import date

from gateway.store.customers_fields import Field

LONGEST_TEXT = 2000
#: Beyond, a program that reads JSON may round it.
LARGEST_NUMBER = 2**53
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
NUMBER = re.compile(r"[+-]?\d{1,16}(\.\d{1,12})?", re.ASCII)
YES = frozenset({"true", "yes", "1", "x", "ja", "wahr"})
NO = frozenset({"false", "no", "0", "", "nein", "falsch"})

Value = str | int | float | bool


class ValueUnfit(ValueError):
    """A value that its field does not take; the words are for people."""


def fitting(field: Field, value: object) -> Value:
    """Return a JSON value as it is stored.

    Raises:
        ValueUnfit: when the field does not take it.
    """
    match field.type, value:
        case "text", str():
            return _text(value)
        case "number", int() | float() if not isinstance(value, bool):
            if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
                raise ValueUnfit("this number is too large")
            return value
        case "boolean", bool():
            return value
        case "date", str():
            return _day(value)
        case "choice", str() if value in field.choices:
            return value
        case "choice", _:
            raise ValueUnfit(f"this is none of the choices: {', '.join(field.choices)}")
    wanted = {"text": "a text", "number": "a number", "boolean": "true or false", "date": "a day like 2026-12-31"}
    raise ValueUnfit(f"this should be {wanted[field.type]}")


def read(field: Field, cell: str) -> Value:
    """Return the value that a cell of a file holds.

    Raises:
        ValueUnfit: when it is none for the field.
    """
    text = cell.strip()
    match field.type:
        case "number":
            if not NUMBER.fullmatch(text):
                raise ValueUnfit("this should be a number like 1234.5")
            return fitting(field, float(text) if "." in text else int(text))
        case "boolean":
            if text.lower() not in YES | NO:
                raise ValueUnfit("this should be yes or no")
            return text.lower() in YES
        case "choice":
            known = {choice.lower(): choice for choice in field.choices}
            return fitting(field, known.get(text.lower(), text))
        case _:
            return fitting(field, text)


def _text(value: str) -> str:
    if len(value) > LONGEST_TEXT or "\0" in value:
        raise ValueUnfit(f"a text has at most {LONGEST_TEXT} characters, and no NUL")
    return value


def _day(value: str) -> str:
    try:
        day = date.fromisoformat(value) if DAY.fullmatch(value) else None
    except ValueError:  # there is no 31st of February
        day = None
    if day is None:
        raise ValueUnfit("this should be a day like 2026-12-31")
    return day.isoformat()
