"""Header fields as some providers pass them on: an object of names, each with a text or with a list of texts."""

from collections.abc import Iterator, Mapping


def pairs_of(headers: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Return names and values. The order among different names is lost, so that nothing may be concluded from it."""
    for name, value in headers.items():
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, str):
                yield name, one


def first_of(headers: Mapping[str, object], wanted: str) -> str | None:
    """Return the first value of a field, whatever its case; None when it is missing."""
    return next((value for name, value in pairs_of(headers) if name.lower() == wanted), None)
