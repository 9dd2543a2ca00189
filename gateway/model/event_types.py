"""The types of events by name, and the patterns by which somebody picks some of them.

A pattern is a type, or has an asterisk in place of one of its words or of all of it: ``message.created``,
``message.*``, ``*.updated``, ``*``.
"""

import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, get_args

from pydantic import AfterValidator, Field

from gateway.model.event import EndpointPing, Event, Happening

WORD = r"(\*|[a-z_]+)"


def _models() -> Iterator[tuple[str, type[Happening]]]:
    union: UnionType = get_args(Event)[0]
    for model in get_args(union):
        for name in get_args(model.model_fields["type"].annotation):
            yield name, model


#: Of every type of event that the log holds, its model; in alphabetical order.
MODELS: Mapping[str, type[Happening]] = dict(sorted(_models()))
#: Of a ping, which is no entry of the log.
(PING,) = get_args(EndpointPing.model_fields["type"].annotation)


def matches(pattern: str, kind: str) -> bool:
    """Tell whether a pattern picks a type."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), kind) is not None


def like(pattern: str) -> str:
    """Write a pattern for SQL's LIKE, where ``_`` and ``%`` are more than themselves."""
    return re.sub(r"([\\_%])", r"\\\1", pattern).replace("*", "%")


def _known(pattern: str) -> str:
    if pattern == PING:
        raise ValueError("pings come when they are asked for, whatever the types")
    if not any(matches(pattern, kind) for kind in MODELS):
        raise ValueError(f"there are no such events; there are {', '.join(MODELS)}, and an asterisk for any word")
    return pattern


#: A pattern as somebody enters it: one that picks nothing is refused.
EventPattern = Annotated[
    str, Field(max_length=80, pattern=rf"^{WORD}(\.{WORD})*$", examples=["message.*"]), AfterValidator(_known)
]
