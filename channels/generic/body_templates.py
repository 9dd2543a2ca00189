"""Bodies in a shape that the tenant sets: JSON whose strings hold places such as ``{{text}}``.

A place is filled within a value of the document, never in its text, so that nothing that a message holds can change
the shape. A string that is nothing but one place takes the value as it is (a list, or null); within other words it
takes the value's text. What was filled in is not read again.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

PLACE = re.compile(r"\{\{([a-z_]+)\}\}")
DEEPEST = 20


def places_of(template: Any) -> set[str]:
    """Return the names of all places in a template.

    Raises:
        ValueError: when it is nested deeper than any body needs to be.
    """
    found: set[str] = set()

    def note(text: str) -> str:
        found.update(PLACE.findall(text))
        return text

    _each(template, note, 0)
    return found


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a copy of a template with its places filled; names without a value stay as they are written.

    Raises:
        ValueError: when it is nested deeper than any body needs to be.
    """

    def fill(text: str) -> Any:
        whole = PLACE.fullmatch(text)
        if whole is not None and whole[1] in values:
            return values[whole[1]]
        return PLACE.sub(lambda place: _text(values[place[1]]) if place[1] in values else place[0], text)

    return _each(template, fill, 0)


def _each(node: Any, change: Callable[[str], Any], depth: int) -> Any:
    if depth > DEEPEST:
        raise ValueError(f"the template is nested deeper than {DEEPEST} levels")
    if isinstance(node, str):
        return change(node)
    if isinstance(node, Mapping):
        return {key: _each(value, change, depth + 1) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_each(value, change, depth + 1) for value in node]
    return node


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
