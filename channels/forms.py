"""Webhooks that are forms: pairs of names and values in the body or, for a GET, in the URL's query."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from channels.http import HttpRequest

#: More than any provider sends, and few enough to be sorted at no cost.
MOST_FIELDS = 500

Pairs = Sequence[tuple[str, str]]
"""The fields of a form in their order; names may repeat, values may be blank."""


class FormInvalid(ValueError):
    """What was sent is no form, or has more fields than any provider's."""


def pairs_of(request: HttpRequest) -> Pairs:
    """Return the fields of a webhook: those in the body, or in the query of a GET.

    Raises:
        FormInvalid: when they can't be read.
    """
    if request.method == "GET":
        return read_pairs(request.query)
    try:
        return read_pairs(request.body.decode())
    except UnicodeDecodeError as error:
        raise FormInvalid("the body is no text") from error


def read_pairs(encoded: str) -> Pairs:
    """Decode ``application/x-www-form-urlencoded`` text; what is not UTF-8 becomes U+FFFD.

    Raises:
        FormInvalid: when there are more than ``MOST_FIELDS``.
    """
    try:
        return parse_qsl(encoded, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise FormInvalid(f"more than {MOST_FIELDS} fields") from error


def first_values(pairs: Pairs) -> dict[str, str]:
    """Return the first value of each field that is not blank, by name."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if value:
            values.setdefault(name, value)
    return values
