"""Filling the variables of a canned reply. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLE = re.compile(r"\{\{[ \t]{0,8}([a-z_]{1,40}\.[a-z_]{1,40})[ \t]{0,8}\}\}")
FIRST_NAMES = {"customer.first_name": "customer.name", "agent.first_name": "agent.name"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text; ``unknown`` variables are left in it, ``empty`` ones have no value."""

    text: str
    unknown: list[str]
    empty: list[str]


def render(text: str, values: Mapping[str, str | None]) -> Rendered:
    """Put values in place of the variables of a text. What a value holds is not looked into.

    Args:
        text: with variables like ``{{customer.name}}``.
        values: by name; None has no value.
    """
    known = {**values, **{first: _first(values.get(whole)) for first, whole in FIRST_NAMES.items()}}
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    filled = VARIABLE.sub(lambda found: (known[found[1]] or "") if found[1] in known else found[0], text)
    return Rendered(
        filled,
        [name for name in names if name not in known],
        [name for name in names if name in known and not known[name]],
    )


def _first(name: str | None) -> str | None:
    words = (name or "").split()
    return words[0] if words else None
