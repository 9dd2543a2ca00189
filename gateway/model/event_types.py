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


#: What each type tells, for people.
MEANINGS: Mapping[str, str] = {
    "activity.created": "Somebody changed something about a conversation; a quiet line in its thread says what.",
    "attachment.updated": "A file of a message was fetched, or could not be.",
    "canned_reply.updated": "A canned reply of everybody's is new, another now, or gone.",
    "channel.alarm": "A provider, or the gateway itself, warns of something.",
    "channel.created": "An address at a provider was connected.",
    "channel.updated": "An address at a provider is another now, or gone.",
    "conversation.created": "A conversation began.",
    "conversation.updated": "A conversation is another now: its status, assignee, labels, or what was read of it.",
    "custom_field.updated": "A field of customers is new, another now, or gone.",
    "customer.created": "A customer is new.",
    "customer.erased": "A customer is erased; whoever keeps something of them is to erase it, too.",
    "customer.merged": "Two customers became one.",
    "customer.updated": "A customer is another now.",
    "customer_note.updated": "Something was noted of a customer, or the note is another now, or gone.",
    "delivery.exhausted": "An event could not be delivered to an endpoint, and is not tried again by itself.",
    "event.erased": "An entry that told of a customer who was erased since; it keeps its place, and tells nothing.",
    "label.updated": "A label is new, another now, or gone.",
    "member.updated": "A member is new, or is another now.",
    "message.created": "A message came, or was accepted to be sent.",
    "message.deleted": "The author of a message took it back.",
    "message.status_changed": "A message was sent, delivered, read or played, or failed.",
    "message.updated": "A message is another now: it was edited, or moved to another conversation.",
    "note.created": "A member wrote a private note in a conversation.",
    "note.deleted": "A private note was deleted.",
    "note.updated": "A private note was changed.",
    "team.updated": "A team is new, another now, or gone.",
    "view.updated": "A view of everybody's is new, another now, or gone.",
    "webhook_endpoint.ping": "Somebody tries an endpoint out. It is no entry of the log; its seq is 0.",
    "webhook_endpoint.updated": "An endpoint is new, another now, disabled, warned of, or gone.",
}


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
